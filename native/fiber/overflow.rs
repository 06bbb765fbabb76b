//! Says which fiber has overflowed its stack, before the process is aborted.
//!
//! The touched guard page raises a signal, whose handler runs on the thread's signal stack (the
//! standard library gives each of its threads one). It looks whether the address belongs to the
//! guard of the fiber that runs on this thread, and hands every other fault to whoever handled it
//! before.

use super::coroutine;
use core::{mem, ptr};
use std::sync::{Once, OnceLock};

/// The handlers that were there before, of `SIGSEGV` and `SIGBUS`.
static BEFORE: [OnceLock<libc::sigaction>; 2] = [OnceLock::new(), OnceLock::new()];

const SIGNALS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// Watches for overflows from now on.
pub(super) fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
            // SAFETY: zeroes are a valid action; the handler is one for `SA_SIGINFO`.
            unsafe {
                let mut old: libc::sigaction = mem::zeroed();
                if libc::sigaction(signal, ptr::null(), &mut old) == 0 {
                    // Known before ours can be called.
                    let _ = before.set(old);
                    let mut new: libc::sigaction = mem::zeroed();
                    new.sa_sigaction = on_fault as *const () as usize;
                    new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                    libc::sigaction(signal, &new, ptr::null_mut());
                }
            }
        }
    });
}

/// Runs in a signal handler: no lock, no allocation.
unsafe extern "C" fn on_fault(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the kernel filled it in.
    let address = unsafe { (*info).si_addr() }.addr();
    if let Some((name, size)) = coroutine::overflowed(address) {
        report(name, size);
        // SAFETY: ends the process.
        unsafe { libc::abort() };
    }
    let index = usize::from(signal != SIGNALS[0]);
    // SAFETY: the action was the one in force before ours, and is called as it wants to be.
    unsafe {
        match BEFORE[index].get() {
            Some(old) if old.sa_sigaction == libc::SIG_IGN => {}
            Some(old) if old.sa_sigaction != libc::SIG_DFL => {
                if old.sa_flags & libc::SA_SIGINFO != 0 {
                    let call: unsafe extern "C" fn(
                        libc::c_int,
                        *mut libc::siginfo_t,
                        *mut libc::c_void,
                    ) = mem::transmute(old.sa_sigaction);
                    call(signal, info, context);
                } else {
                    let call: unsafe extern "C" fn(libc::c_int) = mem::transmute(old.sa_sigaction);
                    call(signal);
                }
            }
            // The fault happens again, and the system does what it does.
            _ => drop(libc::signal(signal, libc::SIG_DFL)),
        }
    }
}

/// Writes to the standard error stream, without its lock.
fn report(name: Option<&str>, size: usize) {
    let mut digits = [0; 20];
    let parts: [&[u8]; 5] = [
        b"\nfiber '",
        name.unwrap_or("<unnamed>").as_bytes(),
        b"' has overflowed its stack of ",
        decimal(size, &mut digits),
        b" bytes; `fiber::Builder::stack_size` gives it more\n",
    ];
    for part in parts {
        // SAFETY: writes bytes that are there.
        unsafe { libc::write(2, part.as_ptr().cast(), part.len()) };
    }
}

/// The digits of a number.
fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}
