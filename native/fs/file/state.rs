//! What a file is doing, one thing at a time, and its buffer.
//!
//! ```text
//!             begin_read, begin_write, begin_seek
//!   Idle (buffer) ──────────────────────────────▶ Busy (the pool or the ring has the buffer)
//!         ◀────────────────────────────────────── poll_done
//! ```
//!
//! The buffer holds what was read and not asked for yet, or, while a write is under way, what is
//! written. Futures come and go meanwhile: what was begun for one that is gone is done all the same,
//! and the next operation takes note of it.

use super::super::completion::Files;
use super::super::fill::fill;
use crate::io::ReadBuf;
use crate::platform::buf::OwnedBuf;
use crate::task::{JoinHandle, spawn_blocking};
use core::future::Future;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::fs::File;
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::vec::Vec;

/// See the module.
#[derive(Default)]
pub(super) struct Inner {
    state: State,
    /// Why a write failed that was said to be done.
    pub(super) failed: Option<io::Error>,
    /// Where the last seek went.
    pub(super) pos: u64,
}

enum State {
    Idle(Buf),
    Busy(Work),
}

impl Default for State {
    fn default() -> Self {
        Self::Idle(Buf::default())
    }
}

enum Work {
    OnPool(JoinHandle<(Done, Buf)>),
    InRing(Pin<Box<dyn Future<Output = (Done, Buf)> + Send + Sync>>),
}

/// What has been done.
pub(super) enum Done {
    Read(io::Result<()>),
    Write(io::Result<()>),
    Seek(io::Result<u64>),
}

impl Inner {
    /// The buffer, if nothing is under way.
    pub(super) fn idle(&mut self) -> Option<&mut Buf> {
        match &mut self.state {
            State::Idle(buf) => Some(buf),
            State::Busy(_) => None,
        }
    }

    /// Waits for what is under way; `None` if nothing is.
    pub(super) fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Done>>> {
        let State::Busy(work) = &mut self.state else { return Poll::Ready(Ok(None)) };
        let ended = match work {
            Work::OnPool(task) => ready!(Pin::new(task).poll(cx)),
            Work::InRing(operation) => Ok(ready!(operation.as_mut().poll(cx))),
        };
        // If the pool has lost the buffer, there is another.
        self.state = State::default();
        let (done, buf) = ended?;
        self.state = State::Idle(buf);
        Poll::Ready(Ok(Some(done)))
    }

