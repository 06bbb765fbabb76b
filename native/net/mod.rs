//! Sockets: TCP, UDP, and between processes: streams, datagrams and pipes on Unix, named pipes on
//! Windows.
//!
//! Names and meaning are those of `tokio::net`. Every operation comes in up to three kinds:
//! `try_x` answers at once, `x().await` waits, and `poll_x` is for who writes futures by hand. A
//! socket belongs to the runtime that it was made in; when that is shut down, its operations fail
//! ([`is_rt_shutdown_err`](crate::runtime::is_rt_shutdown_err)).
//!
//! Waiting is by readiness: nothing is taken from the system before a future hands it over, so
//! dropping a future loses neither bytes nor connections.
//!
//! # Examples
//! ```
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use creel::io::{AsyncReadExt, AsyncWriteExt};
//! use creel::net::{TcpListener, TcpStream};
//!
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let server = creel::spawn(async move {
//!     let (mut stream, _) = listener.accept().await?;
//!     stream.write_all(b"hello").await
//! });
//! let mut greeting = String::new();
//! TcpStream::connect(address).await?.read_to_string(&mut greeting).await?;
//! assert_eq!(greeting, "hello");
//! server.await?
//! # }
//! ```

#[macro_use]
mod common;
mod rest;
mod splice;
pub mod tcp;
pub mod udp;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

pub use crate::socket::addr::{ToSocketAddrs, lookup_host};
#[cfg(feature = "fs")]
pub use splice::send_file;
pub use splice::{SpliceFrom, SpliceTo, splice, splice_bidirectional};
pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::{UnixDatagram, UnixListener, UnixSocket, UnixStream};

use std::io;

/// A blocking socket in the reactor would block the thread that everybody's tasks run on.
#[cfg(unix)]
#[track_caller]
fn refuse_blocking(socket: &impl std::os::fd::AsFd) -> io::Result<()> {
    let nonblocking = socket2::SockRef::from(socket).nonblocking()?;
    debug_assert!(
        nonblocking,
        "a blocking socket was given to the runtime: call `set_nonblocking(true)` first (tokio: \
         Registering a blocking socket with the tokio runtime is unsupported)"
    );
    Ok(())
}

/// Windows does not tell whether a socket blocks.
#[cfg(not(unix))]
fn refuse_blocking<S>(_: &S) -> io::Result<()> {
    Ok(())
}
