//! The counted handles inside the public senders: a strong one keeps the channel open, a weak one
//! does not.

use super::Arc;
use super::chan::{Chan, Flow};
use crate::atomic::Ordering;
use core::ops::Deref;

/// Counted in `senders`. The last one to go ends the channel.
pub(super) struct Tx<T, F: Flow>(Arc<Chan<T, F>>);

/// Counted in `weak_senders`.
pub(super) struct WeakTx<T, F: Flow>(Arc<Chan<T, F>>);

impl<T, F: Flow> Tx<T, F> {
    /// The handle that a new channel has counted already.
    pub(super) fn first(chan: Arc<Chan<T, F>>) -> Self {
        Self(chan)
    }

    pub(super) fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn downgrade(&self) -> WeakTx<T, F> {
        // Relaxed: the count is only ever looked at.
        self.0.weak_senders.fetch_add(1, Ordering::Relaxed);
        WeakTx(self.0.clone())
    }
}

impl<T, F: Flow> Deref for Tx<T, F> {
    type Target = Chan<T, F>;

    #[inline]
    fn deref(&self) -> &Chan<T, F> {
        &self.0
    }
}

impl<T, F: Flow> Clone for Tx<T, F> {
    fn clone(&self) -> Self {
        let chan = self.0.clone();
        // Relaxed: as for `Arc`, there is one handle already, this one.
        chan.senders.fetch_add(1, Ordering::Relaxed);
        Self(chan)
    }
}

impl<T, F: Flow> Drop for Tx<T, F> {
    #[inline]
    fn drop(&mut self) {
        // Release: what this sender did comes before the end, which the last one announces after
        // it has seen, by Acquire, what all others did.
        if self.0.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.senders_gone();
        }
    }
}

impl<T, F: Flow> WeakTx<T, F> {
    /// A strong handle, unless the last one is gone.
    pub(super) fn upgrade(&self) -> Option<Tx<T, F>> {
        let mut senders = self.0.senders.load(Ordering::Relaxed);
        loop {
            if senders == 0 {
                return None;
            }
            let (more, order) = (senders + 1, Ordering::Relaxed);
            // Relaxed: as for `clone`.
            match self.0.senders.compare_exchange_weak(senders, more, order, order) {
                Ok(_) => return Some(Tx(self.0.clone())),
                Err(now) => senders = now,
            }
        }
    }
}

impl<T, F: Flow> Deref for WeakTx<T, F> {
    type Target = Chan<T, F>;

    fn deref(&self) -> &Chan<T, F> {
        &self.0
    }
}

impl<T, F: Flow> Clone for WeakTx<T, F> {
    fn clone(&self) -> Self {
        // Relaxed: the count is only ever looked at.
        self.0.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self(self.0.clone())
    }
}

impl<T, F: Flow> Drop for WeakTx<T, F> {
    fn drop(&mut self) {
        // Relaxed: the count is only ever looked at.
        self.0.weak_senders.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T, F: Flow> Chan<T, F> {
    pub(super) fn strong_count(&self) -> usize {
        // Acquire pairs with the Release of a sender that went.
        self.senders.load(Ordering::Acquire)
    }

    pub(super) fn weak_count(&self) -> usize {
        self.weak_senders.load(Ordering::Relaxed)
    }
}
