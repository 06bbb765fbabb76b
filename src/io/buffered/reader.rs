use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, DEFAULT_BUF_SIZE, ReadBuf};
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::io::{self, IoSlice, SeekFrom};

pin_project! {
    /// A reader with a buffer: many small reads become few large ones.
    ///
    /// What has been read ahead is lost if the `BufReader` is dropped or
    /// [taken apart](Self::into_inner). Two of them on one source disturb each other.
    ///
    /// It passes writes on, so a stream that does both may be wrapped too.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut reader = BufReader::with_capacity(4, &b"hello world"[..]);
    /// assert_eq!(reader.fill_buf().await?, b"hell");
    ///
    /// let mut rest = String::new();
    /// reader.read_to_string(&mut rest).await?;
    /// assert_eq!(rest, "hello world");
    /// # Ok(())
    /// # }
    /// ```
    pub struct BufReader<R> {
        #[pin]
        pub(super) inner: R,
        pub(super) ahead: Ahead,
    }
}

/// What was read ahead: `buf[start..end]`.
pub(super) struct Ahead {
    buf: Box<[u8]>,
    start: usize,
    end: usize,
    seek: Seek,
}

/// How far a seek has come.
#[derive(Clone, Copy, Debug)]
enum Seek {
    /// None is under way.
    None,
    /// Asked for; the inner stream does not know of it yet.
    Asked(SeekFrom),
    /// The inner stream steps back over what was read ahead, because the sum of that and this
    /// offset overflows. The offset is its next step.
    SteppingBack(i64),
    /// The inner stream is on its way.
    Started,
}

impl Ahead {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { buf: std::vec![0; capacity].into(), start: 0, end: 0, seek: Seek::None }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn discard(&mut self) {
        (self.start, self.end) = (0, 0);
    }
}

impl<R: AsyncRead> BufReader<R> {
    /// Wraps `inner`, with a buffer of 8 KiB.
    pub fn new(inner: R) -> Self {
        Self::with_capacity(DEFAULT_BUF_SIZE, inner)
    }

    /// Wraps `inner`, with a buffer of `capacity` bytes.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero.
    #[track_caller]
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        assert!(capacity > 0, "capacity must be greater than zero");
        Self { inner, ahead: Ahead::with_capacity(capacity) }
    }

    /// The reader inside.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader inside. Reading from it directly passes by what was read ahead.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader inside. Reading from it directly passes by what was read ahead.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// The reader inside; what was read ahead is lost.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// What was read ahead.
    pub fn buffer(&self) -> &[u8] {
        self.ahead.bytes()
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Nothing was read ahead and nothing would be gained by it.
        if self.ahead.is_empty() && buf.remaining() >= self.ahead.buf.len() {
            return self.get_pin_mut().poll_read(cx, buf);
        }
        let available = ready!(self.as_mut().poll_fill_buf(cx))?;
        let n = available.len().min(buf.remaining());
        buf.put_slice(&available[..n]);
        self.consume(n);
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        let ahead = this.ahead;
        if ahead.is_empty() {
            let mut buf = ReadBuf::new(&mut ahead.buf);
            ready!(this.inner.poll_read(cx, &mut buf))?;
            (ahead.start, ahead.end) = (0, buf.filled().len());
        }
        Poll::Ready(Ok(ahead.bytes()))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let ahead = self.project().ahead;
        ahead.start = ahead.end.min(ahead.start + amt);
    }
}

/// A seek discards what was read ahead, also where it leads nowhere else. `SeekFrom::Current`
/// counts from what the caller has read, not from where the inner stream stands.
impl<R: AsyncRead + AsyncSeek> AsyncSeek for BufReader<R> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.project().ahead.seek = Seek::Asked(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.project();
        let (mut inner, ahead) = (this.inner, this.ahead);
        // An error ends the seek.
        match mem::replace(&mut ahead.seek, Seek::None) {
            Seek::None => return inner.poll_complete(cx),
            Seek::Started => {}
            Seek::Asked(SeekFrom::Current(offset)) => {
                let unread = ahead.bytes().len() as i64;
                if let Some(offset) = offset.checked_sub(unread) {
                    inner.as_mut().start_seek(SeekFrom::Current(offset))?;
                } else {
                    inner.as_mut().start_seek(SeekFrom::Current(-unread))?;
                    ready!(step_back(inner.as_mut(), cx, ahead, offset))?;
                }
            }
            Seek::SteppingBack(offset) => ready!(step_back(inner.as_mut(), cx, ahead, offset))?,
            Seek::Asked(position) => inner.as_mut().start_seek(position)?,
        }
        match inner.poll_complete(cx)? {
            Poll::Ready(position) => {
                ahead.discard();
                Poll::Ready(Ok(position))
            }
            Poll::Pending => {
                ahead.seek = Seek::Started;
                Poll::Pending
            }
        }
    }
}

/// Waits until the inner stream stands where the caller has read to, and starts the rest of the way.
fn step_back<R: AsyncSeek>(
    mut inner: Pin<&mut R>,
    cx: &mut Context<'_>,
    ahead: &mut Ahead,
    offset: i64,
) -> Poll<io::Result<()>> {
    if inner.as_mut().poll_complete(cx)?.is_pending() {
        ahead.seek = Seek::SteppingBack(offset);
        return Poll::Pending;
    }
    ahead.discard();
    Poll::Ready(inner.start_seek(SeekFrom::Current(offset)))
}

impl<R: AsyncRead + AsyncWrite> AsyncWrite for BufReader<R> {
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
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unread, capacity) = (self.ahead.bytes().len(), self.ahead.buf.len());
        f.debug_struct("BufReader")
            .field("reader", &self.inner)
            .field("buffer", &format_args!("{unread}/{capacity}"))
            .finish()
    }
}
