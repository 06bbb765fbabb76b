//! creel for C. The header `include/creel.h` is made of this file, and its comments are what C reads:
//! `tests/c.rs` holds the two against each other, and writes the header anew when `CREEL_HEADER=new`.
//!
//! A runtime is a passive machine: the program's own loop ticks it, and waits in between for its
//! descriptor, its hook, or the next deadline. A task is a function that is called whenever it is
//! woken, until it says that it is done.
//!
//! Nothing here unwinds into C: a panic ends the process, as it does in any `extern "C"` function.
//!
//! # Safety
//! For every function: what a pointer points to came from here and was not given back, unless it is
//! said that null is allowed; and the header's rule about threads is kept.
#![allow(clippy::missing_safety_doc)] // above, once for all

use runtime::runtime::{Builder, Next, Runtime};
use runtime::task::{AbortHandle, JoinHandle};
use runtime::time::{Duration, Instant, Sleep, sleep_until};
use std::ffi::{c_int, c_void};
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, Waker};

/// A runtime.
pub struct CreelRuntime {
    runtime: Runtime,
    #[cfg(unix)]
    descriptor: std::os::fd::OwnedFd,
}

/// The handle of a task.
pub struct CreelTask {
    handle: JoinHandle<()>,
    abort: AbortHandle,
}

/// What a task sees while it is called.
pub struct CreelContext<'a> {
    waker: &'a Waker,
    wake_at: Option<Instant>,
}

/// What wakes a task.
pub struct CreelWaker(Waker);

/// After a tick: another at once, for tasks are ready.
pub const CREEL_NOW: c_int = 0;
/// After a tick: another after `delay_ns` at the latest, or when the runtime is woken.
pub const CREEL_AT: c_int = 1;
/// After a tick: nothing until the runtime is woken.
pub const CREEL_IDLE: c_int = 2;
/// Nothing was done: a tick is under way further up the stack.
pub const CREEL_BUSY: c_int = 3;

/// What a runtime needs after a tick.
#[repr(C)]
pub struct CreelNext {
    kind: c_int,
    delay_ns: u64,
}

/// A task answers: call again when it is woken.
pub const CREEL_PENDING: c_int = 0;
/// A task answers: it is done.
pub const CREEL_READY: c_int = 1;

/// A task: called when it is woken, and once to begin with. The context is valid during the call.
pub type CreelPoll = extern "C" fn(data: *mut c_void, context: *mut CreelContext<'_>) -> c_int;

/// A pointer of C's that goes where the runtime goes.
struct Data(*mut c_void);

// SAFETY: the header says on which thread each callback is called, and C keeps to it.
unsafe impl Send for Data {}
// SAFETY: as above.
unsafe impl Sync for Data {}

/// Makes a runtime; NULL if the system has no descriptors to give.
#[unsafe(no_mangle)]
pub extern "C" fn creel_runtime_new() -> *mut CreelRuntime {
    let mut builder = Builder::new_current_thread();
    #[cfg(unix)]
    let made = builder
        .build_pollable()
        .map(|(runtime, descriptor)| CreelRuntime { runtime, descriptor })
        .ok();
    #[cfg(not(unix))]
    let made = Some(CreelRuntime { runtime: builder.build_passive(|| {}) });
    made.map_or(ptr::null_mut(), |made| Box::into_raw(Box::new(made)))
}

/// Cancels all tasks, releases their data and ends the runtime. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_runtime_free(runtime: *mut CreelRuntime) {
    if !runtime.is_null() {
        // SAFETY: the caller gives the runtime back.
        drop(unsafe { Box::from_raw(runtime) });
    }
}

/// A descriptor that is readable when a tick has something to do, for poll, epoll or kqueue; it
/// belongs to the runtime. -1 on systems that have none: use the hook there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_runtime_fd(runtime: *const CreelRuntime) -> c_int {
    // SAFETY: the caller keeps the runtime alive.
    let runtime = unsafe { &*runtime };
    #[cfg(unix)]
    return std::os::fd::AsRawFd::as_raw_fd(&runtime.descriptor);
    #[cfg(not(unix))]
    {
        let _ = runtime;
        -1
    }
}

/// Has `hook(data)` called when there is work, at most once until the next tick, from any thread. It
/// must not block and must not tick.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_runtime_set_wake_hook(
    runtime: *const CreelRuntime,
    hook: extern "C" fn(data: *mut c_void),
    data: *mut c_void,
) {
    // SAFETY: the caller keeps the runtime alive.
    let runtime = unsafe { &*runtime };
    let data = Data(data);
    runtime.runtime.set_wake_hook(move || {
        let data = &data;
        hook(data.0);
    });
}

