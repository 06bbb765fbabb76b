//! Sockets: TCP, UDP and names, on the sockets of preview 2.
//!
//! Names and meaning are those of `tokio::net`, as natively. What preview 2 has no word for is not
//! here at all (Unix sockets, multicast, descriptors) or answers
//! [`Unsupported`](std::io::ErrorKind::Unsupported) where programs call it by habit
//! ([`TcpStream::set_nodelay`]). A host that lends no network refuses each bind and connect with
//! [`PermissionDenied`](std::io::ErrorKind::PermissionDenied); for wasmtime that is
//! `-S inherit-network`.
//!
//! - The host takes one buffer at a time: `is_write_vectored` is false, and a write of several
//!   buffers gathers them.
//! - Peeking reads ahead, into memory of the program.
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

mod address;
mod connection;
mod datagrams;
mod lookup;
pub mod tcp;
mod udp;

pub use crate::socket::addr::{ToSocketAddrs, lookup_host};
pub(crate) use lookup::lookup;
pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use udp::UdpSocket;

use std::io;

/// What preview 2 has no word for.
fn unsupported(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what)
}
