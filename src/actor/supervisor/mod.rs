//! Supervisors: actors whose job is to start others, in order, and to start them again.
//!
//! What must not stop is a child of a supervisor. It is started from a [`ChildSpec`]; when it ends,
//! its [`Restart`] says whether it is started again, and the supervisor's [`Strategy`] which of its
//! siblings are with it:
//!
//! | | who is restarted with it | for children that |
//! |---|---|---|
//! | [`Strategy::OneForOne`] | nobody | do not depend on each other |
//! | [`Strategy::OneForAll`] | all | depend on each other |
//! | [`Strategy::RestForOne`] | those that were started after it | depend on those before them |
//!
//! A child that keeps failing is started again less and less often ([`Backoff`]), and if restarts
//! come too fast ([`Supervisor::max_restarts`]) the supervisor ends its children and fails itself:
//! then it is the turn of *its* supervisor, which has a wider view and more to start anew.
//!
//! Children start in the order in which they were added, each when the one before has started, and
//! end in the reverse order, each within the time that its [`Shutdown`] gives it.
//!
//! [The guide](crate::guide::supervision) compares it with Erlang's, behaviour by behaviour.
//!
//! # Panics, and targets that do not unwind
//!
//! Natively a panic ends the child that panicked, with [`ExitReason::Panic`], and nobody else.
//! In a browser and under WASI a panic traps: it ends the whole instance, supervisors included,
//! and no code in it runs again. There, a child is restarted for the errors that it *returns*; what
//! panics can only be restarted from outside, by a host that makes a new instance. Without `std` it
//! depends on the panic handler; nothing is caught.
//!
//! # Examples
//! ```
//! use creel::actor::supervisor::{ChildSpec, Restart, Strategy, Supervisor};
//! use creel::actor::{Actor, Context, ExitReason, Registry, ReplyTo};
//!
//! /// Counts, and fails at thirteen.
//! struct Counter(u32);
//!
//! impl Actor for Counter {
//!     type Message = ReplyTo<u32>;
//!
//!     async fn handle(&mut self, reply: ReplyTo<u32>, _: &mut Context<Self>) -> Result<(), ExitReason> {
//!         self.0 += 1;
//!         if self.0 == 13 {
//!             return Err(ExitReason::error("unlucky"));
//!         }
//!         reply.send(self.0);
//!         Ok(())
//!     }
//! }
//!
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() {
//! let registry = Registry::new();
//! let names = registry.clone();
//! let root = Supervisor::new(Strategy::OneForOne)
//!     .child(ChildSpec::actor("counter", move || {
//!         let counter = Counter(0).start();
//!         names.register("counter", &counter).expect("the one before has ended");
//!         counter
//!     }))
//!     .child(ChildSpec::task("hello", || async { println!("hello") }).restart(Restart::Transient))
//!     .start();
//!
//! for n in 1..13 {
//!     let counter = registry.wait_for::<Counter>("counter").await;
//!     assert_eq!(counter.call(|reply| reply).await.unwrap(), n);
//! }
//! let counter = registry.wait_for::<Counter>("counter").await;
//! assert!(counter.call(|reply| reply).await.is_err());
//! counter.wait().await;
//! // Its supervisor has started another one.
//! let counter = registry.wait_for::<Counter>("counter").await;
//! assert_eq!(counter.call(|reply| reply).await.unwrap(), 1);
//! root.shutdown().await;
//! # }
//! ```

mod child;
mod event;
mod pace;
mod spec;
mod tree;

pub use event::{ChildCount, ChildError, ChildInfo, ChildState, Event, EventKind, Failure};
pub use pace::Backoff;
pub use spec::{ChildSpec, Kind, Outcome, Restart, Shutdown};

use super::addr::Addr;
use super::behaviour::Actor;
use super::exit::ExitReason;
use super::signals::ActorId;
use crate::sync::broadcast;
use crate::time::Duration;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use pace::Intensity;
use tree::{Children, Command, Tree};

/// Which children are restarted when one of them fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// That one.
    #[default]
    OneForOne,
    /// All: the others are ended first, the last before the first.
    OneForAll,
    /// That one and those that were started after it, which are ended first.
    RestForOne,
}

/// Whether a supervisor ends by itself when [significant](ChildSpec::significant) children have
/// ended by themselves and are not restarted. It then ends the others, and its own reason is
/// [`ExitReason::Shutdown`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// It goes on.
    #[default]
    Never,
    /// When the first of them has ended.
    AnySignificant,
    /// When the last of them has ended.
    AllSignificant,
}

/// A supervisor that is being put together; see the [module](self).
pub struct Supervisor {
    tree: Tree,
}

impl Supervisor {
    /// A supervisor without children. It gives up at the fourth restart within five seconds.
    pub fn new(strategy: Strategy) -> Self {
        let tree = Tree {
            name: Arc::from("supervisor"),
            strategy,
            auto_shutdown: AutoShutdown::Never,
            intensity: Intensity::new(3, Duration::from_secs(5)),
            backoff: Backoff::default(),
            reports: None,
            specs: Vec::new(),
            children: Children::default(),
        };
        Self { tree }
    }

    /// Its name in reports.
    pub fn name(mut self, name: &str) -> Self {
        self.tree.name = Arc::from(name);
        self
    }

    /// Another child, which is started after those before it.
    pub fn child(mut self, spec: ChildSpec) -> Self {
        self.tree.specs.push(spec);
        self
    }

