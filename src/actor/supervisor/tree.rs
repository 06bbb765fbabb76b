//! The actor that a supervisor is.
//!
//! # A child's states
//!
//! ```text
//!             start                    ends, shall not be restarted; terminated
//!  STOPPED ──────────────▶ RUNNING ─────────────────────────────────────────────▶ STOPPED
//!     ▲                    │     ▲
//!     │    ends, shall be  │     │ the delay is over
//!     │          restarted ▼     │
//!     └─ terminated ────── WAITING
//! ```
//!
//! Each start has a number, and each delay a ticket. The news of an end names the number, the end
//! of a delay the ticket; what does not fit any more is old and means nothing. Those that are
//! restarted together wait with the same ticket.
//!
//! While it starts a child, or waits for one to end, a supervisor does nothing else: so starts and
//! ends have an order. A supervisor that is killed kills its children when it is dropped.

use super::child::Control;
use super::event::{ChildCount, ChildError, ChildInfo, ChildState, Event, EventKind, Failure};
use super::pace::{Backoff, Intensity};
use super::spec::{ChildSpec, Kind, Restart, Shutdown};
use super::{AutoShutdown, Strategy};
use crate::actor::behaviour::Actor;
use crate::actor::context::Context;
use crate::actor::exit::ExitReason;
use crate::actor::mailbox::{Mailbox, Priority, Ticket};
use crate::actor::reply::ReplyTo;
use crate::actor::run::caught;
use crate::actor::signals::{ActorId, Watcher};
use crate::sync::broadcast;
use crate::time::{Instant, timeout};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

/// What a supervisor is told.
pub(super) enum Command {
    /// The child of that start has ended.
    Ended {
        key: u64,
        start: u64,
        reason: ExitReason,
    },
    /// The delay of those of these with this ticket is over.
    Restart {
        siblings: Vec<u64>,
        ticket: u64,
    },
    StartChild(ChildSpec, ReplyTo<Result<ActorId, ChildError>>),
    TerminateChild(Arc<str>, ReplyTo<Result<(), ChildError>>),
    RestartChild(Arc<str>, ReplyTo<Result<ActorId, ChildError>>),
    DeleteChild(Arc<str>, ReplyTo<Result<(), ChildError>>),
    WhichChildren(ReplyTo<Vec<ChildInfo>>),
    CountChildren(ReplyTo<ChildCount>),
}

pub(super) struct Tree {
    pub(super) name: Arc<str>,
    pub(super) strategy: Strategy,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) intensity: Intensity,
    pub(super) backoff: Backoff,
    pub(super) reports: Option<broadcast::Sender<Event>>,
    /// Those to start with, until they are.
    pub(super) specs: Vec<ChildSpec>,
    pub(super) children: Children,
}

/// A child and what it does.
pub(super) struct Child {
    spec: ChildSpec,
    state: State,
    /// How often it has failed in a row.
    failures: u32,
}

enum State {
    Stopped,
    Running { start: u64, since: Instant, control: Box<dyn Control> },
    Waiting { ticket: u64 },
}

impl Child {
    fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    fn is_start(&self, number: u64) -> bool {
        matches!(self.state, State::Running { start, .. } if start == number)
    }

    fn has_ticket(&self, number: u64) -> bool {
        matches!(self.state, State::Waiting { ticket } if ticket == number)
    }

    fn is_temporary(&self) -> bool {
        self.spec.restart == Restart::Temporary
    }

    fn info(&self) -> ChildInfo {
        let state = match &self.state {
            State::Stopped => ChildState::Stopped,
            State::Running { control, .. } => ChildState::Running(control.id()),
            State::Waiting { .. } => ChildState::Restarting,
        };
        let ChildSpec { id, kind, restart, .. } = &self.spec;
        ChildInfo { id: id.clone(), state, kind: *kind, restart: *restart }
    }
}

impl Actor for Tree {
    type Message = Command;

    fn mailbox(&self) -> Mailbox {
        // What comes unasked for is bounded by the number of children.
        Mailbox::unbounded()
    }

