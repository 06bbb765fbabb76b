//! Timers that come late because the browser wants it so: those of hidden pages.

use super::js;
use std::time::Duration;

/// So late is a timer of a hidden page only if it is throttled: browsers align them to whole
/// seconds, later to minutes.
const LATE_WHEN_HIDDEN: Duration = Duration::from_millis(50);
/// So late is any other only if the page was frozen or the machine asleep. A task that keeps the
/// thread for so long looks the same.
const LATE: Duration = Duration::from_secs(2);

/// Whether a timer that is late by so much was held back: one that was armed while nobody saw the page
/// may fire when it is seen again.
pub(super) fn is_throttled(late: Duration, was_hidden: bool) -> bool {
    late >= LATE || (late >= LATE_WHEN_HIDDEN && (was_hidden || is_hidden()))
}

/// Whether this is a page that nobody sees. Workers cannot tell, and are not throttled.
pub fn is_hidden() -> bool {
    is_page() && js::Document::hidden()
}

/// Whether this thread is that of a page.
pub(super) fn is_page() -> bool {
    js::has_document()
}
