//! Any descriptor in the reactor.
//!
//! A registration ends before the descriptor is given back or dropped, whatever happens: the
//! system would else report edges of whatever gets the number next.

use super::source::Registration;
use crate::io::{Interest, Ready};
use crate::socket::slot::{Direction, Event};
use core::fmt;
use core::task::{Context, Poll, ready};
use mio::unix::SourceFd;
use std::error::Error;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// Waits for a descriptor that this crate knows nothing else about: a device, a timer, a socket of
/// another kind.
///
/// It must be non-blocking, and reading or writing it must answer `WouldBlock`. The pattern is
/// always the same: wait for a *guard*, try the operation by it, and if that would block, the guard
/// has the readiness forgotten and one waits again.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::io::{Interest, unix::AsyncFd};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let (mut one, other) = UnixStream::pair()?;
/// other.set_nonblocking(true)?;
/// let other = AsyncFd::new(other)?;
/// one.write_all(b"hello")?;
///
/// let mut buf = [0; 16];
/// let n = other.async_io(Interest::READABLE, |mut stream| stream.read(&mut buf)).await?;
/// assert_eq!(&buf[..n], b"hello");
/// # Ok(())
/// # }
/// ```
pub struct AsyncFd<T: AsRawFd> {
    // Ends before `inner`.
    registration: Registration,
    /// `None` only when it is taken out for good.
    inner: Option<T>,
}

/// The descriptor is ready, it was said; as long as one holds this nobody has to ask again.
#[must_use = "nothing happens unless the descriptor is used, by `try_io` for instance"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    async_fd: &'a AsyncFd<T>,
    event: Option<Event>,
}

/// As [`AsyncFdReadyGuard`], for a descriptor that is changed.
#[must_use = "nothing happens unless the descriptor is used, by `try_io` for instance"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    async_fd: &'a mut AsyncFd<T>,
    event: Option<Event>,
}

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

impl<T: AsRawFd> AsyncFd<T> {
    /// Registers a descriptor for reading and writing.
    ///
    /// # Errors
    /// If the system refuses it, for instance because it is that of a file.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn new(inner: T) -> io::Result<Self> {
        Self::with_interest(inner, BOTH)
    }

    /// Registers a descriptor.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        Ok(Self::try_with_interest(inner, interest)?)
    }

    /// [`new`](Self::new) that hands `inner` back if it fails.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn try_new(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::try_with_interest(inner, BOTH)
    }

    /// [`with_interest`](Self::with_interest) that hands `inner` back if it fails.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn try_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        match Registration::new(&mut SourceFd(&inner.as_raw_fd()), interest) {
            Ok(registration) => Ok(Self { registration, inner: Some(inner) }),
            Err(cause) => Err(AsyncFdRegisterError { inner, cause }),
        }
    }

    /// [`try_new`](Self::try_new), by its other name.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Safety
    /// The descriptor is open, and stays the same and open until this is dropped or taken apart.
    #[track_caller]
    pub unsafe fn register(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::try_new(inner)
    }

    /// [`try_with_interest`](Self::try_with_interest), by its other name.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Safety
    /// As [`register`](Self::register).
    #[track_caller]
    pub unsafe fn register_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::try_with_interest(inner, interest)
    }

    /// What holds the descriptor.
    pub fn get_ref(&self) -> &T {
        self.inner.as_ref().expect("only taken out for good")
    }

    /// What holds the descriptor. The descriptor itself must stay the same.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("only taken out for good")
    }

    /// Takes the descriptor out of the reactor.
    pub fn into_inner(mut self) -> T {
        self.take().expect("only taken out for good")
    }

    fn take(&mut self) -> Option<T> {
        let inner = self.inner.take()?;
        // What the system does not know any more needs not be forgotten.
        let _ = self.registration.deregister(&mut SourceFd(&inner.as_raw_fd()));
        Some(inner)
    }

    /// Whether the descriptor can be read from; if not, the task of `cx` is woken when it can. The
    /// task of the last call only.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    pub fn poll_read_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.registration.poll_ready(cx, Direction::Read))?;
        Poll::Ready(Ok(AsyncFdReadyGuard { async_fd: self, event: Some(event) }))
    }

    /// As [`poll_read_ready`](Self::poll_read_ready), for changing the descriptor.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    pub fn poll_read_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.registration.poll_ready(cx, Direction::Read))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard { async_fd: self, event: Some(event) }))
    }

    /// Whether the descriptor can be written to; if not, the task of `cx` is woken when it can.
    /// The task of the last call only.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    pub fn poll_write_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.registration.poll_ready(cx, Direction::Write))?;
        Poll::Ready(Ok(AsyncFdReadyGuard { async_fd: self, event: Some(event) }))
    }

    /// As [`poll_write_ready`](Self::poll_write_ready), for changing the descriptor.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    pub fn poll_write_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.registration.poll_ready(cx, Direction::Write))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard { async_fd: self, event: Some(event) }))
    }

    /// Waits until the descriptor is ready for any of `interest`.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: the descriptor stays ready until a guard says otherwise.
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let event = self.registration.ready(interest).await?;
        Ok(AsyncFdReadyGuard { async_fd: self, event: Some(event) })
    }

    /// As [`ready`](Self::ready), for changing the descriptor.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn ready_mut(
        &mut self,
        interest: Interest,
    ) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        let event = self.registration.ready(interest).await?;
        Ok(AsyncFdReadyMutGuard { async_fd: self, event: Some(event) })
    }

    /// Waits until the descriptor can be read from.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn readable<'a>(&'a self) -> io::Result<AsyncFdReadyGuard<'a, T>> {
        self.ready(Interest::READABLE).await
    }

    /// As [`readable`](Self::readable), for changing the descriptor.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn readable_mut<'a>(&'a mut self) -> io::Result<AsyncFdReadyMutGuard<'a, T>> {
        self.ready_mut(Interest::READABLE).await
    }

    /// Waits until the descriptor can be written to.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn writable<'a>(&'a self) -> io::Result<AsyncFdReadyGuard<'a, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// As [`writable`](Self::writable), for changing the descriptor.
    ///
    /// # Errors
    /// If the runtime of the descriptor is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn writable_mut<'a>(&'a mut self) -> io::Result<AsyncFdReadyMutGuard<'a, T>> {
        self.ready_mut(Interest::WRITABLE).await
    }

    /// Tries an operation whenever the descriptor is ready for `interest`, until it does not
    /// answer `WouldBlock`.
    ///
    /// # Errors
    /// What the operation reports; if the runtime of the descriptor is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: it never waits after the operation is done.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.async_io(interest, || f(self.get_ref())).await
    }

    /// As [`async_io`](Self::async_io), for changing the descriptor.
    ///
    /// # Errors
    /// What the operation reports; if the runtime of the descriptor is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: it never waits after the operation is done.
    pub async fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let inner = self.inner.as_mut().expect("only taken out for good");
        self.registration.async_io(interest, || f(inner)).await
    }

    /// Tries an operation, if the descriptor is ready for `interest`.
    ///
    /// # Errors
    /// `WouldBlock` if it is not; what the operation reports.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.try_io(interest, || f(self.get_ref()))
    }

    /// As [`try_io`](Self::try_io), for changing the descriptor.
    ///
    /// # Errors
    /// `WouldBlock` if it is not ready; what the operation reports.
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let inner = self.inner.as_mut().expect("only taken out for good");
        self.registration.try_io(interest, || f(inner))
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}

