//! What [`AsyncWriteExt`](super::AsyncWriteExt) does.

use super::{Operation, uninterrupted};
use crate::io::AsyncWrite;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind, IoSlice};

#[derive(Debug)]
pub struct Write<'a>(pub(super) &'a [u8]);

impl<W: AsyncWrite + ?Sized> Operation<W> for Write<'_> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(&mut self, writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        writer.poll_write(cx, self.0)
    }
}

#[derive(Debug)]
pub struct WriteVectored<'a, 'b>(pub(super) &'a [IoSlice<'b>]);

impl<W: AsyncWrite + ?Sized> Operation<W> for WriteVectored<'_, '_> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(&mut self, writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        writer.poll_write_vectored(cx, self.0)
    }
}

#[derive(Debug)]
pub struct WriteAll<'a>(pub(super) &'a [u8]);

impl<W: AsyncWrite + ?Sized> Operation<W> for WriteAll<'_> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(&mut self, mut writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        while !self.0.is_empty() {
            match ready!(uninterrupted(|| writer.as_mut().poll_write(cx, self.0)))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                n => self.0 = &self.0[n..],
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The bytes of a number, in either order.
#[derive(Debug)]
pub struct WriteNumber<const N: usize> {
    bytes: [u8; N],
    written: u8,
}

impl<const N: usize> WriteNumber<N> {
    #[inline]
    pub(super) fn new(bytes: [u8; N]) -> Self {
        Self { bytes, written: 0 }
    }
}

impl<W: AsyncWrite + ?Sized, const N: usize> Operation<W> for WriteNumber<N> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(&mut self, mut writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        while (self.written as usize) < N {
            let rest = &self.bytes[self.written as usize..];
            match ready!(uninterrupted(|| writer.as_mut().poll_write(cx, rest)))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                n => self.written += n as u8,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[derive(Debug)]
pub struct Flush;

impl<W: AsyncWrite + ?Sized> Operation<W> for Flush {
    type Output = io::Result<()>;

    #[inline]
    fn poll(&mut self, writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        writer.poll_flush(cx)
    }
}

#[derive(Debug)]
pub struct Shutdown;

impl<W: AsyncWrite + ?Sized> Operation<W> for Shutdown {
    type Output = io::Result<()>;

    #[inline]
    fn poll(&mut self, writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        writer.poll_shutdown(cx)
    }
}

#[cfg(feature = "bytes")]
pub use buf::{WriteAllFrom, WriteFrom};

#[cfg(feature = "bytes")]
mod buf {
    use super::*;
    use bytes::Buf;

    #[derive(Debug)]
    pub struct WriteFrom<'a, B>(pub(in super::super) &'a mut B);

    impl<W: AsyncWrite + ?Sized, B: Buf> Operation<W> for WriteFrom<'_, B> {
        type Output = io::Result<usize>;

        fn poll(&mut self, writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
            if !self.0.has_remaining() {
                return Poll::Ready(Ok(0));
            }
            let n = ready!(poll_write_from(writer, cx, self.0))?;
            self.0.advance(n);
            Poll::Ready(Ok(n))
        }
    }

    #[derive(Debug)]
    pub struct WriteAllFrom<'a, B>(pub(in super::super) &'a mut B);

    impl<W: AsyncWrite + ?Sized, B: Buf> Operation<W> for WriteAllFrom<'_, B> {
        type Output = io::Result<()>;

        fn poll(&mut self, mut writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
            while self.0.has_remaining() {
                match ready!(uninterrupted(|| poll_write_from(writer.as_mut(), cx, self.0)))? {
                    0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                    n => self.0.advance(n),
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    /// Writes some of `from`, in one piece or many as the writer likes it, without advancing it.
    fn poll_write_from<W: AsyncWrite + ?Sized>(
        writer: Pin<&mut W>,
        cx: &mut Context<'_>,
        from: &impl Buf,
    ) -> Poll<io::Result<usize>> {
        if !writer.is_write_vectored() {
            return writer.poll_write(cx, from.chunk());
        }
        let mut pieces = [IoSlice::new(&[]); 64];
        let n = from.chunks_vectored(&mut pieces);
        writer.poll_write_vectored(cx, &pieces[..n])
    }
}
