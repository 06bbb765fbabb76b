//! Addresses: how others reach an actor.

use super::behaviour::LocalActor;
use super::error::{CallError, CastError};
use super::exit::ExitReason;
use super::mailbox::{Priority, Refusal, Shared, Ticket};
use super::reply::{ReplyTo, Unwound};
use super::signals::ActorId;
use crate::env::site::Site;
use crate::time::{Duration, timeout};
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;

/// The address of an actor. Clone it freely.
///
/// An actor whose last address is dropped handles what is in its mailbox and ends normally. Who
/// should not keep it alive holds a [`WeakAddr`].
///
/// Messages through one address arrive in the order in which they were sent. Of those sent through
/// [`high`](Self::high) the same holds, and they overtake all others.
pub struct Addr<A: LocalActor> {
    shared: Arc<Shared<A::Message>>,
    priority: Priority,
}

impl<A: LocalActor> Addr<A> {
    /// The one that a new mailbox is made with.
    pub(super) fn first(shared: Arc<Shared<A::Message>>) -> Self {
        Self { shared, priority: Priority::Normal }
    }

    /// Another one, of an actor that is there.
    pub(super) fn another(shared: &Arc<Shared<A::Message>>) -> Self {
        shared.retain();
        Self::first(shared.clone())
    }

    pub(super) fn shared(&self) -> &Arc<Shared<A::Message>> {
        &self.shared
    }

    /// Who it is.
    pub fn id(&self) -> ActorId {
        ActorId(self.shared.id)
    }

    /// An address whose messages are handled before all that come through ordinary ones. They have
    /// room of their own: a mailbox full of ordinary messages does not keep them out.
    pub fn high(&self) -> Self {
        let mut high = self.clone();
        high.priority = Priority::High;
        high
    }

    /// Sends a message if there is room.
    ///
    /// # Errors
    /// [`CastError`] with the message, if the mailbox is full or the actor accepts no more.
    ///
    /// # Examples
    /// ```
    /// use creel::actor::{Actor, Context, ExitReason, Mailbox};
    ///
    /// struct Slow;
    ///
    /// impl Actor for Slow {
    ///     type Message = u32;
    ///
    ///     fn mailbox(&self) -> Mailbox {
    ///         Mailbox::bounded(1)
    ///     }
    ///
    ///     async fn handle(&mut self, _: u32, _: &mut Context<Self>) -> Result<(), ExitReason> {
    ///         std::future::pending().await
    ///     }
    /// }
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let slow = Slow.start();
    /// assert!(slow.try_cast(1_u32).is_ok());
    /// assert!(slow.try_cast(2_u32).unwrap_err().is_full());
    /// // What is urgent has room of its own.
    /// assert!(slow.high().try_cast(3_u32).is_ok());
    /// # }
    /// ```
    #[inline]
    pub fn try_cast(&self, message: impl Into<A::Message>) -> Result<(), CastError<A::Message>> {
        match self.shared.push(self.priority, message.into(), Ticket::None) {
            Ok(()) => Ok(()),
            Err((Refusal::Full(_), message)) => Err(CastError::Full(message)),
            Err((_, message)) => Err(CastError::Closed(message)),
        }
    }

    /// Sends a message. If the mailbox is full and its policy is to wait, waits for room; an actor
    /// that casts to itself is refused instead, because it would wait for ever.
    ///
    /// Success means that the message is in the mailbox. It is handled unless the actor ends before
    /// its turn comes, or the mailbox has a policy that drops.
    ///
    /// # Errors
    /// [`CastError`] with the message, if the actor accepts no more, or there is no room and the
    /// policy is not to wait.
    ///
    /// # Cancel safety
    /// Dropping the future drops the message unsent and gives up the place in the queue.
    #[track_caller]
    pub fn cast(
        &self,
        message: impl Into<A::Message>,
    ) -> impl Future<Output = Result<(), CastError<A::Message>>> {
        Site::here().of(async move {
            match self.post(message.into(), Ticket::None).await {
                Ok(()) => Ok(()),
                Err((Refusal::Full(_), message)) => Err(CastError::Full(message)),
                Err((_, message)) => Err(CastError::Closed(message)),
            }
        })
    }

