//! What both ends of an mpsc channel share.
//!
//! # The word
//!
//! One 64-bit word decides everything; each change of it is one atomic read-modify-write.
//!
//! ```text
//!  bounded    [ tail: 30 | used: 30 | flags: 4 ]
//!  unbounded  [ tail: 60            | flags: 4 ]
//! ```
//!
//! - `tail` counts the values ever sent: it gives each its number in the [`Blocks`].
//! - `used` counts the part of the capacity that is taken: values not received yet, permits not
//!   used yet, and what is set aside for senders that wait.
//! - `RX_WAITING`: the receiver sleeps. The sender that clears it, together with its claim, wakes
//!   the receiver when its value is in place (see [`sleeper`](super::sleeper)).
//! - `TX_WAITING`: senders wait for capacity. Whoever frees some calls [`grant`](Chan::grant), and
//!   nobody else may take any, so the order is first come, first served.
//! - `CLOSED`: the receiver accepts no more. Permits given out before may still be used.
//! - `TX_GONE`: the last sender is gone.
//!
//! # Transitions
//!
//! | step | word | by |
//! |---|---|---|
//! | send | `tail + 1`, `used + 1`, `- RX_WAITING` | [`claim`](Chan::claim) |
//! | send by permit | `tail + 1`, `- RX_WAITING` | [`claim`](Chan::claim) |
//! | reserve | `used + n` | [`try_reserve`](Chan::try_reserve), [`grant`](Chan::grant) |
//! | receive, give a permit back | `used - n` | [`release`](Chan::release) |
//! | the receiver goes to sleep | `+ RX_WAITING` | [`poll_empty`](Chan::poll_empty) |
//! | a sender starts to wait | `+ TX_WAITING` | [`Reserve`](super::reserve::Reserve), under the lock |
//! | nobody waits any more | `- TX_WAITING` | [`grant`](Chan::grant), under the lock |
//! | close | `+ CLOSED` | [`close`](Chan::close) |
//! | the last sender goes | `+ TX_GONE` | [`Tx`](super::tx::Tx) |
//!
//! # Between claim and value
//!
//! A sender that has claimed a number and not yet written its value cannot be told apart from one
//! that sleeps in between. The window is a few instructions long. The receiver that meets it
//! spins for a moment, and then gives up its turn but not its place: it asks to be polled again.

// Why unsafe: the queue is lock-free, and this is where its promises are kept.

use super::reserve::Waiting;
use super::sleeper::Sleeper;
use crate::atomic::{AtomicUsize, Ordering, UnsafeCell, spin};
use crate::collections::blocks::{Blocks, Reader, Wrap};
use crate::collections::wide::Wide;
use crate::env::panics::Panics;
use crate::env::site::Site;
use crate::env::spans::Resource;
use crate::lock::Lock;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::task::{Context, Poll, Waker};

pub(super) const RX_WAITING: u64 = 1;
pub(super) const TX_WAITING: u64 = 1 << 1;
pub(super) const CLOSED: u64 = 1 << 2;
pub(super) const TX_GONE: u64 = 1 << 3;
const FLAGS: u32 = 4;
const USED_BITS: u32 = 30;

/// The largest capacity: so many numbers may be under way in a word that wraps.
pub(super) const MAX_CAPACITY: usize = (1 << (USED_BITS - 1)) - 1;

/// How many times the receiver looks again for a value whose sender has claimed its number.
const SPINS: usize = if cfg!(loom) { 1 } else { 64 };

/// How a channel treats its capacity. Sealed: [`Bounded`] and [`Unbounded`] are all there is.
pub trait Flow: Wrap + fmt::Debug + Send + Sync + 'static {
    /// What one value or permit takes of the capacity, in the word.
    #[doc(hidden)]
    const UNIT: u64;
    /// Where `tail` begins.
    #[doc(hidden)]
    const SHIFT: u32;

    /// How much capacity is free.
    #[doc(hidden)]
    fn room(&self, word: u64) -> usize;
}

/// A limited capacity: senders wait when it is used up. Marks a [`Receiver`](super::Receiver).
#[derive(Debug)]
pub struct Bounded {
    pub(super) capacity: usize,
}

