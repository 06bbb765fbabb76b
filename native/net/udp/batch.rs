//! Several datagrams a call to the system.

#[cfg(target_os = "linux")]
#[path = "batch/many.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "batch/one.rs"]
mod system;

use super::UdpSocket;
use crate::io::Interest;
use core::fmt;
use core::slice::Chunks;
use std::io;
use std::net::SocketAddr;

/// A datagram for [`UdpSocket::send_batch`].
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    payload: &'a [u8],
    to: Option<SocketAddr>,
    segment: Option<u16>,
}

impl<'a> Outgoing<'a> {
    /// To the address that the socket is connected to.
    pub fn new(payload: &'a [u8]) -> Self {
        Self { payload, to: None, segment: None }
    }

    /// To this address.
    #[must_use]
    pub fn to(self, address: SocketAddr) -> Self {
        Self { to: Some(address), ..self }
    }

    /// Has the system cut the payload into datagrams of this many bytes each, the last one perhaps
    /// shorter (GSO): one trip through the network stack instead of many. At most
    /// [`UdpSocket::MAX_SEGMENTS`] of them.
    #[must_use]
    pub fn in_segments_of(self, bytes: u16) -> Self {
        Self { segment: Some(bytes), ..self }
    }
}

/// Room for a datagram, filled by [`UdpSocket::recv_batch`].
pub struct Incoming<'a> {
    room: &'a mut [u8],
    len: usize,
    from: Option<SocketAddr>,
    segment: Option<u16>,
    truncated: bool,
}

impl<'a> Incoming<'a> {
    /// Room for as many bytes as are in `room`.
    pub fn new(room: &'a mut [u8]) -> Self {
        Self { room, len: 0, from: None, segment: None, truncated: false }
    }

    /// What was received.
    pub fn payload(&self) -> &[u8] {
        &self.room[..self.len]
    }

    /// Who sent it; `None` before anything was received, and on Windows if it was truncated.
    pub fn from(&self) -> Option<SocketAddr> {
        self.from
    }

    /// The datagrams that the payload was put together from: one, unless
    /// [`set_gro`](UdpSocket::set_gro) was asked for.
    pub fn segments(&self) -> Chunks<'_, u8> {
        let whole = self.len.max(1);
        self.payload().chunks(self.segment.map_or(whole, |bytes| usize::from(bytes.max(1))))
    }

    /// Whether there was no room for the end, which is lost. Linux and Windows tell; elsewhere `false`.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("payload", &self.payload())
            .field("from", &self.from)
            .field("segment", &self.segment)
            .finish_non_exhaustive()
    }
}

/// Many datagrams a call, which tokio has no name for.
impl UdpSocket {
    /// How many datagrams the system can make of one payload; 1 where it cannot cut.
    pub const MAX_SEGMENTS: usize = if cfg!(target_os = "linux") { 64 } else { 1 };

    /// Sends a beginning of `datagrams`, at least one of them, and answers how many. On Linux up to
    /// 32 go with one call.
    ///
    /// # Errors
    /// What the system reports about the first: the others were not tried. `Unsupported` if it is to
    /// be cut into segments, and the system cannot.
    ///
    /// # Cancel safety
    /// A future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use creel::net::UdpSocket;
    /// use creel::net::udp::{Incoming, Outgoing};
    ///
    /// let (one, other) =
    ///     (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// let to = other.local_addr()?;
    /// let batch = [Outgoing::new(b"one").to(to), Outgoing::new(b"two").to(to)];
    /// let mut sent = 0;
    /// while sent < batch.len() {
    ///     sent += one.send_batch(&batch[sent..]).await?;
    /// }
    ///
    /// let (mut first, mut second) = ([0; 1500], [0; 1500]);
    /// let mut room = [Incoming::new(&mut first), Incoming::new(&mut second)];
    /// let received = other.recv_batch(&mut room).await?;
    /// assert_eq!(room[0].payload(), b"one");
    /// # assert!(received <= 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_batch(&self, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
        let send = || system::send(&self.io, datagrams);
        self.io.registration().async_io(Interest::WRITABLE, send).await
    }

    /// Sends a beginning of `datagrams`, at once, and answers how many.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; as [`send_batch`](Self::send_batch).
    pub fn try_send_batch(&self, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
        let send = || system::send(&self.io, datagrams);
        self.io.registration().try_io(Interest::WRITABLE, send)
    }

    /// Receives as many datagrams as are there and there is room for, at least one, and answers how
    /// many. On Linux up to 32 come with one call.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Dropping the future loses no datagram.
    pub async fn recv_batch(&self, datagrams: &mut [Incoming<'_>]) -> io::Result<usize> {
        let receive = || system::receive(&self.io, datagrams);
        let interest = Interest::READABLE.add(Interest::ERROR);
        self.io.registration().async_io(interest, receive).await
    }

    /// Receives as many datagrams as are there and there is room for, at once.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; what the system reports.
    pub fn try_recv_batch(&self, datagrams: &mut [Incoming<'_>]) -> io::Result<usize> {
        let receive = || system::receive(&self.io, datagrams);
        self.io.registration().try_io(Interest::READABLE.add(Interest::ERROR), receive)
    }

    /// Sets whether the system may put datagrams of one sender and size together (GRO), for
    /// [`recv_batch`](Self::recv_batch) to receive at once: [`Incoming::segments`] has them apart
    /// again. Give each room for 64 KiB. Other ways of receiving would see them put together.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot.
    pub fn set_gro(&self, gro: bool) -> io::Result<()> {
        system::set_gro(&self.io, gro)
    }
}

/// The error of a system that cannot cut or put together.
#[cfg(not(target_os = "linux"))]
fn unsupported() -> io::Error {
    let why = "this system neither cuts nor joins datagrams: send and receive each by itself";
    io::Error::new(io::ErrorKind::Unsupported, why)
}
