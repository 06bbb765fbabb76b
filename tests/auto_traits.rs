//! Which types of tasks, runtimes and collections are `Send`, `Sync` and `Unpin`: checked when this compiles.
#![cfg(not(target_family = "wasm"))]

use creel::actor::{self, Actor, Context, ExitReason, LocalActor};
use creel::collections::{Stack, TakeAll, deque, hazard, mpmc, mpsc, run_queue, spsc};
use creel::runtime;
use creel::task::{self, JoinHandle, JoinSet};
use std::cell::Cell;
use std::marker::PhantomPinned;
use std::rc::Rc;

/// An actor whose messages may leave the thread.
struct Anywhere;

impl Actor for Anywhere {
    type Message = Cell<u32>;

    async fn handle(&mut self, _: Cell<u32>, _: &mut Context<Self>) -> Result<(), ExitReason> {
        Ok(())
    }
}

/// An actor whose messages stay.
struct Here;

impl LocalActor for Here {
    type Message = Rc<u32>;

    async fn handle(&mut self, _: Rc<u32>, _: &mut Context<Self>) -> Result<(), ExitReason> {
        Ok(())
    }
}

/// Two impls fit a type that has the trait, so its function is ambiguous there.
macro_rules! is_not {
    ($type:ty: $trait:path) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn f() {}
            }
            struct Has;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
            let _ = <$type as Ambiguous<_>>::f;
        };
    };
}

macro_rules! is {
    ($type:ty: $trait:path) => {
        const _: fn() = || {
            fn has<T: ?Sized + $trait>() {}
            has::<$type>();
        };
    };
}

macro_rules! types {
    ($($type:ty: $send:ident Send, $sync:ident Sync, $unpin:ident Unpin;)*) => {
        $($send!($type: Send); $sync!($type: Sync); $unpin!($type: Unpin);)*
    };
}

types! {
    runtime::Builder: is Send, is Sync, is Unpin;
    runtime::EnterGuard<'_>: is_not Send, is Sync, is Unpin;
    runtime::Handle: is Send, is Sync, is Unpin;
    runtime::Id: is Send, is Sync, is Unpin;
    runtime::LocalOptions: is_not Send, is_not Sync, is Unpin;
    runtime::LocalRuntime: is_not Send, is_not Sync, is Unpin;
    runtime::Next: is Send, is Sync, is Unpin;
    runtime::Runtime: is Send, is Sync, is Unpin;
    runtime::ShutdownReport: is Send, is Sync, is Unpin;
    runtime::TryCurrentError: is Send, is Sync, is Unpin;

    actor::Addr<Anywhere>: is Send, is Sync, is Unpin;
    actor::Addr<Here>: is_not Send, is_not Sync, is Unpin;
    actor::WeakAddr<Anywhere>: is Send, is Sync, is Unpin;
    actor::WeakAddr<Here>: is_not Send, is_not Sync, is Unpin;
    actor::Context<Anywhere>: is Send, is Sync, is Unpin;
    actor::ReplyTo<Cell<u32>>: is Send, is Sync, is Unpin;
    actor::ReplyTo<Rc<u32>>: is_not Send, is_not Sync, is Unpin;
    actor::Registry: is Send, is Sync, is Unpin;
    actor::Monitor: is Send, is Sync, is Unpin;
    actor::ExitReason: is Send, is Sync, is Unpin;
    actor::CallError: is Send, is Sync, is Unpin;
    actor::supervisor::ChildSpec: is Send, is_not Sync, is Unpin;
    actor::supervisor::SupervisorRef: is Send, is Sync, is Unpin;
    actor::supervisor::Event: is Send, is Sync, is Unpin;

    JoinHandle<Cell<u32>>: is Send, is Sync, is Unpin;
    JoinHandle<Rc<u32>>: is_not Send, is_not Sync, is Unpin;
    JoinHandle<PhantomPinned>: is Send, is Sync, is Unpin;
    JoinSet<Cell<u32>>: is Send, is Sync, is Unpin;
    JoinSet<Rc<u32>>: is_not Send, is_not Sync, is Unpin;
    task::AbortHandle: is Send, is Sync, is Unpin;
    task::Builder<'_>: is Send, is Sync, is Unpin;
    task::Id: is Send, is Sync, is Unpin;
    task::JoinError: is Send, is Sync, is Unpin;
    task::LocalEnterGuard: is_not Send, is_not Sync, is Unpin;
    task::LocalKey<Rc<u32>>: is Send, is Sync, is Unpin;
    task::LocalSet: is_not Send, is_not Sync, is Unpin;
    task::TaskTracker: is Send, is Sync, is Unpin;
    task::Unconstrained<Rc<u32>>: is_not Send, is_not Sync, is Unpin;
    task::Unconstrained<PhantomPinned>: is Send, is Sync, is_not Unpin;
    task::coop::RestoreOnPending: is_not Send, is_not Sync, is Unpin;
}

