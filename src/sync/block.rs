//! Waiting with the thread, for `block_on` and the `blocking_*` methods.
//!
//! A thread whose last sleep was a brief one [lingers](crate::env::linger) before the next: who rings its
//! bell meanwhile asks nothing of the system.

use crate::atomic::{AtomicU8, Ordering};
use crate::env::context;
use crate::env::host_now;
use crate::env::linger::Linger;
use core::cell::Cell;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, PoisonError};
use std::task::Wake;

#[cfg(loom)]
use loom::sync::{Condvar, Mutex};
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex};

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
        LINGER.with(|linger| bell.get().wait(linger));
    }
}

/// What the waker rings and the thread waits for.
///
/// ```text
///                 ring                      ring: ends the sleep
///        RUNG ◀────────── SILENT ─────────▶ AWAITED ─────────▶ RUNG
///          │                 ▲     sleep
///          └─────────────────┘ was_rung
/// ```
#[derive(Debug, Default)]
struct Bell {
    state: AtomicU8,
    /// Held from when the thread says that it sleeps until it does, so that nobody ends a sleep that is
    /// yet to begin.
    bed: Mutex<()>,
    ringing: Condvar,
}

const SILENT: u8 = 0;
const AWAITED: u8 = 1;
const RUNG: u8 = 2;

impl Bell {
    /// Waits until it is rung.
    fn wait(&self, linger: &Linger) {
        if linger.linger(None, || self.was_rung(), std::thread::yield_now) {
            return;
        }
        let lay_down = host_now();
        self.sleep();
        linger.slept(true, host_now().saturating_duration_since(lay_down));
    }

    /// Whether it was rung; it is silent again.
    fn was_rung(&self) -> bool {
        // Relaxed: whoever sees it goes by the swap, whose Acquire pairs with the Release in `wake_by_ref`.
        self.state.load(Ordering::Relaxed) == RUNG
            && self.state.swap(SILENT, Ordering::Acquire) == RUNG
    }

    fn sleep(&self) {
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        // It fails if it was rung meanwhile. Relaxed: `was_rung` sees what came before the ring.
        let _ = self.state.compare_exchange(SILENT, AWAITED, Ordering::Relaxed, Ordering::Relaxed);
        while !self.was_rung() {
            bed = self.ringing.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release pairs with the Acquire in `was_rung`: the thread sees what came before.
        if self.state.swap(RUNG, Ordering::Release) == AWAITED {
            drop(self.bed.lock().unwrap_or_else(PoisonError::into_inner));
            self.ringing.notify_one();
        }
    }
}

std::thread_local! {
    /// Whether this thread lingers before it sleeps.
    static LINGER: Linger = const { Linger::new() };
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

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Bell;
    use crate::atomic::{AtomicUsize, Ordering};
    use std::sync::Arc;
    use std::task::Wake;
    use std::vec::Vec;

    /// A ring that is lost is a deadlock, which loom reports.
    #[test]
    fn loom_a_thread_that_blocks_misses_no_ring() {
        for (ringers, rings) in [(1, 2), (2, 1)] {
            loom::model(move || {
                let parts = Arc::new((Arc::new(Bell::default()), AtomicUsize::new(0)));
                let ringing: Vec<_> = (0..ringers)
                    .map(|_| {
                        let parts = parts.clone();
                        loom::thread::spawn(move || {
                            for _ in 0..rings {
                                // Relaxed: the bell publishes it.
                                parts.1.fetch_add(1, Ordering::Relaxed);
                                parts.0.wake_by_ref();
                            }
                        })
                    })
                    .collect();
                let (bell, rung) = &*parts;
                while rung.load(Ordering::Relaxed) < ringers * rings {
                    // As who lingers before it sleeps.
                    if !bell.was_rung() {
                        bell.sleep();
                    }
                }
                ringing.into_iter().for_each(|ringing| ringing.join().unwrap());
            });
        }
    }
}
