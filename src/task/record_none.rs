//! [`Record`] without the feature `dump`: nothing.

use crate::env::owner::OwnerRef;
use crate::env::site::Site;

#[derive(Debug)]
pub(super) struct Record;

impl Record {
    #[inline]
    pub(super) fn new(_owner: &OwnerRef, _spawned_at: Site) -> Self {
        Self
    }

    pub(super) fn spawned_at(&self) -> Site {
        Site::here()
    }

    #[inline]
    pub(super) fn note_poll(&self) {}
}
