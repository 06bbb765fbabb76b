//! What there is of `spans.rs` without the feature `tracing`: nothing.

use super::site::Site;
use core::task::Poll;
use core::time::Duration;

#[derive(Debug)]
pub(crate) struct Resource;

impl Resource {
    pub(crate) const NONE: Self = Self;

    #[inline]
    pub(crate) fn new(_concrete_type: &'static str, _kind: &'static str, _site: Site) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn op(&self, _source: &'static str, _poll: &'static str) -> Op {
        Op
    }

    #[cfg(feature = "dump")]
    pub(crate) fn locked(&self, _locked: bool) {}

    #[cfg(feature = "dump")]
    pub(crate) fn write_locked(&self, _locked: bool) {}

    #[inline]
    pub(crate) fn permits(&self, _permits: usize, _op: &'static str) {}

    #[inline]
    pub(crate) fn duration(&self, _duration: impl FnOnce() -> Duration) {}
}

#[derive(Debug)]
pub(crate) struct Op;

impl Op {
    #[inline]
    pub(crate) fn poll<T>(&self, f: impl FnOnce() -> Poll<T>) -> Poll<T> {
        f()
    }

    #[inline]
    pub(crate) fn of<F>(self, future: F) -> F {
        future
    }
}

#[cfg(feature = "alloc")]
pub(crate) use tasks::{Kind, TaskSpan};

#[cfg(feature = "alloc")]
mod tasks {
    use super::Site;
    use crate::env::id::Id;
    pub(crate) use crate::env::id::Kind;

    #[derive(Debug)]
    pub(crate) struct TaskSpan;

    impl TaskSpan {
        #[inline]
        pub(crate) fn new(_: Kind, _name: Option<&str>, _: Id, _size: usize, _: Site) -> Self {
            Self
        }

        #[inline]
        pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
            f()
        }

        #[inline]
        pub(crate) fn close(&self) {}

        #[inline]
        pub(crate) fn waker(&self, _op: &'static str) {}
    }
}
