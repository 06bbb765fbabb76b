//! Sockets and pipes between processes of one host.

mod address;
mod credentials;
mod datagram;
mod halves;
mod listener;
pub mod pipe;
mod socket;
mod stream;

pub use address::SocketAddr;
pub use credentials::UCred;
pub use datagram::UnixDatagram;
pub use halves::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use listener::UnixListener;
pub use socket::UnixSocket;
pub use stream::UnixStream;

/// The id of a user.
#[allow(non_camel_case_types)]
pub type uid_t = u32;

/// The id of a group.
#[allow(non_camel_case_types)]
pub type gid_t = u32;

/// The id of a process.
#[allow(non_camel_case_types)]
pub type pid_t = i32;
