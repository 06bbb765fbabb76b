//! A source that the system reports edges of, registered.
//!
//! Why unsafe: a registration knows where its slot is, for each operation looks at it.

use super::levels::{Advice, Described, Habit};
use super::ring::Detached;
use super::{Driver, Reactor};
use crate::io::{Interest, ReadBuf, Ready};
use crate::socket::Direction;
use crate::socket::slot::Slot;
use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;
use core::task::{Context, Poll};
use mio::event;
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

/// The slot of a registered source.
#[derive(Debug)]
pub(crate) struct Registration {
    reactor: Arc<Reactor>,
    index: usize,
    /// The slot of that index.
    slot: NonNull<Slot>,
    /// Whether the system does not report edges for now.
    detached: Detached,
    /// How its reads end.
    habit: Habit,
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
        let slot = NonNull::from(reactor.slot(index));
        Ok(Self { reactor, index, slot, detached: Detached::new(), habit: Habit::default() })
    }

    /// Ends the reports; the slot itself is given back when the registration is dropped.
    pub(crate) fn deregister(&self, source: &mut impl event::Source) -> io::Result<()> {
        if self.detached.is() { Ok(()) } else { self.reactor.deregister(self.index, source) }
    }

    /// The reactor, and the slot there.
    #[cfg(all(feature = "io-uring", target_os = "linux"))]
    pub(super) fn place(&self) -> (&Arc<Reactor>, usize) {
        (&self.reactor, self.index)
    }

    /// Has the system report no edges until somebody waits for them.
    #[cfg(all(feature = "io-uring", target_os = "linux"))]
    #[inline]
    pub(super) fn detach(&self, fd: std::os::fd::RawFd, transfers: &Arc<super::ring::Transfers>) {
        self.detached.detach(fd, transfers, || {
            self.tell_edges();
            self.reactor.detach(fd);
        });
    }

    /// Has the system tell of every edge, if it tells by level.
    #[inline]
    fn tell_edges(&self) {
        if self.repeats() {
            self.reactor.tell_edges(self.index);
        }
    }

    /// Takes note of a read into `room` bytes.
    #[inline]
    fn note(&self, result: &io::Result<usize>, room: usize, source: &impl Described) {
        let advice = self.habit.note(result, room);
        // The system does not repeat what an operation by completion has left.
        if advice != Advice::Stay && self.detached.leaves_nothing() {
            self.reactor.follow(advice, self.index, source);
        }
    }

    /// Has the system report edges again, if it does not.
    #[inline]
    fn attach(&self) {
        #[cfg(all(feature = "io-uring", target_os = "linux"))]
        if self.detached.is() {
            self.detached.attach(|fd| self.reactor.attach(fd, self.index));
        }
    }
}

impl Deref for Registration {
    type Target = Slot;

    #[inline]
    fn deref(&self) -> &Slot {
        // SAFETY: the reactor, which is kept here, neither moves nor frees a slot.
        unsafe { self.slot.as_ref() }
    }
}

// SAFETY: the pointer is used as the reference that it was made of.
unsafe impl Send for Registration where for<'a> &'a Slot: Send {}
// SAFETY: as above.
unsafe impl Sync for Registration where for<'a> &'a Slot: Send {}

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

    /// For whoever does not wait for readiness.
    #[cfg(all(feature = "io-uring", target_os = "linux"))]
    pub(super) fn bare_registration(&self) -> &Registration {
        &self.registration
    }

    /// Whoever asks for it waits for readiness, or tries what the system is ready for.
    #[inline]
    pub(crate) fn registration(&self) -> &Registration {
        self.registration.attach();
        self.registration.tell_edges();
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
        E: Described,
    {
        let registration = &self.registration;
        registration.attach();
        let read = |free: &mut [u8]| {
            let room = free.len();
            let result = self.deref().read(free);
            registration.note(&result, room, self.deref());
            result
        };
        registration.poll_read(cx, buf, read, || registration.habit.is_all())
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
        self.poll_write_by(cx, buf.len(), write)
    }

    /// What was written is with the system.
    #[inline]
    #[allow(clippy::unused_self)] // there are hosts that take it later
    pub(crate) fn poll_sent(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
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
        self.poll_write_by(cx, whole, write)
    }

    fn poll_write_by(
        &self,
        cx: &mut Context<'_>,
        whole: usize,
        mut write: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        // A stream that is read by completion has mostly room: no need to have edges reported.
        if self.registration.detached.is() {
            use io::ErrorKind::{Interrupted, WouldBlock};
            match write() {
                Err(error) if matches!(error.kind(), WouldBlock | Interrupted) => {}
                result => return Poll::Ready(result),
            }
        }
        self.registration.attach();
        let written = self.registration.poll_transfer(cx, Direction::Write, whole, write);
        if !matches!(&written, Poll::Ready(Ok(n)) if *n == whole) {
            // Somebody has to be told when there is room.
            self.registration.tell_edges();
        }
        written
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