impl<T: AsRawFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: what holds the descriptor is held by us, and the borrow does not outlive it.
        unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
    }
}

impl<T: AsRawFd> Drop for AsyncFd<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd").field("inner", &self.inner).finish()
    }
}

macro_rules! guard {
    ($guard:ident) => {
        impl<T: AsRawFd> $guard<'_, T> {
            /// Forgets that the descriptor was ready: an operation said that it would block. If it
            /// has become ready again since, that is not forgotten.
            pub fn clear_ready(&mut self) {
                if let Some(event) = self.event.take() {
                    self.async_fd.registration.clear(event);
                }
            }

            /// Forgets a part of what the descriptor was ready for.
            pub fn clear_ready_matching(&mut self, ready: Ready) {
                if let Some(event) = &mut self.event {
                    self.async_fd.registration.clear_only(*event, ready);
                    event.ready = event.ready - ready;
                }
                self.event.take_if(|event| event.ready.is_empty());
            }

            /// Forgets nothing; what dropping the guard does as well.
            pub fn retain_ready(&mut self) {}

            /// What the descriptor was ready for.
            pub fn ready(&self) -> Ready {
                self.event.map_or(Ready::EMPTY, |event| event.ready)
            }

            fn after<R>(&mut self, result: io::Result<R>) -> Result<io::Result<R>, TryIoError> {
                match result {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.clear_ready();
                        Err(TryIoError(()))
                    }
                    result => Ok(result),
                }
            }
        }

        impl<T: AsRawFd + fmt::Debug> fmt::Debug for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($guard)).field("async_fd", &self.async_fd).finish()
            }
        }
    };
}

guard!(AsyncFdReadyGuard);
guard!(AsyncFdReadyMutGuard);

impl<'a, T: AsRawFd> AsyncFdReadyGuard<'a, T> {
    /// Tries an operation; if it would block, the readiness is forgotten.
    ///
    /// # Errors
    /// If it would block. What the operation reports is inside.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.async_fd);
        self.after(result)
    }

    /// The registered descriptor.
    pub fn get_ref(&self) -> &'a AsyncFd<T> {
        self.async_fd
    }

    /// What holds the descriptor.
    pub fn get_inner(&self) -> &'a T {
        self.async_fd.get_ref()
    }
}

impl<T: AsRawFd> AsyncFdReadyMutGuard<'_, T> {
    /// Tries an operation; if it would block, the readiness is forgotten.
    ///
    /// # Errors
    /// If it would block. What the operation reports is inside.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.async_fd);
        self.after(result)
    }

    /// The registered descriptor.
    pub fn get_ref(&self) -> &AsyncFd<T> {
        self.async_fd
    }

    /// The registered descriptor.
    pub fn get_mut(&mut self) -> &mut AsyncFd<T> {
        self.async_fd
    }

    /// What holds the descriptor.
    pub fn get_inner(&self) -> &T {
        self.async_fd.get_ref()
    }

    /// What holds the descriptor.
    pub fn get_inner_mut(&mut self) -> &mut T {
        self.async_fd.get_mut()
    }
}

/// The operation would block.
#[derive(Debug)]
pub struct TryIoError(());

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block")
    }
}

impl Error for TryIoError {}

/// A descriptor could not be registered; it is inside.
pub struct AsyncFdRegisterError<T> {
    inner: T,
    cause: io::Error,
}

impl<T> AsyncFdRegisterError<T> {
    /// What held the descriptor, and why it was refused.
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }
}

impl<T> fmt::Display for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl<T> fmt::Debug for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl<T> Error for AsyncFdRegisterError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> From<AsyncFdRegisterError<T>> for io::Error {
    fn from(error: AsyncFdRegisterError<T>) -> Self {
        error.cause
    }
}
