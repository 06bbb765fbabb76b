//! Streams whose operations block, and that the system has no readiness for: reads and writes run on
//! the blocking pool, one at a time.
//!
//! The object passes between the task and the pool together with its buffer, so nothing is shared:
//!
//! ```text
//!   IDLE (object, buffer) ──▶ BUSY (a closure on the pool) ──▶ IDLE
//! ```
//!
//! What was read stays in the buffer until somebody takes it, also if the future that asked for it
//! is gone.

use crate::io::ReadBuf;
use crate::runtime::RuntimeShutDown;
use crate::task::{JoinError, JoinHandle, spawn_blocking};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::io::{self, Read, Write};
use std::vec::Vec;

/// As much as is moved at a time.
const LIMIT: usize = 64 * 1024;

/// A stream whose operations block, and what it has read, or has still to write.
#[derive(Debug)]
pub(crate) struct Blocking<T> {
    state: State<T>,
    /// A failure of a write that was said to be done.
    failed: Option<io::Error>,
    flushed: bool,
}

#[derive(Debug)]
enum State<T> {
    Idle(Option<Work<T>>),
    Busy(JoinHandle<(Work<T>, io::Result<()>)>),
}

/// How an operation ended, and the stream that it had.
type Outcome<T> = Result<(Work<T>, io::Result<()>), JoinError>;

#[derive(Debug)]
struct Work<T> {
    stream: T,
    buffer: Vec<u8>,
    /// How much of the buffer the reader has taken.
    taken: usize,
    /// A read is done whose outcome, the end perhaps, nobody has seen.
    fresh: bool,
}

impl<T: Send + 'static> Blocking<T> {
    pub(crate) fn new(stream: T) -> Self {
        let work = Work { stream, buffer: Vec::new(), taken: 0, fresh: false };
        Self { state: State::Idle(Some(work)), failed: None, flushed: true }
    }

    /// The stream with its buffer, once no closure has it.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut Work<T>>> {
        if let State::Busy(task) = &mut self.state {
            let outcome = ready!(Pin::new(task).poll(cx));
            self.end(outcome)?;
        }
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        match &mut self.state {
            State::Idle(Some(work)) => Poll::Ready(Ok(work)),
            _ => {
                let lost = "the stream was lost with an operation that panicked or was cancelled";
                Poll::Ready(Err(io::Error::other(lost)))
            }
        }
    }

    /// Takes the stream back after an operation.
    fn end(&mut self, outcome: Outcome<T>) -> io::Result<()> {
        self.state = State::Idle(None);
        let (work, result) = outcome.map_err(|error| {
            if error.is_cancelled() { RuntimeShutDown::error() } else { error.into() }
        })?;
        self.state = State::Idle(Some(work));
        self.failed = result.err();
        Ok(())
    }

    /// Starts an operation.
    ///
    /// # Errors
    /// If the runtime has been shut down, so that there will be no thread for it.
    fn start(
        &mut self,
        run: impl FnOnce(&mut Work<T>) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let State::Idle(work) = &mut self.state else { unreachable!("one operation at a time") };
        let mut work = work.take().expect("an idle stream is there");
        let mut task = spawn_blocking(move || {
            let result = run(&mut work);
            (work, result)
        });
        if task.is_finished()
            && let Poll::Ready(outcome) =
                Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop()))
        {
            return self.end(outcome);
        }
        self.state = State::Busy(task);
        Ok(())
    }
}

impl<T: Read + Send + 'static> Blocking<T> {
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let work = ready!(self.poll_idle(cx))?;
            let fresh = core::mem::take(&mut work.fresh);
            let rest = &work.buffer[work.taken..];
            if !rest.is_empty() || fresh || buf.remaining() == 0 {
                let n = rest.len().min(buf.remaining());
                buf.put_slice(&rest[..n]);
                work.taken += n;
                return Poll::Ready(Ok(()));
            }
            let room = buf.remaining().min(LIMIT);
            self.start(move |work| {
                work.taken = 0;
                work.fresh = true;
                work.buffer.resize(room, 0);
                let result = loop {
                    match work.stream.read(&mut work.buffer) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        result => break result,
                    }
                };
                work.buffer.truncate(*result.as_ref().unwrap_or(&0));
                result.map(drop)
            })?;
        }
    }
}

