//! Waiting for the browser: for the next frame, for a quiet moment.

use super::error::Unsupported;
use super::slot::{Awaited, settle};
use super::{call, event_loop, js};
use crate::task::JoinHandle;
use std::time::Duration;
use wasm_bindgen::JsValue;

/// Waits until the browser is about to paint, and answers the time of that frame since the page was
/// opened. The task then runs before the frame is painted, so it has a few milliseconds. Where so many
/// others are ready that they fill the page's time, only one of the priority
/// [`UserBlocking`](super::Priority::UserBlocking) surely does: it runs before them.
///
/// A hidden page has no frames: there it waits until the page is seen again.
///
/// # Errors
/// [`Unsupported`] in a shared worker, a service worker and Node, which paint nothing.
///
/// # Cancel safety
/// Dropping the future ends the wait and nothing else.
///
/// ```ignore
/// loop {
///     let time = web::yield_to_frame().await?;
///     draw(time);
/// }
/// ```
pub async fn yield_to_frame() -> Result<Duration, Unsupported> {
    if !js::has_frames() {
        return Err(Unsupported::new(
            "requestAnimationFrame",
            "only pages and dedicated workers have frames; use `yield_to_idle` or a timer",
        ));
    }
    let frame = Frame(None);
    frame.wait().await
}

/// A frame that was asked for, and is asked for no more when dropped.
struct Frame(Option<u32>);

impl Frame {
    async fn wait(mut self) -> Result<Duration, Unsupported> {
        let called = Awaited::by_hand(|key| {
            let called = call::bound(call::Kind::Frame, came).to(key.slot, key.generation, 0);
            self.0 = Some(js::request_animation_frame(&called));
        });
        let (Ok(time) | Err(time)) = called.await;
        self.0 = None;
        Ok(Duration::from_secs_f64(time.as_f64().unwrap_or_default().max(0.0) / 1e3))
    }
}

/// What JavaScript calls with the time of the frame.
fn came(slot: u32, generation: u32, _: u32, time: JsValue) {
    settle(slot, generation, 1, time);
    event_loop::turn_before_paint();
}

impl Drop for Frame {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            js::cancel_animation_frame(id);
        }
    }
}

/// Waits until the event loop has nothing more urgent to do: in a page for an idle period
/// (`requestIdleCallback`), elsewhere until a task of background priority would run.
///
/// # Cancel safety
/// Dropping the future ends the wait and nothing else.
///
/// ```ignore
/// for part in index.parts() {
///     web::yield_to_idle().await;
///     part.build();
/// }
/// ```
pub async fn yield_to_idle() {
    if js::has_idle_callback() {
        let called = Awaited::new(|called, _| js::request_idle_callback(called));
        drop(called.await);
    } else {
        let nothing: JoinHandle<()> =
            super::spawn_with_priority(super::Priority::Background, async {});
        drop(nothing.await);
    }
}
