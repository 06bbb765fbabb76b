//! No ring: files go through the blocking pool.

use crate::platform::buf::{OwnedBuf, OwnedBufMut};
use core::convert::Infallible;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// The ring of a runtime, as far as files go: never made.
#[derive(Clone, Debug)]
pub(crate) struct Files(Infallible);

/// What `fsync` shall bring to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    All,
    Data,
}

#[allow(clippy::unused_async)] // the signatures are those of the ring
impl Files {
    pub(crate) const CURSOR: u64 = u64::MAX;

    pub(crate) fn current() -> Option<Self> {
        None
    }

    pub(crate) async fn read_at<B: OwnedBufMut>(
        &self,
        _: Arc<File>,
        _: B,
        _: u64,
    ) -> (io::Result<usize>, B) {
        match self.0 {}
    }

    pub(crate) async fn write_at<B: OwnedBuf>(
        &self,
        _: Arc<File>,
        _: B,
        _: u64,
    ) -> (io::Result<usize>, B) {
        match self.0 {}
    }

    pub(crate) async fn sync(&self, _: Arc<File>, _: Flush) -> io::Result<()> {
        match self.0 {}
    }
}
