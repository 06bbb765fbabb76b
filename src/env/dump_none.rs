//! What the leaves tell without the feature `dump`: nothing. `dump/mod.rs` says what it would be.

use super::site::Site;
use super::spans::Resource;
use core::task::Poll;

#[derive(Debug)]
pub(crate) struct Asked;

impl Asked {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[inline]
    pub(crate) fn task(&self) -> RunningTask {
        RunningTask
    }

    #[inline]
    pub(crate) fn set_task(&self, _task: RunningTask) {}
}

/// Which task runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunningTask;

impl RunningTask {
    #[inline]
    pub(crate) fn is<I>(_id: I) -> Self {
        Self
    }
}

/// What a leaf waits for.
#[derive(Debug)]
pub(crate) struct Wait;

impl Wait {
    #[inline]
    pub(crate) fn new(_what: &'static str) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn detail(self, _detail: &'static str) -> Self {
        self
    }

    #[inline]
    pub(crate) fn on<T: ?Sized>(self, _resource: *const T) -> Self {
        self
    }

    #[inline]
    pub(crate) fn at(self, _site: Site) -> Self {
        self
    }

    #[inline]
    pub(crate) fn joined<I>(self, _task: I) -> Self {
        self
    }

    #[inline]
    pub(crate) fn until(self, _deadline: super::instant::Instant) -> Self {
        self
    }
}

#[inline]
pub(crate) fn is_asked() -> bool {
    false
}

#[inline]
pub(crate) fn is_asking() -> bool {
    false
}

#[inline]
pub(crate) fn unasked<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[inline]
pub(crate) fn tell(_wait: impl FnOnce() -> Wait) {}

#[inline]
pub(crate) fn told<T>(poll: Poll<T>, _wait: impl FnOnce() -> Wait) -> Poll<T> {
    poll
}

#[inline]
pub(crate) fn within<R>(_site: Site, f: impl FnOnce() -> R) -> R {
    f()
}

#[inline]
pub(crate) fn located<F>(_site: Site, future: F) -> F {
    future
}

/// What a lock knows about itself.
#[derive(Debug)]
pub(crate) struct Lockable {
    pub(crate) resource: Resource,
}

impl Lockable {
    pub(crate) const fn new(_kind: &'static str, _whole: usize) -> Self {
        Self { resource: Resource::NONE }
    }

    #[inline]
    pub(crate) fn seen_as(self, _resource: Resource) -> Self {
        self
    }

    #[inline]
    pub(crate) fn taken(&self, _permits: usize) {}

    #[inline]
    pub(crate) fn given_back(&self, _permits: usize) {}

    #[inline]
    pub(crate) fn wait(&self, _permits: usize) -> Wait {
        Wait
    }
}
