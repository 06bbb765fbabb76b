//! The context slot: which runtime, task and budget the code running on this thread is under.
//!
//! A thread-local with `std`. One static without, and where there are no threads: such a target runs
//! one runtime on one core, and an interrupt handler only wakes, which does not read the slot there.

#[cfg_attr(
    any(not(feature = "std"), all(target_family = "wasm", not(target_feature = "atomics"))),
    path = "context/slot_single.rs"
)]
mod slot;

pub(crate) use slot::with;

use super::coop::Budget;
use super::dump::Asked;
use super::rng::Rng;
use core::cell::Cell;

#[cfg(feature = "alloc")]
use super::owner::{Owner, RawTask};
#[cfg(feature = "alloc")]
use core::ptr::NonNull;

/// All fields are plain cells: reading one never runs foreign code.
#[derive(Debug)]
pub(crate) struct Context {
    /// The runtime that `Handle::current`, timers and `spawn` mean here.
    #[cfg(feature = "alloc")]
    pub(crate) runtime: Cell<Option<NonNull<Owner>>>,
    /// The owner of tasks whose core this thread holds: pushes to it need no atomics.
    #[cfg(feature = "alloc")]
    pub(crate) driving: Cell<Option<NonNull<Owner>>>,
    /// Where `spawn_local` puts its task.
    #[cfg(feature = "alloc")]
    pub(crate) local: Cell<Option<NonNull<Owner>>>,
    /// The task that is being polled.
    #[cfg(feature = "alloc")]
    pub(crate) task: Cell<Option<RawTask>>,
    /// What the running code is part of; only `scope` looks behind it.
    #[cfg(feature = "alloc")]
    pub(crate) scope: Cell<Option<NonNull<()>>>,
    /// Whether tasks depend on this thread, so that it must not wait for anything else: a
    /// `block_on` or a worker is further up its stack.
    pub(crate) occupied: Cell<bool>,
    /// How many guards of `Handle::enter` this thread has.
    pub(crate) depth: Cell<u32>,
    /// Which worker of its runtime this thread is, plus one; zero if none.
    pub(crate) worker: Cell<usize>,
    /// The task that is being polled gave way without its waker: queue it again.
    pub(crate) yielded: Cell<bool>,
    /// How many calls further up the stack must return before anything else may run on this
    /// thread: they have something of the thread in their hands.
    pub(crate) pinned: Cell<u32>,
    #[cfg(feature = "alloc")]
    pub(crate) ids: Cell<super::id::Ids>,
    /// For dumps: nothing without the feature.
    pub(crate) asked: Asked,
    pub(crate) budget: Cell<Budget>,
    /// The id of this thread, once somebody has asked for it.
    #[cfg(feature = "std")]
    pub(super) thread_id: Cell<Option<super::thread_id::ThreadId>>,
    pub(crate) rng: Cell<Rng>,
}

impl Context {
    /// All zeros: what is not costs no bytes of a program, and under WASI its page is one that is written anyway.
    const fn new() -> Self {
        Self {
            #[cfg(feature = "alloc")]
            runtime: Cell::new(None),
            #[cfg(feature = "alloc")]
            driving: Cell::new(None),
            #[cfg(feature = "alloc")]
            local: Cell::new(None),
            #[cfg(feature = "alloc")]
            task: Cell::new(None),
            #[cfg(feature = "alloc")]
            scope: Cell::new(None),
            occupied: Cell::new(false),
            depth: Cell::new(0),
            worker: Cell::new(0),
            yielded: Cell::new(false),
            pinned: Cell::new(0),
            #[cfg(feature = "alloc")]
            ids: Cell::new(super::id::Ids::new()),
            asked: Asked::new(),
            budget: Cell::new(Budget::UNLIMITED),
            #[cfg(feature = "std")]
            thread_id: Cell::new(None),
            rng: Cell::new(Rng::new(0)),
        }
    }
}

/// What tells this thread from every other: the address of its context.
#[inline]
pub(crate) fn thread() -> usize {
    with(|context| core::ptr::from_ref(context).addr())
}

/// What `Handle::enter` and the like change for as long as their guard lives. A guard on the stack
/// of a fiber takes its changes along when the fiber is suspended.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entered {
    pub(crate) runtime: Option<NonNull<Owner>>,
    pub(crate) local: Option<NonNull<Owner>>,
    occupied: bool,
    depth: u32,
}

