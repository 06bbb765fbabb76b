//! Answers to calls.

use crate::env::id::Id;
use crate::env::panics;
use crate::sync::oneshot;
use core::fmt;

/// The right, and the duty, to answer a call: part of a message that was made by
/// [`Addr::call`](super::Addr::call).
///
/// It can be answered in the handler, or kept, moved to another task, and answered later: the
/// actor goes on with other messages meanwhile. A caller whose `ReplyTo` is dropped gets an error,
/// so no call hangs because it was forgotten.
///
/// # Examples
/// ```
/// use creel::actor::{Actor, Context, ExitReason, ReplyTo};
/// use creel::time::{Duration, sleep};
///
/// struct Kitchen;
///
/// enum Order {
///     Egg { minutes: u64, reply: ReplyTo<&'static str> },
/// }
///
/// impl Actor for Kitchen {
///     type Message = Order;
///
///     async fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Result<(), ExitReason> {
///         let Order::Egg { minutes, reply } = order;
///         // The kitchen takes the next order while the egg boils.
///         creel::spawn(async move {
///             sleep(Duration::from_millis(minutes)).await;
///             reply.send(if minutes < 5 { "soft" } else { "hard" });
///         });
///         Ok(())
///     }
/// }
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let kitchen = Kitchen.start();
/// let order = |minutes| kitchen.call(move |reply| Order::Egg { minutes, reply });
/// let (hard, soft) = creel::join!(order(7), order(3));
/// assert_eq!((hard.unwrap(), soft.unwrap()), ("hard", "soft"));
/// # }
/// ```
#[must_use = "the caller gets an error if this is dropped"]
pub struct ReplyTo<T> {
    /// `None` only once it was used.
    sender: Option<oneshot::Sender<Answer<T>>>,
}

/// The answer, or the task that unwound while it had the right to give it.
pub(super) type Answer<T> = Result<T, Unwound>;

/// The task that panicked.
pub(super) struct Unwound(pub(super) Id);

impl<T> ReplyTo<T> {
    /// The right to answer, and where the answer will come.
    pub(super) fn new() -> (Self, oneshot::Receiver<Answer<T>>) {
        let (sender, receiver) = oneshot::channel();
        (Self { sender: Some(sender) }, receiver)
    }

    /// Answers. A caller that has gone meanwhile, by a timeout for example, is no error: the answer
    /// is dropped.
    pub fn send(self, answer: T) {
        drop(self.try_send(answer));
    }

    /// Answers, and tells whether somebody waited for it.
    ///
    /// # Errors
    /// The answer, if the caller has gone.
    pub fn try_send(mut self, answer: T) -> Result<(), T> {
        match self.sender.take().map(|sender| sender.send(Ok(answer))) {
            Some(Err(Ok(answer))) => Err(answer),
            _ => Ok(()),
        }
    }

    /// Whether the caller waits no more, so that work for it can be left undone.
    pub fn is_closed(&self) -> bool {
        self.sender.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// Completes when the caller waits no more: work for it can be cut short.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn closed(&mut self) {
        if let Some(sender) = &mut self.sender {
            sender.closed().await;
        }
    }
}

impl<T> Drop for ReplyTo<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take()
            && panics::unwinding()
            && let Some(task) = crate::task::try_id()
        {
            // The caller cannot know yet whether the actor ends by it.
            drop(sender.send(Err(Unwound(task))));
        }
    }
}

impl<T> fmt::Debug for ReplyTo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").field("closed", &self.is_closed()).finish()
    }
}
