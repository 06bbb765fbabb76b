//! Atomics and the cell behind one name, so that loom can stand in for `core`.
//!
//! 32-bit targets such as thumbv7em have no `AtomicU64`: see `collections::wide`.

// Pointers are part of what others see (`collections::hazard`), and are the same everywhere.
#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicPtr, Ordering, fence};

#[cfg(not(any(loom, all(target_family = "wasm", not(target_feature = "atomics")))))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize};

#[cfg(all(
    target_has_atomic = "64",
    not(any(loom, all(target_family = "wasm", not(target_feature = "atomics"))))
))]
pub(crate) use core::sync::atomic::AtomicU64;

#[cfg(all(target_family = "wasm", not(target_feature = "atomics"), not(loom)))]
mod single;
#[cfg(all(target_family = "wasm", not(target_feature = "atomics"), not(loom)))]
pub(crate) use single::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};

#[cfg(loom)]
pub(crate) use loom::cell::UnsafeCell;

/// `core::cell::UnsafeCell` with loom's closure interface.
#[cfg(not(loom))]
#[derive(Debug, Default)]
#[repr(transparent)]
pub(crate) struct UnsafeCell<T: ?Sized>(core::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

#[cfg(not(loom))]
impl<T: ?Sized> UnsafeCell<T> {
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// Whether there may be other threads. Where there are none an atomic write costs what any costs, so
/// what is done to spare some is left out, and so is what is for others alone.
pub(crate) const THREADS: bool = cfg!(any(not(target_family = "wasm"), target_feature = "atomics"));

/// One step of a spin loop: a hint to the processor, a scheduling point under loom.
#[inline]
pub(crate) fn spin() {
    #[cfg(not(loom))]
    core::hint::spin_loop();
    #[cfg(loom)]
    loom::thread::yield_now();
}

/// Stands between the two SeqCst accesses of one side of a handshake ("I write mine, then look at
/// yours"), of which at least one side then sees the other. The accesses suffice: there is one order
/// of them all, and a look may not pass a write in it for the sake of something older. Loom takes
/// them for acquire and release, Miri lets a look pass for an older write that is not SeqCst, as
/// C++ did before 2020; both get the fence that they understand.
#[inline(always)]
pub(crate) fn handshake() {
    #[cfg(any(loom, miri))]
    fence(Ordering::SeqCst);
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{AtomicBool, Ordering, UnsafeCell};
    use loom::sync::Arc;

    /// A model with a planted bug: the flag is raised without Release, so the value behind it is
    /// not published. If this does not fail, loom explores nothing and every other model is void.
    #[test]
    #[should_panic(expected = "Causality violation")]
    fn loom_canary() {
        loom::model(|| {
            let shared = Arc::new((AtomicBool::new(false), UnsafeCell::new(0)));
            let writer = Arc::clone(&shared);
            let thread = loom::thread::spawn(move || {
                // SAFETY: none, which is the point: loom has to object.
                writer.1.with_mut(|value| unsafe { *value = 1 });
                writer.0.store(true, Ordering::Relaxed);
            });
            if shared.0.load(Ordering::Acquire) {
                // SAFETY: as above.
                shared.1.with(|value| unsafe { assert_eq!(*value, 1) });
            }
            thread.join().expect("the writer ends");
        });
    }
}
