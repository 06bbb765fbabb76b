//! What one registered source is ready for, and who waits for it.
//!
//! The system tells of *edges*: a source that became ready. [`Slot`] remembers it until somebody
//! finds it no longer so, which an operation does by `WouldBlock`. Between the moment when an
//! operation failed and the moment when the bit is cleared a new edge may arrive, and clearing
//! would lose it. So each edge counts up a *tick*, an [`Event`] carries the tick that it saw, and
//! [`State::clear`] does nothing if the tick is another by now.
//!
//! That a stream has ended is never forgotten, and yet an operation may block there: reading, while one
//! by completion is under way. Whoever found that waits for the next tick.
//!
//! Where the system can tell of a source again and again, for as long as there is something to read, the
//! host may have it do so ([`Slot::repeat`]). Then a read that has filled its buffer may forget the
//! readiness without having found `WouldBlock`: if there is more, the system says so again. Who has the
//! system go back to edges ends that first, and the system then looks at the source once more: should
//! there be more, either it still is to say so, or it has, which is another tick.
//!
//! A slot is used by one source after the other. A *generation*, which is in the token that the
//! system hands back with an edge, tells them apart: an edge of a source that is gone finds
//! another generation and changes nothing.
//!
//! Nobody who waits sleeps through an edge: who waits looks at the state after it has enlisted or
//! left its waker (under the lock), the reactor takes the waiters (under the lock) after it has
//! set the state.
//!
//! Who may wait: one task a direction by [`Slot::poll_ready`], which keeps the latest waker; any
//! number by [`Slot::ready`].
//!
//! Why unsafe: the waiters of a list promise that lock and list are always the same.

use crate::atomic::{AtomicUsize, Ordering};
use crate::env::dump::{self, Wait};
use crate::env::panics::Panics;
use crate::env::wait::{WaitList, WaitPoint, Waiter, wake_while};
use crate::io::{Interest, Ready};
use crate::lock::Lock;
use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// What a source was ready for at some moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) ready: Ready,
    /// The runtime that the source belongs to is shut down.
    pub(crate) shut_down: bool,
    /// The system tells again for as long as there is something to read.
    repeats: bool,
    tick: usize,
}

/// Which of the two tasks that a slot keeps a waker for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Direction {
    /// An error is for both: whichever is tried next reports it.
    #[inline]
    pub(crate) fn interest(self) -> Interest {
        match self {
            Self::Read => Interest::READABLE.add(Interest::ERROR),
            Self::Write => Interest::WRITABLE.add(Interest::ERROR),
        }
    }
}

/// Readiness, tick and generation in one word:
/// `generation | tick | unused bit | REPEATS | SHUT_DOWN | readiness (7 bits)`.
#[derive(Debug)]
struct State(AtomicUsize);

const SHUT_DOWN: usize = 1 << 7;
const REPEATS: usize = 1 << 8;
/// Even, so that what is left halves.
const TICK_SHIFT: u32 = 10;
/// As many bits for the generation as for the tick.
pub(crate) const GENERATION_BITS: u32 = (usize::BITS - TICK_SHIFT) / 2;
const GENERATION_SHIFT: u32 = TICK_SHIFT + GENERATION_BITS;
const TICK_MASK: usize = (1 << GENERATION_BITS) - 1;

impl State {
    fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Acquire pairs with the Release of whoever set or cleared a bit.
    #[inline]
    fn load(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    fn event(word: usize) -> Event {
        Event {
            ready: Ready::from_bits((word & (SHUT_DOWN - 1)) as u8),
            shut_down: word & SHUT_DOWN != 0,
            repeats: word & REPEATS != 0,
            tick: (word >> TICK_SHIFT) & TICK_MASK,
        }
    }

    /// Replaces the word by what `change` makes of it, unless it answers `None`.
    fn update(&self, change: impl Fn(usize) -> Option<usize>) -> Result<usize, usize> {
        // AcqRel: one change sees what those before it saw.
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, change)
    }

    /// An edge. Answers its tick; `None` if it was meant for another generation.
    fn set(&self, generation: usize, ready: Ready) -> Option<usize> {
        let with = |word| {
            let event = Self::event(word);
            let tick = event.tick.wrapping_add(1) & TICK_MASK;
            let rest = word & !(TICK_MASK << TICK_SHIFT);
            let same = word >> GENERATION_SHIFT == generation;
            same.then_some(rest | tick << TICK_SHIFT | usize::from(ready.bits()))
        };
        let before = self.update(with).ok()?;
        Some(Self::event(before).tick.wrapping_add(1) & TICK_MASK)
    }

