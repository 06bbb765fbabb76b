use crate::io::ReadBuf;
use core::ops::DerefMut;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io::{self, Cursor};

/// A source of bytes that can be waited for.
///
/// [`AsyncReadExt`](crate::io::AsyncReadExt) has the methods to call; this is the one to implement.
///
/// # Examples
///
/// A reader that counts down:
///
/// ```
/// use creel::io::{AsyncRead, AsyncReadExt, ReadBuf};
/// use std::{io, pin::Pin, task::{Context, Poll}};
///
/// struct Countdown(u8);
///
/// impl AsyncRead for Countdown {
///     fn poll_read(
///         mut self: Pin<&mut Self>,
///         _: &mut Context<'_>,
///         buf: &mut ReadBuf<'_>,
///     ) -> Poll<io::Result<()>> {
///         while self.0 > 0 && buf.remaining() > 0 {
///             buf.put_slice(&[self.0]);
///             self.0 -= 1;
///         }
///         Poll::Ready(Ok(()))
///     }
/// }
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let mut bytes = Vec::new();
/// Countdown(3).read_to_end(&mut bytes).await?;
/// assert_eq!(bytes, [3, 2, 1]);
/// # Ok(())
/// # }
/// ```
pub trait AsyncRead {
    /// Appends what is there to read to `buf`.
    ///
    /// * `Ready(Ok(()))`: [`filled`](ReadBuf::filled) has grown by what was read. If it has not
    ///   grown, the stream has ended (or `buf` was full).
    /// * `Pending`: nothing was read; the task is woken when that may have changed.
    /// * `Ready(Err(_))`: nothing was read.
    ///
    /// # Errors
    ///
    /// Whatever the source reports.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;
}

macro_rules! forward_to_target {
    () => {
        #[inline]
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut **self).poll_read(cx, buf)
        }
    };
}

impl<T: AsyncRead + Unpin + ?Sized> AsyncRead for Box<T> {
    forward_to_target!();
}

impl<T: AsyncRead + Unpin + ?Sized> AsyncRead for &mut T {
    forward_to_target!();
}

impl<P> AsyncRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncRead,
{
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_read(cx, buf)
    }
}

impl AsyncRead for &[u8] {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (read, rest) = self.split_at(self.len().min(buf.remaining()));
        buf.put_slice(read);
        *self = rest;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncRead for Cursor<T> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = self.get_ref().as_ref();
        // A position past the end reads as the end.
        let rest = usize::try_from(self.position()).ok().and_then(|at| bytes.get(at..));
        let rest = rest.unwrap_or_default();
        let n = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..n]);
        let position = self.position() + n as u64;
        self.set_position(position);
        Poll::Ready(Ok(()))
    }
}
