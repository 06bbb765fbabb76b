//! What each feature of the ring is worth: the loop by hand, with one of them at a time.
//!
//! Why unsafe: it goes through the system's calls, and shares memory with the kernel.

use io_uring::squeue::Entry;
use io_uring::types::{BufRingEntry, Fd, Fixed};
use io_uring::{IoUring, cqueue, opcode};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU16, Ordering};

/// What the loop makes use of.
#[derive(Clone, Copy, Default)]
pub struct Features {
    /// One request receives for ever, into buffers of the ring.
    pub multishot: bool,
    /// Descriptors are the ring's own.
    pub registered_files: bool,
    /// The kernel sends the pages as they are.
    pub zero_copy: bool,
    /// A system call sends, at once.
    pub send_by_call: bool,
}

const ACCEPT: u64 = u64::MAX;
const SENT: u64 = 1 << 63;
const GROUP: u16 = 7;
/// Buffers of the ring.
const SHARED: u16 = 4096;

struct Echo {
    ring: IoUring,
    features: Features,
    size: usize,
    /// One a connection, or all that the ring has.
    bufs: Vec<Vec<u8>>,
    shared: Option<Shared>,
}

/// Serves by completion, with these features.
pub fn ring(listener: TcpListener, size: usize, features: Features) {
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun().setup_coop_taskrun();
    let ring: IoUring = builder.build(4096).expect("the kernel has io_uring");
    let mut accept = opcode::AcceptMulti::new(Fd(listener.as_raw_fd()));
    if features.registered_files {
        ring.submitter().register_files_sparse(2048).expect("room for descriptors");
        accept = accept.allocate_file_index(true);
    }
    let mut echo = Echo { ring, features, size, bufs: Vec::new(), shared: None };
    if features.multishot {
        echo.bufs = vec![vec![0; size]; SHARED.into()];
        echo.shared = Some(Shared::new(&echo.ring, &mut echo.bufs));
    }
    echo.queue(&accept.build().user_data(ACCEPT));
    loop {
        echo.ring.submit_and_wait(1).expect("the ring works");
        loop {
            // SAFETY: one thread has the ring.
            let Some(answer) = (unsafe { echo.ring.completion_shared().next() }) else { break };
            echo.answered(&answer);
        }
    }
}

impl Echo {
    fn queue(&mut self, entry: &Entry) {
        // SAFETY: the buffer of a connection is used by one request at a time.
        let queued = unsafe { self.ring.submission().push(entry) };
        queued.expect("there is room");
    }

    fn answered(&mut self, answer: &cqueue::Entry) {
        let (n, data) = (answer.result(), answer.user_data());
        if cqueue::notif(answer.flags()) {
            return;
        }
        if data == ACCEPT {
            return self.receive(n);
        }
        let (fd, buffer) = ((data & 0xFFFF_FFFF) as i32, (data >> 32 & 0xFFFF) as u16);
        if data & SENT != 0 {
            return self.sent(fd, buffer);
        }
        if self.features.multishot
            && !cqueue::more(answer.flags())
            && (n > 0 || n == -libc::ENOBUFS)
        {
            self.receive(fd);
        }
        if n <= 0 {
            if n != -libc::ENOBUFS && !self.features.registered_files {
                // SAFETY: nobody else has it.
                unsafe { libc::close(fd) };
            }
            return;
        }
        let buffer = cqueue::buffer_select(answer.flags()).unwrap_or(0);
        let index = if self.features.multishot { buffer.into() } else { fd as usize };
        self.send(fd, index, buffer, n as u32);
    }

    fn sent(&mut self, fd: RawFd, buffer: u16) {
        match &mut self.shared {
            Some(shared) => shared.give(&mut self.bufs, buffer),
            None => self.receive(fd),
        }
    }

    fn receive(&mut self, fd: RawFd) {
        if !self.features.multishot && self.bufs.len() <= fd as usize {
            self.bufs.resize_with(fd as usize + 1, || vec![0; self.size]);
        }
        let entry = match (self.features.multishot, self.features.registered_files) {
            (true, true) => opcode::RecvMulti::new(Fixed(fd as u32), GROUP).build(),
            (true, false) => opcode::RecvMulti::new(Fd(fd), GROUP).build(),
            (false, fixed) => {
                let buf = self.bufs[fd as usize].as_mut_ptr();
                let len = self.size as u32;
                match fixed {
                    true => opcode::Recv::new(Fixed(fd as u32), buf, len).ioprio(1).build(),
                    false => opcode::Recv::new(Fd(fd), buf, len).ioprio(1).build(),
                }
            }
        };
        self.queue(&entry.user_data(fd as u64));
    }

    fn send(&mut self, fd: RawFd, index: usize, buffer: u16, n: u32) {
        let from = self.bufs[index].as_ptr();
        if self.features.send_by_call {
            // SAFETY: `n` bytes were received.
            unsafe { libc::send(fd, from.cast(), n as usize, libc::MSG_NOSIGNAL) };
            return self.sent(fd, buffer);
        }
        let all = libc::MSG_WAITALL;
        let entry = match (self.features.zero_copy, self.features.registered_files) {
            (true, true) => opcode::SendZc::new(Fixed(fd as u32), from, n).flags(all).build(),
            (true, false) => opcode::SendZc::new(Fd(fd), from, n).flags(all).build(),
            (false, true) => opcode::Send::new(Fixed(fd as u32), from, n).flags(all).build(),
            (false, false) => opcode::Send::new(Fd(fd), from, n).flags(all).build(),
        };
        self.queue(&entry.user_data(SENT | u64::from(buffer) << 32 | fd as u64));
    }
}

/// The buffers that the kernel chooses from.
struct Shared {
    entries: *mut BufRingEntry,
    tail: u16,
}

impl Shared {
    fn new(ring: &IoUring, bufs: &mut [Vec<u8>]) -> Self {
        let bytes = usize::from(SHARED) * size_of::<BufRingEntry>();
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh mapping, which lives as long as the process.
        let entries = unsafe { libc::mmap(std::ptr::null_mut(), bytes, rights, kind, -1, 0) };
        // SAFETY: as above.
        let registered = unsafe {
            ring.submitter().register_buf_ring_with_flags(entries as u64, SHARED, GROUP, 0)
        };
        registered.expect("the kernel has rings of buffers");
        let mut shared = Self { entries: entries.cast(), tail: 0 };
        (0..SHARED).for_each(|buffer| shared.give(bufs, buffer));
        shared
    }

    fn give(&mut self, bufs: &mut [Vec<u8>], buffer: u16) {
        let place = self.tail & (SHARED - 1);
        // SAFETY: the mapping has `SHARED` entries, and the kernel does not look at this one yet.
        let entry = unsafe { &mut *self.entries.add(place.into()) };
        let buf = &mut bufs[usize::from(buffer)];
        entry.set_addr(buf.as_mut_ptr() as u64);
        entry.set_len(buf.len() as u32);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the tail is a word that both sides share.
        let tail = unsafe { &*BufRingEntry::tail(self.entries).cast::<AtomicU16>() };
        tail.store(self.tail, Ordering::Release);
    }
}
