//! A source that the system reports edges of, and operations on it that wait.
//!
//! Every operation is tried first and waited for only if the system says that it would block, so
//! nothing is ever taken from the system by a future that may be dropped before it hands it over:
//! dropping a wait loses nothing.

use super::slot::{Direction, Event, Slot};
use super::{Driver, Reactor, fill};
use crate::env::coop;
use crate::io::{Interest, ReadBuf, Ready};
use crate::runtime::RuntimeShutDown;
use core::fmt;
use core::ops::Deref;
use core::task::{Context, Poll, ready};
use mio::event;
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

/// The slot of a registered source.
#[derive(Debug)]
pub(crate) struct Registration {
    reactor: Arc<Reactor>,
    index: usize,
}

impl Registration {
    /// Registers `source` with the reactor of the runtime that this thread is in.
    ///
    /// # Errors
    /// If the system refuses it, or the runtime is shut down or has no I/O.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub(crate) fn new(source: &mut impl event::Source, interest: Interest) -> io::Result<Self> {
        let reactor = Driver::current_reactor()?;
        let index = reactor.register(source, interest)?;
        Ok(Self { reactor, index })
    }

    /// Ends the reports; the slot itself is given back when the registration is dropped.
    pub(crate) fn deregister(&self, source: &mut impl event::Source) -> io::Result<()> {
        self.reactor.deregister(source)
    }

    #[inline]
    fn slot(&self) -> &Slot {
        self.reactor.slot(self.index)
    }

    /// Forgets what `event` saw, unless there was another edge since.
    #[inline]
    pub(crate) fn clear(&self, event: Event) {
        self.slot().clear(event);
    }

    /// [`clear`](Self::clear) of some of what `event` saw.
    #[cfg(unix)]
    pub(crate) fn clear_only(&self, event: Event, ready: Ready) {
        self.slot().clear_only(event, ready);
    }

    /// Waits until the source is ready for any of `interest`.
    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Event> {
        self.slot().ready(interest).await.alive()
    }

    /// Waits until the source is ready in this direction, for one task at a time.
    #[inline]
    pub(crate) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<Event>> {
        let receipt = ready!(coop::poll_proceed(cx));
        let event = ready!(self.slot().poll(cx, direction));
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
        loop {
            let event = ready!(self.poll_ready(cx, direction))?;
            if let Some(result) = self.attempt(event, &mut operation) {
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
        let event = self.slot().event(interest);
        if event.ready.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.attempt(event, operation).unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
    }

    /// Tries `operation` whenever the source is ready for any of `interest`, until it would not
    /// block.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            let event = self.ready(interest).await?;
            let receipt = core::future::poll_fn(coop::poll_proceed).await;
            if let Some(result) = self.attempt(event, &mut operation) {
                receipt.made_progress();
                return result;
            }
        }
    }

    /// `None` if it would block; then the readiness it was tried on is forgotten.
    #[inline]
    fn attempt<R>(
        &self,
        event: Event,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> Option<io::Result<R>> {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear(event);
                None
            }
            result => Some(result),
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.reactor.give_place(self.index);
    }
}

impl Event {
    /// An error if the runtime is shut down.
    #[inline]
    fn alive(self) -> io::Result<Self> {
        if self.shut_down { Err(RuntimeShutDown::error()) } else { Ok(self) }
    }
}

/// A source of mio's with its registration.
pub(crate) struct Source<E: event::Source> {
    /// `None` only while it is taken out for good.
    io: Option<E>,
    registration: Registration,
}

/// Whether a read or write of less than was asked for means that the next one would block. Where
/// edges are reported, the system will tell when that changes.
const PARTIAL_IS_LAST: bool = cfg!(unix);

impl<E: event::Source> Source<E> {
    /// Registers `io` for reading and writing.
    #[track_caller]
    pub(crate) fn new(io: E) -> io::Result<Self> {
        Self::with_interest(io, Interest::READABLE | Interest::WRITABLE)
    }

    /// Registers `io`.
    #[track_caller]
    pub(crate) fn with_interest(mut io: E, interest: Interest) -> io::Result<Self> {
        let registration = Registration::new(&mut io, interest)?;
        Ok(Self { io: Some(io), registration })
    }

    /// Takes the new source for ready, though the system has not said so yet.
    pub(crate) fn assuming(self, ready: Ready) -> Self {
        self.registration.slot().assume(ready);
        self
    }

    #[inline]
    pub(crate) fn registration(&self) -> &Registration {
        &self.registration
    }

    /// Takes the source back.
    pub(crate) fn into_inner(mut self) -> io::Result<E> {
        let mut io = self.io.take().expect("only taken out here and in `drop`");
        self.registration.deregister(&mut io)?;
        Ok(io)
    }

    /// Reads what is there into `buf`.
    pub(crate) fn poll_read<'a>(
        &'a self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>
    where
        &'a E: Read,
    {
        loop {
            let event = ready!(self.registration.poll_ready(cx, Direction::Read))?;
            let room = buf.remaining();
            match fill(buf, |free| self.deref().read(free).map(|n| (n, ()))) {
                Ok((n, ())) => {
                    if PARTIAL_IS_LAST && 0 < n && n < room {
                        self.registration.clear(event);
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.registration.clear(event);
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Writes a beginning of `buf`.
    pub(crate) fn poll_write<'a>(
        &'a self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>
    where
        &'a E: Write,
    {
        self.poll_write_by(cx, buf.len(), |mut io| io.write(buf))
    }

    /// Writes a beginning of `bufs`.
    pub(crate) fn poll_write_vectored<'a>(
        &'a self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>
    where
        &'a E: Write,
    {
        // More than the system takes at a time may be a part without being the last.
        let whole = if bufs.len() > 64 { 0 } else { bufs.iter().map(|buf| buf.len()).sum() };
        self.poll_write_by(cx, whole, |mut io| io.write_vectored(bufs))
    }

    fn poll_write_by<'a>(
        &'a self,
        cx: &mut Context<'_>,
        whole: usize,
        write: impl Fn(&'a E) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let event = ready!(self.registration.poll_ready(cx, Direction::Write))?;
            match write(self) {
                Ok(n) => {
                    if PARTIAL_IS_LAST && 0 < n && n < whole {
                        self.registration.clear(event);
                    }
                    return Poll::Ready(Ok(n));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.registration.clear(event);
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl<E: event::Source> Deref for Source<E> {
    type Target = E;
    #[inline]
    fn deref(&self) -> &E {
        self.io.as_ref().expect("only taken out when the source ends")
    }
}

impl<E: event::Source> Drop for Source<E> {
    fn drop(&mut self) {
        if let Some(mut io) = self.io.take() {
            // A source that the system does not know any more is gone as well.
            let _ = self.registration.deregister(&mut io);
        }
    }
}

impl<E: event::Source + fmt::Debug> fmt::Debug for Source<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}
