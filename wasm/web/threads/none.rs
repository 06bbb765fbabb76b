//! Stands for this folder in builds without threads.

/// Every thread hears events.
pub(super) fn refuse_events() {}
