//! Waiting with the thread, for the `blocking_*` methods.

use crate::env::context;
use core::cell::Cell;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::Wake;

/// Runs `future` on this thread, which sleeps while the future waits.
///
/// # Panics
/// On a thread that drives a runtime or polls a task: it would keep the very tasks from running
/// that the future may wait for.
#[track_caller]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let within = context::with(|cx| cx.occupied.get());
    assert!(
        !within,
        "Cannot block the current thread from within a runtime: it drives tasks, and while it \
         blocks none of them can run. Await the asynchronous form instead, or block on a thread of \
         its own (spawn_blocking)"
    );
    let bell = Borrowed::new();
    let waker = Waker::from(Arc::clone(bell.get()));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        bell.get().wait();
    }
}

/// What the waker rings and the thread waits for.
#[derive(Debug, Default)]
struct Bell {
    rung: Mutex<bool>,
    ringing: Condvar,
}

impl Bell {
    fn wait(&self) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let rung = self.ringing.wait_while(rung, |rung| !*rung);
        *rung.unwrap_or_else(PoisonError::into_inner) = false;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ringing.notify_one();
    }
}

std::thread_local! {
    /// The bell of this thread while nobody uses it, so that blocking allocates once a thread.
    static SPARE: Cell<Option<Arc<Bell>>> = const { Cell::new(None) };
}

/// A bell that goes back to the thread. A wake that comes late rings it in vain, which is harmless:
/// the future is polled once too often.
struct Borrowed(Option<Arc<Bell>>);

impl Borrowed {
    fn new() -> Self {
        Self(Some(SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()))
    }

    fn get(&self) -> &Arc<Bell> {
        self.0.as_ref().expect("a bell is there until drop")
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let bell = self.0.take();
        // A thread that is ending keeps no bell.
        let _ = SPARE.try_with(|spare| spare.set(bell));
    }
}
