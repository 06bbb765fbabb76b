//! Who asks for turns and takes them.
//!
//! A [`Host`] is resting or running. While it rests any of eight calls may be on its way to it, each
//! asked for at most once ([`Cause`]):
//!
//! ```text
//!           1 wake                   microtask
//! resting ---------> asked for ----------------------> running
//!                        ^                              |   |
//!                        +---------- 3 hop -------------+   |
//!           5 later: background      4 timer                |
//! resting <-------------------------------------------------+ 2 rest
//! ```
//!
//! 1. Work appeared outside a turn: ask for a microtask. `then` on a promise that is resolved
//!    already costs a fiftieth of `queueMicrotask` in Chromium. A wake by a promise is in a
//!    microtask already, whose end serves as well ([`in_callback`], [`wake_in_callback`]).
//! 2. Nothing is ready: arm the one timer for the next deadline, or disarm it.
//! 3. There is more to do, but the budget is used up, or microtasks have followed each other for
//!    so long: frames, input and timers come first. The fifth call, the mark, tells whether the event
//!    loop turned meanwhile ([`Density`]).
//! 4. The timer fired. Only such a turn, and one that has looked at the clock anyway, looks for
//!    timers that are due.
//! 5. Only background tasks are ready: be called when the event loop has nothing else.
//!
//! In a build with threads the sixth call, the bell, tells that another thread woke a task. The seventh
//! is a frame, for hosts that take only a share of each ([`Frames`]), and the eighth tells that it was lost.
//!
//! Only this thread touches a host; a wake from another rings its [`Bell`]. JavaScript knows it by its number in a table, never by a
//! closure. A host is never freed: when its [`EventLoop`](super::EventLoop) ends it is at rest until
//! another takes it, to which a call that comes late is a turn too many and does no harm. So a
//! program that ends no event loop, as most do, contains nothing of what ending one takes.
//! While it runs, `wake` and calls from inside a poll do nothing, for the turn sees the work
//! itself. A trap inside a poll (a panic, on this target) leaves it running for good: a program
//! whose invariants are broken is not polled again.

use super::super::{js, throttle};
use super::bell::Bell;
use super::frames::{Frames, SHARE_OF_PAGE};
use super::hop::{Hop, Later};
use super::slice::{Density, Pace, Slice};
use super::work::{Priority, Share, Work};
use super::{FrameShare, Options, Start};
use crate::env::timers::gaps_matter;
use crate::env::{context, host_now};
use crate::runtime::{Builder, Handle, Next};
use crate::task::JoinHandle;
use crate::time::Instant;
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::mem;
use std::task::Waker;
use std::time::Duration;
use wasm_bindgen::JsValue;

/// Why JavaScript calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
enum Cause {
    Microtask = 0,
    Hop = 1,
    Timer = 2,
    Background = 3,
    Mark = 4,
    Bell = 5,
    Frame = 6,
    Lost = 7,
}

pub(super) struct Host {
    number: usize,
    options: Cell<Options>,
    /// That of the options, as every turn asks for it.
    budget_ms: Cell<f64>,
    /// None while no [`EventLoop`](super::EventLoop) has the host. Borrowed during a turn.
    work: RefCell<Option<Work>>,
    running: Cell<bool>,
    /// The event loop was dropped during a turn: what to call after it.
    ending: Cell<Option<fn(&Host)>>,
    /// A microtask or a hop is on its way.
    asked: Cell<bool>,
    asked_later: Cell<bool>,
    /// The length of the next slice, if a hop is on its way.
    hopped: Cell<Option<usize>>,
    /// The timer has fired, so the next turn looks for timers that are due.
    due: Cell<bool>,
    density: Density,
    /// Where there is a share of each, see [`Frames`].
    frames: Cell<Option<&'static Frames>>,
    counter: Once<Frames>,
    timer: Cell<Option<Timer>>,
    resolved: js::Resolved,
    on_microtask: js::Callback,
    bell: Bell,
    on_timer: Once<js::Callback>,
    hop: Once<Hop>,
    mark: Once<Hop>,
    later: Once<Later>,
    /// What to call when a background task is ready, if there has ever been one.
    on_background: Cell<Option<fn(&Host)>>,
    /// The host that was made before.
    before: Option<&'static Host>,
}

/// What is made when it is needed first, and kept as long as the host, which is never freed.
struct Once<T: 'static>(Cell<Option<&'static T>>);

impl<T> Once<T> {
    fn new() -> Self {
        Self(Cell::new(None))
    }

    fn made(&self) -> Option<&'static T> {
        self.0.get()
    }

    fn get_or_make(&self, make: impl FnOnce() -> T) -> &'static T {
        self.made().unwrap_or_else(|| {
            let made: &'static T = Box::leak(Box::new(make()));
            self.0.set(Some(made));
            made
        })
    }
}

