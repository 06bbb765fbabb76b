//! Sockets: TCP, UDP and names, on those of preview 2, and of preview 3 (feature `wasip3`) inside of its
//! exports.
//!
//! Names and meaning are those of `tokio::net`, as natively. What WASI has no word for is not
//! here at all (Unix sockets, multicast, descriptors) or answers
//! [`Unsupported`](std::io::ErrorKind::Unsupported) where programs call it by habit
//! ([`TcpStream::set_nodelay`]). A host that lends no network refuses each bind and connect with
//! [`PermissionDenied`](std::io::ErrorKind::PermissionDenied); for wasmtime that is
//! `-S inherit-network`.
//!
//! - The host takes one buffer at a time: `is_write_vectored` is false, and a write of several
//!   buffers gathers them.
//! - Peeking reads ahead, into memory of the program. On preview 3 so does every stream that is connected,
//!   64 KiB at most: that host tells of bytes only by handing them over. What was read ahead stays with the
//!   stream.
//! - On preview 3 the host takes what is written when it likes: `flush` and `shutdown` wait for that.
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

#[cfg_attr(feature = "wasip3", path = "host/either.rs")]
#[cfg_attr(not(feature = "wasip3"), path = "host/one.rs")]
pub(super) mod host;
pub(super) mod system;
pub mod tcp;
mod udp;

pub use crate::socket::addr::{ToSocketAddrs, lookup_host};
pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use udp::UdpSocket;

use std::io;

/// What WASI has no word for.
fn unsupported(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what)
}
