//! Two fences that order as two sequentially consistent ones do if at least one of them is
//! [`fence_all`], by which the system makes every running thread of the process pass a fence. So the
//! other, [`fence_one`], need only keep the compiler from reordering. Where the system refuses, both
//! are fences of the processor.

// Why unsafe: the standard library has no name for the system call.

use core::ffi::{c_int, c_long};
use core::sync::atomic::{AtomicBool, Ordering, compiler_fence, fence};

#[cfg(target_arch = "x86_64")]
const MEMBARRIER: c_long = 324;
#[cfg(not(target_arch = "x86_64"))]
const MEMBARRIER: c_long = 283;
const PRIVATE_EXPEDITED: c_int = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: c_int = 1 << 4;

static IS_THERE: AtomicBool = AtomicBool::new(false);

fn membarrier(command: c_int) -> bool {
    unsafe extern "C" {
        fn syscall(number: c_long, ...) -> c_long;
    }
    // SAFETY: the call takes three numbers and touches no memory of ours.
    unsafe { syscall(MEMBARRIER, command, 0 as c_int, 0 as c_int) == 0 }
}

/// Before threads are started that rely on the two.
pub(in super::super) fn prepare_fences() {
    if membarrier(REGISTER_PRIVATE_EXPEDITED) {
        // Relaxed: those threads see it, and whoever does not uses the fence, which does as well.
        IS_THERE.store(true, Ordering::Relaxed);
    }
}

#[inline]
pub(in super::super) fn fence_one() {
    if IS_THERE.load(Ordering::Relaxed) {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

pub(in super::super) fn fence_all() {
    fence(Ordering::SeqCst);
    if IS_THERE.load(Ordering::Relaxed) && !membarrier(PRIVATE_EXPEDITED) {
        // Forbidden since: a filter for system calls came later. From now on without, once what
        // others have stored before they know has long reached everybody.
        IS_THERE.store(false, Ordering::SeqCst);
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
}
