//! No I/O: without the feature `net` a host waits by its thread alone.

#[path = "files_none.rs"]
mod files;

use super::origin::Origin;
use crate::platform;
use crate::runtime::{Config, IoDriver};
use core::convert::Infallible;
use core::marker::PhantomData;
use core::time::Duration;
use std::io;

pub(crate) use files::{Files, Flush};

/// Which threads may drive the runtime; nothing depends on it here.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    Bound,
    Moving,
    Shared,
}

/// The I/O of a runtime that has none.
#[derive(Debug)]
pub(super) struct Driver(Origin);

impl Driver {
    pub(super) fn new(config: &Config, _: Mode) -> io::Result<Self> {
        match config.io_driver {
            IoDriver::Completion => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this program was built without the completion driver: it needs the feature \
                 `io-uring` of creel",
            )),
            _ => Ok(Self(Origin::here())),
        }
    }

    /// Whether this process is a fork of the one that the runtime was made in.
    pub(super) fn is_inherited(&self) -> bool {
        self.0.is_inherited()
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
