//! The standard streams of the program, waited for with the host.

use crate::io::{AsyncRead, AsyncWrite, ReadBuf, Ready};
use crate::socket::Direction;
use crate::wasm::wasi::reactor::{Source, System};
use crate::wasm::wasi::standard::{self, Input, Output};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

/// A stream that is registered with the runtime of whoever uses it first.
struct Lazy<S> {
    source: Option<Source<S>>,
    open: fn() -> S,
}

impl<S: System> Lazy<S> {
    #[track_caller]
    fn get(&mut self) -> io::Result<&Source<S>> {
        if self.source.is_none() {
            let ready = Ready::READABLE | Ready::WRITABLE;
            self.source = Some(Source::new((self.open)())?.assuming(ready));
        }
        Ok(self.source.as_ref().expect("was just made"))
    }
}

/// The standard input of the program. What several of them read comes to one of them.
pub struct Stdin(Lazy<Input>);

/// The standard output of the program.
pub struct Stdout(Out);

/// The standard error of the program.
pub struct Stderr(Out);

/// Standard input.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::io::{AsyncBufReadExt, BufReader, stdin};
///
/// let mut lines = BufReader::new(stdin()).lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("{line}");
/// }
/// # Ok(())
/// # }
/// ```
pub fn stdin() -> Stdin {
    Stdin(Lazy { source: None, open: standard::input })
}

/// Standard output. It is flushed by [`flush`](crate::io::AsyncWriteExt::flush) alone.
pub fn stdout() -> Stdout {
    Stdout(Out::new(standard::output))
}

/// Standard error.
pub fn stderr() -> Stderr {
    Stderr(Out::new(standard::error))
}

impl AsyncRead for Stdin {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.get()?.poll_read(cx, buf)
    }
}

/// What standard output and error have in common.
struct Out {
    stream: Lazy<Output>,
    /// The host was asked to flush, and has not said that it is done.
    flushing: bool,
}

impl Out {
    fn new(open: fn() -> Output) -> Self {
        Self { stream: Lazy { source: None, open }, flushing: false }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let source = self.stream.get()?;
        if !self.flushing {
            source.begin_flush()?;
            self.flushing = true;
        }
        ready!(source.registration().poll_io(cx, Direction::Write, || source.end_flush()))?;
        self.flushing = false;
        Poll::Ready(Ok(()))
    }
}

macro_rules! writes {
    ($stream:ident) => {
        impl AsyncWrite for $stream {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.0.stream.get()?.poll_write(cx, buf)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.0.poll_flush(cx)
            }

            /// Flushes; the stream itself ends with the program.
            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                self.0.poll_flush(cx)
            }
        }
    };
}

writes!(Stdout);
writes!(Stderr);

macro_rules! debug {
    ($($stream:ident)*) => {
        $(impl fmt::Debug for $stream {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($stream)).finish_non_exhaustive()
            }
        })*
    };
}

debug!(Stdin Stdout Stderr);
