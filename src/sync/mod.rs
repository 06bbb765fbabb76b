//! Synchronisation: locks, notifications and channels.
