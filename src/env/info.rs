//! What a runtime is: its kind, its id, its name.

use alloc::boxed::Box;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The kind of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// One thread, that of whoever drives it.
    CurrentThread,
    /// A pool of workers that steal from each other.
    MultiThread,
}

/// The id of a runtime or a local set, unique among those alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuntimeId(usize);

impl RuntimeId {
    pub(crate) fn fresh() -> Self {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        // Relaxed: only the uniqueness of the number matters.
        Self(LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

impl fmt::Display for RuntimeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a runtime is.
#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) flavor: RuntimeFlavor,
    pub(crate) id: RuntimeId,
    pub(crate) name: Option<Box<str>>,
}

impl Info {
    pub(crate) fn new(flavor: RuntimeFlavor, name: Option<Box<str>>) -> Self {
        Self { flavor, id: RuntimeId::fresh(), name }
    }
}
