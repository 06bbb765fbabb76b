//! Which driver a runtime has, and what is said when it is not the one that it could be.

use crate::runtime::{DriverFallback, IoDriver};
use std::sync::Once;
use std::{env, eprintln, format, io};

/// `readiness`, `completion` or `auto`: for runtimes whose builder leaves the choice open. Set to
/// anything, a fallback is told on standard error.
const VARIABLE: &str = "CREEL_DRIVER";

/// What was asked for: by the builder, else by the environment.
///
/// # Errors
/// If the environment names no driver.
pub(super) fn of(asked: IoDriver) -> io::Result<IoDriver> {
    let named = env::var(VARIABLE);
    match named.as_deref() {
        _ if asked != IoDriver::Auto => Ok(asked),
        // Miri knows epoll, and no ring.
        _ if cfg!(miri) => Ok(IoDriver::Readiness),
        Err(_) | Ok("" | "auto") => Ok(IoDriver::Auto),
        Ok("readiness") => Ok(IoDriver::Readiness),
        Ok("completion") => Ok(IoDriver::Completion),
        Ok(other) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{VARIABLE}={other}: it is `readiness`, `completion` or `auto`"),
        )),
    }
}

/// Tells that readiness stands in for completion: the program if it wants to know, else, once, who
/// set the variable.
pub(super) fn fall_back(hook: Option<&DriverFallback>, why: &io::Error) {
    static TOLD: Once = Once::new();
    if let Some(hook) = hook {
        hook.call(why);
    } else if env::var_os(VARIABLE).is_some() {
        TOLD.call_once(|| eprintln!("creel: I/O goes through readiness: {why}"));
    }
}
