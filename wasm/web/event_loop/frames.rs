//! How much of the time between two frames the runtime takes, for who wants less than all of it.
//!
//! What a turn took is counted until the next frame. Once the share is used up, turns are put off until
//! that frame has been painted. A page that nobody sees paints no frames and has no share: where it goes
//! out of sight meanwhile a timer stands in for the frame.

use super::super::{js, throttle};
use crate::platform::source::now_ms;
use std::cell::Cell;
use std::time::Duration;

/// A frame that has not come for so long will not come soon.
const LOST_MS: i32 = 100;

/// See the module.
pub(super) struct Frames {
    share_ms: Cell<f64>,
    used_ms: Cell<f64>,
    /// A frame was asked for.
    awaited: Cell<bool>,
    /// A turn was put off.
    put_off: Cell<bool>,
    /// The timer that stands in for the frame then.
    stand_in: Cell<f64>,
    on_frame: js::Callback,
    /// What talks to JavaScript, by its address: a program whose event loops take all there is, as most
    /// do, does not contain it.
    ask: fn(&Frames),
    is_over: fn(&Frames) -> bool,
}

impl Frames {
    /// `on_frame` has to call [`came`](Self::came).
    pub(super) fn new(on_frame: js::Callback) -> Self {
        Self {
            share_ms: Cell::new(0.0),
            used_ms: Cell::new(0.0),
            awaited: Cell::new(false),
            put_off: Cell::new(false),
            stand_in: Cell::new(0.0),
            on_frame,
            ask: |frames| {
                js::request_animation_frame(&frames.on_frame);
            },
            is_over: |frames| {
                let is_over = !throttle::is_hidden();
                if is_over && !frames.put_off.replace(true) {
                    frames.stand_in.set(js::set_timeout(&frames.on_frame, LOST_MS));
                }
                is_over
            },
        }
    }

    pub(super) fn set(&self, share: Duration) {
        self.share_ms.set(share.as_secs_f64() * 1e3);
    }

    /// How long a turn may be that begins now.
    pub(super) fn left_ms(&self) -> f64 {
        self.share_ms.get() - self.used_ms.get()
    }

    /// Counts a turn that began at `began_ms`.
    pub(super) fn count(&self, began_ms: f64) {
        self.used_ms.set(self.used_ms.get() + (now_ms() - began_ms).max(0.0));
        if !self.awaited.replace(true) {
            (self.ask)(self);
        }
    }

    /// Whether a turn has to wait; the frame will tell.
    pub(super) fn put_off(&self) -> bool {
        self.left_ms() <= 0.0 && (self.is_over)(self)
    }

    /// A frame came, or will not come. Answers whether a turn was put off.
    pub(super) fn came(&self) -> bool {
        self.awaited.set(false);
        self.used_ms.set(0.0);
        let put_off = self.put_off.replace(false);
        if put_off {
            js::clear_timeout(self.stand_in.get());
        }
        put_off
    }
}
