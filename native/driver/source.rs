//! A source that the system reports edges of, registered.

use super::{Driver, Reactor};
use crate::io::{Interest, ReadBuf, Ready};
use crate::socket::Direction;
use crate::socket::slot::Slot;
use core::fmt;
use core::ops::Deref;
use core::task::{Context, Poll};
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
}

impl Deref for Registration {
    type Target = Slot;

    #[inline]
    fn deref(&self) -> &Slot {
        self.reactor.slot(self.index)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.reactor.give_place(self.index);
    }
}

/// A source of mio's with its registration.
pub(crate) struct Source<E: event::Source> {
    /// `None` only while it is taken out for good.
    io: Option<E>,
    registration: Registration,
}

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
        self.registration.assume(ready);
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
        self.registration.poll_read(cx, buf, |free| self.deref().read(free))
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
        let write = || self.deref().write(buf);
        self.registration.poll_transfer(cx, Direction::Write, buf.len(), write)
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
        let write = || self.deref().write_vectored(bufs);
        self.registration.poll_transfer(cx, Direction::Write, whole, write)
    }

    /// Whether writing several buffers at a time is better than one after the other.
    pub(crate) fn is_write_vectored(&self) -> bool {
        true
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
