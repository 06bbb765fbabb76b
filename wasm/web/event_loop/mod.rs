//! The event loop as host: it cannot be waited in, so the runtime asks to be called back.
//!
//! | file | what it is |
//! |---|---|
//! | `host.rs` | who asks for turns and takes them: the states are told there |
//! | `work.rs` | what there is to run: a runtime, and a set of tasks for each other priority |
//! | `slice.rs` | how long a turn may be |
//! | `bell.rs` | how other threads wake it |
//! | `frames.rs` | how much of each frame is the runtime's |
//! | `hop.rs` | how to let the event loop do something else first |

#[cfg_attr(not(target_feature = "atomics"), path = "bell_none.rs")]
mod bell;
mod frames;
mod hop;
mod host;
mod slice;
mod work;

pub(super) use host::{in_callback, turn_before_paint, wake_in_callback};
pub use work::Priority;

use crate::runtime::{Builder, EnterGuard, Handle};
use crate::task::JoinHandle;
use host::Host;
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// A runtime of its own, driven by the event loop of this thread.
///
/// Most programs never make one: each thread has a runtime already, the one behind
/// [`spawn_local`](super::spawn_local). A second one is for what shall end as a whole: dropping it
/// drops its tasks.
///
/// ```ignore
/// let game = EventLoop::new(&mut Builder::new_current_thread());
/// game.spawn_local(async { play().await });
/// ```
pub struct EventLoop {
    host: &'static Host,
    handle: Handle,
}

/// How an [`EventLoop`] takes its turns.
///
/// ```ignore
/// let options = Options { budget: Duration::from_millis(2), ..Options::default() };
/// let quiet = EventLoop::with(&mut Builder::new_current_thread(), options);
///
/// // Nothing else moves on this page.
/// let options = Options { frame_share: FrameShare::All, ..Options::default() };
/// let greedy = EventLoop::with(&mut Builder::new_current_thread(), options);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long one turn may keep the event loop from everything else: 5 ms unless told. A single
    /// poll that takes longer cannot be interrupted.
    pub budget: Duration,
    /// Where a turn begins.
    pub start: Start,
    /// How much of the time between two frames all turns together may take. What is ready when it is
    /// used up waits until the frame was painted, whatever its priority. Without effect where there are
    /// no frames, and while nobody sees the page.
    pub frame_share: FrameShare,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            budget: Duration::from_millis(5),
            start: Start::Microtask,
            frame_share: FrameShare::Auto,
        }
    }
}

/// How much of the time between two frames belongs to an [`EventLoop`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrameShare {
    /// In a page 6 ms, from the first turn on that uses its budget up: programs whose turns are short
    /// never ask for a frame. All there is in workers, which keep no page from painting.
    #[default]
    Auto,
    /// As much as there is.
    All,
    /// This much, in a page or a dedicated worker, with every turn counted.
    AtMost(Duration),
}

/// Where a turn begins that was asked for by a wake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// In a microtask: before the event loop does anything else. The least latency.
    #[default]
    Microtask,
    /// In a task of the event loop: frames, input and timers that are due come first.
    Macrotask,
}

impl EventLoop {
    /// Makes a runtime and has this thread's event loop drive it: one thread, also if the builder is
    /// that of a multi-threaded runtime, so that a `main` written for threads runs here, too.
    pub fn new(builder: &mut Builder) -> Self {
        Self::start(builder, Options::default())
    }

    /// [`new`](Self::new) with a budget of its own, or turns that begin elsewhere.
    pub fn with(builder: &mut Builder, options: Options) -> Self {
        let made = Self::start(builder, options);
        if let FrameShare::AtMost(share) = options.frame_share {
            made.host.share_frames(share);
        }
        made
    }

    fn start(builder: &mut Builder, options: Options) -> Self {
        super::threads::refuse_events();
        super::set_up();
        let host = Host::start(builder, options);
        let handle = host.handle();
        Self { host, handle }
    }

    /// Starts a task on this runtime.
    ///
    /// ```ignore
    /// let done = event_loop.spawn_local(async { play().await });
    /// ```
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.handle.spawn_bound(future)
    }

    /// Starts a task that runs before or after the others; see [`Priority`].
    pub fn spawn_with_priority<F>(&self, priority: Priority, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        match priority {
            Priority::UserVisible => self.spawn_local(future),
            other => self.host.spawn(other, future),
        }
    }

    /// Makes this the runtime of the thread until the guard is dropped.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter_local()
    }

    /// A handle to the runtime.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for EventLoop {
    /// Drops the runtime's tasks; if one of them is running, after its turn.
    fn drop(&mut self) {
        self.host.end();
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop").field("handle", &self.handle).finish_non_exhaustive()
    }
}
