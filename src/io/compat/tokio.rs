//! Why unsafe: one kind of `ReadBuf` is made of the other without clearing the memory.

use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;
use std::io::{self, IoSlice, SeekFrom};
use tokio::io as theirs;

pin_project! {
    /// A stream of `tokio::io` as ours, and one of ours as a stream of `tokio::io`.
    ///
    /// A program that was moved over has no crate named `tokio` of its own; the crates that want a
    /// stream of tokio's (TLS, HTTP/2, databases) bring it along.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{self, AsyncReadExt, AsyncWriteExt, compat::TokioIo};
    /// use std::{future::poll_fn, pin::Pin};
    /// use tokio::io::{AsyncRead as _, ReadBuf};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> io::Result<()> {
    /// let (mut near, far) = io::duplex(64);
    /// near.write_all(b"hello").await?;
    ///
    /// // Ours as theirs:
    /// let mut theirs = TokioIo::new(far);
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// poll_fn(|cx| Pin::new(&mut theirs).poll_read(cx, &mut buf)).await?;
    /// assert_eq!(buf.filled(), b"hell");
    ///
    /// // Theirs as ours:
    /// let mut ours = TokioIo::new(theirs);
    /// assert_eq!(ours.read_u8().await?, b'o');
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    pub struct TokioIo<T> {
        #[pin]
        inner: T,
    }
}

impl<T> TokioIo<T> {
    /// Wraps a stream of either kind.
    pub const fn new(inner: T) -> Self {
        Self { inner }
    }

    /// The stream inside.
    pub const fn get_ref(&self) -> &T {
        &self.inner
    }

    /// The stream inside.
    pub const fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// The stream inside.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut T> {
        self.project().inner
    }

    /// The stream inside.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

/// Reads into the unfilled part of one kind of buffer through the other kind.
macro_rules! read_through {
    ($buf:ident, $other:ty, |$part:ident| $read:expr) => {{
        let known = $buf.initialized().len() - $buf.filled().len();
        // SAFETY: a `ReadBuf`, of either kind, de-initialises nothing.
        let unfilled = unsafe { $buf.unfilled_mut() };
        let start = unfilled.as_ptr().cast::<u8>();
        let mut part = <$other>::uninit(unfilled);
        // SAFETY: so much of the unfilled part is initialised.
        unsafe { part.assume_init(known) };
        let $part = &mut part;
        ready!($read)?;
        // A reader could put another `ReadBuf` in the place of this one.
        assert_eq!(part.filled().as_ptr(), start, "the reader exchanged the buffer");
        let (filled, initialized) = (part.filled().len(), part.initialized().len());
        // SAFETY: `part` was the unfilled part, and so much of it is initialised now.
        unsafe { $buf.assume_init(initialized) };
        $buf.advance(filled);
        Poll::Ready(Ok(()))
    }};
}

impl<T: theirs::AsyncRead> AsyncRead for TokioIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        read_through!(buf, theirs::ReadBuf<'_>, |part| self.get_pin_mut().poll_read(cx, part))
    }
}

impl<T: AsyncRead> theirs::AsyncRead for TokioIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut theirs::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        read_through!(buf, ReadBuf<'_>, |part| self.get_pin_mut().poll_read(cx, part))
    }
}

/// Both directions of a trait whose methods are the same on both sides.
macro_rules! both_ways {
    ($trait:ident { $($method:item)* }) => {
        impl<T: theirs::$trait> $trait for TokioIo<T> { $($method)* }
        impl<T: $trait> theirs::$trait for TokioIo<T> { $($method)* }
    };
}

both_ways! { AsyncBufRead {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_pin_mut().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_pin_mut().consume(amt);
    }
} }

both_ways! { AsyncWrite {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_pin_mut().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_pin_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_shutdown(cx)
    }
} }

both_ways! { AsyncSeek {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.get_pin_mut().start_seek(position)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.get_pin_mut().poll_complete(cx)
    }
} }

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::io::{
        AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, duplex,
    };
    use core::mem::MaybeUninit;
    use core::pin::pin;
    use core::task::Waker;
    use std::io::Cursor;
    use std::string::String;

    /// Is ready at once, as everything here is.
    fn now<F: Future>(future: F) -> F::Output {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn there_and_back_is_the_same_stream() {
        let (near, mut far) = duplex(64);
        let mut near = TokioIo::new(TokioIo::new(near));
        assert!(AsyncWrite::is_write_vectored(&near));
        let bufs = [IoSlice::new(b"o"), IoSlice::new(b"ut\n")];
        assert_eq!(now(near.write_vectored(&bufs)).unwrap(), 4);
        now(far.write_all(b"in\n")).unwrap();
        let mut line = String::new();
        let mut far = TokioIo::new(TokioIo::new(BufReader::new(far)));
        now(far.read_line(&mut line)).unwrap();
        assert_eq!(line, "out\n");
        assert_eq!(now(near.read_u16()).unwrap(), u16::from_be_bytes(*b"in"));
        now(near.flush()).unwrap();
        now(near.shutdown()).unwrap();
        assert_eq!(now(far.read(&mut [0; 8])).unwrap(), 0);
    }

    #[test]
    fn what_is_initialised_on_one_side_is_known_on_the_other() {
        /// Clears all the room it gets and fills one byte of it.
        struct Clears;
        impl AsyncRead for Clears {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                buf.initialize_unfilled();
                buf.advance(1);
                Poll::Ready(Ok(()))
            }
        }

        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        buf.put_slice(b"before");
        let mut through = TokioIo::new(TokioIo::new(Clears));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(AsyncRead::poll_read(Pin::new(&mut through), cx, &mut buf).is_ready());
        assert_eq!((buf.filled(), buf.initialized().len()), (&b"before\0"[..], 8));
    }

    #[test]
    fn seeking_goes_there_and_back() {
        let mut file = TokioIo::new(TokioIo::new(Cursor::new(b"0123456789")));
        assert_eq!(now(file.seek(SeekFrom::End(-3))).unwrap(), 7);
        assert_eq!(now(file.read_u8()).unwrap(), b'7');
        assert_eq!(now(file.stream_position()).unwrap(), 8);
    }
}
