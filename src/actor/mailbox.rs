//! The mailbox: what an actor and its addresses share.
//!
//! # Phases
//!
//! ```text
//!        stop, last address gone          the loop ends            watchers are told
//!  OPEN ─────────────────────────▶ DRAINING ────────────▶ DOOMED ────────────────▶ ENDED
//!    └────────────────────── the loop ends, kill ────────────▲
//! ```
//!
//! 1. OPEN accepts messages.
//! 2. DRAINING accepts none; those that are in are still handled. By [`stop`](Mailbox::stop).
//! 3. DOOMED: the reason is final, and whoever waits for an answer is told it. What is in the
//!    mailbox is dropped. By [`doom`](Mailbox::doom), before `terminate` runs.
//! 4. ENDED: the actor's value is gone, monitors and links have heard of it. By
//!    [`end`](Mailbox::end).
//!
//! One lock guards everything but the count of strong addresses. Under it nothing foreign runs:
//! wakers, messages and watchers leave it before they are called or dropped.
//!
//! What only some actors need (a second priority, a mailbox that has been full, watchers) stands
//! in [`Rare`], which is allocated when it is first needed.
//!
//! # Room
//!
//! Each priority has the whole capacity. Until a queue is full for the first time its length is
//! all there is to know. From then on a semaphore counts the free places, so that who waits for
//! one is served in turn and nobody overtakes.

use super::exit::ExitReason;
use super::signals::{Signals, Watcher};
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::env::id::Id;
use crate::env::panics::Panics;
use crate::lock::Lock;
use crate::sync::{Event, Semaphore, SetOnce};
use crate::task::AbortHandle;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::task::{Context, Poll, Waker, ready};

/// How large an actor's mailbox is, and what happens when it is full.
///
/// Each of the two priorities has the whole capacity for itself. What monitors, links and
/// [`stop`](super::Addr::stop) send needs no room.
///
/// # Examples
/// ```
/// use creel::actor::{Mailbox, Overflow};
///
/// // The latest sixteen readings are enough.
/// let mailbox = Mailbox::bounded(16).overflow(Overflow::DropOldest);
/// assert_eq!(mailbox.capacity(), Some(16));
/// assert_eq!(Mailbox::default().capacity(), Some(64));
/// assert_eq!(Mailbox::unbounded().capacity(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mailbox {
    limit: u32,
    overflow: Overflow,
}

/// What happens to a message for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// Its sender waits, first come, first served: back-pressure. What does not wait is refused.
    #[default]
    Wait,
    /// It is refused.
    Fail,
    /// The message that has been in the mailbox longest is dropped for it.
    DropOldest,
    /// It is dropped.
    DropNewest,
}

impl Mailbox {
    /// Room for `capacity` messages; senders wait when it is full.
    ///
    /// # Panics
    /// If `capacity` is zero or does not fit into 32 bits.
    pub const fn bounded(capacity: usize) -> Self {
        assert!(capacity > 0, "a mailbox needs room for at least one message");
        assert!(capacity < u32::MAX as usize, "a mailbox holds at most 2^32 - 2 messages");
        Self { limit: capacity as u32, overflow: Overflow::Wait }
    }

    /// Room for as many messages as there is memory.
    pub const fn unbounded() -> Self {
        Self { limit: u32::MAX, overflow: Overflow::Wait }
    }

    /// What happens when it is full.
    pub const fn overflow(self, overflow: Overflow) -> Self {
        Self { limit: self.limit, overflow }
    }

    /// For how many messages there is room; `None` if there is no limit.
    pub const fn capacity(&self) -> Option<usize> {
        if self.limit == u32::MAX { None } else { Some(self.limit as usize) }
    }
}

/// Room for 64 messages; senders wait when it is full.
impl Default for Mailbox {
    fn default() -> Self {
        Self::bounded(64)
    }
}

/// What is handled first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Priority {
    High,
    Normal,
}