impl Wrap for Bounded {
    const MASK: u64 = (1 << USED_BITS) - 1;
}

impl Flow for Bounded {
    const UNIT: u64 = 1 << FLAGS;
    const SHIFT: u32 = FLAGS + USED_BITS;

    #[inline]
    fn room(&self, word: u64) -> usize {
        self.capacity - used(word)
    }
}

/// No limit: sending never waits. Marks an [`UnboundedReceiver`](super::UnboundedReceiver).
#[derive(Debug)]
pub struct Unbounded;

impl Wrap for Unbounded {
    const MASK: u64 = u64::MAX >> FLAGS;
}

impl Flow for Unbounded {
    const UNIT: u64 = 0;
    const SHIFT: u32 = FLAGS;

    #[inline]
    fn room(&self, _: u64) -> usize {
        usize::MAX
    }
}

/// The part of a bounded channel's capacity that is taken.
#[inline]
pub(super) fn used(word: u64) -> usize {
    ((word >> FLAGS) & ((1 << USED_BITS) - 1)) as usize
}

/// Why a claim failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

/// A number in the channel that must be filled at once.
#[must_use]
pub(super) struct Claim {
    number: u64,
    wake: bool,
}

pub(super) struct Chan<T, F: Flow> {
    pub(super) word: Wide,
    pub(super) flow: F,
    pub(super) senders: AtomicUsize,
    pub(super) weak_senders: AtomicUsize,
    blocks: Blocks<T, F>,
    sleeper: Sleeper,
    pub(super) resource: Resource,
    pub(super) waiting: Lock<Waiting>,
    /// The receiver's.
    reader: UnsafeCell<Reader<T>>,
}

// SAFETY: the blocks hand each value from one sender to the one receiver, which `T: Send` allows;
// `reader` is the receiver's alone.
unsafe impl<T: Send, F: Flow> Send for Chan<T, F> {}
// SAFETY: as above.
unsafe impl<T: Send, F: Flow> Sync for Chan<T, F> {}
impl<T, F: Flow> UnwindSafe for Chan<T, F> {}
impl<T, F: Flow> RefUnwindSafe for Chan<T, F> {}

impl<T, F: Flow> Chan<T, F> {
    /// A channel with one sender.
    #[track_caller]
    pub(super) fn new(flow: F) -> Self {
        let (blocks, reader) = Blocks::new();
        Self {
            word: Wide::new(0),
            flow,
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
            blocks,
            sleeper: Sleeper::new(),
            resource: Resource::new("mpsc", "Sync", Site::here()),
            waiting: Lock::new(Waiting::new()),
            reader: UnsafeCell::new(reader),
        }
    }

    #[inline]
    pub(super) fn word(&self) -> u64 {
        // Acquire pairs with the Release of whoever closed or went, so that they come before what
        // follows the look.
        self.word.load(Ordering::Acquire)
    }

    #[inline]
    fn tail(word: u64) -> u64 {
        word >> F::SHIFT
    }
}

/// Sending.
impl<T, F: Flow> Chan<T, F> {
    /// Sends if there is room.
    #[inline]
    pub(super) fn try_send(&self, value: T) -> Result<(), (Refused, T)> {
        let admit = |word| match self.refusal(word, 1) {
            None => Ok(F::UNIT),
            Some(refused) => Err(refused),
        };
        match self.claim(admit) {
            Ok(claim) => {
                self.fill(claim, value);
                Ok(())
            }
            Err(refused) => Err((refused, value)),
        }
    }

    /// Sends by a permit, whose part of the capacity becomes the value's.
    #[inline]
    pub(super) fn send_reserved(&self, value: T) {
        if let Ok(claim) = self.claim::<Refused>(|_| Ok(0)) {
            self.fill(claim, value);
        }
    }

    /// Why `n` places cannot be had at once, if they cannot.
    #[inline]
    pub(super) fn refusal(&self, word: u64, n: usize) -> Option<Refused> {
        if word & CLOSED != 0 {
            Some(Refused::Closed)
        } else if n != 0 && (word & TX_WAITING != 0 || self.flow.room(word) < n) {
            Some(Refused::Full)
        } else {
            None
        }
    }

