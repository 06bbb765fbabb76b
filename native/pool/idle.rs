//! Which workers sleep, how many look for work, and whom to wake.
//!
//! Invariant: when a task is queued, some worker is awake that will look at every queue after
//! that. Whoever queues a task calls [`Idle::worker_to_wake`] after it; whoever goes to sleep
//! first says so by [`Idle::sleep`], then looks at every queue once more. A sequentially
//! consistent fence on both sides makes sure that one of the two sees the other (the store-buffer
//! litmus test).
//!
//! A worker that looks for work is *searching*. While one searches, nobody else is woken: it will
//! find the task, and when it does and was the last to search, it looks whether more is queued, and
//! wakes the next if so. So a burst wakes workers one after the other, not all at once.
//!
//! Waking a processor that sleeps takes longer than many tasks do. So one sleeper may be *on watch*: it
//! sleeps for a short time only, then looks at every queue. While one is, who queues little on a worker
//! that is awake need not wake anybody; should that worker be in a long poll, the watch finds what it has
//! queued. Who queues little while none is wakes somebody, who will be on watch when he sleeps again. Of
//! two sleepers the one that does not wait for timers is on watch, for it sleeps longer: it takes over.
//!
//! The watch ends by [`Idle::end_watch`], and by a look at every queue after that: so what somebody queued
//! who still saw a watch is seen (the same litmus test). If all others sleep, what they queued before is
//! seen anyway, and who wakes up later knows that the watch is over: both go by the word of the sleepers,
//! which everybody changes before he sleeps and before he queues anything again.

use super::thread;
use crate::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::boxed::Box;

#[derive(Debug)]
pub(super) struct Idle {
    /// One bit a worker, set while it sleeps or is about to.
    sleeping: Box<[AtomicUsize]>,
    /// How many workers search.
    searching: AtomicUsize,
    /// How many workers there are.
    workers: usize,
    /// The worker that waits for timers and drivers, plus one; zero if none does. It is woken for
    /// a task only when no other sleeps.
    driver: AtomicUsize,
    /// How often somebody became the driver; written by the driver.
    drives: AtomicUsize,
    /// Whether a sleeper sees to it that timers and sources are not left alone.
    has_deputy: AtomicBool,
    /// The deputy, plus one, while it relies on the driver to wake it; else zero.
    resting: AtomicUsize,
    /// The sleeper on watch, plus one; zero if there is none.
    watcher: AtomicUsize,
    /// Somebody was woken for want of a watch: who sleeps next goes on watch, if none is.
    wanted: AtomicBool,
}

const BITS: usize = usize::BITS as usize;

/// The bit of a worker, if it stands in this word.
fn bit_in(word: usize, worker: usize) -> usize {
    if worker / BITS == word { 1 << (worker % BITS) } else { 0 }
}