#[derive(Clone, Copy)]
struct Timer {
    deadline: Instant,
    id: f64,
    /// Nobody saw the page when it was armed, if that matters.
    was_hidden: bool,
}

std::thread_local! {
    /// The host of this thread that was made last.
    static LAST: Cell<Option<&'static Host>> = const { Cell::new(None) };
    static CALLBACK: Cell<Callback> = const { Cell::new(Callback::None) };
}

/// The callback of JavaScript that is going on.
#[derive(Clone, Copy)]
enum Callback {
    None,
    /// Nobody has asked for a turn yet.
    Begun,
    /// The host of this number has the turn at its end.
    Asked(usize),
}

/// Runs `f`, which wakes tasks, in a callback of JavaScript: its end is as good as a microtask, so
/// the first host to be woken has its turn there. In a callback from inside a poll it has not.
pub(in super::super) fn in_callback(f: impl FnOnce()) {
    let is_outermost = matches!(CALLBACK.get(), Callback::None);
    if !is_outermost || context::with(|cx| cx.occupied.get()) {
        return f();
    }
    CALLBACK.set(Callback::Begun);
    f();
    if let Callback::Asked(number) = CALLBACK.replace(Callback::None) {
        turn(number, Cause::Microtask);
    }
}

/// [`in_callback`] for a wake. The turn of the youngest host, nearly always the only one, begins before the
/// wake, which then is one of the driving thread's own: it posts nothing, and calls nobody. If the
/// task is another host's, that asks for a microtask.
pub(in super::super) fn wake_in_callback(waker: Waker) {
    match LAST.get().filter(|host| host.may_turn()) {
        Some(host) => host.turn_after(|| waker.wake()),
        None => in_callback(|| waker.wake()),
    }
}

/// A few polls, also for hosts whose next turn shall come after the frame that is about to be painted:
/// because they have used their budget or their share of it up.
pub(in super::super) fn turn_before_paint() {
    hosts().filter(|host| !host.running.get()).for_each(|host| host.run(Cause::Frame, || {}));
}

/// The hosts of this thread.
fn hosts() -> impl Iterator<Item = &'static Host> {
    std::iter::successors(LAST.get(), |host| host.before)
}

fn host(number: usize) -> Option<&'static Host> {
    hosts().find(|host| host.number == number)
}

fn turn(number: usize, cause: Cause) {
    if let Some(host) = host(number) {
        host.called(cause);
    }
}

/// What JavaScript calls, bound to the number of a host and a [`Cause`].
///
/// Why unsafe: the name is fixed, for JavaScript looks it up among the exports. A raw export costs a
/// tenth of a closure, and bindings need not be made for it.
// SAFETY: the name is this crate's own.
#[unsafe(no_mangle)]
extern "C" fn __creel_turn(number: usize, cause: u32) {
    let cause = match cause {
        0 => Cause::Microtask,
        1 => Cause::Hop,
        2 => Cause::Timer,
        3 => Cause::Background,
        4 => Cause::Mark,
        5 => Cause::Bell,
        6 => Cause::Frame,
        _ => Cause::Lost,
    };
    turn(number, cause);
}

