//! Files by completion: what the ring of a runtime does with them.
//!
//! The caller decides what happens where there is no ring: [`Files::current`] answers `None` then,
//! and the blocking pool does the work.

use super::op::{Op, Operation};
use super::records::Answer;
use crate::env::owner::OwnerRef;
use crate::native::driver::{Driver, Reactor};
use crate::platform::buf::{OwnedBuf, OwnedBufMut};
use io_uring::opcode;
use io_uring::squeue::Entry;
use io_uring::types::{Fd, FsyncFlags};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

/// The ring of a runtime, as far as files go.
///
/// Every operation owns its buffer and the file until the kernel has answered, whatever happens to the
/// future. To read or write at the file's own cursor, the position is
/// [`CURSOR`](Self::CURSOR).
#[derive(Clone, Debug)]
pub(crate) struct Files(Arc<Reactor>);

/// What `fsync` shall bring to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    /// All of the file.
    All,
    /// The contents, and what is needed to find them.
    Data,
}

impl Files {
    /// For [`read_at`](Self::read_at) and [`write_at`](Self::write_at): where the last one ended.
    pub(crate) const CURSOR: u64 = u64::MAX;

    /// The ring of the runtime that this thread is in; `None` if it has none, or is shut down.
    pub(crate) fn current() -> Option<Self> {
        OwnerRef::current()?;
        let reactor = Driver::current_reactor().ok()?;
        reactor.ring().is_some().then_some(Self(reactor))
    }

    /// Reads into `buf` from its beginning, from `at` on, and hands it back.
    ///
    /// # Errors
    /// What the system reports.
    pub(crate) async fn read_at<B: OwnedBufMut>(
        &self,
        file: Arc<File>,
        buf: B,
        at: u64,
    ) -> (io::Result<usize>, B) {
        let (result, ReadAt { mut buf, .. }) = self.run(ReadAt { file, buf, at }).await;
        if let Ok(answer) = &result {
            // SAFETY: the kernel has filled that many, which is no more than there is room for.
            unsafe { buf.set_received(answer.count()) };
        }
        (result.map(Answer::count), buf)
    }

    /// Writes a beginning of `buf`, from `at` on, and hands it back.
    ///
    /// # Errors
    /// What the system reports.
    pub(crate) async fn write_at<B: OwnedBuf>(
        &self,
        file: Arc<File>,
        buf: B,
        at: u64,
    ) -> (io::Result<usize>, B) {
        let (result, WriteAt { buf, .. }) = self.run(WriteAt { file, buf, at }).await;
        (result.map(Answer::count), buf)
    }

    /// Waits until what was written is on the disk.
    ///
    /// # Errors
    /// What the system reports.
    pub(crate) async fn sync(&self, file: Arc<File>, what: Flush) -> io::Result<()> {
        self.run(Fsync { file, what }).await.0.map(drop)
    }

    fn run<T: Operation>(&self, operation: T) -> Op<T> {
        match Op::new(&self.0, operation) {
            Ok(op) => op,
            Err(_) => unreachable!("there was a ring when this was made"),
        }
    }
}

/// The kernel transfers at most 2 GiB at a time.
fn length(bytes: usize) -> u32 {
    bytes.min(i32::MAX as usize) as u32
}

struct ReadAt<B> {
    file: Arc<File>,
    buf: B,
    at: u64,
}

// SAFETY: `OwnedBufMut` promises that its room stays in its place.
unsafe impl<B: OwnedBufMut> Operation for ReadAt<B> {
    fn entry(&mut self) -> Entry {
        let (fd, len) = (Fd(self.file.as_raw_fd()), length(self.buf.capacity()));
        opcode::Read::new(fd, self.buf.as_mut_ptr(), len).offset(self.at).build()
    }
}

struct WriteAt<B> {
    file: Arc<File>,
    buf: B,
    at: u64,
}

// SAFETY: `OwnedBuf` promises that its bytes stay in their place.
unsafe impl<B: OwnedBuf> Operation for WriteAt<B> {
    fn entry(&mut self) -> Entry {
        let (fd, len) = (Fd(self.file.as_raw_fd()), length(self.buf.len()));
        opcode::Write::new(fd, self.buf.as_ptr(), len).offset(self.at).build()
    }
}

struct Fsync {
    file: Arc<File>,
    what: Flush,
}

// SAFETY: it points at nothing.
unsafe impl Operation for Fsync {
    fn entry(&mut self) -> Entry {
        let flags = match self.what {
            Flush::All => FsyncFlags::empty(),
            Flush::Data => FsyncFlags::DATASYNC,
        };
        opcode::Fsync::new(Fd(self.file.as_raw_fd())).flags(flags).build()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
