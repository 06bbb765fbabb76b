//! `sendmmsg` and `recvmmsg`, with segments by control messages (`udp(7)`).
//!
//! Why unsafe: the calls take pointers to pointers. All of them point into arrays on the stack or
//! into the caller's datagrams, which stay in their places until the call has returned.

use super::{Incoming, Outgoing};
use core::mem::{self, MaybeUninit};
use core::ptr;
use mio::net::UdpSocket;
use socket2::{SockAddr, SockAddrStorage};
use std::io;
use std::os::fd::AsRawFd;

/// As many as go with one call.
const BATCH: usize = 32;

/// Of the level `SOL_UDP`: how a payload is cut, and whether payloads are put together.
const UDP_SEGMENT: i32 = 103;
const UDP_GRO: i32 = 104;

/// Room for one control message of an integer, aligned as its head must be.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; 32]);

pub(super) fn send(socket: &UdpSocket, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
    let mut addresses = [const { None::<SockAddr> }; BATCH];
    let mut parts = [libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; BATCH];
    let mut controls = [Control([0; 32]); BATCH];
    let mut messages = [const { MaybeUninit::<libc::mmsghdr>::zeroed() }; BATCH];
    let count = datagrams.len().min(BATCH);
    for (index, datagram) in datagrams.iter().take(count).enumerate() {
        parts[index].iov_base = datagram.payload.as_ptr().cast_mut().cast();
        parts[index].iov_len = datagram.payload.len();
        // SAFETY: all zero is a message without anything.
        let head = &mut unsafe { messages[index].assume_init_mut() }.msg_hdr;
        head.msg_iov = &raw mut parts[index];
        head.msg_iovlen = 1;
        if let Some(to) = datagram.to {
            let address = addresses[index].insert(to.into());
            head.msg_name = address.as_ptr().cast_mut().cast();
            head.msg_namelen = address.len();
        }
        if let Some(bytes) = datagram.segment {
            set_segment(head, &mut controls[index], bytes);
        }
    }
    call(|| {
        // SAFETY: `count` messages are filled; see the module. Nothing is written but lengths.
        unsafe { libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr().cast(), count as _, 0) }
    })
}

/// Says how the payload of a message is to be cut.
fn set_segment(head: &mut libc::msghdr, control: &mut Control, bytes: u16) {
    head.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: it only computes.
    head.msg_controllen = unsafe { libc::CMSG_SPACE(2) } as _;
    // SAFETY: the control has room for a head and an integer, and is aligned for both.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(head);
        (*first).cmsg_level = libc::SOL_UDP;
        (*first).cmsg_type = UDP_SEGMENT;
        (*first).cmsg_len = libc::CMSG_LEN(2) as _;
        libc::CMSG_DATA(first).cast::<u16>().write_unaligned(bytes);
    }
}

pub(super) fn receive(socket: &UdpSocket, datagrams: &mut [Incoming<'_>]) -> io::Result<usize> {
    let mut addresses: [_; BATCH] = core::array::from_fn(|_| SockAddrStorage::zeroed());
    let mut parts = [libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; BATCH];
    let mut controls = [Control([0; 32]); BATCH];
    let mut messages = [const { MaybeUninit::<libc::mmsghdr>::zeroed() }; BATCH];
    let room = datagrams.len().min(BATCH);
    for (index, datagram) in datagrams.iter_mut().take(room).enumerate() {
        parts[index].iov_base = datagram.room.as_mut_ptr().cast();
        parts[index].iov_len = datagram.room.len();
        // SAFETY: all zero is a message without anything.
        let head = &mut unsafe { messages[index].assume_init_mut() }.msg_hdr;
        head.msg_iov = &raw mut parts[index];
        head.msg_iovlen = 1;
        head.msg_namelen = addresses[index].size_of();
        // SAFETY: it is what the storage is made of.
        let address = unsafe { addresses[index].view_as::<libc::sockaddr_storage>() };
        head.msg_name = ptr::from_mut(address).cast();
        head.msg_control = controls[index].0.as_mut_ptr().cast();
        head.msg_controllen = mem::size_of::<Control>() as _;
    }
    let received = call(|| {
        // SAFETY: `room` messages are filled; see the module. No time limit.
        unsafe {
            let first = messages.as_mut_ptr().cast();
            libc::recvmmsg(socket.as_raw_fd(), first, room as _, 0, ptr::null_mut())
        }
    })?;
    let filled = datagrams.iter_mut().zip(&messages).zip(addresses).take(received);
    for ((datagram, message), address) in filled {
        // SAFETY: it was filled above, and by the system.
        let message = unsafe { message.assume_init_ref() };
        let head = &message.msg_hdr;
        datagram.len = (message.msg_len as usize).min(datagram.room.len());
        datagram.truncated = head.msg_flags & libc::MSG_TRUNC != 0;
        datagram.segment = segment(head);
        // SAFETY: the system has written an address of this length.
        datagram.from = unsafe { SockAddr::new(address, head.msg_namelen) }.as_socket();
    }
    Ok(received)
}

/// The size of the datagrams that a payload was put together from.
fn segment(head: &libc::msghdr) -> Option<u16> {
    // SAFETY: the system has filled the control as far as its length says.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(head).as_ref()?;
        if (first.cmsg_level, first.cmsg_type) != (libc::SOL_UDP, UDP_GRO) {
            return None;
        }
        let bytes = libc::CMSG_DATA(first).cast::<i32>().read_unaligned();
        u16::try_from(bytes).ok()
    }
}

/// Calls the system until no signal interrupts it.
fn call(mut run: impl FnMut() -> i32) -> io::Result<usize> {
    loop {
        match usize::try_from(run()) {
            Ok(count) => return Ok(count),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
        }
    }
}

pub(super) fn set_gro(socket: &UdpSocket, gro: bool) -> io::Result<()> {
    let on = i32::from(gro);
    // SAFETY: the option is an integer, which lives during the call.
    let set = unsafe {
        let (value, size) = ((&raw const on).cast(), mem::size_of::<i32>() as _);
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_UDP, UDP_GRO, value, size)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
