//! UDP: datagrams, one or many a call.

mod batch;

pub use batch::{Incoming, Outgoing};

use super::ToSocketAddrs;
use crate::io::{Interest, ReadBuf, Ready};
use crate::native::driver::Source;
use crate::socket::addr::{addresses, no_address, try_each};
#[cfg(feature = "bytes")]
use crate::socket::fill_buf;
use crate::socket::{Direction, fill};
use core::fmt;
use core::task::{Context, Poll};
use socket2::SockRef;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// A socket for datagrams.
///
/// All operations take `&self`, so that several tasks may use one, for instance behind an `Arc`.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::net::UdpSocket;
///
/// let (one, other) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
/// one.send_to(b"ping", other.local_addr()?).await?;
/// let mut buf = [0; 16];
/// let (n, from) = other.recv_from(&mut buf).await?;
/// assert_eq!((&buf[..n], from), (&b"ping"[..], one.local_addr()?));
/// # Ok(())
/// # }
/// ```
pub struct UdpSocket {
    io: Source<mio::net::UdpSocket>,
}

readiness!(UdpSocket, poll_recv_ready, poll_send_ready);
conversions!(UdpSocket, std::net::UdpSocket, mio::net::UdpSocket);
receiving!(UdpSocket, SocketAddr);
sending!(UdpSocket);
addressed!(UdpSocket);

macro_rules! options {
    ($($get:ident, $set:ident, $kind:ty: $what:literal;)*) => {
        $(
            #[doc = concat!("Whether or how ", $what, ".")]
            ///
            /// # Errors
            /// If the system does not tell.
            pub fn $get(&self) -> io::Result<$kind> {
                self.io.$get()
            }

            #[doc = concat!("Sets whether or how ", $what, ".")]
            ///
            /// # Errors
            /// If the system refuses it.
            pub fn $set(&self, value: $kind) -> io::Result<()> {
                self.io.$set(value)
            }
        )*
    };
}

macro_rules! marks {
    ($($get:ident, $set:ident, $of_socket:ident, $set_of_socket:ident: $version:literal;)*) => {
        $(
            #[doc = concat!("How packets of version ", $version, " are marked for service.")]
            ///
            /// # Errors
            /// If the system does not tell.
            pub fn $get(&self) -> io::Result<u32> {
                SockRef::from(self).$of_socket()
            }

            #[doc = concat!("Sets how packets of version ", $version, " are marked for service.")]
            ///
            /// # Errors
            /// If the system refuses it.
            pub fn $set(&self, mark: u32) -> io::Result<()> {
                SockRef::from(self).$set_of_socket(mark)
            }
        )*
    };
}

impl UdpSocket {
    /// Binds a socket to the first of the addresses that can be bound. Port zero stands for one
    /// that the system chooses.
    ///
    /// # Errors
    /// If none can be bound; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the lookup; nothing is bound.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        try_each(addr, async |address| Self::new(mio::net::UdpSocket::bind(address)?)).await
    }

    #[track_caller]
    fn new(socket: mio::net::UdpSocket) -> io::Result<Self> {
        Ok(Self { io: Source::new(socket)? })
    }

    fn sender(&self) -> io::Result<SocketAddr> {
        let sender = self.io.try_io(|| SockRef::from(self).peek_sender())?;
        sender.as_socket().ok_or_else(|| io::Error::other("the system does not tell the sender"))
    }

    options! {
        broadcast, set_broadcast, bool: "datagrams may be sent to everybody in a network";
        multicast_loop_v4, set_multicast_loop_v4, bool:
            "what is sent to a group of version 4 comes back to this host";
        multicast_ttl_v4, set_multicast_ttl_v4, u32:
            "many hops what is sent to a group of version 4 may take";
        multicast_loop_v6, set_multicast_loop_v6, bool:
            "what is sent to a group of version 6 comes back to this host";
        ttl, set_ttl, u32: "many hops packets may take";
    }

    #[cfg(not(any(
        target_os = "fuchsia",
        target_os = "redox",
        target_os = "solaris",
        target_os = "illumos",
        target_os = "haiku"
    )))]
    marks! {
        tos_v4, set_tos_v4, tos_v4, set_tos_v4: "4";
        tos, set_tos, tos_v4, set_tos_v4: "4";
    }

    #[cfg(any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "fuchsia",
        target_os = "linux",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "cygwin"
    ))]
    marks! {
        tclass_v6, set_tclass_v6, tclass_v6, set_tclass_v6: "6";
    }

    /// The name of the interface that the socket is bound to.
    ///
    /// # Errors
    /// If the system does not tell.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    pub fn device(&self) -> io::Result<Option<std::vec::Vec<u8>>> {
        SockRef::from(self).device()
    }

    /// Binds the socket to the interface of this name, or to none.
    ///
    /// # Errors
    /// If the system refuses it.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        SockRef::from(self).bind_device(interface)
    }

    /// Joins a group.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.join_multicast_v4(&multiaddr, &interface)
    }

    /// Joins a group.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.join_multicast_v6(multiaddr, interface)
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.leave_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.leave_multicast_v6(multiaddr, interface)
    }
}
