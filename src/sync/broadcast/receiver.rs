//! The receiving half.

use super::error::{RecvError, TryRecvError};
use super::shared::{Found, Loan, Shared};
use crate::atomic::{Ordering, spin};
use crate::env::coop;
use crate::env::panics::Panics;
use crate::env::site::Site;
use crate::sync::wait::Waiter;
use alloc::sync::Arc;
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, ready};

/// Receives every message that is sent to a [broadcast channel](super) after it was made.
///
/// # Examples
///
/// ```
/// use creel::sync::broadcast;
///
/// let (tx, mut rx) = broadcast::channel(4);
/// tx.send(1).unwrap();
/// let mut late = rx.resubscribe();
/// tx.send(2).unwrap();
/// assert_eq!((rx.len(), late.len()), (2, 1));
/// assert_eq!((rx.try_recv(), late.try_recv()), (Ok(1), Ok(2)));
/// ```
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The position of the next message to receive.
    next: u64,
}

impl<T> Receiver<T> {
    /// The handle that `Shared::new` has counted.
    pub(super) fn first(shared: &Arc<Shared<T>>) -> Self {
        Self { shared: Arc::clone(shared), next: 0 }
    }

    pub(super) fn another(shared: &Arc<Shared<T>>) -> Self {
        let next = {
            let mut tail = shared.tail.lock();
            tail.receivers += 1;
            tail.position
        };
        Self { shared: Arc::clone(shared), next }
    }

    /// How many messages were sent that this receiver has not seen; those that it has missed count
    /// until it was told of them.
    pub fn len(&self) -> usize {
        (self.shared.tail.lock().position - self.next) as usize
    }

    /// Whether this receiver has seen all messages.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both receive from the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many senders there are, weak ones not counted.
    pub fn sender_strong_count(&self) -> usize {
        self.shared.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        self.shared.weak_senders.load(Ordering::Acquire)
    }

    /// Whether all senders are gone. There may be messages left.
    pub fn is_closed(&self) -> bool {
        self.sender_strong_count() == 0
    }
}

impl<T: Clone> Receiver<T> {
    /// Another receiver, of what is sent from now on.
    pub fn resubscribe(&self) -> Self {
        Self::another(&self.shared)
    }

    /// Receives the next message.
    ///
    /// # Errors
    /// - [`RecvError::Lagged`] if the receiver was too slow, once for each time it lagged.
    /// - [`RecvError::Closed`] if all senders are gone and all messages were received.
    ///
    /// # Panics
    /// If `T::clone` does. The message counts as received, and everybody else goes on.
    ///
    /// # Cancel safety
    /// A future that is dropped has received nothing.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// use creel::sync::broadcast::{self, error::RecvError};
    /// let (tx, mut rx) = broadcast::channel(2);
    /// for number in 1..=3 {
    ///     tx.send(number).unwrap();
    /// }
    /// drop(tx);
    /// assert_eq!(rx.recv().await, Err(RecvError::Lagged(1)));
    /// assert_eq!(rx.recv().await, Ok(2));
    /// assert_eq!(rx.recv().await, Ok(3));
    /// assert_eq!(rx.recv().await, Err(RecvError::Closed));
    /// # });
    /// ```
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        Site::here().of(async move {
            let ready = poll_fn(|cx| {
                let receipt = ready!(coop::poll_proceed(cx));
                let loan = self.shared.take(&mut self.next);
                if loan.is_some() {
                    receipt.made_progress();
                }
                Poll::Ready(loan.map(Loan::cloned))
            });
            if let Some(message) = ready.await {
                return Ok(message);
            }
            self.wait().await
        })
    }

    /// [`recv`](Self::recv), if there was no message at first.
    async fn wait(&mut self) -> Result<T, RecvError> {
        let Self { shared, next } = self;
        let shared: &Shared<T> = shared;
        let mut waiter = pin!(Waiter::new(shared, Cell::new(None)));
        poll_fn(|cx| {
            let receipt = ready!(coop::poll_proceed(cx));
            let found = ready!(waiter.as_mut().enroll(Some(cx.waker()), |tail, began, woken| {
                shared.find_or_wait(tail, next, began, woken)
            }));
            receipt.made_progress();
            Poll::Ready(match found {
                Found::Message(loan) => Ok(loan.cloned()),
                Found::Lagged(missed) => Err(RecvError::Lagged(missed)),
                Found::Closed => Err(RecvError::Closed),
                Found::Empty | Found::Busy => unreachable!("a waiter sleeps on these"),
            })
        })
        .await
    }

    /// Receives the next message, if it is there.
    ///
    /// While another thread clones the same message, this waits for it. On the very thread that
    /// does, which can only be within `T::clone`, the message is not there.
    ///
    /// # Errors
    /// - [`TryRecvError::Empty`] if there is none yet.
    /// - [`TryRecvError::Lagged`] if the receiver was too slow, once for each time it lagged.
    /// - [`TryRecvError::Closed`] if all senders are gone and all messages were received.
    ///
    /// # Panics
    /// If `T::clone` does. The message counts as received, and everybody else goes on.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Self { shared, next } = self;
        if let Some(loan) = shared.take(next) {
            return Ok(loan.cloned());
        }
        loop {
            let found = shared.find(&shared.tail.lock(), next);
            return match found {
                Found::Message(loan) => Ok(loan.cloned()),
                Found::Lagged(missed) => Err(TryRecvError::Lagged(missed)),
                Found::Closed => Err(TryRecvError::Closed),
                Found::Empty => Err(TryRecvError::Empty),
                Found::Busy if shared.slot(*next).is_lent_to_this_thread(*next) => {
                    Err(TryRecvError::Empty)
                }
                Found::Busy => {
                    spin();
                    continue;
                }
            };
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let (until, last) = {
            let mut tail = self.shared.tail.lock();
            tail.receivers -= 1;
            (tail.position, tail.receivers == 0)
        };
        let mut panics = Panics::new();
        let oldest = until.saturating_sub(self.shared.capacity());
        for position in self.next.max(oldest)..until {
            let unwanted = self.shared.slot(position).forget(position);
            panics.guard(|| drop(unwanted));
        }
        if last {
            panics.guard(|| self.shared.unheard.notify_waiters());
        }
        panics.resume();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::Receiver")
    }
}
