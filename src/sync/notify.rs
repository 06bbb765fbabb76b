//! Telling one task, or all that wait, that something happened.
//!
//! # State
//!
//! The word of the list's lock has, besides the lock, a generation, which counts the calls of
//! `notify_waiters`, and one of two flags or none.
//!
//! 1. EMPTY ⇄ PERMIT: `notify_one` stores a permit, a poll takes it. By compare-and-swap, from
//!    anywhere, while the lock is free; else under the lock.
//! 2. EMPTY → WAITING: a poll enlists. WAITING → EMPTY: the last waiter of this generation is
//!    taken off or leaves. Only under the lock; with WAITING nobody else writes the word.
//! 3. `notify_waiters` begins a new generation, and takes those of older ones off the list in
//!    batches. While that goes on, the list may hold waiters of older generations in front; they
//!    are notified in all but name, so WAITING speaks of the current generation only.
//!
//! So to enlist is one atomic write, and so is to notify.
//!
//! A ticket's generation is read when the future is made: `notify_waiters` reaches futures that
//! were made before, polled or not.
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.

use super::panics::Panics;
use super::wait::{Notice, WaitList, WaitPoint, Waiter, WakeList, wake_while};
use crate::atomic::Ordering;
use crate::env::coop;
use crate::env::dump::Wait;
use crate::env::site::Site;
use crate::lock::{LOCKED, Lock, LockGuard};
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use pin_project_lite::pin_project;

#[cfg(feature = "alloc")]
pub use owned::OwnedNotified;

const PERMIT: usize = 1 << 1;
const WAITING: usize = 1 << 2;
const FLAGS: usize = LOCKED | PERMIT | WAITING;
const GENERATION: usize = 1 << 3;

/// Wakes tasks, and carries no data.
///
/// [`notify_one`](Self::notify_one) wakes the task that waits longest, or, if none waits, leaves
/// one permit for the next that comes. [`notify_waiters`](Self::notify_waiters) wakes all that
/// wait and leaves nothing. It is a semaphore of at most one permit that starts with none.
///
/// Data goes its own way: change it, then notify; wait, then look at it.
///
/// # Examples
///
/// ```
/// use creel::sync::Notify;
/// use std::sync::Arc;
///
/// #[creel::main]
/// async fn main() {
///     let ready = Arc::new(Notify::new());
///     let task = creel::spawn({
///         let ready = Arc::clone(&ready);
///         async move {
///             ready.notified().await;
///             "it happened"
///         }
///     });
///     // Comes in time, whether or not the task waits already.
///     ready.notify_one();
///     assert_eq!(task.await.unwrap(), "it happened");
/// }
/// ```
///
/// # Waiting for a condition
///
/// Several tasks wait until something holds; whoever makes it so calls `notify_waiters`. The order
/// is: make the future, look, wait. A notification between the look and the wait is not missed.
///
/// ```
/// use creel::sync::Notify;
/// use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
///
/// struct Gate {
///     open: AtomicBool,
///     opened: Notify,
/// }
///
/// impl Gate {
///     fn open(&self) {
///         self.open.store(true, SeqCst);
///         self.opened.notify_waiters();
///     }
///
///     async fn pass(&self) {
///         let opened = self.opened.notified();
///         if !self.open.load(SeqCst) {
///             opened.await;
///         }
///     }
/// }
///
/// #[creel::main]
/// async fn main() {
///     let gate = Gate { open: AtomicBool::new(false), opened: Notify::new() };
///     gate.open();
///     gate.pass().await;
/// }
/// ```
pub struct Notify {
    waiters: Lock<WaitList<Ticket>>,
}

/// What a waiter has.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// When its future was made.
    generation: usize,
    got: Cell<Got>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    Nothing,
    /// A permit, to be handed on to the one at the same end if it is not used.
    One(End),
    /// It is over: the future is done, or everybody was notified.
    Done,
}

/// Which of the waiters gets the permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    First,
    Last,
}