impl Idle {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            sleeping: (0..workers.div_ceil(BITS)).map(|_| AtomicUsize::new(0)).collect(),
            searching: AtomicUsize::new(0),
            workers,
            driver: AtomicUsize::new(0),
            drives: AtomicUsize::new(0),
            has_deputy: AtomicBool::new(false),
            resting: AtomicUsize::new(0),
            watcher: AtomicUsize::new(0),
            wanted: AtomicBool::new(false),
        }
    }

    /// The worker to wake after a task was queued, if one must be. The caller unparks it; it is
    /// awake and searching from now on. `small`: what is queued may wait for the watch.
    #[inline]
    pub(super) fn worker_to_wake(&self, small: bool) -> Option<usize> {
        if small {
            // Pairs with the `fence_all` in `end_watch`, which is seldom: this is often.
            thread::fence_one();
            if self.watcher.load(Ordering::Relaxed) != 0 {
                return None;
            }
        }
        fence(Ordering::SeqCst);
        // Relaxed: the fence orders these reads after the push.
        if self.searching.load(Ordering::Relaxed) > 0 || !self.any_sleeps() {
            return None;
        }
        // Only one of several who push at once wakes somebody.
        self.searching.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        if small {
            self.want_watch();
        }
        self.take_sleeper()
    }

    fn any_sleeps(&self) -> bool {
        self.sleeping.iter().any(|word| word.load(Ordering::Relaxed) != 0)
    }

    /// Takes a sleeper out of the set; the caller has counted it as searching.
    fn take_sleeper(&self) -> Option<usize> {
        let driver = self.driver.load(Ordering::Relaxed).wrapping_sub(1);
        let spare = self.take_sleeper_but(driver);
        let chosen =
            spare.or_else(|| (driver < self.workers && self.wake(driver)).then_some(driver));
        if chosen.is_none() {
            self.searching.fetch_sub(1, Ordering::AcqRel);
        }
        chosen
    }

    fn take_sleeper_but(&self, driver: usize) -> Option<usize> {
        for (index, word) in self.sleeping.iter().enumerate() {
            let but = bit_in(index, driver);
            let mut bits = word.load(Ordering::Relaxed) & !but;
            while bits != 0 {
                let worker = index * BITS + bits.trailing_zeros() as usize;
                if self.wake(worker) {
                    return Some(worker);
                }
                bits = word.load(Ordering::Relaxed) & !but;
            }
        }
        None
    }

    /// Takes `worker` out of the set of sleepers; `false` if it was not in it.
    pub(super) fn wake(&self, worker: usize) -> bool {
        let bit = 1 << (worker % BITS);
        self.sleeping[worker / BITS].fetch_and(!bit, Ordering::AcqRel) & bit != 0
    }

    /// The worker, which may have been searching, is about to sleep. It must look at every queue
    /// once more after this.
    pub(super) fn sleep(&self, worker: usize, searching: bool) {
        self.sleeping[worker / BITS].fetch_or(1 << (worker % BITS), Ordering::AcqRel);
        if searching {
            self.stop_searching();
        }
        fence(Ordering::SeqCst);
    }

    /// Whether the worker may search: at most half of them do, so that they do not crowd.
    pub(super) fn start_searching(&self) -> bool {
        if 2 * self.searching.load(Ordering::Relaxed) >= self.workers.max(2) {
            return false;
        }
        self.searching.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// The worker stops searching. `true`: it was the last, so if it found a task it must look
    /// whether there is more, and see to the next searcher then.
    pub(super) fn stop_searching(&self) -> bool {
        let last = self.searching.fetch_sub(1, Ordering::AcqRel) == 1;
        // Who queued a task and left it to this searcher is seen by the look that follows.
        fence(Ordering::SeqCst);
        last
    }

    /// Has the next to sleep go on watch, if nobody is.
    pub(super) fn want_watch(&self) {
        // Relaxed: at worst the next small thing wakes somebody, too.
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// Goes on watch, if one is wanted or of use. The worker has said that it sleeps. `armed`: there are
    /// timers, which end the driver's sleep.
    pub(super) fn start_watch(&self, worker: usize, armed: bool) -> bool {
        // Relaxed, all: who sees a watch relies on no more than that it will end.
        let watcher = self.watcher.load(Ordering::Relaxed);
        let of_use = match watcher {
            // While all sleep there is nothing to watch, and a wait that has an end costs more.
            0 => self.wanted.swap(false, Ordering::Relaxed) || self.any_is_awake(),
            // The driver's would end with the next timer. It finds out when it ends it. Without timers
            // the driver keeps it: who is woken first for tasks then sleeps without an end.
            watcher => {
                armed && watcher == self.driver.load(Ordering::Relaxed) && watcher != worker + 1
            }
        };
        let watch = &self.watcher;
        of_use
            && watch
                .compare_exchange(watcher, worker + 1, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Ends the watch, if it is this worker's still. The worker must look at every queue then.
    pub(super) fn end_watch(&self, worker: usize) -> bool {
        let watch = &self.watcher;
        let was_mine =
            watch.compare_exchange(worker + 1, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if was_mine && !self.all_sleep_but(worker) {
            // Pairs with the fences in `worker_to_wake`.
            thread::fence_all();
        }
        was_mine
    }

    /// Whether all others sleep. What they have queued is seen after this; they see what was stored
    /// before, once they are awake.
    fn all_sleep_but(&self, worker: usize) -> bool {
        let others = self.sleeping.iter().enumerate().map(|(index, word)| {
            // A write, for both: each writes the word before it sleeps, and when it wakes up.
            let asleep = word.fetch_or(0, Ordering::AcqRel) & !bit_in(index, worker);
            asleep.count_ones() as usize
        });
        others.sum::<usize>() + 1 == self.workers
    }

    /// Whether any worker does not sleep.
    fn any_is_awake(&self) -> bool {
        let asleep = |word: &AtomicUsize| word.load(Ordering::Relaxed).count_ones() as usize;
        self.sleeping.iter().map(asleep).sum::<usize>() < self.workers
    }

    /// Becomes the worker that waits for timers and drivers, if none is. It must ask for the next
    /// deadline after this.
    pub(super) fn become_driver(&self, worker: usize) -> bool {
        let driver = &self.driver;
        let won = driver.compare_exchange(0, worker + 1, Ordering::AcqRel, Ordering::Relaxed);
        if won.is_ok() {
            // Relaxed: one driver at a time writes it, and each sees what the last one wrote.
            self.drives
                .store(self.drives.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
        // Pairs with the fence in `driver`: who adds a timer or the first source after we looked
        // at them sees us.
        fence(Ordering::SeqCst);
        won.is_ok()
    }

    pub(super) fn stop_driving(&self) {
        self.driver.store(0, Ordering::Release);
    }

    /// How often somebody became the driver so far.
    pub(super) fn drives(&self) -> usize {
        self.drives.load(Ordering::Relaxed)
    }

    /// Whether the worker is in the set of sleepers.
    pub(super) fn sleeps(&self, worker: usize) -> bool {
        self.sleeping[worker / BITS].load(Ordering::Relaxed) & (1 << (worker % BITS)) != 0
    }

    /// Becomes the one sleeper that looks whether anybody waits for timers and sources; see
    /// [`deputy`](super::deputy).
    pub(super) fn become_deputy(&self) -> bool {
        // Relaxed, here and below: nothing is published by it.
        let deputy = &self.has_deputy;
        deputy.compare_exchange(false, true, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(super) fn has_deputy(&self) -> bool {
        self.has_deputy.load(Ordering::Relaxed)
    }

    /// A worker that sleeps, and is not `worker`.
    pub(super) fn another_sleeper(&self, worker: usize) -> Option<usize> {
        (0..self.workers).find(|other| *other != worker && self.sleeps(*other))
    }

    pub(super) fn stop_deputising(&self) {
        self.has_deputy.store(false, Ordering::Relaxed);
    }

    /// The deputy relies on being woken by whoever stops driving, as long as `may` says so.
    pub(super) fn rest(&self, deputy: usize, may: impl FnOnce() -> bool) -> bool {
        self.resting.store(deputy + 1, Ordering::Relaxed);
        // Pairs with the fence in `resting_deputy`: either this sees that the driver is gone, or the
        // driver sees the deputy.
        fence(Ordering::SeqCst);
        let rests = may();
        if !rests {
            self.stop_resting();
        }
        rests
    }

    pub(super) fn stop_resting(&self) {
        self.resting.store(0, Ordering::Relaxed);
    }

    /// The deputy, if it is to be woken by whoever has stopped driving.
    pub(super) fn resting_deputy(&self) -> Option<usize> {
        fence(Ordering::SeqCst);
        self.resting.load(Ordering::Relaxed).checked_sub(1)
    }

    /// The worker that waits for timers and drivers, if one does.
    pub(super) fn driver(&self) -> Option<usize> {
        fence(Ordering::SeqCst);
        self.driver.load(Ordering::Relaxed).checked_sub(1)
    }
}