/// Why a message was not accepted.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no room. With [`Overflow::Wait`] comes where to wait for some.
    Full(Option<Arc<Semaphore>>),
    Closed,
    /// The sender is the actor's own task, and would wait for itself.
    Itself,
}

/// How a message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ticket {
    /// Like everybody.
    None,
    /// From somebody who will wait for an answer: who that is.
    Caller(Option<Id>),
    /// With a place from the semaphore.
    Place,
}

/// What the actor shall do next.
pub(super) enum Next<M> {
    Message(M),
    /// Everything is handled, and this is why it was stopped.
    Stopped(ExitReason),
    /// Others send signals to this actor from now on: look there too.
    Signals(Arc<Signals>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Open,
    Draining,
    Doomed,
    Ended,
}

pub(super) struct Shared<M> {
    pub(super) id: Id,
    config: Mailbox,
    /// How many [`Addr`](super::Addr)s there are.
    strong: AtomicUsize,
    state: Lock<State<M>>,
}

struct State<M> {
    normal: VecDeque<M>,
    /// The actor's, while it waits for messages.
    waker: Option<Waker>,
    phase: Phase,
    killed: bool,
    /// How often the actor has asked for a message; zero before it is initialised.
    turn: u32,
    /// Why it was stopped, is doomed or has ended.
    reason: Option<ExitReason>,
    /// The task that runs the actor.
    task: Option<Id>,
    abort: Option<AbortHandle>,
    rare: Option<Box<Rare<M>>>,
}

struct Rare<M> {
    high: VecDeque<M>,
    /// The free places of the queues that have been full, by priority.
    room: [Option<Arc<Semaphore>>; 2],
    /// How many messages the overflow policy has dropped.
    dropped: usize,
    watchers: Vec<Watcher>,
    /// At how many watchers it is time to look who is still interested.
    prune_at: usize,
    /// What is sent to this actor.
    signals: Option<Arc<Signals>>,
    /// Set when the actor has ended.
    exit: Option<Arc<SetOnce<ExitReason>>>,
    /// Set at the next turn, or when the actor is doomed.
    settled: Option<Arc<Event>>,
}

impl<M> Default for Rare<M> {
    fn default() -> Self {
        Self {
            high: VecDeque::new(),
            room: [None, None],
            dropped: 0,
            watchers: Vec::new(),
            prune_at: 4,
            signals: None,
            exit: None,
            settled: None,
        }
    }
}

impl<M> State<M> {
    fn rare(&mut self) -> &mut Rare<M> {
        self.rare.get_or_insert_default()
    }

    fn room(&self, priority: Priority) -> Option<&Arc<Semaphore>> {
        self.rare.as_ref()?.room[priority as usize].as_ref()
    }

    fn queue(&mut self, priority: Priority) -> &mut VecDeque<M> {
        match priority {
            Priority::High => &mut self.rare().high,
            Priority::Normal => &mut self.normal,
        }
    }

    fn pop(&mut self) -> Option<(Priority, M)> {
        let high = self.rare.as_mut().and_then(|rare| rare.high.pop_front());
        match high {
            Some(message) => Some((Priority::High, message)),
            None => self.normal.pop_front().map(|message| (Priority::Normal, message)),
        }
    }

    fn begin_turn(&mut self) -> Option<Arc<Event>> {
        self.turn = self.turn.wrapping_add(1).max(1);
        self.rare.as_mut()?.settled.take()
    }
}

impl<M> Shared<M> {
    /// A mailbox with one strong address.
    pub(super) fn new(config: Mailbox) -> Self {
        let state = State {
            normal: VecDeque::new(),
            waker: None,
            phase: Phase::Open,
            killed: false,
            turn: 0,
            reason: None,
            task: None,
            abort: None,
            rare: None,
        };
        Self { id: Id::fresh(), config, strong: AtomicUsize::new(1), state: Lock::new(state) }
    }
}

/// What addresses do.
impl<M> Shared<M> {
    /// Another strong address, from one that exists or from the actor itself.
    pub(super) fn retain(&self) {
        // Relaxed: the number guards nothing; it reaches zero by Release and Acquire.
        self.strong.fetch_add(1, Ordering::Relaxed);
    }