    async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        for spec in mem::take(&mut self.specs) {
            let child = spec.id.clone();
            let failure = match self.start_child(spec, cx).await {
                Ok(_) => continue,
                Err(ChildError::StartFailed(reason)) => Failure::StartFailed { child, reason },
                Err(ChildError::InvalidSpec(problem)) => Failure::InvalidSpec { child, problem },
                Err(_) => Failure::InvalidSpec { child, problem: "another child has this id" },
            };
            self.stop_all().await;
            return Err(failure.into());
        }
        Ok(())
    }

    async fn handle(&mut self, command: Command, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        match command {
            Command::Ended { key, start, reason } => {
                return self.ended(key, start, reason, cx).await;
            }
            Command::Restart { siblings, ticket } => {
                return self.restart(siblings, ticket, cx).await;
            }
            Command::StartChild(spec, reply) => {
                let started = self.start_child(spec, cx).await;
                reply.send(started);
            }
            Command::TerminateChild(id, reply) => {
                let terminated = self.terminate_child(&id).await;
                reply.send(terminated);
            }
            Command::RestartChild(id, reply) => {
                let restarted = self.restart_child(&id, cx).await;
                reply.send(restarted);
            }
            Command::DeleteChild(id, reply) => reply.send(self.delete_child(&id)),
            Command::WhichChildren(reply) => {
                reply.send(self.children.by_key.values().map(Child::info).collect());
            }
            Command::CountChildren(reply) => reply.send(self.count()),
        }
        Ok(())
    }

    async fn terminate(&mut self, _: &ExitReason, _: &mut Context<Self>) {
        self.stop_all().await;
    }
}

/// Killed, a supervisor takes its children with it.
impl Drop for Tree {
    fn drop(&mut self) {
        for child in self.children.by_key.values().rev() {
            if let State::Running { control, .. } = &child.state {
                control.kill();
            }
        }
    }
}

/// Ends and restarts.
impl Tree {
    /// The child `key` has ended, if it still is the one of that start.
    async fn ended(
        &mut self,
        key: u64,
        start: u64,
        reason: ExitReason,
        cx: &mut Context<Self>,
    ) -> Result<(), ExitReason> {
        let Some(child) = self.children.by_key.get_mut(&key).filter(|child| child.is_start(start))
        else {
            return Ok(());
        };
        let state = mem::replace(&mut child.state, State::Stopped);
        if let State::Running { since, .. } = state
            && self.backoff.is_over(since.elapsed())
        {
            child.failures = 0;
        }
        let restarts = match child.spec.restart {
            Restart::Permanent => true,
            Restart::Transient => reason.is_abnormal(),
            Restart::Temporary => false,
        };
        self.tell(key, EventKind::Exited { reason: reason.clone() });
        if restarts { self.failed(key, reason, cx).await } else { self.is_done(key, cx) }
    }

    /// A child has ended for good.
    fn is_done(&mut self, key: u64, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        let child = &self.children.by_key[&key];
        let is_significant = child.spec.significant;
        if child.is_temporary() {
            self.children.remove(key);
        }
        let left = |child: &Child| child.spec.significant && !matches!(child.state, State::Stopped);
        let ends = is_significant
            && match self.auto_shutdown {
                AutoShutdown::Never => false,
                AutoShutdown::AnySignificant => true,
                AutoShutdown::AllSignificant => !self.children.by_key.values().any(left),
            };
        if ends {
            cx.exit(ExitReason::Shutdown);
        }
        Ok(())
    }

