//! The file as a stream.

use super::File;
use super::state::Done;
use crate::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice, SeekFrom};

impl AsyncRead for File {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        dst: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let file = self.get_mut();
        let inner = file.inner.get_mut();
        loop {
            if let Some(buf) = inner.idle() {
                if !buf.is_empty() || dst.remaining() == 0 {
                    buf.copy_to(dst);
                    return Poll::Ready(Ok(()));
                }
                inner.begin_read(&file.std, dst.remaining().min(file.max_buf_size));
            }
            match ready!(inner.poll_done(cx))? {
                Some(Done::Read(read)) => {
                    read?;
                    // Also if it is empty, for that is the end.
                    inner.idle().expect("it is done").copy_to(dst);
                    return Poll::Ready(Ok(()));
                }
                Some(Done::Write(Err(error))) => inner.failed = Some(error),
                _ => {}
            }
        }
    }
}

impl AsyncWrite for File {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        src: &[u8],
    ) -> Poll<io::Result<usize>> {
        let file = self.get_mut();
        let inner = file.inner.get_mut();
        ready!(inner.poll_flush(cx))?;
        let limit = file.max_buf_size;
        Poll::Ready(Ok(inner.begin_write(&file.std, |buf| buf.take(src, limit))))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let file = self.get_mut();
        let inner = file.inner.get_mut();
        ready!(inner.poll_flush(cx))?;
        let limit = file.max_buf_size;
        Poll::Ready(Ok(inner.begin_write(&file.std, |buf| buf.take_vectored(bufs, limit))))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Waits until what was written is with the system, though perhaps not on the disk.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.get_mut().poll_flush(cx)
    }

    /// Flushes.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let file = self.get_mut();
        let inner = file.inner.get_mut();
        if inner.idle().is_none() {
            let refusal = "another operation on the file is under way: call `poll_complete` first";
            return Err(io::Error::other(refusal));
        }
        inner.begin_seek(&file.std, to);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let inner = self.inner.get_mut();
        loop {
            match ready!(inner.poll_done(cx))? {
                None => return Poll::Ready(Ok(inner.pos)),
                Some(Done::Seek(sought)) => {
                    inner.pos = *sought.as_ref().unwrap_or(&inner.pos);
                    return Poll::Ready(sought);
                }
                Some(Done::Write(Err(error))) => inner.failed = Some(error),
                Some(_) => {}
            }
        }
    }
}
