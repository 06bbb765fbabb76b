//! The standard streams of the process, which the system has no readiness for.

use super::blocking::Blocking;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

/// The standard input of the process; made by [`stdin`].
///
/// Reading blocks a thread of the blocking pool, which cannot be interrupted: a runtime that is
/// dropped meanwhile waits until a line comes. For interaction with a user a thread of one's own is
/// better.
#[derive(Debug)]
pub struct Stdin {
    io: Blocking<std::io::Stdin>,
    handle: std::io::Stdin,
}

/// The standard output of the process; made by [`stdout`].
///
/// What was written is passed on in the background: [`flush`](crate::io::AsyncWriteExt::flush)
/// waits for it.
#[derive(Debug)]
pub struct Stdout {
    io: Blocking<std::io::Stdout>,
    handle: std::io::Stdout,
}

/// The standard error of the process; made by [`stderr`]. As [`Stdout`].
#[derive(Debug)]
pub struct Stderr {
    io: Blocking<std::io::Stderr>,
    handle: std::io::Stderr,
}

/// The standard input of the process.
pub fn stdin() -> Stdin {
    Stdin { io: Blocking::new(std::io::stdin()), handle: std::io::stdin() }
}

/// The standard output of the process.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::io::AsyncWriteExt;
///
/// let mut stdout = creel::io::stdout();
/// stdout.write_all(b"hello\n").await?;
/// stdout.flush().await
/// # }
/// ```
pub fn stdout() -> Stdout {
    Stdout { io: Blocking::new(std::io::stdout()), handle: std::io::stdout() }
}

/// The standard error of the process.
pub fn stderr() -> Stderr {
    Stderr { io: Blocking::new(std::io::stderr()), handle: std::io::stderr() }
}

impl AsyncRead for Stdin {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.poll_read(cx, buf)
    }
}

macro_rules! output {
    ($stream:ident) => {
        impl AsyncWrite for $stream {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_write(cx, buf)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.io.poll_flush(cx)
            }

            /// Flushes: the stream is the process's, and stays open.
            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                self.io.poll_flush(cx)
            }
        }
    };
}

output!(Stdout);
output!(Stderr);

/// The descriptors, which the streams do not own.
macro_rules! descriptors {
    ($($stream:ident)*) => {
        $(
            #[cfg(unix)]
            impl std::os::fd::AsRawFd for $stream {
                fn as_raw_fd(&self) -> std::os::fd::RawFd {
                    self.handle.as_raw_fd()
                }
            }

            #[cfg(unix)]
            impl std::os::fd::AsFd for $stream {
                fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                    self.handle.as_fd()
                }
            }

            #[cfg(windows)]
            impl std::os::windows::io::AsRawHandle for $stream {
                fn as_raw_handle(&self) -> std::os::windows::io::RawHandle {
                    self.handle.as_raw_handle()
                }
            }
        )*
    };
}

descriptors! {
    Stdin Stdout Stderr
}
