//! One datagram a call, where the system has no other.

use super::{Incoming, Outgoing, unsupported};
use mio::net::UdpSocket;
use std::io;

pub(super) fn send(socket: &UdpSocket, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
    all(datagrams.iter(), |datagram| match (datagram.segment, datagram.to) {
        (Some(bytes), _) if usize::from(bytes) < datagram.payload.len() => Err(unsupported()),
        (_, Some(to)) => socket.send_to(datagram.payload, to).map(drop),
        (_, None) => socket.send(datagram.payload).map(drop),
    })
}

pub(super) fn receive(socket: &UdpSocket, datagrams: &mut [Incoming<'_>]) -> io::Result<usize> {
    all(datagrams.iter_mut(), |datagram| {
        let (len, from) = match socket.recv_from(datagram.room) {
            Ok((len, from)) => (len, Some(from)),
            // The room is filled, the end is lost, and nobody says who sent it.
            Err(error) if is_truncated(&error) => (datagram.room.len(), None),
            Err(error) => return Err(error),
        };
        (datagram.len, datagram.from, datagram.segment) = (len, from, None);
        datagram.truncated = from.is_none();
        Ok(())
    })
}

/// Whether a datagram was received that was longer than the room for it: an error on Windows alone.
fn is_truncated(error: &io::Error) -> bool {
    const WSAEMSGSIZE: i32 = 10040;
    cfg!(windows) && error.raw_os_error() == Some(WSAEMSGSIZE)
}

/// How many succeeded before the first failure, which counts only if it is the very first.
fn all<T>(
    datagrams: impl Iterator<Item = T>,
    mut each: impl FnMut(T) -> io::Result<()>,
) -> io::Result<usize> {
    let mut done = 0;
    for datagram in datagrams {
        match each(datagram) {
            Ok(()) => done += 1,
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done)
}

pub(super) fn set_gro(_: &UdpSocket, gro: bool) -> io::Result<()> {
    if gro { Err(unsupported()) } else { Ok(()) }
}
