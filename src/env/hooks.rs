//! What a host or a program wants to hear of: set once, before the runtime starts.

/// The hooks of a runtime.
#[derive(Debug, Default)]
pub(crate) struct Hooks {}
