//! A panic on this target prints nowhere by itself: have it appear on the console.

use super::js;
use crate::env::hooks::message;
use std::boxed::Box;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

/// Adds the console to the panic hook there is, once.
pub(super) fn report_to_console() {
    static ADDED: AtomicBool = AtomicBool::new(false);
    // Relaxed: it guards nothing, the hook has a lock of its own.
    if ADDED.swap(true, Ordering::Relaxed) {
        return;
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        before(panic);
        report(panic);
    }));
}

/// Says what the panic's own `Display` would. The console puts the pieces together, so no program pays
/// for the code that writes numbers.
fn report(panic: &PanicHookInfo<'_>) {
    let text = message(panic.payload()).unwrap_or("Box<dyn Any>");
    match panic.location() {
        Some(at) => {
            js::console_panic("panicked:", text, "\n    at", at.file(), at.line(), at.column());
        }
        None => js::console_error(text),
    }
}