impl Notify {
    /// Without a permit.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self { waiters: Lock::new(WaitList::new()) }
    }

    /// Without a permit.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self { waiters: Lock::new(WaitList::new()) }
    }

    /// The same as [`new`](Self::new), under the name that tokio gives it in statics.
    #[cfg(not(loom))]
    pub const fn const_new() -> Self {
        Self::new()
    }

    /// A future that ends when this is notified.
    ///
    /// It ends by a permit that [`notify_one`](Self::notify_one) stored or hands over, or by a
    /// call of [`notify_waiters`](Self::notify_waiters) since this method was called. It takes its
    /// place in the queue when it is first polled, or by [`Notified::enable`].
    ///
    /// # Cancel safety
    /// Dropping the future gives up its place; a permit it was handed goes to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Notify;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let notify = Notify::new();
    ///     let notified = notify.notified();
    ///     notify.notify_waiters();
    ///     notified.await;
    /// }
    /// ```
    #[inline]
    #[track_caller]
    pub fn notified(&self) -> Notified<'_> {
        Notified { waiter: Waiter::new(self, self.ticket()).at(Site::here()) }
    }

    /// Hands a permit to the task that waits longest. If none waits, stores it for the next that
    /// comes; at most one is stored.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Notify;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let notify = Notify::new();
    ///     notify.notify_one();
    ///     notify.notify_one();
    ///     notify.notified().await;
    ///     // One permit was stored, not two.
    ///     let again = std::pin::pin!(notify.notified());
    ///     assert!(!again.enable());
    /// }
    /// ```
    #[inline]
    pub fn notify_one(&self) {
        self.notify(End::First);
    }

    /// Hands a permit to the task that came last. If none waits, stores it as
    /// [`notify_one`](Self::notify_one) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Notify;
    /// use std::pin::pin;
    ///
    /// let notify = Notify::new();
    /// let (mut first, mut last) = (pin!(notify.notified()), pin!(notify.notified()));
    /// first.as_mut().enable();
    /// last.as_mut().enable();
    /// notify.notify_last();
    /// assert!(last.enable() && !first.enable());
    /// ```
    #[inline]
    pub fn notify_last(&self) {
        self.notify(End::Last);
    }

    /// Ends all [`notified`](Self::notified) futures that were made before. Stores no permit, and
    /// takes none away.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Notify;
    /// use std::pin::pin;
    ///
    /// let notify = Notify::new();
    /// let before = pin!(notify.notified());
    /// notify.notify_waiters();
    /// let after = pin!(notify.notified());
    /// assert!(before.enable() && !after.enable());
    /// ```
    pub fn notify_waiters(&self) {
        let word = self.waiters.word();
        let mut state = word.load(Ordering::Relaxed);
        while state & (LOCKED | WAITING) == 0 {
            // Release pairs with the Acquire in `take`; Acquire as in `store_permit`.
            match word.compare_exchange_weak(
                state,
                state.wrapping_add(GENERATION),
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(actual) => state = actual,
            }
        }
        self.notify_all(self.waiters.lock());
    }

    #[inline]
    fn ticket(&self) -> Ticket {
        // Acquire: a future made after `notify_waiters` is made after what came before that.
        let state = self.waiters.word().load(Ordering::Acquire);
        Ticket { generation: state & !FLAGS, got: Cell::new(Got::Nothing) }
    }

    #[inline]
    fn notify(&self, end: End) {
        if !self.store_permit() {
            self.hand_permit(self.waiters.lock(), end);
        }
    }

    /// Stores a permit, unless somebody waits or the lock is taken.
    #[inline]
    fn store_permit(&self) -> bool {
        let word = self.waiters.word();
        let mut state = word.load(Ordering::Relaxed);
        while state & (LOCKED | WAITING) == 0 {
            // Also if a permit is there: Release pairs with the Acquire in `take`, by which whoever
            // takes the permit sees what came before this call. Acquire lets the permits that this
            // one swallows count as seen by this caller.
            match word.compare_exchange_weak(
                state,
                state | PERMIT,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(actual) => state = actual,
            }
        }
        false
    }

    /// Hands a permit to a waiter, or stores it if none waits.
    fn hand_permit<'a>(&'a self, mut waiters: LockGuard<'a, WaitList<Ticket>>, end: End) {
        if let Some(notice) = hand(&mut waiters, end) {
            drop(waiters);
            return notice.wake();
        }
        let mut panics = Panics::new();
        loop {
            if let Some(notice) = hand(&mut waiters, end) {
                drop(waiters);
                panics.guard(|| notice.wake());
                return panics.resume();
            }
            let mut wakers = WakeList::new();
            // Those of older generations are in front, and have been notified.
            let more = end == End::First && take_older(&mut waiters, &mut wakers);
            let state = waiters.word();
            let stored = !more && state & WAITING == 0;
            if stored {
                waiters.set_word(state | PERMIT);
            }
            drop(waiters);
            wakers.drain(&mut panics);
            if stored {
                return panics.resume();
            }
            waiters = self.waiters.lock();
        }
    }

    /// Begins a new generation and wakes those of the older ones.
    #[cold]
    fn notify_all(&self, mut waiters: LockGuard<'_, WaitList<Ticket>>) {
        let state = waiters.word().wrapping_add(GENERATION);
        waiters.set_word(state & !WAITING);
        wake_while(&self, waiters, |ticket| ticket.pass(state & !FLAGS));
    }

    /// Takes the permit, or sees that everybody was notified. `None` also if the lock is taken.
    #[inline]
    fn take(&self, ticket: &Ticket) -> Option<Got> {
        let word = self.waiters.word();
        // Acquire pairs with the Release of the generation in `notify_waiters`.
        let mut state = word.load(Ordering::Acquire);
        loop {
            if state & !FLAGS != ticket.generation {
                return Some(Got::Done);
            }
            if state & FLAGS != PERMIT {
                return None;
            }
            // Acquire pairs with the Release of `store_permit`.
            match word.compare_exchange_weak(
                state,
                ticket.generation,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(Got::One(End::First)),
                Err(actual) => state = actual,
            }
        }
    }

    /// A waiter was dropped.
    fn forsaken(&self, mut waiters: LockGuard<'_, WaitList<Ticket>>, ticket: &Ticket) {
        match ticket.got.get() {
            Got::One(end) => self.hand_permit(waiters, end),
            Got::Nothing => settle(&mut waiters),
            Got::Done => {}
        }
    }
}

