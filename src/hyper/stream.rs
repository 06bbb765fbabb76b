//! Streams for hyper.
//!
//! Why unsafe: hyper lends memory that is not initialised.

use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use hyper::rt;
use pin_project_lite::pin_project;
use std::io::{self, IoSlice};

pin_project! {
    /// A stream of this crate as one of hyper's, and one of hyper's (an upgraded connection, say) as
    /// one of ours. It buffers nothing.
    #[derive(Debug)]
    pub struct CreelIo<T> {
        #[pin]
        inner: T,
    }
}

impl<T> CreelIo<T> {
    /// Wraps a stream of either kind.
    pub const fn new(inner: T) -> Self {
        Self { inner }
    }

    /// The stream inside.
    pub const fn inner(&self) -> &T {
        &self.inner
    }

    /// The stream inside.
    pub const fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// The stream inside.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: AsyncRead> rt::Read for CreelIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: a `ReadBuf` de-initialises nothing.
        let mut ours = ReadBuf::uninit(unsafe { buf.as_mut() });
        let start = ours.filled().as_ptr();
        ready!(self.project().inner.poll_read(cx, &mut ours))?;
        // A reader could put another `ReadBuf` in the place of this one.
        assert_eq!(ours.filled().as_ptr(), start, "the reader exchanged the buffer");
        let count = ours.filled().len();
        // SAFETY: so much was filled, hence initialised.
        unsafe { buf.advance(count) };
        Poll::Ready(Ok(()))
    }
}

impl<T: rt::Read> AsyncRead for CreelIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = {
            // SAFETY: hyper's buffer de-initialises nothing either.
            let mut theirs = rt::ReadBuf::uninit(unsafe { buf.unfilled_mut() });
            ready!(self.project().inner.poll_read(cx, theirs.unfilled()))?;
            theirs.filled().len()
        };
        // SAFETY: hyper's buffer vouches that so much of the unfilled part is initialised; its
        // cursor cannot be exchanged for another's.
        unsafe { buf.assume_init(count) };
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

/// Both directions of writing: the traits have the same methods.
macro_rules! write {
    ($theirs:path => $ours:path) => {
        impl<T: $theirs> $ours for CreelIo<T> {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.project().inner.poll_write(cx, buf)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.project().inner.poll_flush(cx)
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.project().inner.poll_shutdown(cx)
            }

            fn is_write_vectored(&self) -> bool {
                self.inner.is_write_vectored()
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.project().inner.poll_write_vectored(cx, bufs)
            }
        }
    };
}

write!(AsyncWrite => rt::Write);
write!(rt::Write => AsyncWrite);