    /// Another strong address, if there still is one.
    pub(super) fn try_retain(&self) -> bool {
        let more = |strong| (strong != 0).then_some(strong + 1);
        self.strong.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// One strong address less; the last one stops the actor.
    pub(super) fn release(&self) {
        // AcqRel: what was sent through any of them comes before the stop.
        if self.strong.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.stop(ExitReason::Normal);
        }
    }

    pub(super) fn strong(&self) -> usize {
        self.strong.load(Ordering::Relaxed)
    }

    /// Puts a message in, if there is room.
    #[inline]
    pub(super) fn push(
        &self,
        priority: Priority,
        message: M,
        ticket: Ticket,
    ) -> Result<(), (Refusal, M)> {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return Err((Refusal::Closed, message));
        }
        if let Ticket::Caller(caller @ Some(_)) = ticket
            && caller == state.task
        {
            return Err((Refusal::Itself, message));
        }
        let is_free = state.queue(priority).len() < self.config.limit as usize
            && state.room(priority).is_none();
        let mut victim = None;
        if ticket == Ticket::Place || is_free {
            state.queue(priority).push_back(message);
        } else {
            victim = self.push_over(&mut state, priority, message)?;
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        drop(victim);
        Ok(())
    }

    /// Puts a message into a queue that is or has been full. Answers what was dropped for it.
    #[cold]
    fn push_over(
        &self,
        state: &mut State<M>,
        priority: Priority,
        message: M,
    ) -> Result<Option<M>, (Refusal, M)> {
        match self.config.overflow {
            Overflow::Wait => {
                let room = state.rare().room[priority as usize]
                    .get_or_insert_with(|| Arc::new(Semaphore::new(0)))
                    .clone();
                let Ok(place) = room.try_acquire() else {
                    return Err((Refusal::Full(Some(room)), message));
                };
                place.forget();
                state.queue(priority).push_back(message);
                Ok(None)
            }
            Overflow::Fail => Err((Refusal::Full(None), message)),
            Overflow::DropOldest => {
                state.rare().dropped += 1;
                let queue = state.queue(priority);
                let oldest = queue.pop_front();
                queue.push_back(message);
                Ok(oldest)
            }
            Overflow::DropNewest => {
                state.rare().dropped += 1;
                Ok(Some(message))
            }
        }
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        let state = self.state.lock();
        state.normal.len() + state.rare.as_ref().map_or(0, |rare| rare.high.len())
    }

    /// How many messages the overflow policy has dropped.
    pub(super) fn dropped(&self) -> usize {
        self.state.lock().rare.as_ref().map_or(0, |rare| rare.dropped)
    }

    /// Whether no message is accepted any more.
    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().phase != Phase::Open
    }

    /// Accepts no more; what is in is still handled, and then the actor ends for `reason`.
    pub(super) fn stop(&self, reason: ExitReason) {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return;
        }
        state.phase = Phase::Draining;
        state.reason = Some(reason);
        let room = state.rare.as_ref().map(|rare| rare.room.clone());
        let waker = state.waker.take();
        drop(state);
        close_all(room);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ends the actor's task: its future is dropped instead of polled again.
    pub(super) fn kill(&self) {
        let mut state = self.state.lock();
        state.killed = true;
        let abort = state.abort.clone();
        drop(state);
        if let Some(abort) = abort {
            abort.abort();
        }
    }

    /// Why the actor has ended or is about to, if that is decided.
    pub(super) fn fate(&self) -> Option<ExitReason> {
        self.state.lock().fate()
    }

    /// Whether this task is the actor's own.
    pub(super) fn is_run_by(&self, task: Option<Id>) -> bool {
        task.is_some() && self.state.lock().task == task
    }

    /// Waits until the actor has ended.
    pub(super) async fn ended(&self) -> ExitReason {
        let exit = {
            let mut state = self.state.lock();
            match state.fate() {
                Some(reason) if state.phase == Phase::Ended => return reason,
                _ => state.rare().exit.get_or_insert_default().clone(),
            }
        };
        exit.wait().await.clone()
    }