    /// Waits for what is under way. A failure is kept, to be told by the next write or flush.
    pub(super) async fn settle(&mut self) {
        if let Err(error) = poll_fn(|cx| self.poll_flush(cx)).await {
            self.failed = Some(error);
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(match ready!(self.poll_done(cx))? {
            Some(Done::Write(written)) => written,
            _ => Ok(()),
        })
    }

    /// The buffer, on its way to the pool or the ring.
    fn take_buf(&mut self) -> Buf {
        core::mem::take(self.idle().expect("one operation at a time"))
    }

    fn begin(&mut self, run: impl FnOnce(Buf) -> (Done, Buf) + Send + 'static) {
        let buf = self.take_buf();
        self.state = State::Busy(Work::OnPool(spawn_blocking(move || run(buf))));
    }

    /// Reads up to `room` bytes into the buffer, which is empty.
    pub(super) fn begin_read(&mut self, file: &Arc<File>, room: usize) {
        let file = Arc::clone(file);
        let Some(ring) = Files::current() else {
            return self.begin(move |mut buf| {
                let mut part = buf.room(room);
                let read = fill(&mut part, |free| (&*file).read(free));
                (Done::Read(read.map(drop)), Buf::of(part.into_inner()))
            });
        };
        let mut buf = self.take_buf();
        let part = buf.room(room);
        self.state = State::Busy(Work::InRing(Box::pin(async move {
            let (read, part) = ring.read_at(file, part, Files::CURSOR).await;
            (Done::Read(read.map(drop)), Buf::of(part.into_inner()))
        })));
    }

    /// Writes what `take` puts into the buffer, from where the reader is.
    pub(super) fn begin_write<R>(
        &mut self,
        file: &Arc<File>,
        take: impl FnOnce(&mut Buf) -> R,
    ) -> R {
        let file = Arc::clone(file);
        let mut buf = self.take_buf();
        let back = buf.give_up();
        let taken = take(&mut buf);
        let write = Promised(Some(move || {
            let written = go_back(&file, back).and_then(|()| (&*file).write_all(&buf.bytes));
            buf.bytes.clear();
            (Done::Write(written), buf)
        }));
        self.state = State::Busy(Work::OnPool(spawn_blocking(move || write.keep())));
        taken
    }

    /// Goes to a position, which if relative is so to where the reader is.
    pub(super) fn begin_seek(&mut self, file: &Arc<File>, to: SeekFrom) {
        let file = Arc::clone(file);
        self.begin(move |mut buf| {
            let back = buf.give_up().filter(|_| matches!(to, SeekFrom::Current(_)));
            let sought = go_back(&file, back).and_then(|()| (&*file).seek(to));
            (Done::Seek(sought), buf)
        });
    }

    pub(super) async fn set_len(&mut self, file: &Arc<File>, size: u64) -> io::Result<()> {
        let file = Arc::clone(file);
        self.begin(move |mut buf| {
            let set = go_back(&file, buf.give_up()).and_then(|()| file.set_len(size));
            (Done::Write(set), buf)
        });
        poll_fn(|cx| self.poll_flush(cx)).await
    }
}

/// Moves the file back over what was read ahead of the reader.
fn go_back(mut file: &File, back: Option<i64>) -> io::Result<()> {
    back.map_or(Ok(()), |back| file.seek(SeekFrom::Current(back)).map(drop))
}

/// A write that was promised: the pool that drops it unrun, because its runtime ends, runs it by
/// that.
struct Promised<F: FnOnce() -> (Done, Buf)>(Option<F>);

impl<F: FnOnce() -> (Done, Buf)> Promised<F> {
    fn keep(mut self) -> (Done, Buf) {
        self.0.take().expect("kept once")()
    }
}

impl<F: FnOnce() -> (Done, Buf)> Drop for Promised<F> {
    fn drop(&mut self) {
        if let Some(write) = self.0.take() {
            write();
        }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Buf {
    bytes: Vec<u8>,
    /// How many the reader has.
    taken: usize,
}

impl Buf {
    /// What was read.
    fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, taken: 0 }
    }

    fn unread(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unread().is_empty()
    }

    /// Hands as much as there is room for to the reader.
    pub(super) fn copy_to(&mut self, dst: &mut ReadBuf<'_>) {
        let n = self.unread().len().min(dst.remaining());
        dst.put_slice(&self.unread()[..n]);
        self.taken += n;
    }

    /// Forgets what was not read, and answers how far back its beginning is.
    fn give_up(&mut self) -> Option<i64> {
        let ahead = self.unread().len() as i64;
        self.bytes.clear();
        self.taken = 0;
        (ahead > 0).then_some(-ahead)
    }

    /// Room for this many bytes, whatever the buffer held.
    fn room(&mut self, room: usize) -> crate::platform::buf::Slice<Vec<u8>> {
        let mut bytes = core::mem::take(&mut self.bytes);
        bytes.clear();
        bytes.reserve(room);
        bytes.slice(..room)
    }

    /// Takes up to `limit` bytes to write.
    pub(super) fn take(&mut self, src: &[u8], limit: usize) -> usize {
        let n = src.len().min(limit - self.bytes.len());
        self.bytes.extend_from_slice(&src[..n]);
        n
    }

    /// Takes up to `limit` bytes of several buffers in turn to write.
    pub(super) fn take_vectored(&mut self, bufs: &[IoSlice<'_>], limit: usize) -> usize {
        bufs.iter().map(|buf| self.take(buf, limit)).sum()
    }
}
