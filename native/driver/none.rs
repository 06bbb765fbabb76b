//! No I/O: without the feature `net` a host waits by its thread alone.

use crate::platform;
use crate::runtime::EventLimits;
use core::convert::Infallible;
use core::marker::PhantomData;
use core::time::Duration;

/// The I/O of a runtime that has none.
#[derive(Debug)]
pub(super) struct Driver;

impl Driver {
    pub(super) fn new(_: EventLimits) -> Self {
        Self
    }

    #[inline]
    pub(super) fn reactor(&self) -> Option<&Reactor> {
        None
    }
}

impl platform::Driver for Driver {
    fn shut_down(&self) {}
}

/// Never made.
#[derive(Debug)]
pub(super) struct Reactor(Infallible);

impl Reactor {
    pub(super) fn wait(&self, _: Option<Duration>) -> Edges<'_> {
        match self.0 {}
    }

    pub(super) fn wake(&self) {
        match self.0 {}
    }
}

/// Never made.
pub(super) struct Edges<'a>(Infallible, PhantomData<&'a ()>);

impl Edges<'_> {
    pub(super) fn dispatch(self) {
        match self.0 {}
    }
}
