//! Buffers that the kernel chooses from when bytes arrive.
//!
//! The kernel takes a buffer out of the group for each answer to a request that receives many times, and
//! says which; [`Buffers::give_back`] puts it in again. All of them lie in one mapping, behind the
//! queue of those that are free, which the kernel reads.
//!
//! If none is free the kernel ends the request (ENOBUFS); who wanted it receives once into a buffer of
//! its own then, and asks again later.

use io_uring::types::BufRingEntry;
use io_uring::{IoUring, cqueue};
use std::io;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

/// The only group there is.
pub(super) const GROUP: u16 = 0;
/// How large a buffer is. What is larger is better received where it shall be in the end.
pub(super) const SIZE: usize = 2048;
/// How many there are; a power of two.
const COUNT: u16 = 256;
const QUEUE: usize = COUNT as usize * size_of::<BufRingEntry>();
const BYTES: usize = QUEUE + COUNT as usize * SIZE;

/// See the module.
pub(super) struct Buffers {
    mapping: *mut u8,
    tail: u16,
    /// How many the kernel may take.
    free: u16,
}

// SAFETY: the mapping is the value's own.
unsafe impl Send for Buffers {}

impl Buffers {
    /// Makes the group of `ring`.
    ///
    /// # Errors
    /// If the kernel knows of no such thing, or has no memory.
    pub(super) fn new(ring: &IoUring) -> io::Result<Self> {
        let (rights, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh mapping.
        let mapping = unsafe { libc::mmap(ptr::null_mut(), BYTES, rights, kind, -1, 0) };
        if mapping == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mut buffers = Self { mapping: mapping.cast(), tail: 0, free: 0 };
        // SAFETY: the queue is at the beginning of the mapping, which is a page, and lives as long as the
        // ring: see `Ring`.
        unsafe {
            let submitter = ring.submitter();
            submitter.register_buf_ring_with_flags(mapping as u64, COUNT, GROUP, 0)?;
        }
        (0..COUNT).for_each(|buffer| buffers.give_back(buffer));
        Ok(buffers)
    }

    /// The buffer that came with an answer, and what is in it; its bytes are the caller's until it is
    /// given back.
    pub(super) fn filled(&self, result: i32, flags: u32) -> Option<(u16, &[u8])> {
        let buffer = cqueue::buffer_select(flags)?;
        let len = usize::try_from(result).unwrap_or(0).min(SIZE);
        // SAFETY: the kernel has filled that many bytes, and does not touch them until `give_back`.
        Some((buffer, unsafe { slice::from_raw_parts(self.place(buffer), len) }))
    }

    /// Lets the kernel have a buffer again.
    pub(super) fn give_back(&mut self, buffer: u16) {
        self.free += 1;
        let queue = self.mapping.cast::<BufRingEntry>();
        let address = self.place(buffer) as u64;
        // SAFETY: the queue has `COUNT` entries, and the kernel does not look at this one before the
        // tail has passed it. The entry is written field by field: the tail lies in the first.
        unsafe {
            let entry = &mut *queue.add((self.tail & (COUNT - 1)).into());
            entry.set_addr(address);
            entry.set_len(SIZE as u32);
            entry.set_bid(buffer);
        }
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the tail is a word of the queue that both sides know.
        let tail = unsafe { &*BufRingEntry::tail(queue).cast::<AtomicU16>() };
        // Release: the kernel sees the entry, and that we are done with the bytes.
        tail.store(self.tail, Ordering::Release);
    }

    /// The kernel took one.
    pub(super) fn taken(&mut self) {
        self.free -= 1;
    }

    pub(super) fn has_free(&self) -> bool {
        self.free > 0
    }

    /// Whether nobody has any.
    #[cfg(all(test, not(loom)))]
    pub(super) fn are_all_free(&self) -> bool {
        self.free == COUNT
    }

    fn place(&self, buffer: u16) -> *mut u8 {
        debug_assert!(buffer < COUNT);
        // SAFETY: inside of the mapping.
        unsafe { self.mapping.add(QUEUE + usize::from(buffer) * SIZE) }
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: ours, and whoever drops it knows that the kernel is done with it.
        unsafe { libc::munmap(self.mapping.cast(), BYTES) };
    }
}
