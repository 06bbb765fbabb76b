//! No ring: without the feature `io-uring`, and on systems other than Linux, everything goes through
//! readiness.

use super::{Source, Stream};
use crate::env::panics::Panics;
use crate::platform::buf::{OwnedBuf, OwnedBufMut};
use core::convert::Infallible;
use core::time::Duration;
use mio::event;
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
pub(super) struct Arrivals(());

impl Arrivals {
    pub(super) fn dispatch(&mut self, _: &mut Panics) {}
}

/// No operation of a stream by completion.
#[derive(Debug)]
pub(super) struct Transfers(Infallible);

impl Transfers {
    pub(super) fn is_busy(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn keeps(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn withdraw(self: &std::sync::Arc<Self>) {
        match self.0 {}
    }

    pub(super) fn read(&self, _: &mut [u8], _: bool) -> Option<io::Result<usize>> {
        match self.0 {}
    }

    pub(super) fn write(&self) -> Option<io::Error> {
        match self.0 {}
    }

    pub(super) fn bury(&self, _: impl Send + 'static) {
        match self.0 {}
    }
}

impl<S: event::Source + Send> Source<Stream<S>> {
    /// Answers that there is no ring.
    #[allow(clippy::unused_async)] // the signature is that of the ring
    pub(crate) async fn receive<B: OwnedBufMut>(
        &self,
        buf: B,
    ) -> Result<(io::Result<usize>, B), B> {
        Err(buf)
    }

    /// Answers that there is no ring.
    #[allow(clippy::unused_async)] // the signature is that of the ring
    pub(crate) async fn send<B: OwnedBuf>(&self, buf: B) -> Result<(io::Result<usize>, B), B> {
        Err(buf)
    }
}

/// A source is always where it was registered.
#[derive(Debug)]
pub(super) struct Detached;

impl Detached {
    pub(super) const fn new() -> Self {
        Self
    }

    #[inline]
    pub(super) fn is(&self) -> bool {
        false
    }

    #[inline]
    pub(super) fn leaves_nothing(&self) -> bool {
        true
    }
}
