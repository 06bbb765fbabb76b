//! A slot for each thread.

use super::Context;

#[cfg(not(loom))]
std::thread_local! {
    static CONTEXT: Context = const { Context::new() };
}

// loom's threads share a thread.
#[cfg(loom)]
loom::thread_local! {
    static CONTEXT: Context = Context::new();
}

/// Runs `f` with this thread's context.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&Context) -> R) -> R {
    CONTEXT.with(f)
}