#[cfg(feature = "alloc")]
impl Entered {
    /// What is entered on this thread.
    #[inline]
    pub(crate) fn now() -> Self {
        with(|context| Self {
            runtime: context.runtime.get(),
            local: context.local.get(),
            occupied: context.occupied.get(),
            depth: context.depth.get(),
        })
    }

    /// Whether just that is entered on this thread: it mostly is, so one branch asks for all.
    #[inline]
    pub(crate) fn is_now(&self) -> bool {
        let now = Self::now();
        let owners = (address(now.runtime) ^ address(self.runtime))
            | (address(now.local) ^ address(self.local));
        let guards = (now.depth ^ self.depth) | u32::from(now.occupied ^ self.occupied);
        owners | guards as usize == 0
    }

    /// Enters that, and answers what was entered before.
    pub(crate) fn replace(self) -> Self {
        let before = Self::now();
        with(|context| {
            context.runtime.set(self.runtime);
            context.local.set(self.local);
            context.occupied.set(self.occupied);
            context.depth.set(self.depth);
        });
        before
    }
}

/// Where that is, zero if nowhere: to compare addresses is half the work of comparing options.
#[cfg(feature = "alloc")]
#[inline]
pub(crate) fn address<T>(pointer: Option<NonNull<T>>) -> usize {
    pointer.map_or(0, |pointer| pointer.addr().get())
}

/// Runs `f` while nothing else may run on this thread.
pub(crate) fn pinned<R>(f: impl FnOnce() -> R) -> R {
    let _pinned = Restore::set(|context| &context.pinned, with(|cx| cx.pinned.get() + 1));
    f()
}

/// Sets a cell of the context, and puts the old value back when dropped.
#[derive(Debug)]
pub(crate) struct Restore<T: Copy + 'static> {
    cell: fn(&Context) -> &Cell<T>,
    old: T,
    /// The context is this thread's.
    _not_send: core::marker::PhantomData<*const ()>,
}

impl<T: Copy> Restore<T> {
    #[inline]
    pub(crate) fn set(cell: fn(&Context) -> &Cell<T>, new: T) -> Self {
        let old = with(|context| cell(context).replace(new));
        Self { cell, old, _not_send: core::marker::PhantomData }
    }
}

impl<T: Copy> Drop for Restore<T> {
    #[inline]
    fn drop(&mut self) {
        with(|context| (self.cell)(context).set(self.old));
    }
}

/// The cells that say for whom this thread works: set together, and put back together.
///
/// No two that are neighbours here are so in the context: the compiler would copy them in one piece,
/// which has to wait where they were written one by one just before.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Post {
    pub(crate) runtime: Option<NonNull<Owner>>,
    pub(crate) scope: Option<NonNull<()>>,
    pub(crate) driving: Option<NonNull<Owner>>,
    pub(crate) worker: usize,
    pub(crate) local: Option<NonNull<Owner>>,
    pub(crate) occupied: bool,
}

#[cfg(feature = "alloc")]
impl Post {
    /// That of this thread now.
    #[inline]
    pub(crate) fn current() -> Self {
        with(|cx| Self {
            runtime: cx.runtime.get(),
            driving: cx.driving.get(),
            local: cx.local.get(),
            scope: cx.scope.get(),
            worker: cx.worker.get(),
            occupied: cx.occupied.get(),
        })
    }

    /// Makes this the post of the thread until the guard is dropped.
    #[inline]
    pub(crate) fn take(self) -> AtPost {
        let before = Self::current();
        self.set();
        AtPost { before, _not_send: core::marker::PhantomData }
    }

    /// Makes this the post of the thread for good.
    #[inline]
    pub(crate) fn set(self) {
        with(|cx| {
            cx.runtime.set(self.runtime);
            cx.driving.set(self.driving);
            cx.local.set(self.local);
            cx.scope.set(self.scope);
            cx.worker.set(self.worker);
            cx.occupied.set(self.occupied);
        });
    }
}

/// Puts back the post that the thread had before.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub(crate) struct AtPost {
    before: Post,
    /// The context is this thread's.
    _not_send: core::marker::PhantomData<*const ()>,
}

#[cfg(feature = "alloc")]
impl Drop for AtPost {
    #[inline]
    fn drop(&mut self) {
        self.before.set();
    }
}