/// Takes the waiter at that end off, with a permit, if it is of this generation.
#[inline]
fn hand(waiters: &mut LockGuard<'_, WaitList<Ticket>>, end: End) -> Option<Notice> {
    let state = waiters.word();
    if state & WAITING == 0 {
        return None;
    }
    let hand = |ticket: &Ticket| ticket.got.set(Got::One(end));
    let notice = match end {
        End::First if waiters.with_front(|it| it.generation) != Some(state & !FLAGS) => None,
        End::First => waiters.take_front(hand),
        End::Last => waiters.take_back(hand),
    };
    settle(waiters);
    notice
}

/// Takes waiters of older generations off, as `notify_waiters` is about to do. Answers whether
/// there may be more.
fn take_older(waiters: &mut LockGuard<'_, WaitList<Ticket>>, wakers: &mut WakeList) -> bool {
    let generation = waiters.word() & !FLAGS;
    waiters.take_while(wakers, |ticket| ticket.pass(generation))
}

/// After a waiter went: WAITING ends with the last of this generation.
#[inline]
fn settle(waiters: &mut LockGuard<'_, WaitList<Ticket>>) {
    let state = waiters.word();
    // The youngest is at the back.
    let last = waiters.with_back(|ticket| ticket.generation);
    if last != Some(state & !FLAGS) {
        waiters.set_word(state & !WAITING);
    }
}

/// What there is for the waiter. If nothing, it enlists.
fn admit(waiters: &mut LockGuard<'_, WaitList<Ticket>>, ticket: &Ticket) -> Option<Got> {
    let state = waiters.word();
    if ticket.got.get() != Got::Nothing {
        Some(ticket.got.get())
    } else if state & !FLAGS != ticket.generation {
        Some(Got::Done)
    } else if state & PERMIT != 0 {
        waiters.set_word(state & !PERMIT);
        Some(Got::One(End::First))
    } else {
        waiters.set_word(state | WAITING);
        None
    }
}

