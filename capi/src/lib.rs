//! creel for C: `include/creel.h` says what each function does. The header is written by hand, and
//! `tests/header.rs` holds it against this file.
//!
//! A runtime is a passive machine: the program's own loop ticks it, and waits in between for its
//! descriptor, its hook, or the next deadline. A task is a function that is called whenever it is
//! woken, until it says that it is done.
//!
//! Nothing here unwinds into C: a panic ends the process, as it does in any `extern "C"` function.

use runtime::runtime::{Builder, Next, Runtime};
use runtime::task::{AbortHandle, JoinHandle};
use runtime::time::{Duration, Instant, Sleep, sleep_until};
use std::ffi::{c_int, c_void};
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, Waker};

/// `creel_runtime`.
pub struct CreelRuntime {
    runtime: Runtime,
    #[cfg(unix)]
    descriptor: std::os::fd::OwnedFd,
}

/// `creel_task`.
pub struct CreelTask {
    handle: JoinHandle<()>,
    abort: AbortHandle,
}

/// `creel_context`: what a task sees while it is called.
pub struct CreelContext<'a> {
    waker: &'a Waker,
    wake_at: Option<Instant>,
}

/// `creel_waker`.
pub struct CreelWaker(Waker);

/// `creel_next`.
#[repr(C)]
pub struct CreelNext {
    kind: c_int,
    delay_ns: u64,
}

const NOW: c_int = 0;
const AT: c_int = 1;
const IDLE: c_int = 2;
const BUSY: c_int = 3;

/// A pointer of C's that goes where the runtime goes.
struct Data(*mut c_void);

// SAFETY: the header says on which thread each callback is called, and C keeps to it.
unsafe impl Send for Data {}
// SAFETY: as above.
unsafe impl Sync for Data {}

/// Makes a runtime; null if the system has no descriptors to give.
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

/// Cancels the tasks and ends the runtime.
///
/// # Safety
/// `runtime` comes from `creel_runtime_new` and is not used any more; null is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_runtime_free(runtime: *mut CreelRuntime) {
    if !runtime.is_null() {
        // SAFETY: the caller gives the runtime back.
        drop(unsafe { Box::from_raw(runtime) });
    }
}

/// The descriptor that is readable when a tick has something to do; -1 where there is none.
///
/// # Safety
/// `runtime` is alive.
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

/// Has `hook` called when there is work, at most once until the next tick, from any thread.
///
/// # Safety
/// `runtime` is alive, and `hook` may be called with `data` on any thread as long as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_runtime_set_wake_hook(
    runtime: *const CreelRuntime,
    hook: extern "C" fn(*mut c_void),
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

/// Gives up to `turns` tasks a turn.
///
/// # Safety
/// `runtime` is alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_runtime_tick(
    runtime: *const CreelRuntime,
    turns: usize,
) -> CreelNext {
    // SAFETY: the caller keeps the runtime alive.
    match unsafe { &*runtime }.runtime.tick(turns) {
        Next::Now => CreelNext { kind: NOW, delay_ns: 0 },
        Next::At(then) => CreelNext { kind: AT, delay_ns: until(then) },
        Next::Idle => CreelNext { kind: IDLE, delay_ns: 0 },
        _ => CreelNext { kind: BUSY, delay_ns: 0 },
    }
}

/// Nanoseconds until the next timer is due; -1 if none is armed.
///
/// # Safety
/// `runtime` is alive.
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

/// Starts a task.
///
/// # Safety
/// `runtime` is alive; `poll` and `release` may be called with `data` on the threads that tick or
/// free the runtime, `release` exactly once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_spawn(
    runtime: *const CreelRuntime,
    poll: extern "C" fn(*mut c_void, *mut CreelContext<'_>) -> c_int,
    release: Option<extern "C" fn(*mut c_void)>,
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
    poll: extern "C" fn(*mut c_void, *mut CreelContext<'_>) -> c_int,
    release: Option<extern "C" fn(*mut c_void)>,
    data: Data,
    /// What wakes it at the time that it asked for.
    nap: Option<Pin<Box<Sleep>>>,
}

impl Future for Callback {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut context = CreelContext { waker: cx.waker(), wake_at: None };
        if (self.poll)(self.data.0, &raw mut context) != 0 {
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

/// Has the task called again in `delay_ns` at the latest.
///
/// # Safety
/// `context` is that of the call which is under way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_wake_after_ns(context: *mut CreelContext<'_>, delay_ns: u64) {
    // SAFETY: the caller is in the call that the context belongs to.
    unsafe { &mut *context }.wake_at = Some(Instant::now() + Duration::from_nanos(delay_ns));
}

/// What wakes the task, from any thread.
///
/// # Safety
/// `context` is that of the call which is under way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_waker_new(context: *const CreelContext<'_>) -> *mut CreelWaker {
    // SAFETY: the caller is in the call that the context belongs to.
    let waker = unsafe { &*context }.waker.clone();
    Box::into_raw(Box::new(CreelWaker(waker)))
}

/// Has the task called again.
///
/// # Safety
/// `waker` is alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_waker_wake(waker: *const CreelWaker) {
    // SAFETY: the caller keeps the waker alive.
    unsafe { &*waker }.0.wake_by_ref();
}

/// Gives a waker back.
///
/// # Safety
/// `waker` is not used any more; null is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_waker_free(waker: *mut CreelWaker) {
    if !waker.is_null() {
        // SAFETY: the caller gives the waker back.
        drop(unsafe { Box::from_raw(waker) });
    }
}

/// Cancels a task: it is not called any more, and its data is released at the next tick.
///
/// # Safety
/// `task` is alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_task_cancel(task: *const CreelTask) {
    // SAFETY: the caller keeps the handle alive.
    unsafe { &*task }.abort.abort();
}

/// Whether a task is done or cancelled.
///
/// # Safety
/// `task` is alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_task_is_finished(task: *const CreelTask) -> bool {
    // SAFETY: the caller keeps the handle alive.
    unsafe { &*task }.handle.is_finished()
}

/// Gives the handle of a task back; the task goes on.
///
/// # Safety
/// `task` is not used any more; null is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creel_task_free(task: *mut CreelTask) {
    if !task.is_null() {
        // SAFETY: the caller gives the handle back.
        drop(unsafe { Box::from_raw(task) });
    }
}
