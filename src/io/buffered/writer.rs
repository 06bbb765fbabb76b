use crate::io::{
    AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, DEFAULT_BUF_SIZE, ReadBuf, ext::uninterrupted,
};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;
use std::io::{self, Error, ErrorKind, IoSlice, SeekFrom};
use std::vec::Vec;

pin_project! {
    /// A writer with a buffer: many small writes become few large ones.
    ///
    /// [Flush](crate::io::AsyncWriteExt::flush) it, or [shut it
    /// down](crate::io::AsyncWriteExt::shutdown), before it is dropped: dropping cannot wait, and
    /// so **what is still in the buffer is lost**.
    ///
    /// It passes reads on, so a stream that does both may be wrapped too.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{AsyncWriteExt, BufWriter};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut writer = BufWriter::new(Vec::new());
    /// for n in 1..=3 {
    ///     writer.write_u8(n).await?;
    /// }
    /// assert_eq!(writer.buffer(), [1, 2, 3]);
    /// writer.flush().await?;
    /// assert_eq!(writer.into_inner(), [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub struct BufWriter<W> {
        #[pin]
        pub(super) inner: W,
        pub(super) behind: Behind,
    }
}

/// What is to be written: `buf[written..]`.
pub(super) struct Behind {
    buf: Vec<u8>,
    written: usize,
    seek: Seek,
}

/// How far a seek has come.
#[derive(Clone, Copy, Debug)]
enum Seek {
    /// None is under way.
    None,
    /// Asked for; the inner stream does not know of it yet.
    Asked(SeekFrom),
    /// The inner stream is on its way.
    Started,
}

impl Behind {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { buf: Vec::with_capacity(capacity), written: 0, seek: Seek::None }
    }

    fn room(&self) -> usize {
        self.buf.capacity() - self.buf.len()
    }

    fn poll_drain<W: AsyncWrite>(
        &mut self,
        mut inner: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut result = Ok(());
        while self.written < self.buf.len() && result.is_ok() {
            let rest = &self.buf[self.written..];
            match ready!(uninterrupted(|| inner.as_mut().poll_write(cx, rest))) {
                Ok(0) => {
                    result = Err(Error::new(ErrorKind::WriteZero, "the buffer was not taken"));
                }
                Ok(n) => self.written += n,
                Err(error) => result = Err(error),
            }
        }
        self.buf.drain(..self.written);
        self.written = 0;
        Poll::Ready(result)
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// Wraps `inner`, with a buffer of 8 KiB.
    pub fn new(inner: W) -> Self {
        Self::with_capacity(DEFAULT_BUF_SIZE, inner)
    }

    /// Wraps `inner`, with a buffer of `capacity` bytes or a few more.
    pub fn with_capacity(capacity: usize, inner: W) -> Self {
        Self { inner, behind: Behind::with_capacity(capacity) }
    }

    /// The writer inside.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer inside. Writing to it directly overtakes what is in the buffer.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The writer inside. Writing to it directly overtakes what is in the buffer.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().inner
    }

    /// The writer inside; what is still in the buffer is lost.
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// What is in the buffer.
    pub fn buffer(&self) -> &[u8] {
        &self.behind.buf
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        let (mut inner, behind) = (this.inner, this.behind);
        if buf.len() > behind.room() {
            ready!(behind.poll_drain(inner.as_mut(), cx))?;
        }
        if buf.len() >= behind.buf.capacity() {
            return inner.poll_write(cx, buf);
        }
        behind.buf.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.inner.is_write_vectored() {
            return self.poll_gather(cx, bufs);
        }
        let this = self.project();
        let (mut inner, behind) = (this.inner, this.behind);
        let total = bufs.iter().fold(0_usize, |sum, buf| sum.saturating_add(buf.len()));
        if total > behind.room() {
            ready!(behind.poll_drain(inner.as_mut(), cx))?;
        }
        if total >= behind.buf.capacity() {
            return inner.poll_write_vectored(cx, bufs);
        }
        bufs.iter().for_each(|buf| behind.buf.extend_from_slice(buf));
        Poll::Ready(Ok(total))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        ready!(this.behind.poll_drain(this.inner.as_mut(), cx))?;
        this.inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        ready!(this.behind.poll_drain(this.inner.as_mut(), cx))?;
        this.inner.poll_shutdown(cx)
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// A vectored write for an inner writer without one: as many whole pieces as the buffer has
    /// room for, or the first piece alone if it is larger than the buffer.
    fn poll_gather(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        let (mut inner, behind) = (this.inner, this.behind);
        let mut pieces = bufs.iter().skip_while(|buf| buf.is_empty()).peekable();
        let Some(first) = pieces.peek() else { return Poll::Ready(Ok(0)) };
        if first.len() > behind.room() {
            ready!(behind.poll_drain(inner.as_mut(), cx))?;
        }
        if first.len() >= behind.buf.capacity() {
            return inner.poll_write(cx, first);
        }
        let mut taken = 0;
        while let Some(piece) = pieces.next_if(|piece| piece.len() <= behind.room()) {
            behind.buf.extend_from_slice(piece);
            taken += piece.len();
        }
        Poll::Ready(Ok(taken))
    }
}

/// A seek writes out the buffer first.
impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.project().behind.seek = Seek::Asked(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.project();
        let (mut inner, behind) = (this.inner, this.behind);
        if !matches!(behind.seek, Seek::None) {
            ready!(behind.poll_drain(inner.as_mut(), cx))?;
        }
        if let Seek::Asked(position) = behind.seek {
            // An earlier seek of the inner stream may still be under way.
            ready!(inner.as_mut().poll_complete(cx))?;
            behind.seek = Seek::None;
            inner.as_mut().start_seek(position)?;
            behind.seek = Seek::Started;
        }
        let position = ready!(inner.poll_complete(cx));
        behind.seek = Seek::None;
        Poll::Ready(position)
    }
}

impl<W: AsyncWrite + AsyncRead> AsyncRead for BufWriter<W> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_read(cx, buf)
    }
}

impl<W: AsyncWrite + AsyncBufRead> AsyncBufRead for BufWriter<W> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_pin_mut().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_pin_mut().consume(amt);
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, capacity) = (self.behind.buf.len(), self.behind.buf.capacity());
        f.debug_struct("BufWriter")
            .field("writer", &self.inner)
            .field("buffer", &format_args!("{len}/{capacity}"))
            .field("written", &self.behind.written)
            .finish()
    }
}
