//! How much later than asked for Linux ends a timed wait of a thread: 50 us unless told, so that several
//! end at once.
//!
//! Why unsafe: the standard library does not know it.

use core::ffi::{c_int, c_long, c_ulong};

unsafe extern "C" {
    fn prctl(option: c_int, ...) -> c_int;
}

const PR_SET_TIMERSLACK: c_int = 29;
const PR_GET_TIMERSLACK: c_int = 30;

/// The slack of this thread, in nanoseconds; zero if the system has none.
pub(super) fn get() -> c_long {
    // SAFETY: it answers a number, and has no argument.
    unsafe { prctl(PR_GET_TIMERSLACK).into() }
}

/// Sets it.
pub(super) fn set(nanoseconds: c_long) {
    // SAFETY: the option takes a number of nanoseconds, and changes nothing but this thread's waits. If
    // the system refuses, timers are as late as they were.
    unsafe { prctl(PR_SET_TIMERSLACK, nanoseconds as c_ulong) };
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::in_time;
    use super::{get, set};
    use std::time::Duration;

    #[test]
    fn a_wait_in_time_leaves_the_thread_as_it_was() {
        set(70_000);
        assert_eq!(in_time(get), 1);
        assert_eq!(get(), 70_000);
    }

    #[test]
    fn a_runtime_leaves_its_thread_as_it_was() {
        set(70_000);
        let runtime = crate::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { crate::time::sleep(Duration::from_micros(300)).await });
        assert_eq!(get(), 70_000);
    }
}
