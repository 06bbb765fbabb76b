//! A stream of the system, with what its operations by completion have left for it.

use super::ring::Transfers;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use mio::{Registry, Token, event};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::sync::{Arc, OnceLock};

/// See the module. Reading and writing it gives what an operation left, or waits for one that was
/// dropped and is not over; everything else is the system's.
#[derive(Debug)]
pub(crate) struct Stream<S: Send + 'static> {
    io: ManuallyDrop<S>,
    /// Made by the first operation.
    transfers: OnceLock<Arc<Transfers>>,
}

impl<S: Send> Stream<S> {
    pub(crate) fn new(io: S) -> Self {
        Self { io: ManuallyDrop::new(io), transfers: OnceLock::new() }
    }

    /// The stream of the system alone.
    ///
    /// # Errors
    /// If an operation was dropped and is not over, or has left bytes that would be lost.
    pub(crate) fn into_inner(mut self) -> io::Result<S> {
        self.transfers.get().into_iter().for_each(Transfers::withdraw);
        if self.transfers.get().is_some_and(|transfers| transfers.is_busy() || transfers.keeps()) {
            return Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "an operation on this stream was dropped before it was over: read what it has left \
                 first",
            ));
        }
        // SAFETY: it is taken once, for `self` is forgotten; of its other field nothing is left.
        let io = unsafe { ManuallyDrop::take(&mut self.io) };
        drop(self.transfers.take());
        core::mem::forget(self);
        Ok(io)
    }
}

impl<S: Send> Stream<S> {
    /// Whether no operation by completion can have left anything: the system alone has what there is.
    pub(crate) fn is_plain(&self) -> bool {
        self.transfers.get().is_none()
    }
}

/// The stream's operations by completion.
#[cfg(all(feature = "io-uring", target_os = "linux"))]
impl<S: Send> Stream<S> {
    /// Made by the first that asks.
    pub(super) fn operations(&self, make: impl FnOnce() -> Transfers) -> &Arc<Transfers> {
        self.transfers.get_or_init(|| Arc::new(make()))
    }
}

impl<S: Send> Drop for Stream<S> {
    fn drop(&mut self) {
        // SAFETY: it is taken once, for nobody can use `self` after this.
        let io = unsafe { ManuallyDrop::take(&mut self.io) };
        match self.transfers.get().filter(|transfers| transfers.is_busy()) {
            None => drop(io),
            Some(transfers) => transfers.bury(io),
        }
    }
}

impl<S: Send> Deref for Stream<S> {
    type Target = S;
    #[inline]
    fn deref(&self) -> &S {
        &self.io
    }
}

#[cfg(unix)]
impl<S: Send + std::os::fd::AsRawFd> std::os::fd::AsRawFd for Stream<S> {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.io.as_raw_fd()
    }
}

impl<S: Send> Read for &Stream<S>
where
    for<'a> &'a S: Read,
{
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.transfers.get().and_then(|transfers| transfers.read(buf, true)) {
            Some(answer) => answer,
            None => (&*self.io).read(buf),
        }
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let left = self.transfers.get().and_then(|transfers| {
            let first = bufs.iter_mut().find(|buf| !buf.is_empty())?;
            transfers.read(first, true)
        });
        left.unwrap_or_else(|| (&*self.io).read_vectored(bufs))
    }
}

impl<S: Send> Write for &Stream<S>
where
    for<'a> &'a S: Write,
{
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.transfers.get().and_then(|transfers| transfers.write()) {
            Some(error) => Err(error),
            None => (&*self.io).write(buf),
        }
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.transfers.get().and_then(|transfers| transfers.write()) {
            Some(error) => Err(error),
            None => (&*self.io).write_vectored(bufs),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.io).flush()
    }
}

impl Stream<mio::net::TcpStream> {
    /// Copies what there is to read without taking it.
    pub(crate) fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self.transfers.get().and_then(|transfers| transfers.read(buf, false)) {
            Some(answer) => answer,
            None => self.io.peek(buf),
        }
    }
}

impl<S: event::Source + Send> event::Source for Stream<S> {
    fn register(
        &mut self,
        at: &Registry,
        token: Token,
        interests: mio::Interest,
    ) -> io::Result<()> {
        self.io.register(at, token, interests)
    }

    fn reregister(
        &mut self,
        at: &Registry,
        token: Token,
        interests: mio::Interest,
    ) -> io::Result<()> {
        self.io.reregister(at, token, interests)
    }

    fn deregister(&mut self, at: &Registry) -> io::Result<()> {
        self.io.deregister(at)
    }
}
