//! Children whose handle was dropped before they ended. Somebody must ask the system how they
//! ended, or they stay as zombies.
//!
//! They are in one list for the process. A listener to SIGCHLD, which is its own waker as the watch
//! of a runtime is, looks through the list while any runtime that had an orphan is driven; so
//! does whoever makes the next child.

use crate::env::coop::{Budget, with_budget};
use crate::env::owner::OwnerRef;
use crate::native::signal::unix::{Signal, SignalKind, signal};
use core::task::{Context, Waker};
use std::process::Child;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Wake;
use std::vec::Vec;

static ORPHANS: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Sees to it that `child` is collected when it ends.
pub(super) fn adopt(child: Child) {
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner).push(child);
    // Whatever fails or is missing here, the next child's maker looks through the list.
    if OwnerRef::current().is_some()
        && let Ok(listener) = signal(SignalKind::child())
    {
        static COLLECTOR: OnceLock<Arc<Collector>> = OnceLock::new();
        let collector = COLLECTOR.get_or_init(|| Arc::new(Collector(Mutex::new(listener))));
        // It may have ended before anybody listened.
        Arc::clone(collector).wake();
    }
}

/// Collects the orphans that have ended.
pub(super) fn collect() {
    let mut orphans = ORPHANS.lock().unwrap_or_else(PoisonError::into_inner);
    // An error means that it is collected already, or was never ours.
    orphans.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
}

#[derive(Debug)]
struct Collector(Mutex<Signal>);

impl Wake for Collector {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let cx = &mut Context::from_waker(&waker);
        let mut listener = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        with_budget(Budget::UNLIMITED, || while listener.poll_recv(cx).is_ready() {});
        drop(listener);
        collect();
    }
}
