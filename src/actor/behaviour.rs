//! What an actor is: its state, its messages, and what it does with them.

use super::addr::Addr;
use super::context::Context;
use super::exit::ExitReason;
use super::mailbox::{Mailbox, Shared};
use super::run::{Run, serve};
use super::signals::Info;
use crate::runtime::Handle;
use crate::task::JoinHandle;
use alloc::sync::Arc;
use core::future::Future;

/// Declares a trait of actors whose futures have the bounds given. The two differ in nothing else.
macro_rules! actor_trait {
    ($(#[$doc:meta])* $name:ident: [$($bound:tt)*], [$($message:tt)*], { $($start:tt)* }) => {
        $(#[$doc])*
        pub trait $name: Sized + 'static $($bound)* {
            /// What it is sent; most often an enum with a variant for each thing it can do. What
            /// asks for an answer holds a [`ReplyTo`](super::ReplyTo).
            type Message: 'static $($message)*;

            /// How large its mailbox is. Asked once, before it starts.
            fn mailbox(&self) -> Mailbox {
                Mailbox::default()
            }

            /// Called first; messages wait until it is done.
            ///
            /// # Errors
            /// The actor ends for this reason without having lived: [`terminate`](Self::terminate)
            /// is not called, and its supervisor takes it for a failed start.
            fn init(
                &mut self,
                cx: &mut Context<Self>,
            ) -> impl Future<Output = Result<(), ExitReason>> $($bound)* {
                let _ = cx;
                core::future::ready(Ok(()))
            }

            /// Called for each message, one after the other.
            ///
            /// # Errors
            /// The actor ends for this reason; what is left in its mailbox is dropped.
            fn handle(
                &mut self,
                message: Self::Message,
                cx: &mut Context<Self>,
            ) -> impl Future<Output = Result<(), ExitReason>> $($bound)*;

            /// Called for news of the actors that it monitors or is linked to. By default they are
            /// ignored.
            ///
            /// # Errors
            /// As [`handle`](Self::handle).
            fn info(
                &mut self,
                info: Info,
                cx: &mut Context<Self>,
            ) -> impl Future<Output = Result<(), ExitReason>> $($bound)* {
                let _ = (info, cx);
                core::future::ready(Ok(()))
            }

            /// Called last, after a panic too, when messages are accepted no more. It is not called
            /// if [`init`](Self::init) failed, nor if the actor is killed or its runtime goes: then
            /// it is dropped where it stands.
            fn terminate(
                &mut self,
                reason: &ExitReason,
                cx: &mut Context<Self>,
            ) -> impl Future<Output = ()> $($bound)* {
                let _ = (reason, cx);
                core::future::ready(())
            }

            $($start)*
        }
    };
}

actor_trait! {
    /// An actor: a task that owns its state and handles messages one at a time.
    ///
    /// Its futures are `Send`, so that any worker may run it. For state that stays on one thread
    /// there is [`LocalActor`]; every `Actor` is one too. The methods are written as `async fn`.
    ///
    /// See the [module](super) for a whole example.
    Actor: [+ Send], [+ Send], {
        /// Starts it on the runtime of this thread. The address can be used at once: messages wait
        /// until [`init`](Self::init) is done, and if that fails callers are told why.
        ///
        /// Costs two allocations: the task, and what it shares with its addresses.
        ///
        /// # Panics
        /// Outside a runtime.
        #[track_caller]
        fn start(self) -> Addr<Self> {
            let (addr, run) = prepare(self);
            started(addr, crate::task::spawn(run))
        }

        /// [`start`](Self::start), on another runtime.
        #[track_caller]
        fn start_on(self, runtime: &Handle) -> Addr<Self> {
            let (addr, run) = prepare(self);
            started(addr, runtime.spawn(run))
        }
    }
}

actor_trait! {
    /// An [`Actor`] that stays on its thread, so its state and its futures need not be `Send`.
    ///
    /// Its address may leave the thread if its messages may.
    ///
    /// # Examples
    /// ```
    /// use creel::actor::{Context, ExitReason, LocalActor, ReplyTo};
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// struct Counter(Rc<Cell<u32>>);
    ///
    /// impl LocalActor for Counter {
    ///     type Message = ReplyTo<u32>;
    ///
    ///     async fn handle(&mut self, reply: ReplyTo<u32>, _: &mut Context<Self>) -> Result<(), ExitReason> {
    ///         self.0.set(self.0.get() + 1);
    ///         reply.send(self.0.get());
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let count = Rc::new(Cell::new(0));
    /// let counter = Counter(count.clone()).start_local();
    /// assert_eq!(counter.call(|reply| reply).await.unwrap(), 1);
    /// assert_eq!(count.get(), 1);
    /// # }
    /// ```
    LocalActor: [], [], {
        /// Starts it where [`spawn_local`](crate::task::spawn_local) puts a task.
        ///
        /// # Panics
        /// Where this thread drives no runtime.
        #[track_caller]
        fn start_local(self) -> Addr<Self> {
            let (addr, run) = prepare(self);
            started(addr, crate::task::spawn_local(run))
        }
    }
}

impl<A: Actor> LocalActor for A {
    type Message = <A as Actor>::Message;

    fn mailbox(&self) -> Mailbox {
        Actor::mailbox(self)
    }

    fn init(&mut self, cx: &mut Context<Self>) -> impl Future<Output = Result<(), ExitReason>> {
        Actor::init(self, cx)
    }

    fn handle(
        &mut self,
        message: Self::Message,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), ExitReason>> {
        Actor::handle(self, message, cx)
    }

    fn info(
        &mut self,
        info: Info,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), ExitReason>> {
        Actor::info(self, info, cx)
    }

    fn terminate(
        &mut self,
        reason: &ExitReason,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> {
        Actor::terminate(self, reason, cx)
    }
}

/// The first address of an actor, and its task.
fn prepare<A: LocalActor>(
    actor: A,
) -> (Addr<A>, Run<A::Message, impl Future<Output = ExitReason>>) {
    let shared = Arc::new(Shared::new(LocalActor::mailbox(&actor)));
    let body = serve(actor, Context::new(shared.clone()));
    (Addr::first(shared.clone()), Run::new(shared, body))
}

fn started<A: LocalActor>(addr: Addr<A>, task: JoinHandle<()>) -> Addr<A> {
    addr.shared().attach(task.abort_handle());
    addr
}
