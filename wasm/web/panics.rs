//! A panic on this target prints nowhere by itself: have it appear on the console.
//!
//! Not by itself in a build without debug assertions, which is what pages download: a hook keeps all
//! that formats a message, a fourteenth of a small program.

use super::js;
use crate::env::hooks::message;
use std::boxed::Box;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

/// Has the console tell what a panic says, and where it was, from now on; whatever panic hook there is
/// keeps hearing of it.
///
/// In a build with debug assertions, in a worker that serves [`Jobs`](super::Jobs), and with
/// `Builder::build_on_workers` this is so already. Other builds show only that the wasm trapped,
/// unless the program calls this: it adds 1.5 kB to what a page downloads.
///
/// ```ignore
/// #[creel::main]
/// async fn main() {
///     web::report_panics();
///     serve().await;
/// }
/// ```
pub fn report_panics() {
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
