//! [`Record`] without the feature `dump`: nothing.

use crate::env::owner::OwnerRef;
use crate::env::site::Site;
use crate::env::spans::TaskSpan;

#[derive(Debug)]
pub(super) struct Record {
    pub(super) span: TaskSpan,
}

impl Record {
    #[inline]
    pub(super) fn new(_owner: &OwnerRef, _spawned_at: Site, span: TaskSpan) -> Self {
        Self { span }
    }

    pub(super) fn spawned_at(&self) -> Site {
        Site::here()
    }

    #[inline]
    pub(super) fn note_poll(&self) {}
}
