//! The least that does the work: loops by hand, without a runtime.
//!
//! Why unsafe: they go through the system's calls.

use io_uring::types::Fd;
use io_uring::{IoUring, opcode};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, IntoRawFd};

/// Readiness: wait, receive, send.
pub fn epoll(listener: TcpListener, size: usize) {
    // SAFETY: makes a descriptor.
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    let add = |fd: i32| {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: fd as u64 };
        // SAFETY: both descriptors are open.
        unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event) };
    };
    add(listener.as_raw_fd());
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; 1024];
    let mut buf = vec![0u8; size];
    loop {
        // SAFETY: there is room for that many.
        let n = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 1024, -1) };
        for event in &events[..n.max(0) as usize] {
            let fd = event.u64 as i32;
            if fd == listener.as_raw_fd() {
                let (stream, _) = listener.accept().expect("a connection");
                stream.set_nodelay(true).expect("an option of TCP");
                add(stream.into_raw_fd());
                continue;
            }
            // SAFETY: the buffer has room for `size`.
            let n = unsafe { libc::recv(fd, buf.as_mut_ptr().cast(), size, libc::MSG_DONTWAIT) };
            if n > 0 {
                // SAFETY: `n` bytes were received.
                unsafe { libc::send(fd, buf.as_ptr().cast(), n as usize, libc::MSG_NOSIGNAL) };
            } else if n == 0 {
                // SAFETY: nobody else has it.
                unsafe { libc::close(fd) };
            }
        }
    }
}

/// Completion: both by request, told and waited for in one call.
pub fn ring(listener: TcpListener, size: usize) {
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun().setup_coop_taskrun();
    let mut ring: IoUring = builder.build(4096).expect("the kernel has io_uring");
    const ACCEPT: u64 = u64::MAX;
    const SENT: u64 = 1 << 32;
    let mut bufs: Vec<Vec<u8>> = Vec::new();
    let accept = opcode::AcceptMulti::new(Fd(listener.as_raw_fd())).build().user_data(ACCEPT);
    // SAFETY: it points at nothing.
    unsafe { ring.submission().push(&accept).expect("there is room") };
    loop {
        ring.submit_and_wait(1).expect("the ring works");
        // SAFETY: one thread, and the two queues are apart.
        let mut queue = unsafe { ring.submission_shared() };
        // SAFETY: as above.
        for answer in unsafe { ring.completion_shared() } {
            let (n, data) = (answer.result(), answer.user_data());
            let fd = if data == ACCEPT { n } else { (data & (SENT - 1)) as i32 };
            if n <= 0 && data != ACCEPT {
                // SAFETY: nobody else has it.
                unsafe { libc::close(fd) };
                continue;
            }
            if bufs.len() <= fd as usize {
                bufs.resize_with(fd as usize + 1, || vec![0; size]);
            }
            let buf = bufs[fd as usize].as_mut_ptr();
            let next = if data == ACCEPT || data & SENT != 0 {
                opcode::Recv::new(Fd(fd), buf, size as u32).ioprio(1).build().user_data(fd as u64)
            } else {
                let send = opcode::Send::new(Fd(fd), buf, n as u32).flags(libc::MSG_WAITALL);
                send.build().user_data(SENT | fd as u64)
            };
            // SAFETY: the buffer of a connection is used by one request at a time.
            unsafe { queue.push(&next).expect("there is room") };
        }
    }
}
