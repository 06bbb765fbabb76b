//! Pipes between processes of one host: one direction, one end each.
//!
//! Why unsafe: the system is asked directly how a descriptor was opened.

use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::native::driver::Source;
use crate::socket::Direction;
#[cfg(feature = "bytes")]
use crate::socket::fill_buf;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use mio::unix::pipe as mio_pipe;
use socket2::SockRef;
use std::fs::{File, OpenOptions as FileOptions};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;

/// An unnamed pipe, for instance for another process that inherits one end.
///
/// # Errors
/// If the system has none to give.
///
/// # Panics
/// Outside a runtime.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::io::{AsyncReadExt, AsyncWriteExt};
///
/// let (mut sender, mut receiver) = creel::net::unix::pipe::pipe()?;
/// sender.write_all(b"through").await?;
/// drop(sender);
/// let mut all = String::new();
/// receiver.read_to_string(&mut all).await?;
/// assert_eq!(all, "through");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (sender, receiver) = mio_pipe::new()?;
    Ok((Sender::new(sender)?, Receiver::new(receiver)?))
}

/// How to open a named pipe (a FIFO file).
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Opens one end, of a file that must be a pipe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the file is opened for both reading and writing, though only one end is used: then
    /// a sender needs no receiver, and a receiver does not end with its last sender.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Whether it is taken on trust that the file is a pipe.
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.unchecked = value;
        self
    }

    /// Opens the reading end.
    ///
    /// # Errors
    /// If the file cannot be opened or is no pipe.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        Receiver::new(self.open(path.as_ref(), false)?.into())
    }

    /// Opens the writing end.
    ///
    /// # Errors
    /// If the file cannot be opened or is no pipe; if nobody has the reading end open.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        Sender::new(self.open(path.as_ref(), true)?.into())
    }

    fn open(&self, path: &Path, write: bool) -> io::Result<OwnedFd> {
        use std::os::unix::fs::OpenOptionsExt;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let both = self.read_write;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let both = false;
        let mut options = FileOptions::new();
        options.read(!write || both).write(write || both).custom_flags(libc::O_NONBLOCK);
        let file = options.open(path)?;
        if !self.unchecked {
            refuse_other_files(&file)?;
        }
        Ok(file.into())
    }
}

macro_rules! end {
    ($end:ident, $mio:ty, $what:literal) => {
        impl $end {
            #[track_caller]
            fn new(io: $mio) -> io::Result<Self> {
                Ok(Self { io: Source::with_interest(io, Self::INTEREST)? })
            }

            #[doc = concat!("Makes a file the ", $what, " end; it becomes non-blocking.")]
            ///
            /// # Errors
            /// If it is no pipe, or not open in this direction.
            ///
            /// # Panics
            /// Outside a runtime.
            #[track_caller]
            pub fn from_file(file: File) -> io::Result<Self> {
                Self::from_owned_fd(file.into())
            }

            #[doc = concat!("Makes a descriptor the ", $what, " end; it becomes non-blocking.")]
            ///
            /// # Errors
            /// If it is no pipe, or not open in this direction.
            ///
            /// # Panics
            /// Outside a runtime.
            #[track_caller]
            pub fn from_owned_fd(fd: OwnedFd) -> io::Result<Self> {
                let file = File::from(fd);
                refuse_other_files(&file)?;
                refuse_other_end(&file, Self::INTEREST)?;
                SockRef::from(&file).set_nonblocking(true)?;
                Self::from_file_unchecked(file)
            }

            #[doc = concat!("Makes a file the ", $what, " end, which it must be, and non-blocking.")]
            ///
            /// # Errors
            /// If the system refuses to watch it.
            ///
            /// # Panics
            /// Outside a runtime.
            #[track_caller]
            pub fn from_file_unchecked(file: File) -> io::Result<Self> {
                Self::from_owned_fd_unchecked(file.into())
            }

            #[doc = concat!("Makes a descriptor the ", $what, " end, which it must be, and non-blocking.")]
            ///
            /// # Errors
            /// If the system refuses to watch it.
            ///
            /// # Panics
            /// Outside a runtime.
            #[track_caller]
            pub fn from_owned_fd_unchecked(fd: OwnedFd) -> io::Result<Self> {
                Self::new(fd.into())
            }

            /// Waits until the pipe is ready for any of `interest`, and tells for what.
            ///
            /// # Errors
            /// If the runtime of the pipe is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                Ok(self.io.registration().ready(interest).await?.ready)
            }

            /// Tries an operation of one's own, if the pipe is ready. It must answer `WouldBlock`
            /// if it finds that it is not.
            ///
            /// # Errors
            /// `WouldBlock` if the pipe is not ready; what the operation reports.
            pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
                self.io.registration().try_io(Self::INTEREST, f)
            }

            /// The descriptor, blocking.
            ///
            /// # Errors
            /// If the system refuses it.
            pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
                let fd = self.into_nonblocking_fd()?;
                SockRef::from(&fd).set_nonblocking(false)?;
                Ok(fd)
            }

            /// The descriptor, non-blocking.
            ///
            /// # Errors
            /// If the system refuses to forget it.
            pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
                self.io.into_inner().map(Into::into)
            }
        }

        impl fmt::Debug for $end {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.io.fmt(f)
            }
        }

        impl AsRawFd for $end {
            fn as_raw_fd(&self) -> RawFd {
                self.io.as_raw_fd()
            }
        }

        impl AsFd for $end {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.io.as_fd()
            }
        }
    };
}

/// The writing end of a pipe.
pub struct Sender {
    pub(in crate::native::net) io: Source<mio_pipe::Sender>,
}

end!(Sender, mio_pipe::Sender, "writing");
// Dropping the sender is what ends the pipe.
writing!(Sender, |_| Ok(()));

impl Sender {
    const INTEREST: Interest = Interest::WRITABLE;

    /// Waits until there is room in the pipe, or nobody reads it any more.
    ///
    /// # Errors
    /// If the runtime of the pipe is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Self::INTEREST).await.map(drop)
    }

    /// Whether there is room in the pipe; if not, the task of `cx` is woken when there is.
    ///
    /// # Errors
    /// If the runtime of the pipe is shut down.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.registration().poll_ready(cx, Direction::Write).map_ok(drop)
    }
}

/// The reading end of a pipe.
pub struct Receiver {
    pub(in crate::native::net) io: Source<mio_pipe::Receiver>,
}

end!(Receiver, mio_pipe::Receiver, "reading");
reading!(Receiver);

impl Receiver {
    const INTEREST: Interest = Interest::READABLE;

    /// Waits until there is something in the pipe, or nobody writes to it any more.
    ///
    /// # Errors
    /// If the runtime of the pipe is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Self::INTEREST).await.map(drop)
    }

    /// Whether there is something in the pipe; if not, the task of `cx` is woken when there is.
    ///
    /// # Errors
    /// If the runtime of the pipe is shut down.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.registration().poll_ready(cx, Direction::Read).map_ok(drop)
    }
}

fn refuse_other_files(file: &File) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    if file.metadata()?.file_type().is_fifo() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "the file is not a pipe"))
}

fn refuse_other_end(file: &File, interest: Interest) -> io::Result<()> {
    // SAFETY: the descriptor is the file's, and asking for its flags changes nothing.
    let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    let mode = flags & libc::O_ACCMODE;
    let wanted = if interest.is_readable() { libc::O_RDONLY } else { libc::O_WRONLY };
    if mode == wanted || mode == libc::O_RDWR {
        return Ok(());
    }
    let refusal = "the pipe is not open in this direction";
    Err(io::Error::new(io::ErrorKind::InvalidInput, refusal))
}
