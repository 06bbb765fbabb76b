//! Which types of tasks and runtimes are `Send`, `Sync` and `Unpin`: checked when this compiles.
#![cfg(not(target_family = "wasm"))]

use creel::runtime;
use creel::task::{self, JoinHandle, JoinSet};
use std::cell::Cell;
use std::marker::PhantomPinned;
use std::rc::Rc;

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
