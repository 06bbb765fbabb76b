//! What a supervisor knows about a child: how to start it, when to start it again, how to end it.

use super::child::{ActorChild, Control, TaskChild};
use super::{Supervisor, SupervisorRef};
use crate::actor::addr::Addr;
use crate::actor::behaviour::LocalActor;
use crate::actor::exit::ExitReason;
use crate::sync::CancellationToken;
use crate::task::{spawn, spawn_local};
use crate::time::Duration;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;

/// When a child that has ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// If it ended [abnormally](ExitReason::is_abnormal).
    Transient,
    /// Never; the supervisor forgets it. It is not started again with its siblings either.
    Temporary,
}

/// How a child is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It is dropped where it stands.
    Brutal,
    /// It is asked to stop, and dropped where it stands if it has not ended after so long.
    Timeout(Duration),
    /// It is asked to stop, and has all the time in the world.
    Infinite,
}

/// Five seconds.
impl Default for Shutdown {
    fn default() -> Self {
        Self::Timeout(Duration::from_secs(5))
    }
}

/// Whether a child is itself a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does the work.
    Worker,
    /// It has children.
    Supervisor,
}

/// A child of a supervisor: its id, how to start it, and what to do when it ends.
///
/// How it is started is a closure, called again for each restart. The closure itself must be
/// `Send`; what it starts need not be.
///
/// # Examples
/// ```
/// use creel::actor::supervisor::{ChildSpec, Restart, Shutdown};
/// use creel::time::Duration;
///
/// let spec = ChildSpec::task("poller", || async {
///     // Poll something; an error is a reason to be started again.
///     "12".parse::<u32>().map(drop)
/// })
/// .restart(Restart::Transient)
/// .shutdown(Shutdown::Timeout(Duration::from_secs(1)));
/// assert_eq!(spec.id(), "poller");
/// ```
pub struct ChildSpec {
    pub(super) id: Arc<str>,
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) significant: bool,
    pub(super) kind: Kind,
    pub(super) start: Box<dyn FnMut() -> Box<dyn Control> + Send>,
}

impl ChildSpec {
    fn new(
        id: &str,
        shutdown: Shutdown,
        start: impl FnMut() -> Box<dyn Control> + Send + 'static,
    ) -> Self {
        Self {
            id: Arc::from(id),
            restart: Restart::default(),
            shutdown,
            significant: false,
            kind: Kind::Worker,
            start: Box::new(start),
        }
    }

    /// An actor. `start` starts it, by [`start`](crate::actor::Actor::start) or
    /// [`start_local`](LocalActor::start_local), and tells others of it if need be, for
    /// example by a [`Registry`](crate::actor::Registry). It has started when its `init` is done.
    ///
    /// It is ended by [`stop_with`](Addr::stop_with), so it handles what is in its mailbox.
    pub fn actor<A: LocalActor<Message: Send>>(
        id: &str,
        mut start: impl FnMut() -> Addr<A> + Send + 'static,
    ) -> Self {
        Self::new(id, Shutdown::default(), move || Box::new(ActorChild(start())))
    }

    /// A task. It is ended by dropping its future.
    pub fn task<F>(id: &str, mut start: impl FnMut() -> F + Send + 'static) -> Self
    where
        F: Future<Output: Outcome> + Send + 'static,
    {
        Self::new(id, Shutdown::Brutal, move || {
            let (child, run) = TaskChild::new(start(), None);
            child.attach(spawn(run))
        })
    }

    /// A task that is ended by cancelling its token; then it has the time that
    /// [`shutdown`](Self::shutdown) gives it.
    pub fn task_with_token<F>(
        id: &str,
        mut start: impl FnMut(CancellationToken) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output: Outcome> + Send + 'static,
    {
        Self::new(id, Shutdown::default(), move || {
            let token = CancellationToken::new();
            let (child, run) = TaskChild::new(start(token.clone()), Some(token));
            child.attach(spawn(run))
        })
    }

    /// [`task_with_token`](Self::task_with_token), for a task that stays on the thread of the
    /// supervisor, which must be one where [`spawn_local`] works.
    pub fn local_task<F>(
        id: &str,
        mut start: impl FnMut(CancellationToken) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output: Outcome> + 'static,
    {
        Self::new(id, Shutdown::default(), move || {
            let token = CancellationToken::new();
            let (child, run) = TaskChild::new(start(token.clone()), Some(token));
            child.attach(spawn_local(run))
        })
    }

    /// A supervisor with children of its own. It has as much time to end as they need.
    pub fn supervisor(id: &str, mut start: impl FnMut() -> Supervisor + Send + 'static) -> Self {
        let mut spec = Self::new(id, Shutdown::Infinite, move || {
            let SupervisorRef { addr } = start().start();
            Box::new(ActorChild(addr))
        });
        spec.kind = Kind::Supervisor;
        spec
    }

    /// When it is started again; [`Restart::Permanent`] if this is not called.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How it is ended.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Its end, if it is not started again, may end the supervisor, which must have an
    /// [`AutoShutdown`](super::AutoShutdown). It cannot be permanent.
    pub fn significant(mut self) -> Self {
        self.significant = true;
        self
    }

    /// Its id, unique among its siblings.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .field("significant", &self.significant)
            .finish_non_exhaustive()
    }
}

/// What a child that is a task may answer: nothing, or a result whose error is why it failed.
pub trait Outcome {
    /// Why it ended.
    fn into_reason(self) -> ExitReason;
}

impl Outcome for () {
    fn into_reason(self) -> ExitReason {
        ExitReason::Normal
    }
}

/// A task that never ends by itself, such as a `loop`.
impl Outcome for Never {
    fn into_reason(self) -> ExitReason {
        self
    }
}

/// The type `!`, which stable Rust knows but cannot name elsewhere.
type Never = <fn() -> ! as Answer>::Answer;

/// What a function answers.
#[doc(hidden)]
pub trait Answer {
    type Answer;
}

impl<T> Answer for fn() -> T {
    type Answer = T;
}

impl<T: Outcome, E: Into<ExitReason>> Outcome for Result<T, E> {
    fn into_reason(self) -> ExitReason {
        self.map_or_else(E::into, T::into_reason)
    }
}