    /// A child has failed, or a restart of it: those that go down with it do so, and all of them
    /// will be started again, unless that was once too often.
    async fn failed(
        &mut self,
        key: u64,
        reason: ExitReason,
        cx: &mut Context<Self>,
    ) -> Result<(), ExitReason> {
        if self.intensity.exceed(Instant::now()) {
            self.tell(key, EventKind::GaveUp);
            let child = self.children.by_key[&key].spec.id.clone();
            return Err(Failure::TooManyRestarts { child, reason }.into());
        }
        let child = self.children.get(key);
        let delay = self.backoff.delay(child.failures);
        child.failures = child.failures.saturating_add(1);
        let failures = child.failures;
        self.tell(key, EventKind::Restarting { failures, delay });
        let siblings = match self.strategy {
            Strategy::OneForOne => Vec::from([key]),
            Strategy::OneForAll => self.children.keys(0),
            Strategy::RestForOne => self.children.keys(key),
        };
        self.stop(&siblings).await;
        let ticket = self.children.number();
        for &sibling in &siblings {
            // What is temporary is not started again with its siblings.
            if self.children.get(sibling).is_temporary() {
                self.children.remove(sibling);
            } else {
                self.children.get(sibling).state = State::Waiting { ticket };
            }
        }
        let again = Command::Restart { siblings, ticket };
        if delay.is_zero() {
            // By the mailbox, so that others have their turn.
            drop(cx.shared().push(Priority::Normal, again, Ticket::None));
        } else {
            cx.send_after(delay, again);
        }
        Ok(())
    }

    /// The delay of those with this ticket is over.
    async fn restart(
        &mut self,
        siblings: Vec<u64>,
        ticket: u64,
        cx: &mut Context<Self>,
    ) -> Result<(), ExitReason> {
        for key in siblings {
            let waits =
                self.children.by_key.get(&key).is_some_and(|child| child.has_ticket(ticket));
            if waits && let Err(reason) = self.launch(key, cx).await {
                return self.failed(key, reason, cx).await;
            }
        }
        Ok(())
    }

    /// Starts a child and waits until it has started.
    async fn launch(&mut self, key: u64, cx: &mut Context<Self>) -> Result<ActorId, ExitReason> {
        let started = self.try_launch(key, cx).await;
        self.tell(
            key,
            match &started {
                Ok(actor) => EventKind::Started { actor: *actor },
                Err(reason) => EventKind::StartFailed { reason: reason.clone() },
            },
        );
        started
    }

    async fn try_launch(
        &mut self,
        key: u64,
        cx: &mut Context<Self>,
    ) -> Result<ActorId, ExitReason> {
        let start = self.children.number();
        let child = self.children.get(key);
        let control = caught(|| (child.spec.start)())?;
        let (actor, ready, ended) = (control.id(), control.ready(), control.ended());
        // In the tree already, so that it is killed if the supervisor is.
        child.state = State::Running { start, since: Instant::now(), control };
        if let Err(reason) = ready.await {
            ended.await;
            self.children.get(key).state = State::Stopped;
            return Err(reason);
        }
        let shared = cx.shared().clone();
        if let State::Running { control, .. } = &self.children.get(key).state {
            control.watch(Watcher::Call(Box::new(move |reason| {
                let news = Command::Ended { key, start, reason: reason.clone() };
                // Refused only when the supervisor is ending, and then it knows.
                drop(shared.push(Priority::High, news, Ticket::None));
            })));
        }
        Ok(actor)
    }

    /// Ends those that run, the last first, and waits until each has ended.
    async fn stop(&mut self, keys: &[u64]) {
        for &key in keys.iter().rev() {
            let child = self.children.get(key);
            let shutdown = child.spec.shutdown;
            let State::Running { control, .. } = &child.state else { continue };
            let mut ended = control.ended();
            let reason = match shutdown {
                Shutdown::Brutal => {
                    control.kill();
                    ended.await
                }
                Shutdown::Infinite => {
                    control.stop();
                    ended.await
                }
                Shutdown::Timeout(limit) => {
                    control.stop();
                    match timeout(limit, &mut ended).await {
                        Ok(reason) => reason,
                        Err(_) => {
                            self.tell(key, EventKind::Overdue);
                            self.children.kill(key);
                            ended.await
                        }
                    }
                }
            };
            self.children.get(key).state = State::Stopped;
            self.tell(key, EventKind::Exited { reason });
        }
    }

    async fn stop_all(&mut self) {
        let all = self.children.keys(0);
        self.stop(&all).await;
    }