/// Fires the timers that are due, gives up to `turns` ready tasks a call each, and says what is
/// needed next. Never waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_runtime_tick(
    runtime: *const CreelRuntime,
    turns: usize,
) -> CreelNext {
    // SAFETY: the caller keeps the runtime alive.
    match unsafe { &*runtime }.runtime.tick(turns) {
        Next::Now => CreelNext { kind: CREEL_NOW, delay_ns: 0 },
        Next::At(then) => CreelNext { kind: CREEL_AT, delay_ns: until(then) },
        Next::Idle => CreelNext { kind: CREEL_IDLE, delay_ns: 0 },
        _ => CreelNext { kind: CREEL_BUSY, delay_ns: 0 },
    }
}

/// Nanoseconds until the next timer is due, zero if it is; -1 if none is armed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_runtime_next_deadline_ns(runtime: *const CreelRuntime) -> i64 {
    // SAFETY: the caller keeps the runtime alive.
    let deadline = unsafe { &*runtime }.runtime.next_deadline();
    deadline.map_or(-1, |then| i64::try_from(until(then)).unwrap_or(i64::MAX))
}

fn until(then: Instant) -> u64 {
    let delay = then.saturating_duration_since(Instant::now());
    u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX)
}

/// Starts a task. `release(data)` is called exactly once, when the task is done, cancelled, or ended
/// with its runtime; it may be NULL. The handle is given back by creel_task_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_spawn(
    runtime: *const CreelRuntime,
    poll: CreelPoll,
    release: Option<extern "C" fn(data: *mut c_void)>,
    data: *mut c_void,
) -> *mut CreelTask {
    let task = Callback { poll, release, data: Data(data), nap: None };
    // SAFETY: the caller keeps the runtime alive.
    let handle = unsafe { &*runtime }.runtime.spawn(task);
    let abort = handle.abort_handle();
    Box::into_raw(Box::new(CreelTask { handle, abort }))
}

/// A task of C's.
struct Callback {
    poll: CreelPoll,
    release: Option<extern "C" fn(*mut c_void)>,
    data: Data,
    /// What wakes it at the time that it asked for.
    nap: Option<Pin<Box<Sleep>>>,
}

impl Future for Callback {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut context = CreelContext { waker: cx.waker(), wake_at: None };
        if (self.poll)(self.data.0, &raw mut context) != CREEL_PENDING {
            return Poll::Ready(());
        }
        if let Some(then) = context.wake_at {
            let nap = self.nap.insert(Box::pin(sleep_until(then)));
            if nap.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        } else if let Some(nap) = &mut self.nap {
            // A time that was asked for earlier still counts.
            let _ = nap.as_mut().poll(cx);
        }
        Poll::Pending
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            release(self.data.0);
        }
    }
}

/// In a task's call: have it called again after `delay_ns` at the latest. The last request counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_wake_after_ns(context: *mut CreelContext<'_>, delay_ns: u64) {
    // SAFETY: the caller is in the call that the context belongs to.
    unsafe { &mut *context }.wake_at = Some(Instant::now() + Duration::from_nanos(delay_ns));
}

/// In a task's call: what wakes this task. It may outlive task and runtime.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_waker_new(context: *const CreelContext<'_>) -> *mut CreelWaker {
    // SAFETY: the caller is in the call that the context belongs to.
    let waker = unsafe { &*context }.waker.clone();
    Box::into_raw(Box::new(CreelWaker(waker)))
}

/// Has the task called again; nothing if it is done. From any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_waker_wake(waker: *const CreelWaker) {
    // SAFETY: the caller keeps the waker alive.
    unsafe { &*waker }.0.wake_by_ref();
}

/// Gives a waker back. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_waker_free(waker: *mut CreelWaker) {
    if !waker.is_null() {
        // SAFETY: the caller gives the waker back.
        drop(unsafe { Box::from_raw(waker) });
    }
}

/// Cancels a task: it is not called any more, and its data is released at the next tick at the latest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_task_cancel(task: *const CreelTask) {
    // SAFETY: the caller keeps the handle alive.
    unsafe { &*task }.abort.abort();
}

/// Whether a task is done or cancelled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_task_is_finished(task: *const CreelTask) -> bool {
    // SAFETY: the caller keeps the handle alive.
    unsafe { &*task }.handle.is_finished()
}

/// Gives the handle back; the task goes on. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_task_free(task: *mut CreelTask) {
    if !task.is_null() {
        // SAFETY: the caller gives the handle back.
        drop(unsafe { Box::from_raw(task) });
    }
}
