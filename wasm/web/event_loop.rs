//! The event loop as host: it cannot be waited in, so the runtime asks to be called back.
//!
//! A [`Host`] is in one of three states ([`Turn`]):
//!
//! ```text
//!           1 wake             2 drain              3 timer_fired
//! Resting ---------> Asked -------------> Running <--------------- Resting
//!                      ^                   |   |
//!                      +------ 4 hop ------+   +------ 5 rest ---> Resting
//! ```
//!
//! 1. Work appeared outside a turn: ask for a microtask. `then` on a promise that is resolved
//!    already costs a fiftieth of `queueMicrotask` in Chromium. A wake by a promise is in a
//!    microtask already, whose end serves as well ([`in_callback`]).
//! 2. The callback came: tick until nothing is ready or [`BUDGET_MS`] is used up.
//! 3. So did the timer's. If a drain is on its way, the tick is left to it.
//! 4. There is more to do, but frames, input and timers come first: go on in a macrotask.
//! 5. Nothing is ready: arm the one timer for the next deadline, or disarm it.
//!
//! Only this thread touches a host. While it is Running, `wake` does nothing, for the turn sees
//! the work itself. A trap inside a poll (a panic, on this target) leaves the host Running for
//! good: a program whose invariants are broken is not polled again.
//!
//! A host that is Asked owns itself, because JavaScript may not call a closure that is gone. The
//! wake hook must be callable from any thread and so cannot own one; it knows a number in a table.
//!
//! Absent on purpose: `setTimeout` as a hop (clamped to 4 ms), `queueMicrotask` (slow),
//! `scheduler.yield` (its continuations outrank timers and input), waking another worker.

use super::js;
use crate::env::{context, host_now};
use crate::platform::source::now_ms;
use crate::runtime::{Builder, EnterGuard, Handle, Next, Runtime};
use crate::task::JoinHandle;
use crate::time::Instant;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::rc::{Rc, Weak};
use std::time::Duration;
use std::vec::Vec;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

/// How long one turn may keep the event loop from everything else.
const BUDGET_MS: f64 = 5.0;
/// Polls before the first look at the clock; a look costs 44 to 260 ns.
const FIRST_SLICE: usize = 8;
/// A slice shorter than this doubles the next one, one twice as long halves it.
const SLICE_MS: f64 = 0.25;
const LONGEST_SLICE: usize = 1024;

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
    runtime: Rc<Owned>,
    host: Rc<Host>,
}

impl EventLoop {
    /// Makes a runtime and has this thread's event loop drive it.
    pub fn new(builder: &mut Builder) -> Self {
        super::set_up();
        let host = Host::new();
        let number = enlist(&host);
        let runtime = Rc::new(Owned::new(builder.build_passive(move || wake(number))));
        host.runtime.replace(Some(runtime.clone()));
        Self { runtime, host }
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
        let _entered = self.enter();
        crate::task::spawn_local(future)
    }

    /// Makes this the runtime of the thread until the guard is dropped.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle().enter_local()
    }

    /// A handle to the runtime.
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }
}

impl Drop for EventLoop {
    /// Drops the runtime's tasks; if one of them is running, as soon as it has let go.
    fn drop(&mut self) {
        self.host.disarm();
        self.host.runtime.take();
    }
}

/// A runtime that ends without a wait: a task may drop an [`EventLoop`].
struct Owned(Option<Runtime>);

impl Owned {
    fn new(runtime: Runtime) -> Self {
        Self(Some(runtime))
    }
}

impl Deref for Owned {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop").field("turn", &self.host.turn.get()).finish_non_exhaustive()
    }
}

std::thread_local! {
    /// The hosts of this thread by number. A number is used again when its host is gone: a wake
    /// that is late by so much finds nothing to do.
    static HOSTS: RefCell<Vec<Weak<Host>>> = const { RefCell::new(Vec::new()) };
    static CALLBACK: RefCell<Callback> = const { RefCell::new(Callback::None) };
}

