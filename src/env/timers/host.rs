//! A runtime of nothing but timers, for tests: counts how often it is told to look again.

use super::{Registration, Timers};
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::clock::Clock;
use crate::env::context;
use crate::env::hooks::Hooks;
use crate::env::info::{Info, RuntimeFlavor};
use crate::env::instant::Instant;
use crate::env::meter::Meter;
use crate::env::owner::{Ops, Owner, RawTask};
use crate::env::{Env, timers};
use core::pin::Pin;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;

#[repr(C)]
pub(super) struct Host {
    owner: Owner,
    env: Env,
    unparked: AtomicUsize,
}

static OPS: Ops = Ops {
    single: false,
    retain,
    release,
    schedule,
    adopt,
    unpark,
    step_aside: |_| true,
    place: |_, _| {},
    read: |_, _| 0,
    env,
    #[cfg(feature = "dump")]
    dump: crate::env::owner::DumpOps::NONE,
};

impl Host {
    pub(super) fn new(clock: Clock) -> Arc<Self> {
        Self::with_wheels(clock, 1)
    }

    /// As a pool of so many workers.
    pub(super) fn with_wheels(clock: Clock, wheels: usize) -> Arc<Self> {
        let info = Info::new(RuntimeFlavor::CurrentThread, None);
        let mut timers = Timers::new();
        timers.split(wheels);
        let env = Env {
            info,
            clock,
            timers,
            hooks: Hooks::default(),
            meter: Meter::new(None),
            blocking: None,
            driver: None,
        };
        Arc::new(Self { owner: Owner::new(&OPS), env, unparked: AtomicUsize::new(0) })
    }

    pub(super) fn timers(&self) -> &timers::Timers {
        &self.env.timers
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.env.clock
    }

    pub(super) fn unparked(&self) -> usize {
        self.unparked.load(Ordering::SeqCst)
    }

    /// Runs `f` as a task of this runtime would run.
    pub(super) fn enter<R>(self: &Arc<Self>, f: impl FnOnce() -> R) -> R {
        let before = context::with(|context| context.runtime.replace(Some(self.address())));
        let result = f();
        context::with(|context| context.runtime.set(before));
        result
    }

    /// Runs `f` on the thread that drives this runtime.
    pub(super) fn drive<R>(self: &Arc<Self>, f: impl FnOnce() -> R) -> R {
        let before = context::with(|context| context.driving.replace(Some(self.address())));
        let result = self.enter(f);
        context::with(|context| context.driving.set(before));
        result
    }

    /// A timer of this runtime.
    pub(super) fn timer(self: &Arc<Self>, ns: u64) -> Pin<Box<Registration>> {
        self.enter(|| Box::pin(Registration::new(Instant::from_nanos(ns))))
    }

    fn address(self: &Arc<Self>) -> NonNull<Owner> {
        NonNull::new(Arc::as_ptr(self).cast_mut()).unwrap().cast()
    }
}

unsafe fn retain(owner: NonNull<Owner>) {
    // SAFETY: every owner with these operations is a `Host` in an `Arc`.
    unsafe { Arc::increment_strong_count(owner.cast::<Host>().as_ptr()) }
}

unsafe fn release(owner: NonNull<Owner>) {
    // SAFETY: as above, and the caller gives up a reference.
    unsafe { Arc::decrement_strong_count(owner.cast::<Host>().as_ptr()) }
}

unsafe fn schedule(_: NonNull<Owner>, _: RawTask) {
    unreachable!("no tasks here");
}

unsafe fn adopt(_: NonNull<Owner>, _: RawTask) {
    unreachable!("no tasks here");
}

unsafe fn unpark(owner: NonNull<Owner>) {
    // Who drives looks before it waits.
    if context::with(|context| context.driving.get()) != Some(owner) {
        // SAFETY: as above.
        unsafe { owner.cast::<Host>().as_ref() }.unparked.fetch_add(1, Ordering::SeqCst);
    }
}

unsafe fn env(owner: NonNull<Owner>) -> Option<NonNull<Env>> {
    // SAFETY: as above.
    Some(NonNull::from(unsafe { &owner.cast::<Host>().as_ref().env }))
}
