//! What an actor has at hand while it handles a message.

use super::addr::{Addr, WeakAddr};
use super::behaviour::LocalActor;
use super::exit::ExitReason;
use super::mailbox::{Next, Shared};
use super::signals::{ActorId, Info, Monitor, Signals, Watcher};
use crate::stream::{Stream, StreamExt};
use crate::task::{AbortHandle, JoinHandle, spawn, spawn_local};
use crate::time::{Duration, MissedTickBehavior, interval, sleep};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context as Polling, Poll, ready};

/// An actor's own side: its address, its watches and links, timers and streams into its mailbox,
/// and its end.
pub struct Context<A: LocalActor> {
    shared: Arc<Shared<A::Message>>,
    /// What only some actors use.
    more: Option<Box<More>>,
}

#[derive(Default)]
struct More {
    exit: Option<ExitReason>,
    traps_exits: bool,
    signals: Option<Arc<Signals>>,
    /// Tasks that end with the actor.
    helpers: Vec<AbortHandle>,
    /// At how many helpers it is time to forget those that have ended.
    prune_at: usize,
}

impl Drop for More {
    fn drop(&mut self) {
        self.helpers.iter().for_each(AbortHandle::abort);
    }
}

/// What an actor does next.
pub(super) enum Event<M> {
    Message(M),
    Info(Info),
    End(ExitReason),
}