impl<T: Write + Send + 'static> Blocking<T> {
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let work = ready!(self.poll_idle(cx))?;
        let n = buf.len().min(LIMIT);
        work.buffer.clear();
        work.buffer.extend_from_slice(&buf[..n]);
        self.flushed = false;
        self.start(|work| work.stream.write_all(&work.buffer))?;
        Poll::Ready(Ok(n))
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_idle(cx))?;
            if self.flushed {
                return Poll::Ready(Ok(()));
            }
            self.flushed = true;
            self.start(|work| work.stream.flush())?;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Blocking;
    use crate::io::ReadBuf;
    use crate::runtime::Builder;
    use core::future::poll_fn;
    use std::io::{self, Cursor, Write};
    use std::sync::{Arc, Mutex};
    use std::vec;
    use std::vec::Vec;

    fn block_on<F: Future>(future: F) -> F::Output {
        Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn what_was_read_for_a_future_that_is_gone_is_kept() {
        block_on(async {
            let (release, released) = std::sync::mpsc::channel();
            let mut input = Blocking::new(Released(released, Cursor::new(vec![1, 2, 3, 4])));
            let mut first = [0; 4];
            poll_fn(|cx| {
                assert!(input.poll_read(cx, &mut ReadBuf::new(&mut first)).is_pending());
                core::task::Poll::Ready(())
            })
            .await;
            drop(release);
            let mut small = [0; 3];
            poll_fn(|cx| input.poll_read(cx, &mut ReadBuf::new(&mut small))).await.unwrap();
            assert_eq!(small, [1, 2, 3]);
            let mut buf = ReadBuf::new(&mut first);
            poll_fn(|cx| input.poll_read(cx, &mut buf)).await.unwrap();
            assert_eq!(buf.filled(), [4]);
            buf.clear();
            poll_fn(|cx| input.poll_read(cx, &mut buf)).await.unwrap();
            assert!(buf.filled().is_empty(), "the end");
        });
    }

    /// Reads once the other end of the channel is gone.
    #[derive(Debug)]
    struct Released(std::sync::mpsc::Receiver<()>, Cursor<Vec<u8>>);

    impl io::Read for Released {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            _ = self.0.recv();
            self.1.read(buf)
        }
    }

    /// Fails at the second write.
    #[derive(Clone, Debug, Default)]
    struct Output(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Output {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            let mut seen = self.0.lock().unwrap();
            seen.push(buf.to_vec());
            if seen.len() == 2 { Err(io::Error::other("full")) } else { Ok(buf.len()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_write_that_no_thread_will_do_fails_and_is_not_swallowed() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        runtime.shutdown_background();
        handle.block_on(async {
            let seen = Output::default();
            let mut output = Blocking::new(seen.clone());
            let error = poll_fn(|cx| output.poll_write(cx, b"lost")).await.unwrap_err();
            assert!(crate::runtime::is_rt_shutdown_err(&error), "{error}");
            poll_fn(|cx| output.poll_write(cx, b"lost")).await.unwrap_err();
            assert!(seen.0.lock().unwrap().is_empty());
        });
    }

    #[test]
    fn a_write_that_failed_is_told_at_the_next_call() {
        block_on(async {
            let seen = Output::default();
            let mut output = Blocking::new(seen.clone());
            assert_eq!(poll_fn(|cx| output.poll_write(cx, b"one")).await.unwrap(), 3);
            assert_eq!(poll_fn(|cx| output.poll_write(cx, b"two")).await.unwrap(), 3);
            assert!(poll_fn(|cx| output.poll_flush(cx)).await.is_err());
            poll_fn(|cx| output.poll_flush(cx)).await.unwrap();
            assert_eq!(*seen.0.lock().unwrap(), [b"one", b"two"]);
        });
    }
}
