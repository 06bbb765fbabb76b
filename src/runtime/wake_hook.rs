//! How the host of a runtime that it ticks learns that there is work.

use super::Runtime;
use crate::lock::Lock;
use alloc::sync::Arc;

/// What to call, at most once until the next tick; see [`Runtime::set_wake_hook`].
pub(super) struct WakeHook(Lock<Arc<dyn Fn() + Send + Sync>>);

impl WakeHook {
    pub(super) fn new(call: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self(Lock::new(Arc::new(call))))
    }

    pub(super) fn call(&self) {
        let call = self.0.lock().clone();
        call();
    }

    fn set(&self, call: Arc<dyn Fn() + Send + Sync>) {
        let old = core::mem::replace(&mut *self.0.lock(), call);
        drop(old);
    }
}

impl Runtime {
    /// Replaces what is called when there is work for a tick: at most once until the next tick, from
    /// any thread. It must not block and must not tick. If there is work already, it is called at
    /// once.
    ///
    /// # Panics
    /// If the runtime waits by itself: it must be one of
    /// [`build_passive`](super::Builder::build_passive), or natively of `build_pollable`.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::Builder;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    ///
    /// let runtime = Builder::new_current_thread().build_passive(|| {});
    /// let rung = Arc::new(AtomicUsize::new(0));
    /// let bell = rung.clone();
    /// runtime.set_wake_hook(move || {
    ///     bell.fetch_add(1, SeqCst);
    /// });
    /// runtime.spawn(async {});
    /// runtime.spawn(async {});
    /// assert_eq!(rung.load(SeqCst), 1);
    /// runtime.tick(2);
    /// runtime.spawn(async {});
    /// assert_eq!(rung.load(SeqCst), 2);
    /// ```
    #[track_caller]
    pub fn set_wake_hook(&self, hook: impl Fn() + Send + Sync + 'static) {
        let local = self.local.as_ref().and_then(|local| Some((local, local.wake_hook()?)));
        let Some((local, place)) = local else {
            panic!("this runtime waits by itself: `build_passive` makes one that its host ticks")
        };
        place.set(Arc::new(hook));
        // Whoever rang before has called the old one; whoever rings from now on calls the new one.
        if local.is_notified() {
            place.call();
        }
    }
}