    /// Takes the next number, and of the capacity what `admit` says.
    #[inline]
    fn claim<E>(&self, admit: impl Fn(u64) -> Result<u64, E>) -> Result<Claim, E> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let new = word.wrapping_add(admit(word)?).wrapping_add(1 << F::SHIFT) & !RX_WAITING;
            // Acquire: the blocks ask for it, and what the receiver did before it freed the place
            // (Release in `release`) comes before the send.
            match self.word.compare_exchange_weak(word, new, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => {
                    return Ok(Claim { number: Self::tail(word), wake: word & RX_WAITING != 0 });
                }
                Err(now) => word = now,
            }
        }
    }

    /// Puts the value where the claim says. Nothing between claim and here can panic.
    #[inline]
    fn fill(&self, claim: Claim, value: T) {
        // Release: what was done with the blocks before is seen by later claims.
        let given = || Self::tail(self.word.fetch_or(0, Ordering::AcqRel));
        // SAFETY: the claim was made by Acquire and is used up here.
        unsafe { self.blocks.write(claim.number, value, given) };
        if claim.wake {
            // SAFETY: the claim has cleared the flag.
            unsafe { self.sleeper.take() }.wake();
        }
    }

    /// Clears the flag; the waker, if it was set.
    fn rouse(&self) -> Option<Waker> {
        // Acquire pairs with the Release that set the flag; AcqRel for symmetry costs nothing.
        let before = self.word.fetch_and(!RX_WAITING, Ordering::AcqRel);
        // SAFETY: the flag was cleared just now.
        (before & RX_WAITING != 0).then(|| unsafe { self.sleeper.take() })
    }

    /// The last sender has gone.
    pub(super) fn senders_gone(&self) {
        // Release: all that was sent comes before the end. Acquire for symmetry costs nothing.
        self.word.fetch_or(TX_GONE, Ordering::AcqRel);
        self.rouse().into_iter().for_each(Waker::wake);
    }
}

/// The capacity.
impl<T, F: Flow> Chan<T, F> {
    /// Takes `n` places if they are free.
    #[inline]
    pub(super) fn try_reserve(&self, n: usize) -> Result<(), Refused> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            match self.refusal(word, n) {
                Some(refused) => return Err(refused),
                None if n == 0 => return Ok(()),
                None => {}
            }
            let new = word + n as u64 * F::UNIT;
            // Acquire as in `claim`.
            match self.word.compare_exchange_weak(word, new, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// Takes up to `n` places for a sender that waits, under the lock. If they do not suffice,
    /// sets `TX_WAITING`. Answers how many it took.
    pub(super) fn reserve_some(&self, n: usize) -> Result<usize, Refused> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & CLOSED != 0 {
                return Err(Refused::Closed);
            }
            let some = self.flow.room(word).min(n);
            let mut new = word + some as u64 * F::UNIT;
            if some < n {
                new |= TX_WAITING;
            }
            // Acquire as in `claim`.
            match self.word.compare_exchange_weak(word, new, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Ok(some),
                Err(now) => word = now,
            }
        }
    }

    /// Gives `n` places back, to the senders that wait first.
    #[inline]
    pub(super) fn release(&self, n: usize) {
        if F::UNIT == 0 || n == 0 {
            return;
        }
        // Release pairs with the Acquire of the claim that takes the place.
        let before = self.word.fetch_sub(n as u64 * F::UNIT, Ordering::Release);
        if before & (TX_WAITING | CLOSED) != 0 {
            self.released(before, n);
        }
    }

    #[cold]
    fn released(&self, before: u64, n: usize) {
        if before & TX_WAITING != 0 {
            self.grant();
        }
        // A closed channel ends when the last permit has come back.
        if before & CLOSED != 0 && used(before) == n {
            self.rouse().into_iter().for_each(Waker::wake);
        }
    }
}

/// Receiving. All of it is called by the one receiver, which the callers have exclusively, but for
/// `len` and `ended`.
impl<T, F: Flow> Chan<T, F> {
    /// Takes the next value, without giving its place back.
    #[inline]
    fn pop(&self) -> Option<T> {
        // SAFETY: only the receiver comes here.
        self.reader.with_mut(|reader| unsafe { self.blocks.read(&mut *reader) })
    }