    /// Forgets `ready`, unless an edge came after `event`.
    fn clear(&self, event: Event, ready: Ready) {
        let _ = self.update(|word| {
            let same = Self::event(word).tick == event.tick;
            same.then_some(word & !usize::from(ready.bits()))
        });
    }

    fn shut_down(&self) {
        self.0.fetch_or(SHUT_DOWN, Ordering::AcqRel);
    }

    /// Begins the next generation, ready for nothing; a slot that is shut down stays so.
    fn renew(&self) {
        let next = |word: usize| {
            let generation = (word >> GENERATION_SHIFT).wrapping_add(1);
            Some(generation << GENERATION_SHIFT | word & SHUT_DOWN)
        };
        let _ = self.update(next);
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Slot {
    state: State,
    waiters: Lock<Waiters>,
}

#[derive(Debug)]
pub(crate) struct Waiters {
    reader: Option<Waker>,
    writer: Option<Waker>,
    others: WaitList<Cell<Began>>,
}

/// What one of the others waits for, and the tick at which it began to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began {
    #[allow(dead_code)] // as `wanted`
    interest: Interest,
    /// Fits: a tick has at most 27 bits.
    tick: u32,
}

// SAFETY: always the one lock and the one list inside the slot that the reference keeps alive.
unsafe impl WaitPoint for &Slot {
    type Guarded = Waiters;
    type Slot = Cell<Began>;

    fn lock(&self) -> &Lock<Waiters> {
        &self.waiters
    }

    fn waiters(waiters: &mut Waiters) -> &mut WaitList<Cell<Began>> {
        &mut waiters.others
    }

    fn wait(&self, began: &Cell<Began>) -> Wait {
        socket(began.get().interest)
    }
}

/// For dumps.
fn socket(interest: Interest) -> Wait {
    Wait::new("socket").detail(match (interest.is_readable(), interest.is_writable()) {
        (true, true) => "readable or writable",
        (true, false) => "readable",
        (false, true) => "writable",
        (false, false) => "error or priority",
    })
}

impl Slot {
    pub(crate) fn new() -> Self {
        let waiters = Waiters { reader: None, writer: None, others: WaitList::new() };
        Self { state: State::new(), waiters: Lock::new(waiters) }
    }

    pub(crate) fn generation(&self) -> usize {
        self.state.load() >> GENERATION_SHIFT
    }

    /// What the source is ready for now, as far as `interest` goes.
    #[inline]
    pub(crate) fn event(&self, interest: Interest) -> Event {
        let event = State::event(self.state.load());
        Event { ready: event.ready & Ready::of(interest), ..event }
    }

    /// An edge, if it is of this generation.
    pub(crate) fn set(&self, generation: usize, ready: Ready) {
        if let Some(tick) = self.state.set(generation, ready) {
            self.wake(ready, |began| began != tick);
        }
    }

    /// Takes a new source for ready, before anybody waits for it: trying is cheaper than waiting
    /// for the first edge, and if it would block, that is forgotten.
    pub(crate) fn assume(&self, ready: Ready) {
        let generation = self.generation();
        let _ = self.state.set(generation, ready);
    }

    /// Forgets what `event` saw, unless an edge came since. That a stream has ended is never
    /// forgotten.
    pub(crate) fn clear(&self, event: Event) {
        self.clear_only(event, event.ready);
    }

    /// [`clear`](Self::clear) of some of what `event` saw.
    pub(crate) fn clear_only(&self, event: Event, ready: Ready) {
        self.state.clear(event, (event.ready & ready) - (Ready::READ_CLOSED | Ready::WRITE_CLOSED));
    }

    /// The system is about to tell of what there is to read again and again, and of nothing else: refused
    /// if somebody needs to be told when there is room to write.
    #[allow(dead_code)] // epoll alone can
    pub(crate) fn repeat(&self) -> bool {
        let writable = usize::from(Ready::WRITABLE.bits());
        let begin = |word| {
            let may = word & writable != 0 && word & (SHUT_DOWN | REPEATS) == 0;
            may.then_some(word | REPEATS)
        };
        self.state.update(begin).is_ok()
    }

    /// The system is about to tell of edges.
    #[allow(dead_code)] // as `repeat`
    pub(crate) fn stop_repeating(&self) {
        let _ = self.state.update(|word| Some(word & !REPEATS));
    }

    #[allow(dead_code)] // as `repeat`
    #[inline]
    pub(crate) fn repeats(&self) -> bool {
        State::event(self.state.load()).repeats
    }

