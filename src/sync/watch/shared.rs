//! What senders and receivers share: the value, its version, and who waits for the next one.
//!
//! `state` is one word, so that a sender and a receiver that begins to wait cannot miss each other:
//!
//! | bits | meaning | set by | cleared by |
//! |---|---|---|---|
//! | 0 `CLOSED` | all senders are gone | the last sender's drop | never |
//! | 1 `AWAITED` | somebody may be in `waiters` | a waiter, under the lock of `waiters` | `announce`, under the same lock |
//! | others | the version | a sender that holds the value for writing | |
//!
//! A receiver links itself under the lock and then sets `AWAITED`; what the word was at that moment
//! tells it whether a newer version came first. A sender counts the version up, and what the word
//! was at that moment tells it whether somebody waits. Both are changes of one word, so one comes
//! first. While nobody waits, sending therefore touches neither lock nor list.
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.

use super::error::RecvError;
use super::value::{ReadGuard, Value, WriteGuard};
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::dump::Wait;
use crate::lock::Lock;
use crate::sync::Notify;
use crate::sync::wait::{WaitList, WaitPoint, Waiter, wake_while};
use core::cell::Cell;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

const CLOSED: usize = 1;
const AWAITED: usize = 2;
const STEP: usize = 4;

pub(super) struct Shared<T> {
    value: Value<T>,
    state: AtomicUsize,
    waiters: Lock<WaitList<Cell<Version>>>,
    pub(super) receivers: AtomicUsize,
    pub(super) senders: AtomicUsize,
    /// Told when the last receiver goes.
    pub(super) unwatched: Notify,
}

/// How many values there have been, up to wrapping around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version(usize);

impl Version {
    pub(super) const FIRST: Self = Self(0);

    fn of(state: usize) -> Self {
        Self(state & !(CLOSED | AWAITED))
    }

    /// A version before this one.
    pub(super) fn previous(self) -> Self {
        Self(self.0.wrapping_sub(STEP))
    }
}

impl<T> Shared<T> {
    pub(super) fn new(value: T, receivers: usize) -> Self {
        Self {
            value: Value::new(value),
            state: AtomicUsize::new(0),
            waiters: Lock::new(WaitList::new()),
            receivers: AtomicUsize::new(receivers),
            senders: AtomicUsize::new(1),
            unwatched: Notify::new(),
        }
    }

    #[inline]
    pub(super) fn version(&self) -> Version {
        Version::of(self.load())
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.load() & CLOSED != 0
    }

    /// The value and its version.
    #[inline]
    pub(super) fn read(&self) -> (ReadGuard<'_, T>, Version) {
        let value = self.value.read();
        // Nobody counts the version up while the value is held for reading.
        let version = self.version();
        (value, version)
    }

    #[inline]
    pub(super) fn write(&self) -> WriteGuard<'_, T> {
        self.value.write()
    }

    /// Makes what was written the next version, and wakes who waits for it.
    #[inline]
    pub(super) fn publish(&self, value: WriteGuard<'_, T>) {
        // Release pairs with the Acquire in `load`; Acquire with a waiter's Release in `news_later`.
        let before = self.state.fetch_add(STEP, Ordering::AcqRel);
        drop(value);
        if before & AWAITED != 0 {
            self.announce();
        }
    }

    /// Tells the receivers that no value will come any more.
    pub(super) fn close(&self) {
        // Release and Acquire as in `publish`.
        if self.state.fetch_or(CLOSED, Ordering::AcqRel) & AWAITED != 0 {
            self.announce();
        }
    }

    /// Ready when there is a version other than `seen`, or never will be.
    #[inline]
    pub(super) fn poll_changed(
        &self,
        seen: &mut Version,
        waiter: Pin<&mut Waiter<&Self>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), RecvError>> {
        let news = match self.news(*seen) {
            Some(news) => news,
            None => ready!(waiter.enroll(Some(cx.waker()), |_, slot, _| {
                self.news(*seen).or_else(|| {
                    slot.set(*seen);
                    self.news_later(*seen)
                })
            })),
        };
        Poll::Ready(news.map(|version| *seen = version))
    }

    #[inline]
    fn news(&self, seen: Version) -> Option<Result<Version, RecvError>> {
        Self::compare(self.load(), seen)
    }

    /// As [`news`](Self::news), and if there are none, whoever makes some will wake. Under the lock
    /// of the waiters, of which the caller is one.
    fn news_later(&self, seen: Version) -> Option<Result<Version, RecvError>> {
        // Release and Acquire: either this sees the other's change of the word or the other this.
        Self::compare(self.state.fetch_or(AWAITED, Ordering::AcqRel), seen)
    }

    #[inline]
    fn compare(state: usize, seen: Version) -> Option<Result<Version, RecvError>> {
        match Version::of(state) {
            version if version != seen => Some(Ok(version)),
            _ if state & CLOSED != 0 => Some(Err(RecvError(()))),
            _ => None,
        }
    }

    #[cold]
    fn announce(&self) {
        let waiters = self.waiters.lock();
        // Relaxed: the bit is set and cleared under this lock only.
        self.state.fetch_and(!AWAITED, Ordering::Relaxed);
        // Those who came after this version stay, and the first of them renews the bit. They stand
        // at the back, because waiters line up in the order of what they have seen.
        wake_while(&self, waiters, |slot| {
            let seen = slot.get();
            self.news(seen).or_else(|| self.news_later(seen)).is_some()
        });
    }

    #[inline]
    fn load(&self) -> usize {
        // Acquire pairs with the Releases in `publish` and `close`.
        self.state.load(Ordering::Acquire)
    }
}

// SAFETY: always the one lock and the one list inside what the reference keeps alive.
unsafe impl<T> WaitPoint for &Shared<T> {
    type Guarded = WaitList<Cell<Version>>;
    type Slot = Cell<Version>;

    fn lock(&self) -> &Lock<WaitList<Cell<Version>>> {
        &self.waiters
    }

    fn waiters(list: &mut WaitList<Cell<Version>>) -> &mut WaitList<Cell<Version>> {
        list
    }

    fn wait(&self, _: &Cell<Version>) -> Wait {
        Wait::new("watch")
    }
}
