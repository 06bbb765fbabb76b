//! What the event loop as host promises beyond the conformance list.

use crate::bridges::js;
use crate::host::{context, server};
use creel::runtime::{Builder, Next};
use creel::stream::StreamExt;
use creel::sync::oneshot;
use creel::task::yield_now;
use creel::time::{Duration, Instant, MissedTickBehavior, sleep};
use creel::wasm::web::{
    self, EventLoop, FrameShare, JsFuture, Options, Priority, Request, Start, promise,
};
use js_sys::{Array, Function, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn FnMut()>, ms: u32);
}

/// Has JavaScript call `callback` once, from its own loop.
fn after_ms(ms: u32, callback: impl FnOnce() + 'static) {
    let callback = Closure::once(callback);
    set_timeout(&callback, ms);
    callback.forget();
}

/// A new event loop is of one thread's runtime.
fn event_loop() -> EventLoop {
    EventLoop::new(&mut Builder::new_current_thread())
}

/// Tells when it is dropped.
struct Told(Rc<Cell<bool>>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

fn told() -> (Told, Rc<Cell<bool>>) {
    let gone = Rc::new(Cell::new(false));
    (Told(gone.clone()), gone)
}

/// Counts its wakes.
#[derive(Default)]
struct Wakes(AtomicU32);

impl Wakes {
    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Replaces `setTimeout` by one that writes down the time and calls the real one; gives it back
/// when dropped.
struct Watched {
    real: JsValue,
    calls: Rc<RefCell<Vec<f64>>>,
    _watch: Closure<dyn FnMut(JsValue, JsValue) -> JsValue>,
}

impl Watched {
    fn set_timeout() -> Self {
        let global = js_sys::global();
        let real = Reflect::get(&global, &"setTimeout".into()).unwrap();
        let calls: Rc<RefCell<Vec<f64>>> = Rc::default();
        let (inner, noted) = (real.clone().unchecked_into::<Function>(), calls.clone());
        let watch = Closure::new(move |callback: JsValue, ms: JsValue| {
            noted.borrow_mut().push(ms.as_f64().unwrap_or_default());
            inner.call2(&JsValue::UNDEFINED, &callback, &ms).unwrap()
        });
        Reflect::set(&global, &"setTimeout".into(), watch.as_ref()).unwrap();
        Self { real, calls, _watch: watch }
    }

    /// The times above a second, once there is one and a little later. Not by way of `sleep`,
    /// whose timeouts would be among them.
    async fn long_calls(&self) -> Vec<f64> {
        let long = || self.calls.borrow().iter().copied().filter(|&ms| ms > 1000.0).collect();
        loop {
            let before: Vec<f64> = long();
            JsFuture::from(promise_after_ms(3)).await.unwrap();
            if !before.is_empty() {
                return long();
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = Reflect::set(&js_sys::global(), &"setTimeout".into(), &self.real);
    }
}

/// Has `own` do 200 ms of work in polls of a tenth of a millisecond; answers how many there were between two
/// frames, at most.
async fn most_polls_of_a_frame(own: EventLoop) -> u32 {
    let (polls, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (counted, noted) = (polls.clone(), most.clone());
    let counts = web::spawn_local(async move {
        while web::yield_to_frame().await.is_ok() {
            noted.set(noted.get().max(counted.take()));
        }
    });
    let busy = |_| {
        let polls = polls.clone();
        own.spawn_local(async move {
            let began = Instant::now();
            while began.elapsed() < Duration::from_micros(100) {}
            polls.set(polls.get() + 1);
        })
    };
    for task in (0..2000).map(busy).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    counts.abort();
    most.get()
}

cases! {
    "web":

    async fn spawn_and_timers_work_in_any_callback_of_javascript() {
        let done = Rc::new(Cell::new(0));
        let (send, spawned) = (done.clone(), done.clone());
        let (tell, told) = oneshot::channel();
        after_ms(1, move || {
            let remote = creel::task::spawn(async {
                sleep(Duration::from_millis(2)).await;
                7
            });
            creel::task::spawn_local(async move {
                send.set(remote.await.unwrap());
                tell.send(()).unwrap();
            });
        });
        told.await.unwrap();
        assert_eq!(spawned.get(), 7);
    }

    async fn a_woken_task_runs_before_the_event_loop_turns() {
        let order: Rc<RefCell<Vec<&str>>> = Rc::default();
        let (timer, task) = (order.clone(), order.clone());
        let (tell, told) = oneshot::channel();
        after_ms(0, move || {
            timer.borrow_mut().push("timer");
            tell.send(()).unwrap();
        });
        web::spawn_local(async move { task.borrow_mut().push("task") });
        told.await.unwrap();
        assert_eq!(*order.borrow(), ["task", "timer"]);
    }

    async fn work_lets_the_event_loop_turn() {
        let turned = Rc::new(Cell::new(0));
        let count = turned.clone();
        after_ms(1, move || {
            count.set(1);
            let again = count.clone();
            after_ms(1, move || again.set(2));
        });
        let began = Instant::now();
        while turned.get() < 2 {
            assert!(began.elapsed() < Duration::from_secs(10), "the event loop never got a turn");
            yield_now().await;
        }
    }

    async fn a_tick_inside_a_poll_is_refused() {
        let runtime = Arc::new(Builder::new_current_thread().build_passive(|| {}));
        let inner = runtime.clone();
        let answer = runtime.spawn(async move {
            // By way of JavaScript, as it would come in practice.
            let (tell, told) = std::sync::mpsc::channel();
            let tick = Closure::<dyn FnMut()>::new(move || tell.send(inner.tick(1)).unwrap());
            let function: &Function = tick.as_ref().unchecked_ref();
            function.call0(&JsValue::UNDEFINED).unwrap();
            told.recv().unwrap()
        });
        while runtime.tick(8) == Next::Now {}
        assert_eq!(answer.await.unwrap(), Next::Busy);
        Arc::into_inner(runtime).expect("the task is done with it").shutdown_background();
    }

    async fn a_callback_inside_a_poll_spawns_but_does_not_run() {
        let ran = Rc::new(Cell::new(false));
        let run = ran.clone();
        let spawn = Closure::<dyn FnMut()>::new(move || {
            let run = run.clone();
            creel::task::spawn_local(async move { run.set(true) });
        });
        let function: &Function = spawn.as_ref().unchecked_ref();
        function.call0(&JsValue::UNDEFINED).unwrap();
        assert!(!ran.get());
        yield_now().await;
        assert!(ran.get());
    }

    async fn a_thousand_sleeps_take_one_timeout() {
        let own = event_loop();
        let watched = Watched::set_timeout();
        for _ in 0..1000 {
            own.spawn_local(sleep(Duration::from_secs(60)));
        }
        assert_eq!(watched.long_calls().await.len(), 1);
    }

    async fn a_deadline_that_set_timeout_cannot_express_is_cut() {
        let own = event_loop();
        let watched = Watched::set_timeout();
        own.spawn_local(sleep(Duration::from_secs(86_400 * 60)));
        assert_eq!(watched.long_calls().await, [f64::from(i32::MAX)]);
    }

    async fn priorities_have_their_order() {
        let order: Rc<RefCell<Vec<&str>>> = Rc::default();
        let own = event_loop();
        let mut tasks = Vec::new();
        for (priority, name) in [
            (Priority::Background, "background"),
            (Priority::UserVisible, "visible"),
            (Priority::UserBlocking, "blocking"),
        ] {
            let order = order.clone();
            tasks.push(own.spawn_with_priority(priority, async move {
                for _ in 0..3 {
                    order.borrow_mut().push(name);
                    yield_now().await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.borrow();
        assert_eq!(order[..3], ["blocking"; 3]);
        assert_eq!(order[3..6], ["visible"; 3]);
        assert_eq!(order[6..], ["background"; 3]);
    }

    async fn a_priority_goes_over_to_what_such_a_task_starts_locally() {
        let order: Rc<RefCell<Vec<&str>>> = Rc::default();
        let own = event_loop();
        let (first, second) = (order.clone(), order.clone());
        let background = own.spawn_with_priority(Priority::Background, async move {
            let inner = creel::task::spawn_local(async move { first.borrow_mut().push("inner") });
            sleep(Duration::from_millis(1)).await; // timers are the runtime's
            inner.await.unwrap();
        });
        own.spawn_local(async move {
            for _ in 0..100 {
                yield_now().await;
            }
            second.borrow_mut().push("usual");
        });
        background.await.unwrap();
        assert_eq!(*order.borrow(), ["usual", "inner"]);
    }

    async fn urgent_tasks_leave_an_eighth_to_the_others() {
        let own = event_loop();
        let done = Rc::new(Cell::new(false));
        let end = done.clone();
        let polls = Rc::new(Cell::new(0));
        let count = polls.clone();
        own.spawn_with_priority(Priority::UserBlocking, async move {
            while !end.get() {
                count.set(count.get() + 1);
                yield_now().await;
            }
        });
        own.spawn_local(async move {
            for _ in 0..100 {
                yield_now().await;
            }
            done.set(true);
        })
        .await
        .unwrap();
        assert!((200..=2000).contains(&polls.get()), "{}", polls.get());
    }

    async fn tasks_of_every_priority_end_with_their_event_loop() {
        for priority in [Priority::UserBlocking, Priority::Background] {
            let (guard, gone) = told();
            let own = event_loop();
            own.spawn_with_priority(priority, async move {
                let _guard = guard;
                pending::<()>().await;
            });
            sleep(Duration::from_millis(2)).await;
            drop(own);
            assert!(gone.get());
        }
    }

    async fn a_turn_may_begin_in_a_macrotask() {
        let order: Rc<RefCell<Vec<&str>>> = Rc::default();
        let options = Options { start: Start::Macrotask, ..Options::default() };
        let quiet = EventLoop::with(&mut Builder::new_current_thread(), options);
        let (later, sooner) = (order.clone(), order.clone());
        let task = quiet.spawn_local(async move { later.borrow_mut().push("task") });
        // Not by way of an await, whose turn may have to wait itself.
        let microtask = Closure::once(move |_: JsValue| sooner.borrow_mut().push("microtask"));
        let _then = Promise::resolve(&JsValue::NULL).then(&microtask);
        task.await.unwrap();
        assert_eq!(*order.borrow(), ["microtask", "task"]);
    }

    async fn promises_that_are_kept_at_once_let_the_event_loop_turn() {
        let turned = Rc::new(Cell::new(false));
        let turn = turned.clone();
        after_ms(1, move || turn.set(true));
        let began = Instant::now();
        while !turned.get() {
            JsFuture::from(Promise::resolve(&JsValue::NULL)).await.unwrap();
            assert!(began.elapsed() < Duration::from_secs(10), "the event loop never got a turn");
        }
    }

    async fn a_budget_bounds_a_turn() {
        let options = Options { budget: Duration::from_millis(1), ..Options::default() };
        let own = EventLoop::with(&mut Builder::new_current_thread(), options);
        // Each turn of the event loop, as a timer that starts itself again sees it.
        let turns = Rc::new(Cell::new(0_u32));
        let done = Rc::new(Cell::new(false));
        count_turns(turns.clone(), done.clone());
        let seen = turns.clone();
        let busy = own.spawn_local(async move {
            let began = Instant::now();
            while seen.get() < 10 {
                assert!(began.elapsed() < Duration::from_secs(20), "{} turns", seen.get());
                yield_now().await;
            }
        });
        busy.await.unwrap();
        done.set(true);
    }

    async fn a_share_of_each_frame_bounds_the_work_between_two() {
        let share = Duration::from_millis(1);
        let options = Options { frame_share: FrameShare::AtMost(share), ..Options::default() };
        let own = EventLoop::with(&mut Builder::new_current_thread(), options);
        let has_frames = ["window", "worker"].contains(&context().as_str());
        let frames = Rc::new(Cell::new(0));
        let count = frames.clone();
        let counts = web::spawn_local(async move {
            while web::yield_to_frame().await.is_ok() {
                count.set(count.get() + 1);
            }
        });
        // Each is a twentieth of the share or more, so together they are ten shares.
        let busy = |_| {
            own.spawn_local(async {
                let began = Instant::now();
                while began.elapsed() < Duration::from_micros(50) {}
            })
        };
        for task in (0..200).map(busy).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        counts.abort();
        assert!(!has_frames || frames.get() >= 5, "in the time of {} frames", frames.get());
        // What a wake brings after that is not forgotten.
        own.spawn_local(sleep(Duration::from_millis(1))).await.unwrap();
    }

    async fn a_page_has_time_of_its_own_in_each_frame_without_asking() {
        if context() != "window" {
            return;
        }
        // One that has ended while a frame was on its way leaves nothing behind.
        let ended = event_loop();
        drop(ended.spawn_local(async {
            loop {
                yield_now().await;
            }
        }));
        sleep(Duration::from_millis(30)).await;
        drop(ended);
        let most = most_polls_of_a_frame(event_loop()).await;
        assert!(most <= 80, "{most} tenths of a millisecond in one frame");
    }

    async fn short_turns_ask_for_no_frames() {
        let count = "globalThis.frames_asked = 0; const real = globalThis.requestAnimationFrame;
            if (real) globalThis.requestAnimationFrame = (f) => { frames_asked++; return real(f) };
            return real";
        let real = js(count, &JsValue::NULL).unwrap();
        let own = event_loop();
        for _ in 0..50 {
            own.spawn_local(sleep(Duration::from_micros(100))).await.unwrap();
        }
        let asked = "if (x) globalThis.requestAnimationFrame = x; return frames_asked";
        assert_eq!(js(asked, &real).unwrap(), JsValue::from(0));
    }

    async fn frames_are_waited_for_or_refused() {
        let frame = web::yield_to_frame().await;
        if ["window", "worker"].contains(&context().as_str()) {
            let (first, second) = (frame.unwrap(), web::yield_to_frame().await.unwrap());
            assert!(second > first, "{first:?} {second:?}");
        } else {
            let error = std::io::Error::from(frame.unwrap_err());
            assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
            assert!(error.to_string().contains("yield_to_idle"), "{error}");
        }
    }

    async fn what_waits_for_a_frame_runs_before_it_is_painted_whatever_else_is_ready() {
        if !["window", "worker"].contains(&context().as_str()) {
            return;
        }
        let watch = "const real = globalThis.requestAnimationFrame; globalThis.in_frame = false;
            globalThis.requestAnimationFrame = (f) => real((time) => {
                in_frame = true; f(time); Promise.resolve().then(() => { in_frame = false });
            });
            return real";
        let real = js(watch, &JsValue::NULL).unwrap();
        let own = event_loop();
        let done = Rc::new(Cell::new(false));
        for _ in 0..1000 {
            let done = done.clone();
            own.spawn_local(async move {
                while !done.get() {
                    let began = Instant::now();
                    while began.elapsed() < Duration::from_micros(20) {}
                    yield_now().await;
                }
            });
        }
        let draws = own.spawn_with_priority(Priority::UserBlocking, async move {
            let mut in_frame = Vec::new();
            for _ in 0..20 {
                web::yield_to_frame().await.unwrap();
                in_frame.push(js("return in_frame", &JsValue::NULL).unwrap() == JsValue::TRUE);
            }
            in_frame
        });
        let in_frame = draws.await.unwrap();
        done.set(true);
        js("globalThis.requestAnimationFrame = x", &real).unwrap();
        assert_eq!(in_frame, [true; 20]);
    }

    async fn a_quiet_moment_comes() {
        let busy = web::spawn_local(async {
            for _ in 0..1000 {
                yield_now().await;
            }
        });
        web::yield_to_idle().await;
        assert!(busy.is_finished());
    }

    async fn a_hidden_page_tells_its_intervals_that_they_are_throttled() {
        if context() != "window" {
            assert!(!web::is_hidden(), "workers and Node are not hidden");
            return;
        }
        let hide = web::spawn_local(async {
            let hide = Request::post(&server("/hide")).body("4500");
            hide.send().await.unwrap();
        });
        let began = Instant::now();
        while !web::is_hidden() {
            assert!(began.elapsed() < Duration::from_secs(20), "the page cannot be hidden");
            sleep(Duration::from_millis(5)).await;
        }
        let mut interval = creel::time::interval(Duration::from_millis(100));
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut ticks, mut throttled, mut missed) = (0, 0, 0);
        while !hide.is_finished() {
            interval.tick().await;
            ticks += 1;
            throttled += u32::from(interval.missed().throttled);
            missed += interval.missed().ticks;
        }
        assert!(throttled >= 2 && missed >= 10, "{ticks} ticks, {throttled} throttled, {missed}");
        assert!(!web::is_hidden());
        // Work goes on in step again.
        let began = Instant::now();
        while interval.missed().throttled || began.elapsed() < Duration::from_millis(50) {
            interval.tick().await;
        }
    }

    async fn a_page_that_is_seen_again_tells_of_the_timer_that_was_held_back_before() {
        if context() != "window" {
            return;
        }
        let hide = "Object.defineProperty(document, 'hidden', { value: true, configurable: true })";
        js(hide, &JsValue::NULL).unwrap();
        let mut interval = creel::time::interval(Duration::from_millis(20));
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let seen = Rc::new(Cell::new(false));
        let see = seen.clone();
        after_ms(5, move || {
            js("delete document.hidden", &JsValue::NULL).unwrap();
            // The timer that was armed before comes at least 80 ms late.
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(100) {}
            see.set(true);
        });
        while !seen.get() {
            interval.tick().await;
        }
        assert!(interval.missed().throttled, "{:?}", interval.missed());
    }

    async fn a_page_that_was_frozen_says_so_and_goes_on() {
        if context() != "window" {
            return;
        }
        let freeze = web::spawn_local(async {
            Request::post(&server("/freeze")).body("6000").send().await.unwrap();
        });
        let frame = web::spawn_local(async { while web::yield_to_frame().await.is_ok() {} });
        let mut interval = creel::time::interval(Duration::from_millis(50));
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut throttled, mut missed) = (0, 0);
        while !freeze.is_finished() {
            interval.tick().await;
            throttled += u32::from(interval.missed().throttled);
            missed += interval.missed().ticks;
        }
        assert!(throttled >= 1 && missed >= 40, "{throttled} throttled, {missed} missed");
        assert!(!frame.is_finished());
        frame.abort();
        web::yield_to_frame().await.unwrap();
        web::yield_to_idle().await;
    }

    async fn a_page_that_comes_back_out_of_the_browsers_cache_goes_on_where_it_was() {
        if context() != "window" {
            return;
        }
        let global: JsValue = js_sys::global().into();
        let mut shown = web::Events::new(&global, "pageshow").unwrap();
        let (left, gone) = oneshot::channel();
        web::spawn_local(async move {
            web::page_hide().await;
            left.send(Instant::now()).unwrap();
        });
        let asleep = web::spawn_local(sleep(Duration::from_millis(1500)));
        Request::post(&server("/leave")).body("2000").send().await.unwrap();
        let event = shown.next().await.unwrap();
        assert_eq!(js("return x.persisted", &event).unwrap(), JsValue::TRUE);
        assert!(gone.await.unwrap() <= Instant::now());
        asleep.await.unwrap();
        web::yield_to_frame().await.unwrap();
        assert!(Request::post(&server("/echo")).body("x").send().await.is_ok());
    }

    async fn a_hidden_page_has_no_share_of_frames_that_it_does_not_paint() {
        if context() != "window" {
            return;
        }
        let frame_share = FrameShare::AtMost(Duration::from_millis(1));
        let options = Options { frame_share, ..Options::default() };
        let own = EventLoop::with(&mut Builder::new_current_thread(), options);
        let busy = own.spawn_local(async {
            let mut hidden_turns = 0;
            while hidden_turns < 10_000 {
                hidden_turns += u32::from(web::is_hidden());
                yield_now().await;
            }
        });
        let hide = web::spawn_local(async {
            Request::post(&server("/hide")).body("1500").send().await.unwrap();
        });
        busy.await.unwrap();
        assert!(!hide.is_finished(), "it went on while the page was hidden");
        hide.await.unwrap();
    }

    async fn a_turn_hops_by_messages_and_never_by_a_timer_though_the_page_is_hidden() {
        let count = "globalThis.hops = 0;
            const [of, name] = globalThis.setImmediate ? [globalThis, 'setImmediate'] : [MessagePort.prototype, 'postMessage'];
            const real = of[name];
            of[name] = function (...what) { hops += 1; return real.apply(this, what) };
            return () => { of[name] = real }";
        let hide = (context() == "window").then(|| {
            web::spawn_local(async {
                Request::post(&server("/hide")).body("1500").send().await.unwrap();
            })
        });
        while hide.is_some() && !web::is_hidden() {
            sleep(Duration::from_millis(5)).await;
        }
        let options = Options { budget: Duration::from_millis(1), ..Options::default() };
        let own = EventLoop::with(&mut Builder::new_current_thread(), options);
        let put_back: Function = js(count, &JsValue::NULL).unwrap().unchecked_into();
        let watched = Watched::set_timeout();
        let timers = watched.calls.clone();
        let hops = own.spawn_local(async move {
            let hops = || js("return hops", &JsValue::NULL).unwrap().as_f64();
            while timers.borrow().is_empty() && hops() < Some(20.0) {
                yield_now().await;
            }
            web::is_hidden()
        });
        let was_hidden = hops.await.unwrap();
        put_back.call0(&JsValue::UNDEFINED).unwrap();
        assert_eq!(*watched.calls.borrow(), []);
        drop(watched);
        if let Some(hide) = hide {
            assert!(was_hidden && !hide.is_finished(), "it went on while the page was hidden");
            hide.await.unwrap();
        }
    }

    async fn paused_time_jumps_and_resumed_time_waits() {
        let own = EventLoop::new(Builder::new_current_thread().start_paused(true));
        let began = Instant::now();
        let slept = own.spawn_local(async {
            sleep(Duration::from_secs(3600)).await;
            creel::time::resume();
            let before = Instant::now();
            sleep(Duration::from_millis(5)).await;
            before.elapsed()
        });
        assert!(slept.await.unwrap() >= Duration::from_millis(5));
        assert!(began.elapsed() >= Duration::from_millis(5), "the second sleep was real");
        assert!(began.elapsed() < Duration::from_secs(60), "the first was not");
    }

    async fn a_dropped_event_loop_drops_its_tasks_at_once() {
        let (guard, gone) = told();
        let own = event_loop();
        own.spawn_local(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        drop(own);
        assert!(gone.get());
        // The callback that was on its way comes and finds nothing.
        sleep(Duration::from_millis(2)).await;
    }

    async fn a_dropped_event_loop_disarms_its_timer() {
        let own = event_loop();
        let fired = Rc::new(Cell::new(false));
        let fire = fired.clone();
        own.spawn_local(async move {
            sleep(Duration::from_millis(5)).await;
            fire.set(true);
        });
        sleep(Duration::from_millis(1)).await;
        drop(own);
        sleep(Duration::from_millis(10)).await;
        assert!(!fired.get());
    }

    async fn an_event_loop_may_be_dropped_by_its_own_task() {
        for wait in [0, 2] {
            let (guard, gone) = told();
            let slot: Rc<RefCell<Option<EventLoop>>> = Rc::default();
            let own = event_loop();
            let itself = slot.clone();
            own.spawn_local(async move {
                let _guard = guard;
                if wait > 0 {
                    sleep(Duration::from_millis(wait)).await;
                }
                drop(itself.borrow_mut().take());
                pending::<()>().await;
            });
            *slot.borrow_mut() = Some(own);
            while !gone.get() {
                sleep(Duration::from_millis(1)).await;
            }
        }
    }

    async fn a_promise_of_a_future_is_kept_or_broken() {
        let kept = promise(async {
            sleep(Duration::from_millis(1)).await;
            Ok(JsValue::from(1))
        });
        assert_eq!(JsFuture::from(kept).await, Ok(JsValue::from(1)));
        let broken = promise(async { Err(JsValue::from(2)) });
        assert_eq!(JsFuture::from(broken).await, Err(JsValue::from(2)));
    }

    async fn promises_are_awaited_side_by_side() {
        let slow = JsFuture::from(promise_after_ms(3));
        let (one, two, slow) = creel::join!(
            JsFuture::from(Promise::resolve(&JsValue::from(1))),
            JsFuture::from(Promise::resolve(&JsValue::from(2))),
            slow,
        );
        assert_eq!((one, two), (Ok(JsValue::from(1)), Ok(JsValue::from(2))));
        assert!(slow.is_ok());
    }

    async fn a_promise_wakes_who_asked_last_and_keeps_nobody_else() {
        let (first, last) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
        let (other, waker) = (Waker::from(first.clone()), Waker::from(last.clone()));
        let mut kept = JsFuture::from(promise_after_ms(1));
        let mut is_pending = |waker| Pin::new(&mut kept).poll(&mut Context::from_waker(waker)).is_pending();
        assert!(is_pending(&other) && is_pending(&other));
        assert_eq!(Arc::strong_count(&first), 3, "it is known already");
        assert!(is_pending(&waker) && is_pending(&waker));
        drop((other, waker));
        assert_eq!(Arc::strong_count(&first), 1, "nobody waits there any more");
        assert_eq!(Arc::strong_count(&last), 2);
        // Made later, it is kept later.
        JsFuture::from(promise_after_ms(2)).await.unwrap();
        assert_eq!((first.count(), last.count()), (0, 1));
        assert!(kept.await.is_ok());
        assert_eq!(Arc::strong_count(&last), 1);
    }

    async fn an_answer_to_a_dropped_await_reaches_nobody_else() {
        let answered = |ms: u64| {
            promise(async move {
                sleep(Duration::from_millis(ms)).await;
                Ok(JsValue::from(ms as u32))
            })
        };
        let (first, second) = (answered(1), answered(4));
        let mut dropped = JsFuture::from(first);
        poll_fn(|cx| {
            assert!(std::pin::Pin::new(&mut dropped).poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(dropped);
        // It takes the same slot.
        assert_eq!(JsFuture::from(second).await, Ok(JsValue::from(4)));
    }

    async fn block_on_runs_what_need_not_wait() {
        let (tell, told) = oneshot::channel();
        // Inside a task it is refused.
        after_ms(0, move || {
            let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
            tell.send(runtime.block_on(async {
                sleep(Duration::from_secs(3600)).await;
                creel::spawn(async { 7 }).await.unwrap()
            }))
            .unwrap();
        });
        assert_eq!(told.await.unwrap(), 7);
    }

    // The clock stays ahead from here on: it must never go back.
    async fn a_page_that_slept_for_a_minute_says_so_and_goes_on() {
        let mut interval = creel::time::interval(Duration::from_millis(100));
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        interval.tick().await;
        let asleep = web::spawn_local(sleep(Duration::from_secs(30)));
        // While it waits for the next tick.
        after_ms(10, || {
            let jump = "const real = performance.now.bind(performance);
                performance.now = () => real() + 60_000;";
            js(jump, &JsValue::NULL).unwrap();
        });
        interval.tick().await;
        let missed = interval.missed();
        assert!(missed.throttled && (598..=605).contains(&missed.ticks), "{missed:?}");
        asleep.await.unwrap();
        interval.tick().await;
        assert!(!interval.missed().throttled);
    }

    async fn what_there_is_no_memory_for_is_an_error_and_the_page_goes_on() {
        let mut all = Vec::new();
        // Untouched, it takes addresses and no memory of the machine's.
        loop {
            let mut some = Vec::<u8>::new();
            if some.try_reserve_exact(64 << 20).is_err() {
                break;
            }
            all.push(some);
        }
        assert!(!all.is_empty());
        // What needs little still gets it.
        assert_eq!(web::spawn_local(async { yield_now().await }).await.ok(), Some(()));
        drop(all);
    }

    // The last: what has trapped is not used again.
    async fn block_on_that_would_wait_says_so_on_the_console() {
        // As in the build that a page downloads, where the program has to ask; once is enough.
        web::report_panics();
        let (tell, told) = oneshot::channel();
        after_ms(0, move || {
            tell.send(what_panics(|| {
                let runtime = Builder::new_current_thread().build().unwrap();
                runtime.block_on(pending::<()>());
            }))
            .unwrap();
        });
        let said = told.await.unwrap();
        let [said] = &said[..] else { panic!("it is said once: {said:?}") };
        assert!(said.contains("cannot be waited in") && said.contains("build.rs"), "{said}");
    }
}

fn count_turns(turns: Rc<Cell<u32>>, done: Rc<Cell<bool>>) {
    after_ms(0, move || {
        turns.set(turns.get() + 1);
        if !done.get() {
            count_turns(turns, done);
        }
    });
}

/// What the console is told by the panic in `f`. JavaScript catches the trap, between two frames of ours.
fn what_panics(f: impl FnMut() + 'static) -> Vec<String> {
    let code = "const [tell, said] = [console.error, []];
        console.error = (...words) => said.push(words.join(' '));
        try { x(); } catch { return said; } finally { console.error = tell; }
        throw new Error('it did not panic');";
    let f = Closure::<dyn FnMut()>::new(f);
    let said: Array = js(code, f.as_ref()).unwrap().unchecked_into();
    said.iter().map(|words| words.as_string().unwrap()).collect()
}

fn promise_after_ms(ms: u32) -> Promise {
    Promise::new(&mut |resolve: Function, _| {
        after_ms(ms, move || drop(resolve.call0(&JsValue::UNDEFINED)));
    })
}
