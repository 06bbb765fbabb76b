//! The end of a page.

use super::Events;
use crate::stream::StreamExt;

/// Waits until the page is left: closed, reloaded, or replaced by another.
///
/// The trigger of a [`Shutdown`](crate::scope::Shutdown) on the web. A browser gives a page that is
/// left no more than the tasks that are ready, not those that wait for a timer or an answer: send
/// what must be sent at once, by a beacon or a storage that answers at once. A page that comes back
/// out of the browser's cache goes on where it was.
///
/// Where there are no pages, in workers and in Node, it waits for ever.
///
/// # Cancel safety
/// Dropping the future loses nothing but a place: a page that is left is left once.
///
/// ```ignore
/// let ended = Shutdown::new().run(web::page_hide(), async |s| serve(s).await).await;
/// ```
pub async fn page_hide() {
    match Events::new(&js_sys::global(), "pagehide") {
        Ok(mut events) => drop(events.next().await),
        Err(_) => std::future::pending().await,
    }
}
