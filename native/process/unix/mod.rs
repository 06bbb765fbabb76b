//! Waiting for the end of a child.
//!
//! ```text
//!            Linux                      it says that there is an end, but there is none
//!   UNKNOWN ───────▶ DESCRIPTOR ──────────────────────────────┐   (somebody traces the child)
//!      │      refused │    ▲                                  ▼
//!      └──────────────┴────┼─────────────────────────────▶ SIGNAL
//!   its runtime is shut down: another in the runtime that waits now
//! ```

mod orphans;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod pidfd;

#[cfg(any(target_os = "linux", target_os = "android"))]
use self::pidfd::open as open_descriptor;
use crate::io::Interest;
use crate::io::unix::AsyncFd;
pub(super) use crate::native::net::unix::pipe::{Receiver, Sender};
use crate::native::signal::unix::{Signal, SignalKind, signal};
use crate::runtime::is_rt_shutdown_err;
use core::task::{Context, Poll, ready};
use socket2::SockRef;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, ExitStatus};

/// A child that was not waited for. Dropped, it becomes an orphan.
#[derive(Debug)]
pub(super) struct Process {
    /// `None` only once it has ended or is an orphan.
    child: Option<Child>,
    news: News,
}

/// Where the end of the child is learned of.
#[derive(Debug)]
enum News {
    Unknown,
    Descriptor(AsyncFd<OwnedFd>),
    Signal(Signal),
}

impl Process {
    pub(super) fn new(child: Child) -> Self {
        orphans::collect();
        Self { child: Some(child), news: News::Unknown }
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("it is there until this is dropped")
    }

    pub(super) fn id(&self) -> u32 {
        self.child.as_ref().expect("it is there until this is dropped").id()
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.child().kill()
    }

    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child().try_wait()
    }

    pub(super) fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        loop {
            match &mut self.news {
                News::Unknown => self.news = self.first_news()?,
                News::Descriptor(descriptor) => match ready!(descriptor.poll_read_ready(cx)) {
                    Err(error) if is_rt_shutdown_err(&error) => self.news = self.first_news()?,
                    Err(error) => return Poll::Ready(Err(error)),
                    Ok(_) => match self.try_wait()? {
                        Some(status) => return Poll::Ready(Ok(status)),
                        None => self.news = News::Signal(signal(SignalKind::child())?),
                    },
                },
                News::Signal(signal) => {
                    // Whoever looks before the promise to be woken may look a moment too early.
                    let came = signal.poll_recv(cx);
                    match self.try_wait()? {
                        Some(status) => return Poll::Ready(Ok(status)),
                        None => _ = ready!(came),
                    }
                }
            }
        }
    }

    /// By a descriptor if the system has such, else by the signal.
    fn first_news(&self) -> io::Result<News> {
        let descriptor = open_descriptor(self.id());
        match descriptor.and_then(|fd| AsyncFd::with_interest(fd, Interest::READABLE)) {
            Ok(descriptor) => Ok(News::Descriptor(descriptor)),
            Err(_) => signal(SignalKind::child()).map(News::Signal),
        }
    }
}

/// Our end of a pipe that the standard library has made.
#[track_caller]
pub(super) fn sender(pipe: impl Into<OwnedFd>) -> io::Result<Sender> {
    Sender::from_owned_fd_unchecked(nonblocking(pipe.into())?)
}

/// As [`sender`].
#[track_caller]
pub(super) fn receiver(pipe: impl Into<OwnedFd>) -> io::Result<Receiver> {
    Receiver::from_owned_fd_unchecked(nonblocking(pipe.into())?)
}

/// The other end stays as the child wants it: each has its own flags.
fn nonblocking(pipe: OwnedFd) -> io::Result<OwnedFd> {
    SockRef::from(&pipe).set_nonblocking(true)?;
    Ok(pipe)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn open_descriptor(_: u32) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take()
            && matches!(child.try_wait(), Ok(None))
        {
            orphans::adopt(child);
        }
    }
}

#[cfg(all(test, not(any(loom, miri))))]
mod tests {
    use super::{News, Process};
    use crate::native::signal::unix::{SignalKind, signal};
    use crate::runtime::Builder;
    use core::future::poll_fn;
    use std::process::{Command, Stdio};

    #[test]
    fn the_end_is_learned_of_by_signal_where_there_is_no_descriptor() {
        for runtime in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let mut runtime = runtime;
            runtime.build().unwrap().block_on(async {
                for _ in 0..20 {
                    let mut command = Command::new("cat");
                    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
                    let stdin = child.stdin.take();
                    let mut process = Process::new(child);
                    process.news = News::Signal(signal(SignalKind::child()).unwrap());
                    let ended = poll_fn(|cx| {
                        let ended = process.poll_exit(cx);
                        core::task::Poll::Ready(ended.is_ready())
                    });
                    assert!(!ended.await, "it reads");
                    drop(stdin);
                    assert!(poll_fn(|cx| process.poll_exit(cx)).await.unwrap().success());
                }
            });
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_has_a_descriptor() {
        Builder::new_current_thread().build().unwrap().block_on(async {
            let child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
            let process = Process::new(child);
            assert!(matches!(process.first_news(), Ok(News::Descriptor(_))));
        });
    }
}
