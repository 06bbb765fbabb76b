//! The waker of a task: a counted pointer to its cell.

use super::cell::Task;
use super::executor::at_hand;
use crate::env::context;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{Context, RawWaker, RawWakerVTable, Waker};

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop);

/// Runs `f` with a waker that borrows the caller's claim on the task.
#[inline]
pub(super) fn with_waker<R>(task: Task, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
    let raw = RawWaker::new(task.as_ptr().as_ptr().cast(), &VTABLE);
    // SAFETY: `VTABLE` keeps the waker contract. The waker is never dropped, so it needs no
    // reference of its own: the task outlives this call.
    let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw) });
    f(&mut Context::from_waker(&waker))
}

/// Whether `waker` is that of a task, whoever owns it.
#[inline]
pub(super) fn is_of_task(waker: &Waker) -> bool {
    core::ptr::eq(waker.vtable(), &VTABLE)
}

/// Whether `waker` is the waker of the task that this thread is polling.
pub(super) fn is_current_task(waker: &Waker) -> bool {
    is_of_task(waker)
        && context::with(|context| context.task.get())
            .is_some_and(|task| core::ptr::eq(task.as_ptr().cast_const(), waker.data()))
}

fn task(data: *const ()) -> Task {
    // SAFETY: every waker of this table points to a cell.
    Task::from_raw(unsafe { NonNull::new_unchecked(data.cast_mut()) })
}

#[inline]
fn tell(data: *const (), op: &'static str) {
    task(data).header().record.span.waker(op);
}

unsafe fn clone(data: *const ()) -> RawWaker {
    task(data).add_ref();
    tell(data, "waker.clone");
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    let task = task(data);
    tell(data, "waker.wake");
    let owner = task.owner();
    if let Some(executor) = at_hand(owner) {
        executor.wake(task);
        task.drop_ref_here();
    } else if owner.is_driven_here() {
        // Of several that drive: what it holds nobody else can complete before it is queued.
        match task.header().state.wake_and_release() {
            Some(true) => owner.schedule(task.as_raw()),
            Some(false) => {}
            None => task.drop_ref(),
        }
    } else {
        // The reference is kept until the task is in the queue: the owner might complete it.
        if task.header().state.wake() {
            owner.schedule(task.as_raw());
        }
        task.drop_ref();
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    let task = task(data);
    tell(data, "waker.wake_by_ref");
    let owner = task.owner();
    if let Some(executor) = at_hand(owner) {
        executor.wake(task);
    } else if task.header().state.wake() {
        owner.schedule(task.as_raw());
    }
}

unsafe fn drop(data: *const ()) {
    tell(data, "waker.drop");
    task(data).drop_ref();
}