impl Ticket {
    /// Marks a ticket of another, so an older, generation as notified; answers whether it is one.
    fn pass(&self, generation: usize) -> bool {
        let older = self.generation != generation;
        if older {
            self.got.set(Got::Done);
        }
        older
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.waiters.word().load(Ordering::Relaxed);
        f.debug_struct("Notify")
            .field("permit", &(state & PERMIT != 0))
            .field("waiting", &(state & WAITING != 0))
            .finish()
    }
}

impl UnwindSafe for Notify {}
impl RefUnwindSafe for Notify {}

// SAFETY: always the one lock in the `Notify` that the reference keeps alive, and all it guards is
// the list.
unsafe impl WaitPoint for &Notify {
    type Guarded = WaitList<Ticket>;
    type Slot = Ticket;

    fn lock(&self) -> &Lock<WaitList<Ticket>> {
        &self.waiters
    }

    fn waiters(waiters: &mut WaitList<Ticket>) -> &mut WaitList<Ticket> {
        waiters
    }

    fn wait(&self, _: &Ticket) -> Wait {
        Wait::new("notify")
    }

    fn forsake(&self, waiters: LockGuard<'_, WaitList<Ticket>>, ticket: &Ticket, _: bool) {
        self.forsaken(waiters, ticket);
    }
}

pin_project! {
    /// Ends when its [`Notify`] is notified; made by [`Notify::notified`].
    ///
    /// # Cancel safety
    /// Dropping it gives up its place in the queue; a permit it was handed goes to the next.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Notified<'a> {
        #[pin]
        waiter: Waiter<&'a Notify>,
    }
}

impl Notified<'_> {
    /// Takes a place in the queue without waiting, or a permit if there is one; answers whether
    /// this is notified. The permit is then this future's, which ends at the next poll.
    ///
    /// After it `notify_one`, too, is not missed, although the future was not polled yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Notify;
    /// use std::pin::pin;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let notify = Notify::new();
    ///     let mut notified = pin!(notify.notified());
    ///     assert!(!notified.as_mut().enable());
    ///     // Handed to the future, not stored.
    ///     notify.notify_one();
    ///     assert!(!pin!(notify.notified()).enable());
    ///     notified.await;
    /// }
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        enable(self.project().waiter)
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        poll(self.project().waiter, cx)
    }
}

/// How the futures hold their `Notify`.
trait Handle: WaitPoint<Guarded = WaitList<Ticket>, Slot = Ticket> + Deref<Target = Notify> {}

impl<P> Handle for P where
    P: WaitPoint<Guarded = WaitList<Ticket>, Slot = Ticket> + Deref<Target = Notify>
{
}

/// The `poll` of both futures.
fn poll<P: Handle>(mut waiter: Pin<&mut Waiter<P>>, cx: &mut Context<'_>) -> Poll<()> {
    let got = ready!(obtain(waiter.as_mut(), Some(cx.waker())));
    if !coop::spend() {
        // The task must let others run before it goes on.
        note(waiter.as_mut(), got);
        waiter.keep();
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    note(waiter, Got::Done);
    Poll::Ready(())
}

/// The `enable` of both futures.
fn enable<P: Handle>(mut waiter: Pin<&mut Waiter<P>>) -> bool {
    let notified = obtain(waiter.as_mut(), None).is_ready();
    if notified {
        note(waiter, Got::Done);
    }
    notified
}

/// What there is for this waiter, which is ASIDE then; else it enlists.
fn obtain<P: Handle>(mut waiter: Pin<&mut Waiter<P>>, waker: Option<&Waker>) -> Poll<Got> {
    if let Some((notify, ticket)) = waiter.as_mut().aside() {
        if ticket.got.get() == Got::Done {
            return Poll::Ready(Got::Done);
        }
        if let Some(got) = notify.take(ticket) {
            return Poll::Ready(got);
        }
    } else if let Some((_, ticket)) = waiter.as_mut().notified() {
        let got = ticket.got.get();
        waiter.finish();
        return Poll::Ready(got);
    }
    waiter.enroll_at(waker, |_, waiters, ticket, _| admit(waiters, ticket))
}

/// Writes down what a waiter that is ASIDE has.
fn note<P: Handle>(waiter: Pin<&mut Waiter<P>>, got: Got) {
    if let Some((_, ticket)) = waiter.aside() {
        ticket.got.set(got);
    }
}

#[cfg(feature = "alloc")]
mod owned;
