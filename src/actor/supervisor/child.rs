//! A child that runs: how its supervisor ends it and hears of its end, whatever it is.

use super::spec::Outcome;
use crate::actor::addr::Addr;
use crate::actor::behaviour::LocalActor;
use crate::actor::exit::ExitReason;
use crate::actor::mailbox::{Mailbox, Shared};
use crate::actor::run::Run;
use crate::actor::signals::{ActorId, Watcher};
use crate::sync::CancellationToken;
use crate::task::JoinHandle;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::future::Future;
use core::pin::Pin;

/// A child that was started.
pub(super) trait Control: Send {
    fn id(&self) -> ActorId;
    /// Asks it to end.
    fn stop(&self);
    /// Drops it at its next turn.
    fn kill(&self);
    fn watch(&self, watcher: Watcher);
    /// Until it has started, or has ended before that.
    fn ready(&self) -> Waiting<Result<(), ExitReason>>;
    /// Until it has ended.
    fn ended(&self) -> Waiting<ExitReason>;
}

pub(super) type Waiting<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(super) struct ActorChild<A: LocalActor>(pub(super) Addr<A>);

impl<A: LocalActor<Message: Send>> Control for ActorChild<A> {
    fn id(&self) -> ActorId {
        self.0.id()
    }

    fn stop(&self) {
        self.0.stop_with(ExitReason::Shutdown);
    }

    fn kill(&self) {
        self.0.kill();
    }

    fn watch(&self, watcher: Watcher) {
        self.0.shared().watch(watcher);
    }

    fn ready(&self) -> Waiting<Result<(), ExitReason>> {
        let shared = self.0.shared().clone();
        Box::pin(async move { shared.ready().await })
    }

    fn ended(&self) -> Waiting<ExitReason> {
        Box::pin(self.0.wait())
    }
}

/// A task as an actor without messages.
pub(super) struct TaskChild {
    shared: Arc<Shared<Infallible>>,
    token: Option<CancellationToken>,
}

impl TaskChild {
    pub(super) fn new<F: Future<Output: Outcome>>(
        future: F,
        token: Option<CancellationToken>,
    ) -> (Self, Run<Infallible, impl Future<Output = ExitReason> + use<F>>) {
        let shared = Arc::new(Shared::new(Mailbox::unbounded()));
        let stop = token.clone();
        let body = async move {
            match future.await.into_reason() {
                ExitReason::Normal if stop.is_some_and(|token| token.is_cancelled()) => {
                    ExitReason::Shutdown
                }
                reason => reason,
            }
        };
        (Self { shared: shared.clone(), token }, Run::new(shared, body))
    }

    pub(super) fn attach(self, task: JoinHandle<()>) -> Box<dyn Control> {
        self.shared.attach(task.abort_handle());
        Box::new(self)
    }
}

impl Control for TaskChild {
    fn id(&self) -> ActorId {
        ActorId(self.shared.id)
    }

    fn stop(&self) {
        match &self.token {
            Some(token) => token.cancel(),
            None => self.kill(),
        }
    }

    fn kill(&self) {
        self.shared.kill();
    }

    fn watch(&self, watcher: Watcher) {
        self.shared.watch(watcher);
    }

    fn ready(&self) -> Waiting<Result<(), ExitReason>> {
        Box::pin(core::future::ready(Ok(())))
    }

    fn ended(&self) -> Waiting<ExitReason> {
        let shared = self.shared.clone();
        Box::pin(async move { shared.ended().await })
    }
}
