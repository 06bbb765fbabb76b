//! What the room promises beyond the conformance cases: streams that misbehave, futures that are
//! dropped half-way or polled too often, auto traits.

mod cancel;
mod hostile;
mod pipes;

use super::{AsyncRead, AsyncWrite, ReadBuf};
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::vec::Vec;

/// Polls once.
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until ready; the streams here never need to be waited for.
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}

/// What a [`Script`] does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Reads these bytes, or as many of them as there is room for.
    Data(&'static [u8]),
    /// Takes so many bytes.
    Take(usize),
    Wait,
    Fail(ErrorKind),
}

/// A stream that goes by the script: reads end, writes are refused, when it has run out.
#[derive(Debug)]
struct Script {
    steps: VecDeque<Step>,
    written: Vec<u8>,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), written: Vec::new() }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.steps.pop_front() {
            Some(Step::Data(data)) => {
                let (read, rest) = data.split_at(data.len().min(buf.remaining()));
                buf.put_slice(read);
                if !rest.is_empty() {
                    self.steps.push_front(Step::Data(rest));
                }
            }
            Some(Step::Wait) => return Poll::Pending,
            Some(Step::Fail(kind)) => return Poll::Ready(Err(kind.into())),
            Some(Step::Take(_)) => unreachable!("this script is for a writer"),
            None => {}
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.steps.pop_front() {
            Some(Step::Take(n)) => {
                let n = n.min(buf.len());
                self.written.extend_from_slice(&buf[..n]);
                Poll::Ready(Ok(n))
            }
            Some(Step::Wait) => Poll::Pending,
            Some(Step::Fail(kind)) => Poll::Ready(Err(kind.into())),
            Some(Step::Data(_)) => unreachable!("this script is for a reader"),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn streams_and_their_futures_are_send_and_sync() {
    use super::*;

    fn check<T: Send + Sync>(_: &T) {}
    fn check_unpin<T: Send + Sync + Unpin>(_: &T) {}

    let (mut near, far) = duplex(1);
    check_unpin(&near);
    check_unpin(&BufStream::new(duplex(1).0));
    check_unpin(&simplex(1));
    check_unpin(&far.take(1));
    check(&near.read(&mut []));
    check(&near.write_all(b""));
    check(&near.read_to_end(&mut Vec::new()));
    check(&near.read_owned(Vec::new()));
    check(&near.write_all_owned(Vec::new()));
    check(&copy(&mut empty(), &mut near));
    check(&BufReader::new(near).lines().next_line());
}
