//! Named pipes of Windows: both directions, between processes of one host or of several.
//!
//! A pipe has one name and many instances. A server makes an instance ([`ServerOptions::create`]),
//! waits for its client ([`NamedPipeServer::connect`]), and makes the next before it looks after this
//! one, so that there always is one for the next client. A client that finds all of them taken gets
//! `ERROR_PIPE_BUSY` from [`ClientOptions::open`] and tries again later.
//!
//! # Platforms
//! Windows.
//!
//! # Examples
//! ```
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use creel::io::{AsyncReadExt, AsyncWriteExt};
//! use creel::net::windows::named_pipe::{ClientOptions, ServerOptions};
//!
//! let name = r"\\.\pipe\creel-example";
//! let mut server = ServerOptions::new().first_pipe_instance(true).create(name)?;
//! let mut client = ClientOptions::new().open(name)?;
//! server.connect().await?;
//!
//! server.write_all(b"hello").await?;
//! let mut greeting = [0; 5];
//! client.read_exact(&mut greeting).await?;
//! assert_eq!(&greeting, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! Why unsafe: the system is called directly, and takes handles on trust.

mod info;
mod options;

pub use info::{PipeEnd, PipeInfo, PipeMode};
pub use options::{ClientOptions, ServerOptions};

use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::native::driver::Source;
use crate::socket::Direction;
#[cfg(feature = "bytes")]
use crate::socket::fill_buf;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use mio::windows::NamedPipe;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle,
};

/// What both ends have.
macro_rules! end {
    ($end:ident) => {
        impl $end {
            #[track_caller]
            fn new(handle: OwnedHandle) -> io::Result<Self> {
                use std::os::windows::io::IntoRawHandle;
                // SAFETY: the handle is ours to give away; whoever made it asked for overlapped use.
                let io = unsafe { NamedPipe::from_raw_handle(handle.into_raw_handle()) };
                Ok(Self { io: Source::new(io)? })
            }

            /// Registers a handle with the runtime of this thread, and owns it from now on.
            ///
            /// # Errors
            /// If the system refuses it, or the runtime is shut down or has no I/O.
            ///
            /// # Panics
            /// Outside a runtime.
            ///
            /// # Safety
            /// It is this end of a named pipe, opened with `FILE_FLAG_OVERLAPPED`, and belongs to
            /// nobody else.
            #[track_caller]
            pub unsafe fn from_raw_handle(handle: RawHandle) -> io::Result<Self> {
                // SAFETY: the caller gives the handle away.
                Self::new(unsafe { OwnedHandle::from_raw_handle(handle) })
            }

            /// How the pipe was made.
            ///
            /// # Errors
            /// If the system does not tell.
            pub fn info(&self) -> io::Result<PipeInfo> {
                PipeInfo::of(self.as_handle())
            }
        }

        readiness!($end, poll_read_ready, poll_write_ready);
        reading!($end);
        // As in tokio: what ends a pipe is dropping it.
        writing!($end, |_| Ok(()));

        impl fmt::Debug for $end {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.io.fmt(f)
            }
        }

        impl AsRawHandle for $end {
            fn as_raw_handle(&self) -> RawHandle {
                self.io.as_raw_handle()
            }
        }

        impl AsHandle for $end {
            fn as_handle(&self) -> BorrowedHandle<'_> {
                // SAFETY: the handle is open for as long as this end lives.
                unsafe { BorrowedHandle::borrow_raw(self.as_raw_handle()) }
            }
        }
    };
}

/// One instance of a pipe, for one client at a time. Made by [`ServerOptions::create`].
///
/// What was under way when it is dropped is taken back from the system first, so the instance is gone only
/// when the runtime has next looked at events. [`ServerOptions::create`] has it look if an instance is in the
/// way; on a pool another worker may be about to.
pub struct NamedPipeServer {
    io: Source<NamedPipe>,
}

end!(NamedPipeServer);

impl NamedPipeServer {
    /// Waits for a client.
    ///
    /// # Errors
    /// What the system reports, as `ERROR_NO_DATA` if a client came and went; if the runtime of the
    /// pipe is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: a client that comes meanwhile is found by the next call.
    pub async fn connect(&self) -> io::Result<()> {
        let is_pending = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        match self.io.connect() {
            // The first call starts the wait, also while the pipe is taken for not ready.
            Err(error) if is_pending(&error) => {
                self.async_io(Interest::WRITABLE, || self.io.connect()).await
            }
            result => result,
        }
    }

    /// Sends the client away, with what it has not read yet. The instance may then
    /// [`connect`](Self::connect) to the next, and must before that can open it. A read that was under
    /// way then, as one is after every other, is told by the next read, once: `ERROR_PIPE_NOT_CONNECTED`.
    ///
    /// # Errors
    /// What the system reports.
    pub fn disconnect(&self) -> io::Result<()> {
        self.io.disconnect()
    }
}

/// A client's end of a pipe. Made by [`ClientOptions::open`].
pub struct NamedPipeClient {
    io: Source<NamedPipe>,
}

end!(NamedPipeClient);
