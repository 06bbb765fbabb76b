//! A panic on this target prints nowhere by itself: have it appear on the console.

use super::js;
use std::boxed::Box;
use std::string::ToString;
use std::sync::Once;

/// Adds the console to the panic hook there is, once.
pub(super) fn report_to_console() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            before(panic);
            js::console_error(&panic.to_string());
        }));
    });
}