    fn tell(&self, key: u64, kind: EventKind) {
        if let Some(reports) = &self.reports {
            let child = self.children.by_key[&key].spec.id.clone();
            // Nobody may listen.
            drop(reports.send(Event { supervisor: self.name.clone(), child, kind }));
        }
    }
}

/// What it is asked for.
impl Tree {
    async fn start_child(
        &mut self,
        spec: ChildSpec,
        cx: &mut Context<Self>,
    ) -> Result<ActorId, ChildError> {
        if spec.significant && self.auto_shutdown == AutoShutdown::Never {
            let problem = "it is significant, and the supervisor never shuts down by itself";
            return Err(ChildError::InvalidSpec(problem));
        }
        if spec.significant && spec.restart == Restart::Permanent {
            let problem = "it is significant, and permanent, so it never ends for good";
            return Err(ChildError::InvalidSpec(problem));
        }
        let key = self.children.insert(spec)?;
        let started = self.launch(key, cx).await;
        if started.is_err() {
            self.children.remove(key);
        }
        started.map_err(ChildError::StartFailed)
    }

    async fn terminate_child(&mut self, id: &str) -> Result<(), ChildError> {
        let key = self.children.find(id)?;
        self.stop(&[key]).await;
        let child = self.children.get(key);
        child.state = State::Stopped;
        if child.is_temporary() {
            self.children.remove(key);
        }
        Ok(())
    }

    async fn restart_child(
        &mut self,
        id: &str,
        cx: &mut Context<Self>,
    ) -> Result<ActorId, ChildError> {
        let key = self.children.find_stopped(id)?;
        self.launch(key, cx).await.map_err(ChildError::StartFailed)
    }

    fn delete_child(&mut self, id: &str) -> Result<(), ChildError> {
        let key = self.children.find_stopped(id)?;
        self.children.remove(key);
        Ok(())
    }

    fn count(&self) -> ChildCount {
        let mut count = ChildCount::default();
        for child in self.children.by_key.values() {
            count.specs += 1;
            count.active += usize::from(child.is_running());
            match child.spec.kind {
                Kind::Supervisor => count.supervisors += 1,
                Kind::Worker => count.workers += 1,
            }
        }
        count
    }
}

/// The children, in the order in which they start.
#[derive(Default)]
pub(super) struct Children {
    by_key: BTreeMap<u64, Child>,
    keys: BTreeMap<Arc<str>, u64>,
    /// The last number that was given out: a key, a start or a ticket.
    number: u64,
}

impl Children {
    fn number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    fn insert(&mut self, spec: ChildSpec) -> Result<u64, ChildError> {
        if self.keys.contains_key(&spec.id) {
            return Err(ChildError::Exists);
        }
        let key = self.number();
        self.keys.insert(spec.id.clone(), key);
        self.by_key.insert(key, Child { spec, state: State::Stopped, failures: 0 });
        Ok(key)
    }

    fn remove(&mut self, key: u64) {
        if let Some(child) = self.by_key.remove(&key) {
            self.keys.remove(&child.spec.id);
        }
    }

    /// One that is there: a key is found by its id, or belongs to a child that somebody is at.
    fn get(&mut self, key: u64) -> &mut Child {
        self.by_key.get_mut(&key).expect("a key is of a child until that is removed")
    }

    fn find(&self, id: &str) -> Result<u64, ChildError> {
        self.keys.get(id).copied().ok_or(ChildError::Unknown)
    }

    fn find_stopped(&self, id: &str) -> Result<u64, ChildError> {
        let key = self.find(id)?;
        match self.by_key[&key].state {
            State::Running { .. } => Err(ChildError::Running),
            State::Waiting { .. } => Err(ChildError::Restarting),
            State::Stopped => Ok(key),
        }
    }

    /// The keys from `first` on.
    fn keys(&self, first: u64) -> Vec<u64> {
        self.by_key.range(first..).map(|(key, _)| *key).collect()
    }

    fn kill(&self, key: u64) {
        if let Some(State::Running { control, .. }) =
            self.by_key.get(&key).map(|child| &child.state)
        {
            control.kill();
        }
    }
}
