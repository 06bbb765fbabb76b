//! The owner of tasks as the rest of the crate sees it: a counted pointer with a table of
//! operations, so that one task cell serves the single-threaded core, the pool and a local set.
//!
//! Why unsafe: one pointer stands for several kinds of owner, so its table of functions is untyped.

use super::Env;
use super::meter::Reading;
use crate::atomic::THREADS;
use core::cell::Cell;
use core::ptr::NonNull;

/// As a literal: a panic with a literal links no code that formats.
macro_rules! no_runtime {
    () => {
        "there is no runtime on this thread: call this inside `block_on` or a task, or enter a \
         runtime with `Handle::enter` (tokio: there is no reactor running, must be called from the \
         context of a Tokio 1.x runtime)"
    };
}

/// Why something that needs a runtime panics without one. The end is what tokio says, for people
/// and tests that look for it.
pub(crate) const NO_RUNTIME: &str = no_runtime!();

/// The address of a task cell's header. Only `task` looks behind it.
pub(crate) type RawTask = NonNull<()>;

/// The first field of whatever owns tasks (`#[repr(C)]`).
#[derive(Debug)]
pub(crate) struct Owner {
    ops: &'static Ops,
    /// References that the thread which drives a `single` owner made, less those that it gave back:
    /// that costs it no atomic write and no call. Where there are no other threads all references,
    /// beginning with that of whoever made the owner.
    here: Cell<isize>,
}

// SAFETY: one thread at a time touches `here`, the one that drives the owner, and who hands the right
// to drive over hands this over, too.
unsafe impl Sync for Owner {}

impl Owner {
    pub(crate) fn new(ops: &'static Ops) -> Self {
        Self { ops, here: Cell::new(if THREADS { 0 } else { 1 }) }
    }

    /// What the driving threads have counted, when none drives any more.
    pub(crate) fn counted_here(&self) -> isize {
        self.here.get()
    }

    /// Counts, and answers the sum.
    #[inline]
    fn count_here(&self, change: isize) -> isize {
        let here = self.here.get() + change;
        self.here.set(here);
        here
    }
}

/// What an owner can do. Every function takes the owner's own address.
#[derive(Debug)]
pub(crate) struct Ops {
    /// Whether one thread at a time drives the owner, so that while it does nobody else polls,
    /// completes or drops a task of it.
    pub(crate) single: bool,
    /// One more reference. From any thread, but for that which drives a `single` owner. Never where there
    /// are no other threads.
    pub(crate) retain: unsafe fn(NonNull<Owner>),
    /// One reference less; the last frees the owner. From any thread, but for the same. Where there
    /// are no other threads only for the last.
    pub(crate) release: unsafe fn(NonNull<Owner>),
    /// The task became ready: queue it. From any thread, never blocks, never allocates.
    pub(crate) schedule: unsafe fn(NonNull<Owner>, RawTask),
    /// A new task: adopt it and queue it, or cancel it if the owner is shut down. From any
    /// thread for a `Send` task, else from the thread that drives the owner.
    pub(crate) adopt: unsafe fn(NonNull<Owner>, RawTask),
    /// Make whoever waits for the timers look again (a nearer deadline). From any thread; nothing
    /// need be done where that is this thread, which looks before it waits.
    pub(crate) unpark: unsafe fn(NonNull<Owner>),
    /// The task that this thread polls is about to block it: let another thread have the rest.
    /// `false`: nobody could.
    pub(crate) step_aside: unsafe fn(NonNull<Owner>) -> bool,
    /// A new task that stays on the thread of its first poll, wherever that is: the function makes
    /// it, once, for the owner that it is given and that adopts it then. From any thread; the
    /// function may run under a short lock.
    pub(crate) place: unsafe fn(NonNull<Owner>, &mut dyn FnMut(OwnerRef) -> RawTask),
    /// What the owner can tell about its tasks; zero for what it has not. From any thread.
    pub(crate) read: unsafe fn(NonNull<Owner>, Reading) -> usize,
    /// The environment, if this owner has one of its own.
    pub(crate) env: unsafe fn(NonNull<Owner>) -> Option<NonNull<Env>>,
    /// How a dump sees the tasks.
    #[cfg(feature = "dump")]
    pub(crate) dump: DumpOps,
}

/// What an owner does for a dump.
#[cfg(feature = "dump")]
#[derive(Debug)]
pub(crate) struct DumpOps {
    /// Runs the function where tasks of the owner may be polled, if that is this thread, now.
    pub(crate) enter: unsafe fn(NonNull<Owner>, &mut dyn FnMut()) -> bool,
    /// Shows each task that is not complete. Inside `enter`; under a lock of the owner.
    pub(crate) each: unsafe fn(NonNull<Owner>, &mut dyn FnMut(RawTask)),
    /// A task that was shown, and had a turn since, is done. Inside `enter`.
    pub(crate) end: unsafe fn(NonNull<Owner>, RawTask),
    /// Shows the owners that are part of this one, but for the blocking pool.
    pub(crate) parts: unsafe fn(NonNull<Owner>, &mut dyn FnMut(OwnerRef)),
}

#[cfg(all(feature = "dump", test))]
impl DumpOps {
    /// Those of an owner without tasks.
    pub(crate) const NONE: Self =
        Self { enter: |_, _| false, each: |_, _| {}, end: |_, _| {}, parts: |_, _| {} };
}

/// A counted reference to an owner.
#[derive(Debug)]
pub(crate) struct OwnerRef(NonNull<Owner>);