    /// How many restarts there may be within a time that slides. At one more, the supervisor gives
    /// up: it ends its children and fails with [`Failure::TooManyRestarts`]. With 0 it restarts
    /// nothing. The restart of several siblings counts as one, and so does each attempt of a
    /// restart.
    pub fn max_restarts(mut self, restarts: u32, within: Duration) -> Self {
        self.tree.intensity = Intensity::new(restarts, within);
        self
    }

    /// How long it waits before it restarts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.tree.backoff = backoff;
        self
    }

    /// Whether it ends by itself when significant children have.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.tree.auto_shutdown = auto_shutdown;
        self
    }

    /// Where it tells of every start, exit and restart. Several supervisors, a whole tree of them,
    /// may tell it to the same channel, whose receivers are
    /// [streams](crate::stream::wrappers::BroadcastStream).
    ///
    /// # Examples
    /// ```
    /// use creel::actor::supervisor::{ChildSpec, EventKind, Restart, Strategy, Supervisor};
    /// use creel::sync::broadcast;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (reports, mut news) = broadcast::channel(64);
    /// let root = Supervisor::new(Strategy::OneForOne)
    ///     .report_to(&reports)
    ///     .child(ChildSpec::task("brief", || async {}).restart(Restart::Temporary))
    ///     .start();
    /// let event = news.recv().await.unwrap();
    /// assert_eq!(&*event.child, "brief");
    /// assert!(matches!(event.kind, EventKind::Started { .. }));
    /// assert_eq!(news.recv().await.unwrap().to_string(), "supervisor: brief has ended: it ended normally");
    /// # drop(root);
    /// # }
    /// ```
    pub fn report_to(mut self, reports: &broadcast::Sender<Event>) -> Self {
        self.tree.reports = Some(reports.clone());
        self
    }

    /// Starts it, on the runtime of this thread, and then its children.
    /// [`ready`](SupervisorRef::ready) tells when all of them have started.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn start(self) -> SupervisorRef {
        SupervisorRef { addr: self.tree.start() }
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("name", &self.tree.name)
            .field("strategy", &self.tree.strategy)
            .field("children", &self.tree.specs.len())
            .finish_non_exhaustive()
    }
}

/// A supervisor that runs. Clone it freely; when the last of them is dropped, it ends its children
/// and then itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupervisorRef {
    addr: Addr<Tree>,
}

impl SupervisorRef {
    /// Who it is.
    pub fn id(&self) -> ActorId {
        self.addr.id()
    }

    /// Waits until all children that it was made with have started.
    ///
    /// # Errors
    /// Why not, which ends the supervisor: [`Failure::StartFailed`], [`Failure::InvalidSpec`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn ready(&self) -> Result<(), ExitReason> {
        self.addr.ready().await
    }

    /// Adds a child and starts it, after those that there are. It answers when the child has
    /// started.
    ///
    /// # Errors
    /// [`ChildError::Exists`], [`ChildError::InvalidSpec`]; [`ChildError::StartFailed`], and then the
    /// child is forgotten.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the child is added.
    pub async fn start_child(&self, spec: ChildSpec) -> Result<ActorId, ChildError> {
        self.addr.call(|reply| Command::StartChild(spec, reply)).await?
    }

    /// Ends a child, and answers when it has ended. It is not restarted, but stays known and can be
    /// [restarted](Self::restart_child) by hand; a temporary one is forgotten.
    ///
    /// # Errors
    /// [`ChildError::Unknown`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the child is ended.
    pub async fn terminate_child(&self, id: &str) -> Result<(), ChildError> {
        self.addr.call(|reply| Command::TerminateChild(Arc::from(id), reply)).await?
    }

    /// Starts a child that has ended.
    ///
    /// # Errors
    /// [`ChildError::Unknown`], [`ChildError::Running`], [`ChildError::Restarting`],
    /// [`ChildError::StartFailed`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the child is started.
    pub async fn restart_child(&self, id: &str) -> Result<ActorId, ChildError> {
        self.addr.call(|reply| Command::RestartChild(Arc::from(id), reply)).await?
    }

    /// Forgets a child that has ended.
    ///
    /// # Errors
    /// [`ChildError::Unknown`], [`ChildError::Running`], [`ChildError::Restarting`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the child is forgotten.
    pub async fn delete_child(&self, id: &str) -> Result<(), ChildError> {
        self.addr.call(|reply| Command::DeleteChild(Arc::from(id), reply)).await?
    }

    /// The children, in the order in which they start.
    ///
    /// # Errors
    /// [`ChildError::Supervisor`] if it ends.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn which_children(&self) -> Result<Vec<ChildInfo>, ChildError> {
        Ok(self.addr.call(Command::WhichChildren).await?)
    }

    /// How many children there are.
    ///
    /// # Errors
    /// [`ChildError::Supervisor`] if it ends.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn count_children(&self) -> Result<ChildCount, ChildError> {
        Ok(self.addr.call(Command::CountChildren).await?)
    }

    /// Ends the children, the last one first, then the supervisor, and waits for that.
    ///
    /// # Cancel safety
    /// Dropping the future does not take it back; [`wait`](Self::wait) waits on.
    pub async fn shutdown(&self) -> ExitReason {
        self.addr.stop_with(ExitReason::Shutdown);
        self.addr.wait().await
    }

    /// Ends supervisor and children at once: each is dropped where it stands.
    pub fn kill(&self) {
        self.addr.kill();
    }

    /// Waits until it has ended.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub fn wait(&self) -> impl Future<Output = ExitReason> + use<> {
        self.addr.wait()
    }
}