    /// Waits until the actor asks for its first message.
    pub(super) async fn ready(&self) -> Result<(), ExitReason> {
        let is_ready = |state: &mut State<M>| match (state.turn, state.fate()) {
            (0, None) => None,
            (0, Some(reason)) => Some(Err(reason)),
            _ => Some(Ok(())),
        };
        self.settle(is_ready).await
    }

    /// The task `task` unwound and dropped what was to answer. If that is the actor's own task,
    /// waits until it is clear whether the actor ends by it.
    pub(super) async fn outcome_of_unwinding(&self, task: Id) -> Option<ExitReason> {
        let mut first = None;
        let is_clear = |state: &mut State<M>| {
            let turn = *first.get_or_insert(state.turn);
            let fate = state.fate();
            let goes_on = state.task != Some(task) || state.waker.is_some() || state.turn != turn;
            (fate.is_some() || goes_on).then_some(fate)
        };
        self.settle(is_clear).await
    }

    /// Waits until `answer` has one; it is asked again after each turn of the actor.
    async fn settle<R>(&self, mut answer: impl FnMut(&mut State<M>) -> Option<R>) -> R {
        loop {
            let settled = {
                let mut state = self.state.lock();
                if let Some(answer) = answer(&mut state) {
                    return answer;
                }
                let event = || Arc::new(Event::manual_reset());
                state.rare().settled.get_or_insert_with(event).clone()
            };
            settled.wait().await;
        }
    }

    /// Tells `watcher` when the actor ends; at once if it has.
    pub(super) fn watch(&self, watcher: Watcher) {
        let mut state = self.state.lock();
        if let (Phase::Ended, Some(reason)) = (state.phase, state.fate()) {
            drop(state);
            return watcher.notify(self.id, &reason);
        }
        let rare = state.rare();
        let mut gone = Vec::new();
        if rare.watchers.len() >= rare.prune_at {
            let all = mem::take(&mut rare.watchers);
            (rare.watchers, gone) = all.into_iter().partition(Watcher::is_interested);
            rare.prune_at = (2 * rare.watchers.len()).max(4);
        }
        rare.watchers.push(watcher);
        drop(state);
        drop(gone);
    }

    /// Takes the watchers away that `which` picks.
    pub(super) fn unwatch(&self, which: impl Fn(&Watcher) -> bool) -> Vec<Watcher> {
        let mut state = self.state.lock();
        let Some(rare) = &mut state.rare else { return Vec::new() };
        let all = mem::take(&mut rare.watchers);
        let (gone, left) = all.into_iter().partition(which);
        rare.watchers = left;
        gone
    }

    /// Where to send signals to this actor; `None` if it has ended.
    pub(super) fn signals(&self) -> Option<Arc<Signals>> {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            return None;
        }
        if let Some(signals) = &state.rare().signals {
            return Some(signals.clone());
        }
        let signals = Arc::new(Signals::new(self.id));
        state.rare().signals = Some(signals.clone());
        // The actor does not look there yet.
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(signals)
    }
}

/// What the task of the actor does.
impl<M> Shared<M> {
    /// The task `task` polls the actor for the first time.
    pub(super) fn begin(&self, task: Option<Id>) {
        self.state.lock().task = task;
    }

