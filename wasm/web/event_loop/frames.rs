//! How much of the time between two frames the runtime takes.
//!
//! What a turn took is counted until the next frame. Once the share is used up, turns are put off until
//! that frame has been painted. A page that nobody sees paints no frames and has no share: where it goes
//! out of sight meanwhile a timer stands in for the frame.
//!
//! Made when it is asked for, and else in a page by the first turn that uses its budget up. Then short
//! turns are not counted, for that would take two looks at the clock for each.

use super::super::{js, throttle};
use crate::platform::source::now_ms;
use std::cell::Cell;
use std::time::Duration;

/// A frame that has not come for so long will not come soon.
const LOST_MS: i32 = 100;

/// What is a page's own, unless told: the rest of a frame of 16 ms is for its scripts, styles and paint.
pub(super) const SHARE_OF_PAGE: Duration = Duration::from_millis(6);

/// See the module.
pub(super) struct Frames {
    share_ms: Cell<f64>,
    /// Short turns are counted, too.
    exact: Cell<bool>,
    used_ms: Cell<f64>,
    /// A frame was asked for.
    awaited: Cell<bool>,
    /// A turn was put off.
    put_off: Cell<bool>,
    /// The timer that stands in for the frame then.
    stand_in: Cell<f64>,
    /// It did, so no frame is waited for until one comes: some pages are visible and not painted, as
    /// those in a frame that was scrolled out of sight.
    lost: Cell<bool>,
    on_frame: js::Callback,
    on_lost: js::Callback,
}

impl Frames {
    /// `on_frame` has to call [`came`](Self::came), and `on_lost` [`never_came`](Self::never_came).
    pub(super) fn new(on_frame: js::Callback, on_lost: js::Callback) -> Self {
        Self {
            share_ms: Cell::new(0.0),
            exact: Cell::new(false),
            used_ms: Cell::new(0.0),
            awaited: Cell::new(false),
            put_off: Cell::new(false),
            stand_in: Cell::new(0.0),
            lost: Cell::new(false),
            on_frame,
            on_lost,
        }
    }

    pub(super) fn set(&self, share: Duration, exact: bool) {
        self.share_ms.set(share.as_secs_f64() * 1e3);
        self.exact.set(exact);
    }

    /// Whether short turns are to be counted, too.
    pub(super) fn is_exact(&self) -> bool {
        self.exact.get()
    }

    /// How long a turn may be that begins now and has a budget.
    pub(super) fn bound(&self, budget_ms: f64) -> f64 {
        let left = self.left_ms();
        // Nothing is left, and still it begins: there are no frames now.
        if left > 0.0 { left.min(budget_ms) } else { budget_ms }
    }

    fn left_ms(&self) -> f64 {
        self.share_ms.get() - self.used_ms.get()
    }

    /// Counts a turn that began at `began_ms`.
    pub(super) fn count(&self, began_ms: f64) {
        self.used_ms.set(self.used_ms.get() + (now_ms() - began_ms).max(0.0));
        if !self.awaited.replace(true) {
            js::request_animation_frame(&self.on_frame);
        }
    }

    /// Whether a turn has to wait; the frame will tell.
    pub(super) fn put_off(&self) -> bool {
        if self.left_ms() > 0.0 || self.lost.get() || throttle::is_hidden() {
            return false;
        }
        if !self.put_off.replace(true) {
            self.stand_in.set(js::set_timeout(&self.on_lost, LOST_MS));
        }
        true
    }

    /// A frame came. Answers whether a turn was put off.
    pub(super) fn came(&self) -> bool {
        self.awaited.set(false);
        self.lost.set(false);
        self.used_ms.set(0.0);
        let put_off = self.put_off.replace(false);
        if put_off {
            js::clear_timeout(self.stand_in.get());
        }
        put_off
    }

    /// The frame has not come for long. Answers whether a turn was put off.
    pub(super) fn never_came(&self) -> bool {
        self.lost.set(true);
        self.put_off.replace(false)
    }
}
