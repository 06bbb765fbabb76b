//! No ring: without the feature `io-uring`, and on systems other than Linux, everything goes through
//! readiness.

use crate::env::panics::Panics;
use core::convert::Infallible;
use core::time::Duration;
use std::io;

/// Which threads may drive the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::native) enum Mode {
    Bound,
    Moving,
    Shared,
}

/// Never made.
#[derive(Debug)]
pub(in crate::native) struct Ring(Infallible);

impl Ring {
    pub(super) fn open(_: Mode) -> io::Result<Self> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this program was built without the completion driver: it needs Linux and the feature \
             `io-uring` of creel",
        ))
    }

    pub(super) fn wait<E>(&self, _: Option<Duration>, _: &E) -> Option<bool> {
        match self.0 {}
    }

    pub(super) fn fetch(&self, _: &mut Arrivals) -> bool {
        match self.0 {}
    }

    pub(super) fn shut_down(&self) {
        match self.0 {}
    }
}

/// What no ring has fetched.
#[derive(Default)]
pub(super) struct Arrivals;

impl Arrivals {
    pub(super) fn dispatch(&mut self, _: &mut Panics) {}
}
