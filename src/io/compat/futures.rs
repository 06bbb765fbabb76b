use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;
use std::io::{self, IoSlice, SeekFrom};

pin_project! {
    /// A stream of `futures-io` as ours, and one of ours as a stream of `futures-io`.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{self, AsyncReadExt, AsyncWriteExt, compat::FuturesIo};
    /// use futures_io::AsyncRead as _;
    /// use std::{future::poll_fn, pin::Pin};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> io::Result<()> {
    /// let (mut near, far) = io::duplex(64);
    /// near.write_all(b"hello").await?;
    ///
    /// // Ours as theirs:
    /// let mut theirs = FuturesIo::new(far);
    /// let mut buf = [0; 4];
    /// poll_fn(|cx| Pin::new(&mut theirs).poll_read(cx, &mut buf)).await?;
    /// assert_eq!(&buf, b"hell");
    ///
    /// // Theirs as ours:
    /// let mut ours = FuturesIo::new(theirs);
    /// assert_eq!(ours.read_u8().await?, b'o');
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    pub struct FuturesIo<T> {
        #[pin]
        inner: T,
        // What the other side has asked for and is still on its way.
        seek: Option<SeekFrom>,
    }
}

impl<T> FuturesIo<T> {
    /// Wraps a stream of either kind.
    pub const fn new(inner: T) -> Self {
        Self { inner, seek: None }
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

impl<T: futures_io::AsyncRead> AsyncRead for FuturesIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n = ready!(self.get_pin_mut().poll_read(cx, buf.initialize_unfilled()))?;
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead> futures_io::AsyncRead for FuturesIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(self.get_pin_mut().poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

impl<T: futures_io::AsyncBufRead> AsyncBufRead for FuturesIo<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_pin_mut().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_pin_mut().consume(amt);
    }
}

impl<T: AsyncBufRead> futures_io::AsyncBufRead for FuturesIo<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_pin_mut().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_pin_mut().consume(amt);
    }
}

/// Whether a writer of `futures-io` is good at vectored writes is not known, so we gather.
impl<T: futures_io::AsyncWrite> AsyncWrite for FuturesIo<T> {
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

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_close(cx)
    }
}

impl<T: AsyncWrite> futures_io::AsyncWrite for FuturesIo<T> {
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

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_shutdown(cx)
    }
}

// Ours is told where to go and then asked whether it is there; theirs is told each time.

impl<T: futures_io::AsyncSeek> AsyncSeek for FuturesIo<T> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        *self.project().seek = Some(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.project();
        let position = this.seek.unwrap_or(SeekFrom::Current(0));
        let result = ready!(this.inner.poll_seek(cx, position));
        *this.seek = None;
        Poll::Ready(result)
    }
}

impl<T: AsyncSeek> futures_io::AsyncSeek for FuturesIo<T> {
    fn poll_seek(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        position: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        let mut this = self.project();
        if *this.seek != Some(position) {
            // Another seek may still be under way.
            ready!(this.inner.as_mut().poll_complete(cx))?;
            this.inner.as_mut().start_seek(position)?;
            *this.seek = Some(position);
        }
        let result = ready!(this.inner.poll_complete(cx));
        *this.seek = None;
        Poll::Ready(result)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::io::{
        AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, duplex,
    };
    use core::pin::pin;
    use core::task::Waker;
    use std::io::Cursor;
    use std::string::String;
    use std::vec::Vec;

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
        let mut near = FuturesIo::new(FuturesIo::new(near));
        now(near.write_all(b"out\n")).unwrap();
        now(far.write_all(b"in\n")).unwrap();
        let mut line = String::new();
        let mut far = FuturesIo::new(FuturesIo::new(BufReader::new(far)));
        now(far.read_line(&mut line)).unwrap();
        assert_eq!(line, "out\n");
        assert_eq!(now(near.read_u16()).unwrap(), u16::from_be_bytes(*b"in"));
        now(near.flush()).unwrap();
        now(near.shutdown()).unwrap();
        assert_eq!(now(far.read(&mut [0; 8])).unwrap(), 0);
    }

    #[test]
    fn a_pending_read_is_pending_on_the_other_side_too() {
        let (near, _far) = duplex(64);
        let mut near = FuturesIo::new(FuturesIo::new(near));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(pin!(near.read(&mut [0; 8])).poll(cx).is_pending());
    }

    #[test]
    fn seeking_goes_there_and_back() {
        let mut file = FuturesIo::new(FuturesIo::new(Cursor::new(b"0123456789".to_vec())));
        assert_eq!(now(file.seek(SeekFrom::End(-3))).unwrap(), 7);
        assert_eq!(now(file.read_u8()).unwrap(), b'7');
        assert_eq!(now(file.seek(SeekFrom::Current(-2))).unwrap(), 6);
        assert_eq!(now(file.stream_position()).unwrap(), 6);
        now(file.seek(SeekFrom::Start(0))).unwrap();
        let mut all = Vec::new();
        now(file.read_to_end(&mut all)).unwrap();
        assert_eq!(all, b"0123456789");
    }
}
