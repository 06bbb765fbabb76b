//! Browsers, workers and Node: the event loop as host.
//!
//! The event loop cannot be waited in, so here the program does not drive the runtime; the event
//! loop does. Each thread that asks for it has one runtime, made at the first use of anything in
//! this module, alive as long as the thread, and ambient from then on: in every callback that
//! JavaScript makes into this thread, [`spawn`](crate::spawn), [`spawn_local`] and the timers
//! just work.
//!
//! ```ignore
//! #[wasm_bindgen]
//! pub fn on_click() {
//!     creel::wasm::web::spawn_local(async {
//!         creel::time::sleep(Duration::from_millis(300)).await;
//!         greet();
//!     });
//! }
//! ```
//!
//! - Ready tasks run in a microtask, up to 5 ms at a time; then the event loop gets a turn for its
//!   frames, input and timers before they go on. In a page they take no more than 6 ms between two
//!   frames. [`Options`] have it otherwise.
//! - A task may have a [`Priority`], and may wait for a frame ([`yield_to_frame`]) or a quiet moment
//!   ([`yield_to_idle`]).
//! - One `setTimeout` stands for all the timers of the runtime. Browsers let those of hidden pages
//!   come late; an [`Interval`](crate::time::Interval::missed) then says so.
//! - A task is never polled from inside another's poll, whatever JavaScript calls when.
//! - In Node, a task that sleeps or is ready keeps the process alive; one that waits for something
//!   that nobody will do does not.
//! - A panic is reported on the console: in builds with debug assertions, and in others after
//!   [`report_panics`]. Where panics abort, which is the rule on this target, the runtime then stands
//!   still: a program whose invariants are broken is not polled again.
//! - Nothing can block: see [`block_on`](crate::runtime::Runtime::block_on).
//!
//! - In a build with threads a multi-threaded runtime runs on workers that share the memory:
//!   `Builder::build_on_workers`. Without, their memories are separate.

mod abort;
mod blob;
mod build;
mod byte_stream;
mod call;
mod error;
mod event_loop;
mod fetch;
mod frame;
mod iter;
mod js;
mod listener;
mod page;
mod panics;
mod port;
mod promise;
mod slot;
#[cfg(target_feature = "atomics")]
mod threads;
#[cfg(not(target_feature = "atomics"))]
#[path = "threads/none.rs"]
mod threads;
mod throttle;
mod websocket;
mod webtransport;
mod worker;

pub use abort::{Abortable, Signal, SignalToken, abortable, promise_until, signal_of, token_of};
pub use blob::BlobReader;
pub use byte_stream::{ByteReader, ByteWriter, readable_stream, writable_stream};
pub use error::{Unsupported, io_error};
pub use event_loop::{EventLoop, FrameShare, Options, Priority, Start};
pub use fetch::{Request, Response, fetch};
pub use frame::{yield_to_frame, yield_to_idle};
pub use iter::{JsStream, async_iterator};
pub use listener::Events;
pub use page::page_hide;
pub use panics::report_panics;
pub use port::Port;
pub use promise::{JsFuture, promise};
pub use throttle::is_hidden;
pub use websocket::{Closed, Message, WebSocket};
pub use webtransport::{
    DatagramReceiver, DatagramSender, TransportClosed, TransportOptions, TransportStream,
    WebTransport,
};
pub use worker::{Jobs, Pool, PoolOptions, Script, Worker, WorkerError, spawn_worker};

use crate::runtime::{Builder, Handle};
use crate::task::JoinHandle;
use std::cell::OnceCell;
use std::future::Future;
use std::mem::ManuallyDrop;

std::thread_local! {
    /// The runtime of this thread. Never dropped: a thread here ends with its page or process.
    static AMBIENT: OnceCell<ManuallyDrop<EventLoop>> = const { OnceCell::new() };
}

/// A handle to this thread's runtime, which is made if there is none yet.
///
/// A program that spawns by [`creel::spawn`](crate::spawn) alone calls this, or any other function
/// here, once at its start.
pub fn handle() -> Handle {
    with_ambient(default, |ambient| ambient.handle().clone())
}

/// Starts a task on this thread's runtime.
///
/// Unlike [`creel::task::spawn_local`](crate::task::spawn_local) it makes the runtime if there is
/// none yet, and in a task of another runtime it still means this thread's.
///
/// ```ignore
/// web::spawn_local(async { log("hello") });
/// ```
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    with_ambient(default, |ambient| ambient.spawn_local(future))
}

/// Starts a task on this thread's runtime that runs before or after the others.
///
/// ```ignore
/// let index = web::spawn_with_priority(Priority::Background, async { build_index().await });
/// ```
pub fn spawn_with_priority<F>(priority: Priority, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    with_ambient(default, |ambient| ambient.spawn_with_priority(priority, future))
}

fn default() -> EventLoop {
    EventLoop::new(&mut Builder::new_current_thread())
}

/// Runs `f` with this thread's runtime, which `make` makes if there is none yet.
pub(crate) fn with_ambient<R>(
    make: impl FnOnce() -> EventLoop,
    f: impl FnOnce(&EventLoop) -> R,
) -> R {
    AMBIENT.with(|ambient| {
        f(ambient.get_or_init(|| {
            let event_loop = make();
            event_loop.handle().enter_for_good();
            ManuallyDrop::new(event_loop)
        }))
    })
}

/// Says on the console that the program failed.
pub(crate) fn report_failure(message: &str) {
    js::console_error(message);
    js::fail_process();
}

fn set_up() {
    if cfg!(debug_assertions) {
        report_panics();
    }
}