    /// Whether it was told that there is something to read, and nobody has found otherwise since.
    #[allow(dead_code)] // as `repeat`
    #[inline]
    pub(crate) fn is_unread(&self) -> bool {
        self.state.load() & usize::from(Ready::READABLE.bits()) != 0
    }

    /// What somebody waits for, as a pair: reading, writing. For a host that has to ask for it.
    #[allow(dead_code)] // WASI alone asks
    pub(crate) fn wanted(&self) -> (bool, bool) {
        let mut waiters = self.waiters.lock();
        let mut wanted = (waiters.reader.is_some(), waiters.writer.is_some());
        waiters.others.for_each(|began| {
            let interest = began.get().interest;
            wanted.0 |= interest.is_readable();
            wanted.1 |= interest.is_writable();
        });
        wanted
    }

    /// Makes every wait end.
    pub(crate) fn shut_down(&self) {
        self.state.shut_down();
        // Nobody begins to wait any more.
        self.wake(Ready::ALL, |_| true);
    }

    /// The source is gone: nobody waits, and the next source may have the slot.
    pub(crate) fn renew(&self) {
        self.state.renew();
        let mut waiters = self.waiters.lock();
        let wakers = (waiters.reader.take(), waiters.writer.take());
        drop(waiters);
        drop(wakers);
    }

    /// Wakes the readers and writers that `ready` is for, and of the others those who began to
    /// wait at a tick that `meant` says is meant.
    fn wake(&self, ready: Ready, meant: impl Fn(usize) -> bool) {
        let mut waiters = self.waiters.lock();
        let reader = waiters.reader.take_if(|_| ready.is_readable() || ready.is_error());
        let writer = waiters.writer.take_if(|_| ready.is_writable() || ready.is_error());
        let mut panics = Panics::new();
        if waiters.others.is_empty() {
            drop(waiters);
        } else {
            panics.guard(|| wake_while(&self, waiters, |began| meant(began.get().tick as usize)));
        }
        let mut wake = |waker: Option<Waker>| {
            if let Some(waker) = waker {
                panics.guard(|| waker.wake());
            }
        };
        wake(reader);
        wake(writer);
        panics.resume();
    }

    /// Waits until the source is ready for `interest`, or shut down.
    async fn wait(&self, interest: Interest, tried: Tried) -> Event {
        let event = self.event(interest);
        if event.is_new(tried) {
            return event;
        }
        let mut waiter = pin!(Waiter::new(self, Cell::new(Began { interest, tick: 0 })));
        poll_fn(|cx| {
            waiter.as_mut().enroll(Some(cx.waker()), |_, began, _| {
                let event = self.event(interest);
                began.set(Began { interest, tick: event.tick as u32 });
                event.is_new(tried).then_some(event)
            })
        })
        .await
    }

    /// What the source is ready for in this direction, or the promise to wake the task of `cx`.
    #[inline]
    fn poll(&self, cx: &Context<'_>, direction: Direction, tried: Tried) -> Poll<Event> {
        let event = self.event(direction.interest());
        if event.is_new(tried) {
            return Poll::Ready(event);
        }
        let event = self.poll_slowly(cx.waker(), direction, tried);
        if event.is_pending() {
            dump::tell(|| socket(direction.interest()).on(&self.waiters));
        }
        event
    }

    #[cold]
    fn poll_slowly(&self, waker: &Waker, direction: Direction, tried: Tried) -> Poll<Event> {
        // Cloning is foreign code: not under the lock. Mostly it is needed: who woke has taken the last.
        let fresh = waker.clone();
        let mut waiters = self.waiters.lock();
        let event = self.event(direction.interest());
        if event.is_new(tried) {
            drop(waiters);
            return Poll::Ready(event);
        }
        let place = match direction {
            Direction::Read => &mut waiters.reader,
            Direction::Write => &mut waiters.writer,
        };
        let stale = place.replace(fresh);
        drop(waiters);
        drop(stale);
        Poll::Pending
    }
}

/// The tick at which an operation was tried in vain.
///
/// What is left of the readiness then is that the stream has ended, which is never forgotten: to try
/// again before the next edge would spin.
type Tried = Option<usize>;

impl Event {
    /// Whether there is anything to tell to whom has tried what he has.
    #[inline]
    fn is_new(&self, tried: Tried) -> bool {
        self.shut_down || (!self.ready.is_empty() && tried != Some(self.tick))
    }
}

mod operations;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