    /// Asks, and waits for the answer. `message` makes the message from the right to answer it; the
    /// variant of an enum that holds nothing but a [`ReplyTo`] is such a function already.
    ///
    /// A call never hangs because of the actor's end: if the actor ends, or drops the `ReplyTo`,
    /// that is an error. It can wait as long as the actor lives and keeps the question; to wait at
    /// most so long there is [`call_timeout`](Self::call_timeout).
    ///
    /// # Errors
    /// [`CallError`] if there is no answer.
    ///
    /// # Cancel safety
    /// Dropping the future gives the call up, wherever it stands: the message, if it was sent, is
    /// still handled, and its answer dropped. Nothing is left behind.
    #[track_caller]
    pub fn call<R>(
        &self,
        message: impl FnOnce(ReplyTo<R>) -> A::Message,
    ) -> impl Future<Output = Result<R, CallError>> {
        Site::here().of(async move {
            let (reply, answer) = ReplyTo::new();
            let ticket = Ticket::Caller(crate::task::try_id());
            if let Err((refusal, message)) = self.post(message(reply), ticket).await {
                drop(message);
                return Err(match refusal {
                    Refusal::Full(_) => CallError::Full,
                    Refusal::Itself => CallError::CallsItself,
                    Refusal::Closed => {
                        self.shared.fate().map_or(CallError::Stopping, CallError::Exited)
                    }
                });
            }
            let fate = match answer.await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Unwound(task))) => self.shared.outcome_of_unwinding(task).await,
                Err(_) => self.shared.fate(),
            };
            Err(fate.map_or(CallError::NoReply, CallError::Exited))
        })
    }

    /// [`call`](Self::call), for at most so long.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Timeout`] if the answer did not come in time.
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Cancel safety
    /// As [`call`](Self::call).
    pub async fn call_timeout<R>(
        &self,
        limit: Duration,
        message: impl FnOnce(ReplyTo<R>) -> A::Message,
    ) -> Result<R, CallError> {
        timeout(limit, self.call(message)).await.unwrap_or(Err(CallError::Timeout))
    }

    /// Sends, and waits for room where the policy says so.
    async fn post(&self, message: A::Message, ticket: Ticket) -> Result<(), (Refusal, A::Message)> {
        match self.shared.push(self.priority, message, ticket) {
            Err((Refusal::Full(Some(room)), message)) => {
                if self.shared.is_run_by(crate::task::try_id()) {
                    return Err((Refusal::Full(None), message));
                }
                let Ok(place) = room.acquire().await else {
                    return Err((Refusal::Closed, message));
                };
                self.shared.push(self.priority, message, Ticket::Place)?;
                place.forget();
                Ok(())
            }
            sent => sent,
        }
    }

    /// Stops the actor gracefully: it accepts no more, handles what is in its mailbox, and ends
    /// normally. Of this and an earlier stop, the first counts.
    pub fn stop(&self) {
        self.shared.stop(ExitReason::Normal);
    }

    /// [`stop`](Self::stop), for a reason of one's own.
    pub fn stop_with(&self, reason: ExitReason) {
        self.shared.stop(reason);
    }

    /// Ends the actor at once: it is dropped at its next turn, wherever it stands, and so are the
    /// messages in its mailbox. A handler that blocks the thread is not interrupted.
    pub fn kill(&self) {
        self.shared.kill();
    }

    /// Waits until the actor has ended and is dropped.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub fn wait(&self) -> impl Future<Output = ExitReason> + use<A> {
        // The wait itself does not keep the actor alive.
        let shared = self.shared.clone();
        async move { shared.ended().await }
    }

    /// Waits until the actor is initialised.
    ///
    /// # Errors
    /// Why it ended before that.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    #[track_caller]
    pub fn ready(&self) -> impl Future<Output = Result<(), ExitReason>> {
        Site::here().of(async move { self.shared.ready().await })
    }

    /// Whether the actor accepts no more: it is stopping or has ended.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// How many messages wait in the mailbox.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages were dropped because the mailbox was full.
    pub fn dropped(&self) -> usize {
        self.shared.dropped()
    }

    /// How many addresses there are that keep the actor alive.
    pub fn strong_count(&self) -> usize {
        self.shared.strong()
    }

    /// An address that does not keep the actor alive.
    pub fn downgrade(&self) -> WeakAddr<A> {
        WeakAddr { shared: self.shared.clone() }
    }
}

impl<A: LocalActor> Clone for Addr<A> {
    fn clone(&self) -> Self {
        self.shared.retain();
        Self { shared: self.shared.clone(), priority: self.priority }
    }
}

impl<A: LocalActor> Drop for Addr<A> {
    fn drop(&mut self) {
        self.shared.release();
    }
}

/// Addresses of the same actor are equal.
impl<A: LocalActor> PartialEq for Addr<A> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<A: LocalActor> Eq for Addr<A> {}

impl<A: LocalActor> fmt::Debug for Addr<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addr").field("id", &self.shared.id).finish_non_exhaustive()
    }
}

/// An address that does not keep its actor alive; made by [`Addr::downgrade`].
///
/// # Examples
/// ```
/// # use creel::actor::{Actor, Context, ExitReason};
/// # struct Idle;
/// # impl Actor for Idle {
/// #     type Message = ();
/// #     async fn handle(&mut self, _: (), _: &mut Context<Self>) -> Result<(), ExitReason> { Ok(()) }
/// # }
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let addr = Idle.start();
/// let weak = addr.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(addr);
/// assert!(weak.upgrade().is_none());
/// assert!(weak.wait().await.is_normal());
/// # }
/// ```
pub struct WeakAddr<A: LocalActor> {
    shared: Arc<Shared<A::Message>>,
}

impl<A: LocalActor> WeakAddr<A> {
    pub(super) fn new(shared: Arc<Shared<A::Message>>) -> Self {
        Self { shared }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<A::Message>> {
        &self.shared
    }

    /// Who it is.
    pub fn id(&self) -> ActorId {
        ActorId(self.shared.id)
    }

    /// A strong address, if there still is one somewhere and the actor accepts messages.
    pub fn upgrade(&self) -> Option<Addr<A>> {
        let is_there = !self.shared.is_closed() && self.shared.try_retain();
        is_there.then(|| Addr::first(self.shared.clone()))
    }

    /// Waits until the actor has ended and is dropped.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub fn wait(&self) -> impl Future<Output = ExitReason> + use<A> {
        let shared = self.shared.clone();
        async move { shared.ended().await }
    }
}

impl<A: LocalActor> Clone for WeakAddr<A> {
    fn clone(&self) -> Self {
        Self::new(self.shared.clone())
    }
}

impl<A: LocalActor> fmt::Debug for WeakAddr<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakAddr").field("id", &self.shared.id).finish_non_exhaustive()
    }
}