    /// The actor's task can be aborted by this.
    pub(super) fn attach(&self, abort: AbortHandle) {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            return;
        }
        let is_killed = state.killed;
        state.abort = Some(abort.clone());
        drop(state);
        if is_killed {
            abort.abort();
        }
    }

    /// The next message, or what comes when there are no more.
    #[inline]
    pub(super) fn poll_next(&self, cx: &mut Context<'_>, has_signals: bool) -> Poll<Next<M>> {
        let receipt = ready!(coop::poll_proceed(cx));
        let mut fresh = None;
        loop {
            let mut state = self.state.lock();
            let settled = state.begin_turn();
            if let Some((priority, message)) = state.pop() {
                let room = state.room(priority).cloned();
                drop(state);
                set(settled);
                if let Some(room) = room {
                    room.add_permits(1);
                }
                receipt.made_progress();
                return Poll::Ready(Next::Message(message));
            }
            let event = state.without_messages(has_signals);
            let is_known = |waker: &Waker| waker.will_wake(cx.waker());
            let is_parked = state.waker.as_ref().is_some_and(is_known);
            let mut stale = None;
            let parks = event.is_none() && (is_parked || fresh.is_some());
            if parks && !is_parked {
                stale = mem::replace(&mut state.waker, fresh.take());
            }
            drop(state);
            set(settled);
            drop(stale);
            match event {
                Some(event) => return Poll::Ready(event),
                None if parks => {
                    let wait = || Wait::new("mailbox").on(&raw const self.state);
                    return dump::told(Poll::Pending, wait);
                }
                // Cloning is foreign code: not under the lock.
                None => fresh = Some(cx.waker().clone()),
            }
        }
    }

    /// The reason is final: whoever waits for an answer gets it, and what was not handled is
    /// dropped. Answers the reason, which is an earlier one if there is one.
    pub(super) fn doom(&self, reason: ExitReason) -> ExitReason {
        let mut state = self.state.lock();
        if state.phase >= Phase::Doomed {
            return state.fate().unwrap_or(reason);
        }
        state.phase = Phase::Doomed;
        state.reason = Some(reason.clone());
        let normal = mem::take(&mut state.normal);
        let rare = state.rare.as_mut().map(|rare| {
            (mem::take(&mut rare.high), mem::take(&mut rare.room), rare.settled.take())
        });
        drop(state);
        let mut panics = Panics::new();
        let (high, room, settled) = rare.unwrap_or_default();
        panics.guard(|| close_all(Some(room)));
        panics.guard(|| set(settled));
        for message in high.into_iter().chain(normal) {
            panics.guard(|| drop(message));
        }
        // A message whose drop panics harms nobody else.
        panics.forget();
        reason
    }

    /// The actor is dropped where it stands, in the middle of its end perhaps.
    pub(super) fn abort(&self) {
        self.doom(ExitReason::Killed);
        let before = self.state.lock().reason.replace(ExitReason::Killed);
        drop(before);
    }

    /// The actor's value is gone: tells everybody who watches.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.phase = Phase::Ended;
        let reason = state.fate().unwrap_or(ExitReason::Killed);
        let rare = state.rare.take();
        let left = (state.abort.take(), state.waker.take());
        drop(state);
        let mut panics = Panics::new();
        panics.guard(|| drop(left));
        if let Some(mut rare) = rare {
            if let Some(exit) = rare.exit.take() {
                panics.guard(|| drop(exit.set(reason.clone())));
            }
            if let Some(signals) = rare.signals.take() {
                panics.guard(|| signals.close());
            }
            for watcher in mem::take(&mut rare.watchers) {
                panics.guard(|| watcher.notify(self.id, &reason));
            }
        }
        panics.forget();
    }
}

impl<M> State<M> {
    fn fate(&self) -> Option<ExitReason> {
        if self.phase >= Phase::Doomed { self.reason.clone() } else { None }
    }

    /// What the actor shall do now that no message is there, if it shall not wait.
    fn without_messages(&self, has_signals: bool) -> Option<Next<M>> {
        let signals = self.rare.as_ref().and_then(|rare| rare.signals.as_ref());
        match (signals, &self.reason) {
            (Some(signals), _) if !has_signals => Some(Next::Signals(signals.clone())),
            (_, Some(reason)) => Some(Next::Stopped(reason.clone())),
            _ => None,
        }
    }
}

#[inline]
fn set(event: Option<Arc<Event>>) {
    if let Some(event) = event {
        event.set();
    }
}

fn close_all(room: Option<[Option<Arc<Semaphore>>; 2]>) {
    for room in room.into_iter().flatten().flatten() {
        room.close();
    }
}
