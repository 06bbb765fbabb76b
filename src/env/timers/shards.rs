//! One wheel, or one for each worker of a pool.
//!
//! A timer is armed in the wheel of the worker that polls it, and stays there wherever its task goes.
//!
//! # When the host must look again
//! With one wheel its lock says so, see [`Shard`]. With several, `told` does: the host
//! ([`Timers::next`]) first sets it to the end of time, then looks at each wheel under its lock, then
//! sets it to what it found and waits until then. Whoever arms a timer reads `told` after it has had
//! the lock. If the host had it before, `told` is read as the host set it before or after its looks,
//! and the host is unparked if that is later than the timer. If the host has it afterwards, it sees
//! the timer.

use super::{Entry, Shard};
use crate::atomic::Ordering;
use crate::collections::Padded;
use crate::collections::wide::Wide;
use crate::env::context;
use crate::env::instant::Instant;
use crate::env::panics::Panics;
use alloc::boxed::Box;
use core::task::Waker;

/// Whether any runtime of this process has several wheels. Where nothing sets it, the linker's optimiser
/// leaves all of that out. Not `crate::atomic`: loom has no statics.
static SPLIT: core::sync::atomic::AtomicBool = core::sync::atomic::AtomicBool::new(false);

/// The timers of a runtime.
#[derive(Debug)]
pub(crate) struct Timers {
    first: Shard,
    others: Box<[Padded<Shard>]>,
    /// With several wheels: when the host looks again at the latest.
    told: Wide,
}

impl Timers {
    pub(crate) fn new() -> Self {
        Self { first: Shard::new(), others: Box::default(), told: Wide::new(u64::MAX) }
    }

    /// Gives each worker a wheel. Before any timer is armed.
    pub(crate) fn split(&mut self, workers: usize) {
        SPLIT.store(true, Ordering::Relaxed);
        self.others = (1..workers).map(|_| Padded(Shard::new())).collect();
    }

    /// The wheels but the first.
    #[inline]
    fn others(&self) -> &[Padded<Shard>] {
        // Relaxed: it was set before anybody else knew of these timers.
        if SPLIT.load(Ordering::Relaxed) { &self.others } else { &[] }
    }

    fn shards(&self) -> impl Iterator<Item = &Shard> {
        core::iter::once(&self.first).chain(self.others().iter().map(|shard| &shard.0))
    }

    #[inline]
    fn shard(&self, index: usize) -> &Shard {
        let Some(index) = index.checked_sub(1) else { return &self.first };
        match self.others().get(index) {
            None => &self.first,
            Some(other) => &other.0,
        }
    }

    /// The number of this worker's wheel.
    #[inline]
    fn here(&self) -> usize {
        if self.others().is_empty() {
            return 0;
        }
        context::with(|context| context.worker.get()) % (self.others().len() + 1)
    }

    /// See [`Shard::note_gap`]; for runtimes of one thread.
    pub(crate) fn note_gap(&self, from: Instant, to: Instant) {
        self.first.note_gap(from, to);
    }

    /// See [`Shard::was_kept`].
    pub(crate) fn was_kept(&self, due: Instant) -> bool {
        self.first.was_kept(due)
    }

    /// Whether any timer waits. Costs one load a wheel.
    #[inline]
    pub(crate) fn is_armed(&self) -> bool {
        self.first.is_armed() || self.others.iter().any(|shard| shard.0.is_armed())
    }

    /// When the host has to tick again at the latest; `None` if no timer waits. Costs one load if
    /// there is none, and one wheel.
    #[inline]
    pub(crate) fn next(&self) -> Option<Instant> {
        if self.others().is_empty() { self.first.next() } else { self.next_of_several() }
    }

    fn next_of_several(&self) -> Option<Instant> {
        // Relaxed, both: the locks of the wheels order it, see the module.
        self.told.store(u64::MAX, Ordering::Relaxed);
        let next = self.shards().filter_map(Shard::next_armed).min()?;
        self.told.store(next.as_nanos(), Ordering::Relaxed);
        Some(next)
    }

    /// When the next timer is due, for somebody who does not wait in the host's place: nothing is
    /// noted, and nobody is told of an earlier one.
    #[allow(dead_code)] // only a pool has such workers
    pub(crate) fn peek(&self) -> Option<Instant> {
        self.shards().filter_map(Shard::peek).min()
    }

    /// Wakes what is due at `now`. Costs one load a wheel in which no timer waits.
    #[inline]
    pub(crate) fn expire(&self, now: Instant) {
        self.each(|shard| shard.expire(now));
    }

    /// The same for this worker's wheel and for one other, each time the next: so that a pool sees
    /// to the timers of a worker whose task takes long, and its workers do not crowd.
    pub(crate) fn expire_some(&self, now: Instant, turn: usize) {
        let (here, other) = (self.here(), turn % (self.others().len() + 1));
        let mut panics = Panics::new();
        panics.guard(|| self.shard(here).expire(now));
        if other != here {
            panics.guard(|| self.shard(other).expire(now));
        }
        panics.resume();
    }

    /// Moves the wheels to `now`, also if nothing waits, and wakes what is due.
    pub(crate) fn turn(&self, now: Instant) {
        self.each(|shard| shard.turn(now));
    }

    /// Wakes everything that waits, to learn that the runtime is gone; refuses what comes later.
    pub(crate) fn shut_down(&self) {
        self.each(Shard::shut_down);
    }

    /// A waker that panics in one wheel keeps nothing from the others; the first panic goes on then.
    #[inline]
    fn each(&self, f: impl Fn(&Shard)) {
        if self.others().is_empty() {
            return f(&self.first);
        }
        let mut panics = Panics::new();
        self.shards().for_each(|shard| panics.guard(|| f(shard)));
        panics.resume();
    }

    /// The wheel of an entry.
    #[inline]
    pub(super) fn of(&self, entry: &Entry) -> &Shard {
        // Relaxed: the future reads what it wrote itself.
        self.shard(entry.shard.load(Ordering::Relaxed) as usize)
    }

    /// As [`Shard::arm`], in this worker's wheel.
    ///
    /// # Safety
    /// As there.
    #[inline]
    pub(super) unsafe fn arm(
        &self,
        entry: &Entry,
        waker: Option<Waker>,
    ) -> Result<bool, Option<Waker>> {
        let here = self.here();
        entry.shard.store(here as u32, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        let earlier = unsafe { self.shard(here).arm(entry, waker) }?;
        if self.others().is_empty() {
            return Ok(earlier);
        }
        // Relaxed: after the lock, see the module.
        Ok(entry.deadline() < self.told.load(Ordering::Relaxed))
    }
}