    /// Takes the next value.
    #[inline]
    pub(super) fn take(&self) -> Option<T> {
        let value = self.pop()?;
        self.release(1);
        Some(value)
    }

    /// Takes up to `limit` values and hands them to `sink`, which must not panic.
    #[inline]
    pub(super) fn take_many(&self, limit: usize, mut sink: impl FnMut(T)) -> usize {
        let mut taken = 0;
        while taken < limit {
            let Some(value) = self.pop() else { break };
            sink(value);
            taken += 1;
        }
        self.release(taken);
        taken
    }

    /// How many values are in the channel, those included that are just being put in.
    #[inline]
    pub(super) fn len(&self, word: u64) -> usize {
        // SAFETY: the receiver is borrowed, so it receives nothing meanwhile.
        let next = self.reader.with(|reader| unsafe { (*reader).next() });
        (Self::tail(word).wrapping_sub(next) & F::MASK) as usize
    }

    /// Whether an empty channel will stay so.
    #[inline]
    pub(super) fn ended(word: u64) -> bool {
        word & TX_GONE != 0 || (word & CLOSED != 0 && (F::UNIT == 0 || used(word) == 0))
    }

    /// The channel looked empty: `Ready(true)` if it has ended, `Ready(false)` if there is
    /// something after all, else the receiver sleeps.
    pub(super) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(word) = self.fall_asleep(cx.waker()) else {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        };
        if self.len(word) == 0 {
            return if Self::ended(word) { Poll::Ready(true) } else { Poll::Pending };
        }
        for _ in 0..SPINS {
            if self.is_next_there() {
                return Poll::Ready(false);
            }
            spin();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Sees to it that `waker` is called by whoever sends next, or ends the channel. Answers the word
    /// as it was then; `None` if somebody is about to call the waker from before.
    #[inline]
    fn fall_asleep(&self, waker: &Waker) -> Option<u64> {
        let mut stale = None;
        if self.sleeper.is_full() {
            let word = self.word();
            if word & RX_WAITING != 0 && self.sleeper.will_wake(waker) {
                // The flag is in the word since before, so whatever is missing here wakes.
                return Some(word);
            }
            stale = self.rouse();
            if self.sleeper.is_full() {
                spin();
                return None;
            }
        }
        self.sleeper.put(waker.clone());
        // Release publishes the waker. A claim that comes after this sees the flag and wakes, and
        // so do `senders_gone`, `close` and the release of the last permit; if they came before,
        // it is seen here, by Acquire.
        let word = self.word.fetch_or(RX_WAITING, Ordering::AcqRel);
        drop(stale);
        Some(word)
    }

    fn is_next_there(&self) -> bool {
        // SAFETY: only the receiver comes here.
        self.reader.with_mut(|reader| unsafe { self.blocks.is_written(&mut *reader) })
    }

    /// Waits, by spinning, until the value is there whose number has been claimed.
    pub(super) fn await_next(&self) {
        let mut turns = 0;
        while !self.is_next_there() {
            turns += 1;
            crate::collections::pause(turns);
        }
    }

    /// Accepts no more, and wakes everybody that waits to send, or for this.
    pub(super) fn close(&self) {
        // Release: what the receiver did before comes before what those do who see it.
        let before = self.word.fetch_or(CLOSED, Ordering::AcqRel);
        if before & CLOSED == 0 {
            self.wake_all();
        }
    }

    /// The receiver goes: closes, and drops what is in the channel.
    pub(super) fn receiver_gone(&self) {
        let mut panics = Panics::new();
        panics.guard(|| self.close());
        panics.guard(|| drop(self.rouse()));
        self.drain(&mut panics);
        panics.resume();
    }

    /// Drops all values, also if the drop of one panics.
    fn drain(&self, panics: &mut Panics) {
        while let Some(value) = self.take() {
            panics.guard(|| drop(value));
        }
    }
}

impl<T, F: Flow> Drop for Chan<T, F> {
    fn drop(&mut self) {
        let mut panics = Panics::new();
        // Permits may have sent after the receiver had gone.
        self.drain(&mut panics);
        // SAFETY: nobody else is there.
        self.reader.with_mut(|reader| unsafe { self.blocks.free(&mut *reader) });
        panics.resume();
    }
}