impl<A: LocalActor> Context<A> {
    pub(super) fn new(shared: Arc<Shared<A::Message>>) -> Self {
        Self { shared, more: None }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<A::Message>> {
        &self.shared
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Who this actor is.
    pub fn id(&self) -> ActorId {
        ActorId(self.shared.id)
    }

    /// Its address, which keeps it alive: kept in the actor itself, it would never end by itself.
    pub fn addr(&self) -> Addr<A> {
        Addr::another(&self.shared)
    }

    /// Its address, which does not keep it alive.
    pub fn weak(&self) -> WeakAddr<A> {
        WeakAddr::new(self.shared.clone())
    }

    /// How many messages wait.
    pub fn pending(&self) -> usize {
        self.shared.len()
    }

    /// Ends the actor when the handler returns; messages that wait are dropped.
    pub fn exit(&mut self, reason: ExitReason) {
        self.more().exit = Some(reason);
    }

    /// Ends the actor normally when it has handled the messages that wait; it accepts no more.
    pub fn stop(&self) {
        self.shared.stop(ExitReason::Normal);
    }
}

/// Watching others.
impl<A: LocalActor> Context<A> {
    /// Watches another actor: when it ends, or if it has already, [`Info::Down`] comes. Monitors
    /// are one-sided, and each of several tells.
    ///
    /// # Examples
    /// ```
    /// use creel::actor::{Actor, Addr, Context, ExitReason, Info};
    ///
    /// struct Worker;
    ///
    /// impl Actor for Worker {
    ///     type Message = &'static str;
    ///
    ///     async fn handle(&mut self, task: &'static str, _: &mut Context<Self>) -> Result<(), ExitReason> {
    ///         Err(ExitReason::error(task))
    ///     }
    /// }
    ///
    /// struct Boss(Addr<Worker>);
    ///
    /// impl Actor for Boss {
    ///     type Message = ();
    ///
    ///     async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
    ///         cx.monitor(&self.0);
    ///         Ok(())
    ///     }
    ///
    ///     async fn handle(&mut self, _: (), _: &mut Context<Self>) -> Result<(), ExitReason> {
    ///         Ok(())
    ///     }
    ///
    ///     async fn info(&mut self, info: Info, cx: &mut Context<Self>) -> Result<(), ExitReason> {
    ///         if let Info::Down { actor, reason, .. } = info {
    ///             assert_eq!(actor, self.0.id());
    ///             cx.exit(reason);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let worker = Worker.start();
    /// let boss = Boss(worker.clone()).start();
    /// worker.cast("the impossible").await.unwrap();
    /// assert_eq!(boss.wait().await.to_string(), "failed: the impossible");
    /// # }
    /// ```
    pub fn monitor<B: LocalActor>(&mut self, other: &Addr<B>) -> Monitor {
        let (monitor, watcher) = Monitor::new(self.signals());
        other.shared().watch(watcher);
        monitor
    }

    /// Links this actor and another: when one ends abnormally, for any reason but
    /// [`ExitReason::Normal`], the other ends too, for the same reason, before its next message,
    /// unless it [traps exits](Self::trap_exit). If the other has ended already, this one is told
    /// at once. Linking twice is linking once.
    pub fn link<B: LocalActor>(&mut self, other: &Addr<B>) {
        if other.shared().id == self.shared.id {
            return;
        }
        self.unlink(other);
        let own = self.signals();
        if let Some(others) = other.shared().signals() {
            self.shared.watch(Watcher::Link(others));
        }
        other.shared().watch(Watcher::Link(own));
    }

    /// Undoes a link, from either side.
    pub fn unlink<B: LocalActor>(&mut self, other: &Addr<B>) {
        let (own, others) = (self.shared.id, other.shared().id);
        drop(self.shared.unwatch(|watcher| watcher.is_link_to(others)));
        drop(other.shared().unwatch(|watcher| watcher.is_link_to(own)));
    }

    /// Whether the end of a linked actor comes as [`Info::Exit`] instead of ending this one. A
    /// kill of this actor itself cannot be trapped.
    pub fn trap_exit(&mut self, trap: bool) {
        self.more().traps_exits = trap;
    }

    fn signals(&mut self) -> Arc<Signals> {
        if let Some(signals) = self.more.as_ref().and_then(|more| more.signals.clone()) {
            return signals;
        }
        // Ended it has not: this is its own task.
        let signals =
            self.shared.signals().unwrap_or_else(|| Arc::new(Signals::new(self.shared.id)));
        self.more().signals = Some(signals.clone());
        signals
    }
}

/// Timers and streams. Each is a task that ends with the actor, and does not keep it alive. When
/// the mailbox is full they wait for room, if the policy is to wait.
impl<A: LocalActor> Context<A> {
    /// Sends a message to this actor later.
    ///
    /// # Examples
    /// ```
    /// use creel::actor::{Actor, Context, ExitReason};
    /// use creel::time::{Duration, Instant};
    ///
    /// struct Alarm;
    ///
    /// impl Actor for Alarm {
    ///     type Message = &'static str;
    ///
    ///     async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
    ///         cx.send_after(Duration::from_millis(20), "rise");
    ///         cx.send_after(Duration::from_millis(10), "snooze").cancel();
    ///         Ok(())
    ///     }
    ///
    ///     async fn handle(&mut self, message: &'static str, cx: &mut Context<Self>) -> Result<(), ExitReason> {
    ///         assert_eq!(message, "rise");
    ///         cx.stop();
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let begin = Instant::now();
    /// assert!(Alarm.start().downgrade().wait().await.is_normal());
    /// # }
    /// ```
    pub fn send_after(&mut self, delay: Duration, message: impl Into<A::Message>) -> Helper
    where
        A::Message: Send,
    {
        let (weak, message) = (self.weak(), message.into());
        self.keep(spawn(async move {
            sleep(delay).await;
            if let Some(addr) = weak.upgrade() {
                drop(addr.cast(message).await);
            }
        }))
    }

    /// Sends what `message` makes to this actor every `period`, the first time after one. A tick
    /// for which the actor had no time is late, and those after it keep their distance.
    ///
    /// # Panics
    /// If `period` is zero.
    pub fn send_interval<M>(
        &mut self,
        period: Duration,
        mut message: impl FnMut() -> M + Send + 'static,
    ) -> Helper
    where
        M: Into<A::Message> + Send + 'static,
        A::Message: Send,
    {
        assert!(!period.is_zero(), "an interval needs a period that is not zero");
        let weak = self.weak();
        self.keep(spawn(async move {
            let mut beat = interval(period);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beat.tick().await;
            loop {
                beat.tick().await;
                let Some(addr) = weak.upgrade() else { return };
                if let Err(refused) = addr.cast(message()).await
                    && refused.is_closed()
                {
                    return;
                }
            }
        }))
    }

    /// Sends each item of a stream to this actor, until the stream or the actor ends.
    pub fn attach_stream<S>(&mut self, stream: S) -> Helper
    where
        S: Stream<Item: Into<A::Message> + Send> + Send + 'static,
        A::Message: Send,
    {
        let forwarding = forward(stream, self.weak());
        self.keep(spawn(forwarding))
    }

    /// [`attach_stream`](Self::attach_stream), for a stream or messages that stay on this thread.
    pub fn attach_stream_local<S>(&mut self, stream: S) -> Helper
    where
        S: Stream<Item: Into<A::Message>> + 'static,
    {
        let forwarding = forward(stream, self.weak());
        self.keep(spawn_local(forwarding))
    }

    fn keep(&mut self, task: JoinHandle<()>) -> Helper {
        let task = task.abort_handle();
        let more = self.more();
        if more.helpers.len() >= more.prune_at {
            more.helpers.retain(|helper| !helper.is_finished());
            more.prune_at = (2 * more.helpers.len()).max(4);
        }
        more.helpers.push(task.clone());
        Helper { task }
    }
}

async fn forward<A: LocalActor>(stream: impl Stream<Item: Into<A::Message>>, weak: WeakAddr<A>) {
    let mut stream = pin!(stream);
    while let Some(item) = stream.next().await {
        let Some(addr) = weak.upgrade() else { return };
        if let Err(refused) = addr.cast(item).await
            && refused.is_closed()
        {
            return;
        }
    }
}

/// A timer or a stream into a mailbox. Dropping this changes nothing.
#[derive(Clone, Debug)]
pub struct Helper {
    task: AbortHandle,
}

impl Helper {
    /// Ends it; what it has sent already stays in the mailbox.
    pub fn cancel(&self) {
        self.task.abort();
    }

    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

/// What the actor's task asks for.
impl<A: LocalActor> Context<A> {
    /// What to do next.
    pub(super) fn next(&mut self) -> impl Future<Output = Event<A::Message>> {
        poll_fn(|cx| self.poll_next(cx))
    }

    #[inline]
    fn poll_next(&mut self, cx: &mut Polling<'_>) -> Poll<Event<A::Message>> {
        loop {
            let signals = self.more.as_deref().and_then(|more| more.signals.as_ref());
            if let Some(signals) = signals {
                let traps_exits = self.more.as_ref().is_some_and(|more| more.traps_exits);
                match signals.next(cx.waker()) {
                    Some(Info::Exit { reason, .. }) if !traps_exits => {
                        if !reason.is_normal() {
                            return Poll::Ready(Event::End(reason));
                        }
                        continue;
                    }
                    Some(info) => return Poll::Ready(Event::Info(info)),
                    None => {}
                }
            }
            match ready!(self.shared.poll_next(cx, signals.is_some())) {
                Next::Message(message) => return Poll::Ready(Event::Message(message)),
                Next::Stopped(reason) => return Poll::Ready(Event::End(reason)),
                Next::Signals(signals) => self.more().signals = Some(signals),
            }
        }
    }

    /// Why the last handler wanted to end, if it did.
    pub(super) fn take_exit(&mut self) -> Option<ExitReason> {
        self.more.as_mut()?.exit.take()
    }
}

impl<A: LocalActor> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("id", &self.shared.id).finish_non_exhaustive()
    }
}
