//! Who polls the future that drives an executor, and is to be woken when a task is ready.

use crate::env::panics::Panics;
use crate::lock::Lock;
use alloc::vec::Vec;
use core::task::Waker;

/// The wakers of those who poll a nest: several futures may, and each drives its tasks. All are
/// woken, for a future that is alive need not be polled.
#[derive(Debug, Default)]
pub(crate) struct Pollers {
    /// The usual case, which allocates nothing.
    one: Option<(usize, Waker)>,
    more: Vec<(usize, Waker)>,
}

impl Pollers {
    /// Puts `waker` in the place of the one that was there; answers what is left over.
    pub(super) fn replace(&mut self, key: usize, waker: Waker) -> Option<Waker> {
        let known = self.one.iter_mut().chain(&mut self.more).find(|(other, _)| *other == key);
        if let Some((_, old)) = known {
            return Some(core::mem::replace(old, waker));
        }
        match &self.one {
            None => self.one = Some((key, waker)),
            Some(_) => self.more.push((key, waker)),
        }
        None
    }

    pub(super) fn remove(&mut self, key: usize) -> Option<Waker> {
        if let Some((_, waker)) = self.one.take_if(|(other, _)| *other == key) {
            return Some(waker);
        }
        let index = self.more.iter().position(|(other, _)| *other == key)?;
        Some(self.more.swap_remove(index).1)
    }

    /// Wakes those who are there, and forgets them.
    pub(super) fn wake(pollers: &Lock<Self>) {
        let Self { one, more } = core::mem::take(&mut *pollers.lock());
        let mut panics = Panics::new();
        for (_, waker) in one.into_iter().chain(more) {
            panics.guard(|| waker.wake());
        }
        panics.resume();
    }
}