fn enlist(host: &Rc<Host>) -> usize {
    HOSTS.with_borrow_mut(|hosts| {
        let free = hosts.iter().position(|host| host.strong_count() == 0);
        let number = free.unwrap_or_else(|| {
            hosts.push(Weak::new());
            hosts.len() - 1
        });
        hosts[number] = Rc::downgrade(host);
        number
    })
}

/// Runs `f`, which wakes tasks, in a callback of JavaScript: its end is as good as a microtask, so
/// the first host to be woken has its turn there. In a callback from inside a poll it has not.
pub(super) fn in_callback(f: impl FnOnce()) {
    let outermost = CALLBACK.with_borrow(|callback| matches!(callback, Callback::None));
    if !outermost || context::with(|cx| cx.occupied.get()) {
        return f();
    }
    CALLBACK.set(Callback::Begun);
    f();
    if let Callback::Asked(host) = CALLBACK.take() {
        host.drain();
    }
}

/// The callback of JavaScript that is going on.
#[derive(Default)]
enum Callback {
    #[default]
    None,
    /// Nobody has asked for a turn yet.
    Begun,
    /// This host has the turn at its end.
    Asked(Rc<Host>),
}

fn wake(number: usize) {
    let host = HOSTS.with_borrow(|hosts| hosts.get(number).and_then(Weak::upgrade));
    if let Some(host) = host {
        host.wake();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// No callback is on its way but perhaps the timer's.
    Resting,
    /// A microtask or a hop will call `drain`.
    Asked,
    /// Ticking.
    Running,
}

struct Host {
    /// None once the [`EventLoop`] is dropped.
    runtime: RefCell<Option<Rc<Owned>>>,
    turn: Cell<Turn>,
    /// This host, while it is Asked.
    itself: RefCell<Option<Rc<Host>>>,
    /// The length of the next slice, if a hop is on its way.
    hopped: Cell<Option<usize>>,
    hop: OnceCell<Hop>,
    timer: RefCell<Option<Timer>>,
    resolved: js::Resolved,
    on_drain: Function,
    on_timer: Function,
}

struct Timer {
    deadline: Instant,
    id: JsValue,
}

/// Made once; JavaScript calls it again and again.
type Function = Closure<dyn FnMut()>;

impl Host {
    fn new() -> Rc<Self> {
        Rc::new_cyclic(|host: &Weak<Self>| Self {
            runtime: RefCell::new(None),
            turn: Cell::new(Turn::Resting),
            itself: RefCell::new(None),
            hopped: Cell::new(None),
            hop: OnceCell::new(),
            timer: RefCell::new(None),
            resolved: js::Resolved::new(),
            on_drain: function(host, Self::drain),
            on_timer: function(host, Self::timer_fired),
        })
    }

    fn wake(self: Rc<Self>) {
        if self.turn.get() != Turn::Resting {
            return;
        }
        self.turn.set(Turn::Asked);
        if CALLBACK.with_borrow(|callback| matches!(callback, Callback::Begun)) {
            CALLBACK.set(Callback::Asked(self));
        } else {
            self.resolved.then(self.on_drain.as_ref());
            *self.itself.borrow_mut() = Some(self.clone());
        }
    }

    fn drain(self: Rc<Self>) {
        self.itself.take();
        self.run();
    }

    fn timer_fired(self: Rc<Self>) {
        self.timer.take();
        if self.turn.get() == Turn::Resting {
            self.run();
        }
    }

    /// One turn: ticks until nothing is ready or the budget is used up.
    fn run(self: Rc<Self>) {
        let Some(runtime) = self.runtime.borrow().clone() else { return };
        self.turn.set(Turn::Running);
        let mut slice = self.hopped.take().map_or_else(Slice::first, Slice::resume);
        let next = loop {
            match runtime.tick(slice.polls) {
                Next::Now if slice.measure() => {}
                next => break next,
            }
        };
        self.turn.set(Turn::Resting);
        // From here on the tasks of a host that was dropped meanwhile are dropped, too.
        drop(runtime);
        match next {
            _ if self.runtime.borrow().is_none() => self.disarm(),
            Next::Now => self.hop(slice.polls),
            Next::At(deadline) => self.arm(deadline),
            Next::Idle => self.disarm(),
            // Someone else ticks this runtime, and called us from a poll: the rest is theirs.
            Next::Busy => {}
        }
    }

    fn hop(self: Rc<Self>, polls: usize) {
        self.turn.set(Turn::Asked);
        self.hopped.set(Some(polls));
        self.hop.get_or_init(|| Hop::new(&self.on_drain)).ask(&self.on_drain);
        *self.itself.borrow_mut() = Some(self.clone());
    }

    /// Has the timer fire at `deadline` of the host's clock or before. One that fires early finds nothing to do and
    /// arms the next: cheaper than moving the timer with each new deadline.
    fn arm(&self, deadline: Instant) {
        if self.timer.borrow().as_ref().is_some_and(|timer| timer.deadline <= deadline) {
            return;
        }
        self.disarm();
        let ms = timeout_ms(deadline.saturating_duration_since(host_now()));
        let id = js::set_timeout(self.on_timer.as_ref(), ms);
        *self.timer.borrow_mut() = Some(Timer { deadline, id });
    }

    /// Node stays alive as long as a timer is armed.
    fn disarm(&self) {
        if let Some(timer) = self.timer.take() {
            js::clear_timeout(&timer.id);
        }
    }
}

fn function(host: &Weak<Host>, call: fn(Rc<Host>)) -> Function {
    let host = host.clone();
    Closure::new(move || {
        if let Some(host) = host.upgrade() {
            call(host);
        }
    })
}

/// How to let the event loop do something else first.
enum Hop {
    /// Node and its kin. It keeps the process alive until it has run, and no longer.
    Immediate,
    /// Browsers.
    Channel(js::MessageChannel),
}

impl Hop {
    fn new(on_drain: &Function) -> Self {
        if js::has_function("setImmediate") {
            return Self::Immediate;
        }
        let channel = js::MessageChannel::new();
        channel.port1().set_onmessage(on_drain.as_ref());
        Self::Channel(channel)
    }

    fn ask(&self, on_drain: &Function) {
        match self {
            Self::Immediate => js::set_immediate(on_drain.as_ref()),
            Self::Channel(channel) => channel.port2().post_message(&JsValue::NULL),
        }
    }
}

impl Drop for Hop {
    fn drop(&mut self) {
        if let Self::Channel(channel) = self {
            channel.port1().close();
        }
    }
}

/// How many polls to make before the next look at the clock.
struct Slice {
    polls: usize,
    /// When the turn and when the slice began; unknown during the first slice of a fresh turn,
    /// which most often is the only one.
    began: Option<(f64, f64)>,
}

impl Slice {
    fn first() -> Self {
        Self { polls: FIRST_SLICE, began: None }
    }

    fn resume(polls: usize) -> Self {
        let now = now_ms();
        Self { polls, began: Some((now, now)) }
    }

    /// Looks at the clock after a slice. Answers whether the turn may go on.
    fn measure(&mut self) -> bool {
        let now = now_ms();
        let Some((turn, slice)) = self.began else {
            self.began = Some((now, now));
            return true;
        };
        let took = now - slice;
        if took < SLICE_MS {
            self.polls = LONGEST_SLICE.min(self.polls * 2);
        } else if took > 2.0 * SLICE_MS {
            self.polls = 1.max(self.polls / 2);
        }
        self.began = Some((turn, now));
        now - turn < BUDGET_MS
    }
}

/// Rounded up, for a timer that fires early would only have to be armed again; cut to what
/// `setTimeout` can take (24 days), beyond which it would fire at once.
fn timeout_ms(wait: Duration) -> i32 {
    let ms = wait.as_nanos().div_ceil(1_000_000);
    i32::try_from(ms).unwrap_or(i32::MAX)
}