impl Host {
    /// Gives a new runtime to a host that is free.
    pub(super) fn start(builder: &mut Builder, options: Options) -> &'static Self {
        let is_free = |host: &&Self| !host.running.get() && host.work.borrow().is_none();
        let host = hosts().find(is_free).unwrap_or_else(Self::enlist);
        let (number, rope) = (host.number, host.bell.rope());
        let wake = move || rope.pull(|| self::host(number).into_iter().for_each(Self::wake));
        host.options.set(options);
        host.budget_ms.set(options.budget.as_secs_f64() * 1e3);
        host.frames.set(None);
        let old = host.work.replace(Some(Work::new(builder.build_hosted(Box::new(wake)))));
        // It was free: there is nothing to drop, which the compiler cannot know.
        mem::forget(old);
        host
    }

    fn enlist() -> &'static Self {
        let before = LAST.get();
        let number = before.map_or(0, |host| host.number + 1);
        let host: &'static Self = Box::leak(Box::new(Self {
            number,
            options: Cell::default(),
            budget_ms: Cell::default(),
            work: RefCell::new(None),
            running: Cell::new(false),
            ending: Cell::new(None),
            asked: Cell::new(false),
            asked_later: Cell::new(false),
            hopped: Cell::new(None),
            due: Cell::new(false),
            density: Density::default(),
            frames: Cell::new(None),
            counter: Once::new(),
            timer: Cell::new(None),
            resolved: js::Resolved::new(),
            on_microtask: callback(number, Cause::Microtask),
            bell: Bell::new(),
            on_timer: Once::new(),
            hop: Once::new(),
            mark: Once::new(),
            later: Once::new(),
            on_background: Cell::new(None),
            before,
        }));
        LAST.set(Some(host));
        host.hear();
        host
    }

    /// Takes no more of each frame, if there are frames.
    pub(super) fn share_frames(&self, share: Duration) {
        if js::has_frames() {
            self.frames_with(share, true);
        }
    }

    fn frames_with(&self, share: Duration, exact: bool) -> &'static Frames {
        let call = |cause| callback(self.number, cause);
        let frames =
            self.counter.get_or_make(|| Frames::new(call(Cause::Frame), call(Cause::Lost)));
        frames.set(share, exact);
        self.frames.set(Some(frames));
        frames
    }

    /// The share of a page whose first turn has used its budget up.
    fn frames_of_page(&self) -> Option<&'static Frames> {
        let is_meant = self.options.get().frame_share == FrameShare::Auto && throttle::is_page();
        (is_meant && js::has_frames()).then(|| self.frames_with(SHARE_OF_PAGE, false))
    }

    pub(super) fn handle(&self) -> Handle {
        self.with_work(|work| work.handle().clone())
    }

    pub(super) fn spawn<F>(&self, priority: Priority, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (number, rope) = (self.number, self.bell.rope());
        let wake = move || {
            rope.pull(|| {
                let Some(host) = host(number) else { return };
                match priority {
                    Priority::Background => host.ask_later(),
                    _ => host.wake(),
                }
            });
        };
        self.on_background.set(Some(Self::ask_later));
        self.with_work(|work| work.spawn(priority, Box::new(wake), future))
    }

    fn with_work<R>(&self, f: impl FnOnce(&Work) -> R) -> R {
        match &*self.work.borrow() {
            Some(work) => f(work),
            None => unreachable!("the event loop that asks is not dropped"),
        }
    }

    /// Ends the runtime, after the turn if there is one.
    pub(super) fn end(&self) {
        if self.running.get() {
            return self.ending.set(Some(Self::end));
        }
        self.disarm();
        // Its tasks are foreign code, so they are dropped after the borrow has ended.
        let work = self.work.take();
        work.into_iter().for_each(Work::end);
        self.hopped.set(None);
        self.due.set(false);
    }

    fn wake(&self) {
        if self.running.get() || self.asked.get() {
            return;
        }
        if self.options.get().start == Start::Macrotask {
            return self.ask_hop();
        }
        self.asked.set(true);
        match CALLBACK.get() {
            Callback::Begun => CALLBACK.set(Callback::Asked(self.number)),
            _ => self.resolved.then(&self.on_microtask),
        }
    }

    /// Listens to the bell, from now on or again.
    fn hear(&self) {
        self.bell.listen(|| callback(self.number, Cause::Bell));
    }

    fn ask_later(&self) {
        if !self.running.get() && !self.asked_later.replace(true) {
            let call = || Later::new(callback(self.number, Cause::Background));
            self.later.get_or_make(call).ask();
        }
    }

    fn called(&self, cause: Cause) {
        match cause {
            Cause::Microtask | Cause::Hop => self.asked.set(false),
            Cause::Background => self.asked_later.set(false),
            Cause::Mark => return self.density.turned(),
            Cause::Frame | Cause::Lost => {
                let tell = if cause == Cause::Frame { Frames::came } else { Frames::never_came };
                // Also if it was asked for by an event loop that has ended, whose counter another takes.
                if self.counter.made().is_some_and(tell) {
                    self.ask_hop();
                }
                return;
            }
            Cause::Bell => self.hear(),
            Cause::Timer => {
                self.due.set(true);
                self.note_lateness();
                self.timer.set(None);
            }
        }
        // From inside a poll: the turn that goes on sees the work. Asked for: that turn will do it.
        if self.running.get() || self.asked.get() {
            return;
        }
        if self.frames.get().is_some_and(Frames::put_off) {
            return;
        }
        if cause == Cause::Microtask && self.is_starving() {
            return self.ask_hop();
        }
        self.run(cause, || {});
    }

    /// Counts a turn in a microtask. Answers whether the event loop is kept from turning by such turns.
    #[inline]
    fn is_starving(&self) -> bool {
        match self.density.count(self.budget_ms.get()) {
            Pace::Fine => false,
            Pace::Mark => {
                self.mark.get_or_make(|| Hop::new(callback(self.number, Cause::Mark))).ask();
                false
            }
            Pace::TooMuch => true,
        }
    }

    /// Whether a callback of JavaScript's may become a turn of this host.
    fn may_turn(&self) -> bool {
        let is_outermost = matches!(CALLBACK.get(), Callback::None);
        let is_resting = !self.running.get() && !self.asked.get() && self.frames.get().is_none();
        is_outermost
            && is_resting
            && self.options.get().start == Start::Microtask
            && !context::with(|cx| cx.occupied.get())
    }

    /// A turn that begins with `first`, in a callback of JavaScript.
    fn turn_after(&self, first: impl FnOnce()) {
        if self.is_starving() {
            self.ask_hop();
            return first();
        }
        self.run(Cause::Microtask, first);
    }

    fn ask_hop(&self) {
        if !self.asked.replace(true) {
            self.hop.get_or_make(|| Hop::new(callback(self.number, Cause::Hop))).ask();
        }
    }

    /// One turn: calls `first`, and runs tasks until nothing is ready or the budget is used up.
    fn run(&self, cause: Cause, first: impl FnOnce()) {
        let work = self.work.borrow();
        let Some(tasks) = &*work else { return first() };
        let mut first = Some(first);
        self.running.set(true);
        let frames = self.frames.get();
        // A few polls before the paint: long slices are for after it.
        let hopped = self.hopped.take().filter(|_| cause != Cause::Frame);
        let budget = if cause == Cause::Frame { 0.0 } else { self.budget_ms.get() };
        let budget = frames.map_or(budget, |frames| frames.bound(budget));
        let resumed = hopped.map(|polls| Slice::resume(polls, budget));
        let mut timers = self.due.take() || resumed.is_some();
        let mut slice = resumed.unwrap_or_else(|| match frames {
            Some(frames) if frames.is_exact() => Slice::timed(budget),
            _ => Slice::first(budget),
        });
        let background = cause == Cause::Background;
        let left = loop {
            if timers {
                self.note_lateness();
            }
            let first = || first.take().into_iter().for_each(|first| first());
            let left = tasks.run(first, Share { polls: slice.polls, timers, background });
            let ready = left.next == Next::Now || (background && left.background);
            if !ready || !slice.measure() {
                break left;
            }
            timers = true;
        };
        self.running.set(false);
        drop(work);
        let used_up = left.next == Next::Now;
        let frames = frames.or_else(|| if used_up { self.frames_of_page() } else { None });
        if let (Some(frames), Some(began_ms)) = (frames, slice.began_ms()) {
            frames.count(began_ms);
        }
        if let Some(end) = self.ending.take() {
            return end(self);
        }
        match left.next {
            Next::Now => {
                self.hopped.set(Some(slice.polls));
                self.ask_hop();
            }
            Next::At(deadline) => self.arm(deadline),
            Next::Idle => self.disarm(),
            // Someone else ticks this runtime, and called us from a poll: the rest is theirs.
            Next::Busy => {}
        }
        if let Some(ask_later) = self.on_background.get().filter(|_| left.background) {
            ask_later(self);
        }
    }

    /// Has the timer fire at `deadline` of the host's clock or before. One that fires early finds
    /// nothing to do and arms the next: cheaper than moving the timer with each new deadline.
    fn arm(&self, deadline: Instant) {
        if self.timer.get().is_some_and(|timer| timer.deadline <= deadline) {
            return;
        }
        self.disarm();
        let ms = timeout_ms(deadline, host_now());
        if ms == 0 {
            self.due.set(true);
            return self.ask_hop();
        }
        let call = self.on_timer.get_or_make(|| callback(self.number, Cause::Timer));
        let id = js::set_timeout(call, ms);
        let was_hidden = gaps_matter() && throttle::is_hidden();
        self.timer.set(Some(Timer { deadline, id, was_hidden }));
    }

    /// Node stays alive as long as a timer is armed.
    fn disarm(&self) {
        if let Some(timer) = self.timer.take() {
            js::clear_timeout(timer.id);
        }
    }

    /// Before timers that are due are looked for: when a page is seen again or thaws, another call may come
    /// before that of its timer.
    fn note_lateness(&self) {
        if !gaps_matter() {
            return;
        }
        let (Some(timer), now) = (self.timer.get(), host_now()) else { return };
        if timer.deadline <= now {
            // What it was to find out is about to be.
            self.disarm();
            let late = now.saturating_duration_since(timer.deadline);
            if throttle::is_throttled(late, timer.was_hidden) {
                self.with_work(|work| work.report_gap(timer.deadline, now));
            }
        }
    }
}

fn callback(number: usize, cause: Cause) -> js::Callback {
    js::exports().turn().bind(&JsValue::UNDEFINED, number as u32, cause as u32)
}

/// Rounded up, for a timer that fires early would only have to be armed again; cut to what
/// `setTimeout` can take (24 days), beyond which it would fire at once.
fn timeout_ms(deadline: Instant, now: Instant) -> i32 {
    let wait_ns = deadline.as_nanos().saturating_sub(now.as_nanos());
    i32::try_from(wait_ns.div_ceil(1_000_000)).unwrap_or(i32::MAX)
}
