//! A pool of threads beside the event loop of a page, a worker or Node.

use crate::bridges::js;
use crate::conformance::harness::TRIES;
use crate::conformance::{Case, all};
use crate::host::{context, server};
use crate::workers::script;
use creel::runtime::{Builder, Runtime, worker_index};
use creel::sync::{mpsc, oneshot};
use creel::task::{JoinHandle, spawn_local, yield_now};
use creel::time::{Duration, Instant, interval, sleep, timeout};
use creel::wasm::web::{self, Script};
use std::cell::RefCell;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

/// A pool of this program's own.
fn pool(workers: usize) -> Runtime {
    let script = script().expect("here workers can be started");
    Builder::new_multi_thread().worker_threads(workers).build_on_workers(&script).unwrap()
}

/// Tells when it is dropped, on whichever thread.
struct Told(Arc<AtomicBool>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// Waits for a thread that does something of its own accord.
async fn until(mut done: impl FnMut() -> bool) {
    let wait = async {
        while !done() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.expect("it happens");
}

/// Runs a case on a thread of `pool`; what it starts by `spawn` goes to all of them.
async fn passes(case: &'static Case, pool: &Runtime) -> bool {
    let on_one = pool.spawn(async { spawn_local((case.run)()).await.unwrap() });
    timeout(Duration::from_secs(10), on_one).await.is_ok_and(|outcome| outcome.is_ok())
}

cases! { "threads":
    async fn tasks_run_on_several_threads_at_once() {
        let pool = pool(2);
        let met = Arc::new(AtomicUsize::new(0));
        let meet = || {
            let met = met.clone();
            pool.spawn(async move {
                met.fetch_add(1, SeqCst);
                // Neither gives way: one thread could not run both.
                while met.load(SeqCst) < 2 {
                    spin_loop();
                }
                worker_index().unwrap()
            })
        };
        let (one, other) = (meet(), meet());
        let mut seats = [one.await.unwrap(), other.await.unwrap()];
        seats.sort();
        assert_eq!((seats, worker_index()), ([0, 1], Some(0)));
    }

    async fn what_is_spawned_before_the_threads_are_there_runs_when_they_are() {
        let pool = pool(2);
        let tasks: Vec<JoinHandle<u64>> =
            (0..1000).map(|number| pool.spawn(async move { number * 2 })).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        assert_eq!(sum, 999_000);
    }

    async fn a_worker_steals_what_another_has_no_time_for() {
        let pool = pool(2);
        pool.spawn(async {
            let (tell, told) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            for (mine, theirs) in [(&tell, &told), (&told, &tell)] {
                let (mine, theirs) = (mine.clone(), theirs.clone());
                // Into this worker's own queue.
                creel::spawn(async move {
                    mine.store(true, SeqCst);
                    theirs.load(SeqCst)
                });
            }
            // This worker keeps its thread until others have run both.
            while !(tell.load(SeqCst) && told.load(SeqCst)) {
                spin_loop();
            }
        })
        .await
        .unwrap();
    }

    async fn each_wake_from_another_thread_arrives() {
        let pool = pool(2);
        let (there, mut hears) = mpsc::channel(1);
        let (back, mut answers) = mpsc::channel(1);
        let echo = pool.spawn(async move {
            while let Some(number) = hears.recv().await {
                back.send(number).await.unwrap();
            }
        });
        for number in 0..2_000_u32 {
            there.send(number).await.unwrap();
            assert_eq!(answers.recv().await, Some(number));
        }
        drop(there);
        echo.await.unwrap();
    }

    async fn a_burst_of_wakes_from_many_threads_arrives_too() {
        let pool = pool(3);
        let (sender, mut inbox) = mpsc::channel(4);
        for _ in 0..6 {
            let sender = sender.clone();
            pool.spawn(async move {
                for number in 0..2_000_u64 {
                    sender.send(number).await.unwrap();
                    if number % 7 == 0 {
                        yield_now().await;
                    }
                }
            });
        }
        drop(sender);
        let mut sum = 0;
        while let Some(number) = inbox.recv().await {
            sum += number;
        }
        assert_eq!(sum, 6 * 1_999_000);
    }

    async fn a_task_of_the_page_may_be_started_and_woken_from_a_thread() {
        let pool = pool(1);
        let (page, ran_on) = (web::handle(), Arc::new(Mutex::new(None)));
        let place = ran_on.clone();
        let from_there = pool.spawn(async move {
            let task = page.spawn(async move {
                sleep(Duration::from_millis(2)).await;
                // A page has a document; a thread of a pool would say so by a panic.
                web::handle();
                *place.lock().unwrap() = Some(worker_index());
                7
            });
            task.await.unwrap()
        });
        assert_eq!(from_there.await.unwrap(), 7);
        assert_eq!(*ran_on.lock().unwrap(), Some(Some(0)));
    }

    async fn other_priorities_are_woken_from_threads() {
        let pool = pool(1);
        for priority in [web::Priority::Background, web::Priority::UserBlocking] {
            let (tell, told) = oneshot::channel();
            let waits = web::spawn_with_priority(priority, async { told.await.unwrap() });
            yield_now().await;
            let tells = pool.spawn(async move {
                sleep(Duration::from_millis(5)).await;
                tell.send(3).unwrap();
            });
            assert_eq!(waits.await.unwrap(), 3);
            tells.await.unwrap();
        }
    }

    async fn timers_of_a_pool_keep_the_time_of_the_page() {
        let pool = pool(2);
        pool.spawn(async {}).await.unwrap();
        let here = Instant::now();
        let (slept, there) = pool
            .spawn(async {
                let began = Instant::now();
                let mut beat = interval(Duration::from_millis(5));
                for _ in 0..5 {
                    beat.tick().await;
                }
                (began.elapsed(), began)
            })
            .await
            .unwrap();
        let after = Instant::now();
        assert!(slept >= Duration::from_millis(20), "{slept:?}");
        // Each thread has a clock that began with it; they are made one, to their resolution.
        let grain = Duration::from_millis(1);
        assert!(there + grain >= here && there <= after, "{here:?} {there:?} {after:?}");
    }

    async fn unless_told_there_are_as_many_threads_as_processors() {
        let pool = Builder::new_multi_thread().build_on_workers(&script().unwrap()).unwrap();
        assert!(pool.metrics().num_workers() >= 1);
        assert_eq!(pool.spawn(async { 7 }).await.unwrap(), 7);
    }

    async fn aborting_reaches_a_task_of_a_pool() {
        let pool = pool(1);
        let gone = Arc::new(AtomicBool::new(false));
        let told = Told(gone.clone());
        let task = pool.spawn(async move {
            let _told = told;
            sleep(Duration::from_secs(3600)).await;
        });
        pool.spawn(yield_now()).await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(gone.load(SeqCst));
    }

    async fn a_pool_that_is_dropped_cancels_its_tasks_and_the_page_does_not_wait() {
        let pool = pool(2);
        let gone = Arc::new(AtomicBool::new(false));
        let told = Told(gone.clone());
        let ended = Arc::new(AtomicU32::new(0));
        pool.spawn(async move {
            let _told = told;
            sleep(Duration::from_secs(3600)).await;
        });
        let count = ended.clone();
        let script = script().unwrap();
        let counted = Builder::new_multi_thread()
            .worker_threads(2)
            .on_thread_stop(move || {
                count.fetch_add(1, SeqCst);
            })
            .build_on_workers(&script)
            .unwrap();
        counted.spawn(async {}).await.unwrap();
        pool.spawn(async {}).await.unwrap();
        counted.shutdown_background();
        pool.shutdown_background();
        until(|| gone.load(SeqCst) && ended.load(SeqCst) == 2).await;
    }

    async fn what_blocks_its_thread_blocks_no_other() {
        let pool = pool(2);
        let open = Arc::new(AtomicBool::new(false));
        let gate = open.clone();
        let blocked = pool.spawn_blocking(move || {
            while !gate.load(SeqCst) {
                spin_loop();
            }
        });
        pool.spawn(async { creel::task::block_in_place(|| ()) }).await.unwrap();
        open.store(true, SeqCst);
        blocked.await.unwrap();
    }

    async fn a_thread_that_traps_is_told_of_and_the_others_go_on() {
        let said = heard();
        let pool = pool(2);
        pool.spawn(async {}).await.unwrap();
        // On a thread that JavaScript never gets a turn on.
        let refused = pool.spawn(async { drop(web::handle()) });
        until(|| said().contains("a worker of a multi-threaded runtime is gone")).await;
        let tasks: Vec<_> = (0..100).map(|number| pool.spawn(async move { number })).collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), number);
        }
        assert!(!refused.is_finished());
    }

    async fn what_a_thread_that_traps_had_before_it_is_done_elsewhere() {
        let pool = pool(2);
        let (sender, mut inbox) = mpsc::channel(100);
        let slept = pool.spawn(sleep(Duration::from_millis(20)));
        pool.spawn(async move {
            for number in 0..50 {
                let sender = sender.clone();
                creel::spawn(async move {
                    sleep(Duration::from_millis(number % 5)).await;
                    sender.send(number).await.unwrap();
                });
            }
            panic!("what is queued is nobody's fault");
        });
        let mut heard = Vec::new();
        while heard.len() < 50 {
            let next = timeout(Duration::from_secs(20), inbox.recv()).await;
            heard.push(next.expect("the other thread takes them").unwrap());
        }
        heard.sort();
        assert!(heard.into_iter().eq(0..50));
        slept.await.unwrap();
        let mut beat = interval(Duration::from_millis(1));
        pool.spawn(async move { beat.tick().await; beat.tick().await }).await.unwrap();
    }

    async fn a_pool_whose_threads_cannot_be_started_tells_its_tasks() {
        let nowhere = match context().as_str() {
            "node" => Script::node("/no/such/program.js"),
            _ => Script::module(&server("/nothing.js")),
        };
        let said = heard();
        let pool = Builder::new_multi_thread().worker_threads(2).build_on_workers(&nowhere).unwrap();
        let task = pool.spawn(async { 7 });
        let outcome = timeout(Duration::from_secs(20), task).await.expect("it is told");
        assert!(outcome.unwrap_err().is_cancelled());
        until(|| said().contains("a worker of a multi-threaded runtime is gone")).await;
        let late = timeout(Duration::from_secs(20), pool.spawn(async { 7 })).await;
        assert!(late.expect("it is told, too").unwrap_err().is_cancelled());
    }

    async fn threads_that_have_ended_leave_no_listener_behind() {
        if context() == "node" {
            return;
        }
        let count = "globalThis.listeners = 0;
            for (const [name, more] of [['addEventListener', 1], ['removeEventListener', -1]]) {
                const real = EventTarget.prototype[name];
                Worker.prototype[name] = function (...rest) { listeners += more; return real.apply(this, rest) };
            }";
        js(count, &JsValue::NULL).unwrap();
        let listeners = || js("return listeners", &JsValue::NULL).unwrap();
        let pool = pool(2);
        pool.spawn(async {}).await.unwrap();
        assert!(listeners() != JsValue::from(0));
        drop(pool);
        until(|| listeners() == JsValue::from(0)).await;
        let away = "for (const name of ['addEventListener', 'removeEventListener']) delete Worker.prototype[name]";
        js(away, &JsValue::NULL).unwrap();
    }

    async fn memory_that_grows_on_every_thread_is_seen_by_every_thread() {
        let pool = pool(3);
        let grow = |seed: u8| {
            let mut all: Vec<Vec<u8>> = Vec::new();
            for step in 0..24 {
                all.push(vec![seed ^ step; 1 << 20]);
            }
            all
        };
        let (sender, mut inbox) = mpsc::channel(1);
        for seed in 0..3 {
            let sender = sender.clone();
            pool.spawn(async move {
                for part in grow(seed) {
                    sender.send(part).await.unwrap();
                }
            });
        }
        drop(sender);
        let mut here = Vec::new();
        while let Some(part) = inbox.recv().await {
            // JavaScript looks at it, too, by a view of the memory as it is now.
            let copy = js_sys::Uint8Array::from(&part[..]);
            assert!(part.iter().all(|byte| *byte == part[0]) && copy.get_index((1 << 20) - 1) == part[0]);
            here.push((part, grow(9).len()));
        }
        assert_eq!(here.len(), 3 * 24);
    }

    async fn the_conformance_list_holds_on_pools() {
        for workers in [1, 2, 3] {
            let mut pool = pool(workers);
            for case in all().into_iter().filter(|case| case.is_for_pools()) {
                let mut tries = 1..=TRIES;
                // A case that panics takes its thread along, and is not heard of again.
                while !passes(case, &pool).await {
                    assert!(tries.next().is_some(), "{} on {workers} workers", case.name);
                    pool = self::pool(workers);
                }
            }
        }
    }

    async fn a_current_thread_runtime_has_no_workers() {
        let script = script().unwrap();
        let error = Builder::new_current_thread().build_on_workers(&script).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
        let error = Builder::new_multi_thread().build().unwrap_err();
        assert!(error.to_string().contains("build_on_workers"), "{error}");
    }
}

std::thread_local! {
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What the console was told as an error since it was asked first.
fn heard() -> impl Fn() -> String {
    let console = js_sys::Reflect::get(&js_sys::global(), &"console".into()).unwrap();
    let hear = Closure::<dyn FnMut(JsValue)>::new(|what: JsValue| {
        SAID.with_borrow_mut(|said| said.push_str(&what.as_string().unwrap_or_default()));
    });
    js_sys::Reflect::set(&console, &"error".into(), &hear.into_js_value()).unwrap();
    || SAID.with_borrow(String::clone)
}
