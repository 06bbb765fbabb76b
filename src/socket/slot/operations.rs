//! Operations on a source that wait.
//!
//! Every operation is tried first and waited for only if the system says that it would block, so
//! nothing is ever taken from the system by a future that may be dropped before it hands it over:
//! dropping a wait loses nothing.

use super::{Direction, Event, Slot, Tried};
use crate::env::coop;
use crate::io::{Interest, ReadBuf};
use crate::runtime::RuntimeShutDown;
use crate::socket::{PARTIAL_IS_LAST, fill};
use core::task::{Context, Poll, ready};
use std::io;

impl Slot {
    /// Waits until the source is ready for any of `interest`.
    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Event> {
        self.wait(interest, None).await.alive()
    }

    /// Waits until the source is ready in this direction, for one task at a time.
    #[inline]
    pub(crate) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<Event>> {
        self.poll_untried(cx, direction, None)
    }

    #[inline]
    fn poll_untried(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        tried: Tried,
    ) -> Poll<io::Result<Event>> {
        let receipt = ready!(coop::poll_proceed(cx));
        let event = ready!(self.poll(cx, direction, tried));
        receipt.made_progress();
        Poll::Ready(event.alive())
    }

    /// Tries `operation` whenever the source is ready in this direction, until it would not block.
    #[inline]
    pub(crate) fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let mut tried = None;
        loop {
            let event = ready!(self.poll_untried(cx, direction, tried))?;
            if let Some(result) = self.attempt(event, &mut operation, &mut tried) {
                return Poll::Ready(result);
            }
        }
    }

    /// Tries `operation` once, if the source is ready.
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.event(interest);
        if event.ready.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let attempt = self.attempt(event, operation, &mut None);
        attempt.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
    }

    /// Tries `operation` whenever the source is ready for any of `interest`, until it would not
    /// block.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        let mut tried = None;
        loop {
            let event = self.wait(interest, tried).await.alive()?;
            let receipt = core::future::poll_fn(coop::poll_proceed).await;
            // Also if it would block: the system may tell of one edge after the other.
            receipt.made_progress();
            if let Some(result) = self.attempt(event, &mut operation, &mut tried) {
                return result;
            }
        }
    }

    /// Appends to `buf` what `read` finds there. If that fills it, and the system repeats itself,
    /// `is_all` says whether to wait for that instead of trying again.
    #[inline]
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
        is_all: impl Fn() -> bool,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        let read = || fill(buf, |free| read(free).map(|n| (n, ()))).map(|(n, ())| n);
        self.poll_moving(cx, Direction::Read, room, read, is_all).map_ok(drop)
    }

    /// Tries `transfer`, which moves up to `whole` bytes, whenever the source is ready.
    #[inline]
    pub(crate) fn poll_transfer(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        whole: usize,
        transfer: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.poll_moving(cx, direction, whole, transfer, || false)
    }

    #[inline]
    fn poll_moving(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        whole: usize,
        mut transfer: impl FnMut() -> io::Result<usize>,
        is_all: impl Fn() -> bool,
    ) -> Poll<io::Result<usize>> {
        let mut tried = None;
        loop {
            let event = ready!(self.poll_untried(cx, direction, tried))?;
            if let Some(result) = self.attempt(event, &mut transfer, &mut tried) {
                let moved = *result.as_ref().unwrap_or(&0);
                let part = PARTIAL_IS_LAST && moved < whole;
                if 0 < moved && (part || event.repeats && is_all()) {
                    self.clear(event);
                }
                return Poll::Ready(result);
            }
        }
    }

    /// `None` if it would block; then the readiness it was tried on is forgotten. `None` too if a
    /// signal came first: it is to be tried again.
    #[inline]
    fn attempt<R>(
        &self,
        event: Event,
        operation: impl FnOnce() -> io::Result<R>,
        tried: &mut Tried,
    ) -> Option<io::Result<R>> {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear(event);
                *tried = Some(event.tick);
                None
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => None,
            result => Some(result),
        }
    }
}

impl Event {
    /// An error if the runtime is shut down.
    #[inline]
    fn alive(self) -> io::Result<Self> {
        if self.shut_down { Err(RuntimeShutDown::error()) } else { Ok(self) }
    }
}
