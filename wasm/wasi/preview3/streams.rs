//! The byte streams of the component model as readers and writers.
//!
//! An operation on such a stream owns its buffer and its end of the stream until it is done. So it is
//! kept here, also when the future that began it is dropped: what was read is there for the next.

use super::single::Single;
use crate::task::{JoinHandle, spawn_local};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::vec::Vec;
use wasip3::wit_bindgen::{StreamReader, StreamResult, StreamWriter};

/// As much as is moved at a time.
const LIMIT: usize = 64 * 1024;

/// The end that reads.
pub(super) struct Reader {
    state: Reading,
    /// What was read, and how much of it was taken.
    ready: Vec<u8>,
    taken: usize,
}

enum Reading {
    Idle(StreamReader<u8>),
    Busy(Single<(StreamReader<u8>, StreamResult, Vec<u8>)>),
    Ended,
}

impl Reader {
    pub(super) fn new(stream: StreamReader<u8>) -> Self {
        Self { state: Reading::Idle(stream), ready: Vec::new(), taken: 0 }
    }

    /// Waits until there is something to take; answers nothing at the end of the stream.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<&[u8]> {
        while self.taken == self.ready.len() {
            match core::mem::replace(&mut self.state, Reading::Ended) {
                Reading::Ended => return Poll::Ready(&[]),
                Reading::Idle(mut stream) => {
                    let mut buf = core::mem::take(&mut self.ready);
                    buf.clear();
                    buf.reserve(LIMIT);
                    self.taken = 0;
                    self.state = Reading::Busy(Single::new(async move {
                        let (result, buf) = stream.read(buf).await;
                        (stream, result, buf)
                    }));
                }
                Reading::Busy(mut reading) => {
                    let Poll::Ready((stream, result, buf)) = Pin::new(&mut reading).poll(cx) else {
                        self.state = Reading::Busy(reading);
                        return Poll::Pending;
                    };
                    self.ready = buf;
                    if !matches!(result, StreamResult::Dropped) {
                        self.state = Reading::Idle(stream);
                    }
                }
            }
        }
        Poll::Ready(&self.ready[self.taken..])
    }

    /// Takes so many bytes of what is ready.
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count;
    }

    /// Copies a beginning of what is ready.
    #[cfg(feature = "net")]
    pub(super) fn copy(&self, buf: &mut [u8]) {
        let ready = &self.ready[self.taken..];
        buf.copy_from_slice(&ready[..buf.len()]);
    }

    /// Whether everything that was read is taken.
    #[cfg(feature = "net")]
    pub(super) fn is_taken(&self) -> bool {
        self.taken == self.ready.len()
    }

    /// Reads no more, and forgets what was read.
    #[cfg(feature = "net")]
    pub(super) fn end(&mut self) {
        *self = Self { state: Reading::Ended, ready: Vec::new(), taken: 0 };
    }

    /// Takes what is ready, so many bytes at most.
    #[cfg(feature = "wasi-http")]
    pub(super) fn take_at_most(&mut self, limit: usize) -> Vec<u8> {
        let ready = &self.ready[self.taken..];
        if self.taken == 0 && ready.len() <= limit {
            return core::mem::take(&mut self.ready);
        }
        let part = ready[..ready.len().min(limit)].to_vec();
        self.taken += part.len();
        part
    }
}

/// The end that writes. What was written goes out also when nobody polls it any more.
pub(super) struct Writer {
    state: Writing,
    /// By the program, not by who was to receive it.
    #[cfg(feature = "net")]
    ended: bool,
}

enum Writing {
    Idle(StreamWriter<u8>),
    Busy(JoinHandle<(StreamWriter<u8>, Vec<u8>)>),
    Ended,
}

impl Writer {
    pub(super) fn new(stream: StreamWriter<u8>) -> Self {
        Self {
            state: Writing::Idle(stream),
            #[cfg(feature = "net")]
            ended: false,
        }
    }

    /// Waits until what was written before is out.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Writing::Busy(writing) = &mut self.state {
            let done = ready!(Pin::new(writing).poll(cx));
            self.state = Writing::Ended;
            let (stream, rest) = done.map_err(io::Error::from)?;
            if rest.is_empty() {
                self.state = Writing::Idle(stream);
            }
        }
        let gone = matches!(self.state, Writing::Ended);
        Poll::Ready(if gone { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) })
    }

    /// Begins to write a beginning of `buf`.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_idle(cx))?;
        let part = buf[..buf.len().min(LIMIT)].to_vec();
        let count = part.len();
        if count == 0 {
            return Poll::Ready(Ok(0));
        }
        if let Writing::Idle(mut stream) = core::mem::replace(&mut self.state, Writing::Ended) {
            let mut writing = Single::new(async move {
                let rest = stream.write_all(part).await;
                (stream, rest)
            });
            // Most of the time the host takes it at once, and no task is needed.
            self.state = match Pin::new(&mut writing).poll(cx) {
                Poll::Ready((stream, rest)) if rest.is_empty() => Writing::Idle(stream),
                Poll::Ready(_) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                Poll::Pending => Writing::Busy(spawn_local(writing)),
            };
        }
        Poll::Ready(Ok(count))
    }

    /// Waits until what was written is out, also of a stream that was ended.
    #[cfg(feature = "net")]
    pub(super) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended { Poll::Ready(Ok(())) } else { self.poll_idle(cx) }
    }

    /// Ends the stream when what was written before is out.
    #[cfg(feature = "net")]
    pub(super) fn end(&mut self) {
        self.ended = true;
        // A task that writes goes on, and drops the stream then.
        self.state = Writing::Ended;
    }

    /// Ends the stream, once everything is out.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.state, Writing::Ended) {
            return Poll::Ready(Ok(()));
        }
        let done = ready!(self.poll_idle(cx));
        self.state = Writing::Ended;
        Poll::Ready(done)
    }
}
