//! What actors tell each other about their ends: monitors, links, and where they arrive.
//!
//! An actor's [`Signals`] are made when it first watches somebody or is linked, and know nothing
//! of its messages. The one that is watched keeps a [`Watcher`] until it ends; a watcher whose
//! actor has lost interest is swept out when the list of the watched one would grow.

use super::exit::ExitReason;
use crate::atomic::{AtomicBool, Ordering};
use crate::env::atomic_waker::AtomicWaker;
use crate::env::id::Id;
use crate::lock::Lock;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;
use core::task::Waker;

/// What an actor hears about others, by [`Actor::info`](super::Actor::info).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Info {
    /// An actor that was [monitored](super::Context::monitor) has ended, or had already.
    Down {
        /// The monitor that tells it; it is used up.
        monitor: Monitor,
        /// Who ended.
        actor: ActorId,
        /// Why.
        reason: ExitReason,
    },
    /// A [linked](super::Context::link) actor has ended, and this one
    /// [traps exits](super::Context::trap_exit).
    Exit {
        /// Who ended.
        actor: ActorId,
        /// Why.
        reason: ExitReason,
    },
}

/// The identity of an actor; no two that live have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub(super) Id);

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorId({})", self.0)
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A watch over another actor, made by [`Context::monitor`](super::Context::monitor). It tells
/// once, by [`Info::Down`]. Dropping it changes nothing.
#[derive(Clone)]
pub struct Monitor {
    watch: Arc<Watch>,
}

impl Monitor {
    pub(super) fn new(signals: Arc<Signals>) -> (Self, Watcher) {
        let watch = Arc::new(Watch { signals, active: AtomicBool::new(true) });
        (Self { watch: watch.clone() }, Watcher::Monitor(watch))
    }

    /// Takes the watch back: from now on nothing is told, also if the news is on its way.
    pub fn cancel(&self) {
        // Relaxed: a flag that publishes nothing.
        self.watch.active.store(false, Ordering::Relaxed);
    }
}

/// Clones are equal.
impl PartialEq for Monitor {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.watch, &other.watch)
    }
}

impl Eq for Monitor {}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("active", &self.watch.is_active()).finish_non_exhaustive()
    }
}

/// Whom a monitor tells, while it is active.
pub(super) struct Watch {
    signals: Arc<Signals>,
    active: AtomicBool,
}

impl Watch {
    fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }
}

/// Who wants to know of the end of an actor.
pub(super) enum Watcher {
    Monitor(Arc<Watch>),
    Link(Arc<Signals>),
    Call(Box<dyn FnOnce(&ExitReason) + Send>),
}

impl Watcher {
    pub(super) fn is_interested(&self) -> bool {
        match self {
            Self::Monitor(watch) => watch.is_active() && watch.signals.is_open(),
            Self::Link(signals) => signals.is_open(),
            Self::Call(_) => true,
        }
    }

    /// Whether this is a link to that actor.
    pub(super) fn is_link_to(&self, actor: Id) -> bool {
        matches!(self, Self::Link(signals) if signals.owner == actor)
    }

    /// The actor `id` has ended.
    pub(super) fn notify(self, id: Id, reason: &ExitReason) {
        let (actor, reason) = (ActorId(id), reason.clone());
        match self {
            Self::Monitor(watch) if watch.is_active() => {
                let signals = watch.signals.clone();
                signals.send(Info::Down { monitor: Monitor { watch }, actor, reason });
            }
            Self::Monitor(_) => {}
            Self::Link(signals) => signals.send(Info::Exit { actor, reason }),
            Self::Call(call) => call(&reason),
        }
    }
}

/// What is on its way to an actor, in order.
pub(super) struct Signals {
    owner: Id,
    /// `None` once the actor has ended.
    queue: Lock<Option<VecDeque<Info>>>,
    /// The actor's.
    waker: AtomicWaker,
}

impl Signals {
    pub(super) fn new(owner: Id) -> Self {
        Self { owner, queue: Lock::new(Some(VecDeque::new())), waker: AtomicWaker::new() }
    }

    fn is_open(&self) -> bool {
        self.queue.lock().is_some()
    }

    fn send(&self, info: Info) {
        let refused = match &mut *self.queue.lock() {
            Some(queue) => {
                queue.push_back(info);
                None
            }
            None => Some(info),
        };
        drop(refused);
        self.waker.wake();
    }

    /// The next one that is still wanted. If there is none, `waker` is told of the next.
    pub(super) fn next(&self, waker: &Waker) -> Option<Info> {
        self.waker.register(waker);
        loop {
            let info = self.queue.lock().as_mut()?.pop_front()?;
            match &info {
                Info::Down { monitor, .. } if !monitor.watch.is_active() => drop(info),
                _ => return Some(info),
            }
        }
    }

    /// The actor has ended.
    pub(super) fn close(&self) {
        let queue = self.queue.lock().take();
        drop(queue);
        self.waker.clear();
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("owner", &self.owner).finish_non_exhaustive()
    }
}