/// What can be sent, but not shared: whoever takes it out owns it.
type Sendable = Cell<u32>;
/// What can be shared, but not sent.
type Shareable = std::sync::MutexGuard<'static, u32>;

types! {
    mpmc::Queue<Sendable>: is Send, is Sync, is Unpin;
    mpmc::Queue<Shareable>: is_not Send, is_not Sync, is Unpin;
    mpsc::Producer<Sendable>: is Send, is Sync, is Unpin;
    mpsc::Producer<Shareable>: is_not Send, is_not Sync, is Unpin;
    mpsc::Consumer<Sendable>: is Send, is Sync, is Unpin;
    mpsc::Consumer<Shareable>: is_not Send, is_not Sync, is Unpin;
    spsc::Producer<Sendable>: is Send, is Sync, is Unpin;
    spsc::Producer<Shareable>: is_not Send, is_not Sync, is Unpin;
    spsc::Consumer<Sendable>: is Send, is Sync, is Unpin;
    spsc::Consumer<Shareable>: is_not Send, is_not Sync, is Unpin;
    spsc::Drain<'_, Sendable>: is Send, is Sync, is Unpin;
    spsc::Drain<'_, Shareable>: is_not Send, is_not Sync, is Unpin;
    Stack<Sendable>: is Send, is Sync, is Unpin;
    Stack<Shareable>: is_not Send, is_not Sync, is Unpin;
    TakeAll<'_, Sendable>: is Send, is Sync, is Unpin;
    TakeAll<'_, Shareable>: is_not Send, is_not Sync, is Unpin;

    // A worker's end is for one thread at a time.
    deque::Worker<Box<Sendable>>: is Send, is_not Sync, is Unpin;
    deque::Worker<Box<Shareable>>: is_not Send, is_not Sync, is Unpin;
    deque::Stealer<Box<Sendable>>: is Send, is Sync, is Unpin;
    deque::Stealer<Box<Shareable>>: is_not Send, is_not Sync, is Unpin;
    run_queue::Worker<Box<Sendable>>: is Send, is_not Sync, is Unpin;
    run_queue::Worker<Box<Shareable>>: is_not Send, is_not Sync, is Unpin;
    run_queue::Stealer<Box<Sendable>>: is Send, is Sync, is Unpin;
    run_queue::Stealer<Box<Shareable>>: is_not Send, is_not Sync, is Unpin;

    hazard::Domain: is Send, is Sync, is Unpin;
    // A guard is a shared reference.
    hazard::Guard<'_, Sendable>: is_not Send, is_not Sync, is Unpin;
    hazard::Guard<'_, Shareable>: is Send, is Sync, is Unpin;
}

macro_rules! unwind_safe {
    ($($type:ty;)*) => {
        $(is!($type: std::panic::UnwindSafe); is!($type: std::panic::RefUnwindSafe);)*
    };
}

unwind_safe! {
    mpmc::Queue<Sendable>;
    mpsc::Producer<Sendable>;
    mpsc::Consumer<Sendable>;
    spsc::Producer<Sendable>;
    spsc::Consumer<Sendable>;
    deque::Worker<Box<Sendable>>;
    deque::Stealer<Box<Sendable>>;
    run_queue::Worker<Box<Sendable>>;
    run_queue::Stealer<Box<Sendable>>;
    Stack<Sendable>;
}