// SAFETY: every operation in `Ops` that an `OwnerRef` offers is callable from any thread.
unsafe impl Send for OwnerRef {}
// SAFETY: as above.
unsafe impl Sync for OwnerRef {}

impl OwnerRef {
    /// Takes over one reference.
    ///
    /// # Safety
    /// `owner` is valid and the caller gives up one counted reference to it.
    pub(crate) unsafe fn from_raw(owner: NonNull<Owner>) -> Self {
        Self(owner)
    }

    /// Makes a new reference.
    ///
    /// # Safety
    /// `owner` is valid.
    #[inline]
    pub(crate) unsafe fn retain(owner: NonNull<Owner>) -> Self {
        let this = core::mem::ManuallyDrop::new(Self(owner));
        if this.is_counted_here() {
            this.get().count_here(1);
        } else {
            // SAFETY: valid by contract.
            unsafe { (this.ops().retain)(owner) };
        }
        Self(owner)
    }

    /// Whether this thread drives the owner.
    #[inline]
    pub(crate) fn is_driven_here(&self) -> bool {
        super::context::with(|context| context.driving.get()) == Some(self.0)
    }

    /// Whether this thread drives the owner, and no other does.
    #[inline]
    pub(crate) fn is_driven_here_only(&self) -> bool {
        self.is_driven_here() && self.ops().single
    }

    /// Whether this thread counts its references without an atomic write.
    #[inline]
    fn is_counted_here(&self) -> bool {
        !THREADS || self.is_driven_here_only()
    }

    #[inline]
    fn get(&self) -> &Owner {
        // SAFETY: a counted reference keeps the owner valid.
        unsafe { self.0.as_ref() }
    }

    /// The runtime that the code on this thread runs under.
    pub(crate) fn current() -> Option<Self> {
        let owner = super::context::with(|context| context.runtime.get())?;
        // SAFETY: whoever set the slot keeps the owner alive until it is reset.
        Some(unsafe { Self::retain(owner) })
    }

    /// [`current`](Self::current), where the caller has documented that there must be one.
    #[track_caller]
    pub(crate) fn current_or_panic() -> Self {
        // No closure: the caller is to blame.
        let Some(owner) = Self::current() else { panic!(no_runtime!()) };
        owner
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> NonNull<Owner> {
        self.0
    }

    /// Whether this is the table of the owner.
    #[inline]
    pub(crate) fn is_of(&self, ops: &'static Ops) -> bool {
        core::ptr::eq(self.ops(), ops)
    }

    #[inline]
    fn ops(&self) -> &'static Ops {
        self.get().ops
    }

    #[inline]
    pub(crate) fn schedule(&self, task: RawTask) {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().schedule)(self.0, task) }
    }

    #[inline]
    pub(crate) fn adopt(&self, task: RawTask) {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().adopt)(self.0, task) }
    }

    pub(crate) fn unpark(&self) {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().unpark)(self.0) }
    }

    pub(crate) fn step_aside(&self) -> bool {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().step_aside)(self.0) }
    }

    pub(crate) fn place(&self, make: &mut dyn FnMut(OwnerRef) -> RawTask) {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().place)(self.0, make) }
    }

    /// What the owner can tell about its tasks; zero for what it has not.
    pub(crate) fn read(&self, what: Reading) -> usize {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().read)(self.0, what) }
    }

    /// The environment, if this owner has one of its own: a local set has none.
    pub(crate) fn try_env(&self) -> Option<&Env> {
        // SAFETY: the owner, and the environment inside it, live as long as the reference.
        unsafe { (self.ops().env)(self.0).map(|env| env.as_ref()) }
    }

    /// The environment of a runtime.
    ///
    /// # Panics
    /// If this is a local set, which has none; `OwnerRef::current` never answers one.
    #[inline]
    pub(crate) fn env(&self) -> &Env {
        let Some(env) = self.try_env() else { panic!("a local set has no environment of its own") };
        env
    }
}

/// What dumps need.
#[cfg(feature = "dump")]
impl OwnerRef {
    pub(crate) fn enter(&self, f: &mut dyn FnMut()) -> bool {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().dump.enter)(self.0, f) }
    }

    /// Only inside [`enter`](Self::enter).
    pub(crate) fn each_task(&self, f: &mut dyn FnMut(RawTask)) {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().dump.each)(self.0, f) }
    }

    /// Only inside [`enter`](Self::enter).
    pub(crate) fn end_task(&self, task: RawTask) {
        // SAFETY: the owner is valid.
        unsafe { (self.ops().dump.end)(self.0, task) }
    }

    /// The owners that are part of this one.
    pub(crate) fn parts(&self) -> alloc::vec::Vec<Self> {
        let mut parts = alloc::vec::Vec::new();
        // SAFETY: the owner is valid.
        unsafe { (self.ops().dump.parts)(self.0, &mut |part| parts.push(part)) };
        parts.extend(self.try_env().and_then(|env| env.blocking.clone()));
        parts
    }
}

impl Clone for OwnerRef {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: valid while `self` is.
        unsafe { Self::retain(self.0) }
    }
}

impl Drop for OwnerRef {
    #[inline]
    fn drop(&mut self) {
        if self.is_counted_here() {
            let left = self.get().count_here(-1);
            if THREADS || left > 0 {
                return;
            }
        }
        // SAFETY: `self` owns one reference.
        unsafe { (self.ops().release)(self.0) }
    }
}
