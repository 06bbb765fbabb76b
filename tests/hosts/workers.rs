//! Rust functions in workers of their own, which trap and are replaced.

use crate::bridges::js;
use crate::host::{context, server};
use creel::future::join_all;
use creel::task::yield_now;
use creel::time::{Duration, Instant, sleep, timeout};
use creel::wasm::web::{self, Jobs, Pool, PoolOptions, Script, Worker, WorkerError};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::pin::pin;
use std::task::Poll;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Throws past us, for it is not declared with `catch`.
    #[wasm_bindgen(js_namespace = JSON)]
    fn parse(text: &str) -> JsValue;
}

/// What the workers of this program can do.
pub fn jobs() -> Jobs {
    Jobs::new()
        .with("sum", |input| async move { vec![sum(&input)] })
        .with("late", |input| async move {
            sleep(Duration::from_millis(u64::from(input[0]))).await;
            input
        })
        .with("panic", |_| async { panic!("no more bread") })
        .with("overflow", |_| async { overflow(&[0; 64], u64::MAX) })
        .with("throw", |_| async {
            parse("not JSON");
            Vec::new()
        })
        .with("end", |_| async {
            // What was said before arrives all the same.
            js("return globalThis.close ? close() : process.exit()", &JsValue::NULL).unwrap();
            std::future::pending().await
        })
        .with("forever", |_| async {
            loop {
                std::hint::black_box(());
            }
        })
        .with("grumble", |_| async {
            let odd = "console.error('the oven is cold', Symbol('soot'), Object.create(null))";
            js(odd, &JsValue::NULL).unwrap();
            overflow(&[0; 64], u64::MAX)
        })
        .with("chatty panic", |_| async {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                before(panic);
                js("console.error('who was it?')", &JsValue::NULL).unwrap();
            }));
            panic!("no more bread")
        })
        .with("panic afterwards", |_| async {
            web::spawn_local(async {
                sleep(Duration::from_millis(5)).await;
                panic!("burnt");
            });
            Vec::new()
        })
        .with("count", |_| async { vec![COUNT.replace(COUNT.get() + 1)] })
        .with("without memory", |_| async {
            let mut all: Vec<Vec<u8>> = Vec::new();
            loop {
                // Untouched, it takes addresses and no memory of the machine's.
                all.push(Vec::with_capacity(64 << 20));
            }
        })
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

std::thread_local! {
    static COUNT: Cell<u8> = const { Cell::new(0) };
}

fn overflow(words: &[u64; 64], depth: u64) -> Vec<u8> {
    if depth == 0 {
        return Vec::new();
    }
    let more = std::hint::black_box(words.map(|word| word + 1));
    let mut result = overflow(&more, depth - 1);
    result.push(more[3] as u8);
    result
}

/// Where this program is, if this thread can start workers.
pub fn script() -> Option<Script> {
    match context().as_str() {
        "node" => {
            let path = js("return process.argv[1]", &JsValue::NULL).unwrap();
            Some(Script::node(&path.as_string().unwrap()))
        }
        "window" | "worker" => Some(Script::module(&server("/program/program.js"))),
        _ => None,
    }
}

fn pool(workers: usize) -> Option<Pool> {
    let workers = NonZeroUsize::new(workers).unwrap();
    Some(Pool::new(script()?, PoolOptions { workers, ..PoolOptions::default() }))
}

fn trapped(outcome: Result<Vec<u8>, WorkerError>) -> String {
    match outcome {
        Err(WorkerError::Trapped(why)) => why,
        other => panic!("{other:?}"),
    }
}

cases! {
    "workers":

    async fn a_function_runs_in_a_worker_of_its_own() {
        let Some(script) = script() else {
            let error = Worker::start(&Script::module("/nowhere.js")).await.unwrap_err();
            assert!(error.to_string().contains("start workers from the page"), "{error}");
            return;
        };
        let sum = web::spawn_worker(&script, "sum", vec![1, 2, 3]).await.unwrap();
        assert_eq!(sum, Ok(vec![6]));
        let unknown = web::spawn_worker(&script, "bake", vec![]).await.unwrap();
        assert_eq!(unknown, Err(WorkerError::Unknown("bake".into())));
    }

    async fn starting_workers_leaves_nothing_behind() {
        let Some(script) = script() else { return };
        drop(Worker::start(&script).await.unwrap());
        let count = "globalThis.made = 0; const make = URL.createObjectURL;
            URL.createObjectURL = (blob) => { globalThis.made += 1; return make(blob) }";
        js(count, &JsValue::NULL).unwrap();
        for _ in 0..3 {
            drop(Worker::start(&script).await.unwrap());
        }
        let made = js("return globalThis.made", &JsValue::NULL).unwrap();
        assert_eq!(made, JsValue::from(0), "the first one's address serves them all");
    }

    async fn a_worker_keeps_its_memory_and_has_a_runtime() {
        let Some(script) = script() else { return };
        let mut worker = Worker::start(&script).await.unwrap();
        for count in 0..3 {
            assert_eq!(worker.run("count", &[]).await, Ok(vec![count]));
        }
        assert_eq!(worker.run("late", &[5, 9]).await, Ok(vec![5, 9]));
        assert!(timeout(Duration::from_millis(5), worker.run("late", &[60])).await.is_err());
        assert_eq!(worker.run("sum", &[7]).await, Ok(vec![7]), "not the output of the other");
        let big = vec![1; 1 << 20];
        assert_eq!(worker.run("sum", &big).await, Ok(vec![0]));
    }

    async fn a_worker_that_traps_says_why() {
        let Some(script) = script() else { return };
        let cases = [
            ("panic", "no more bread"),
            ("overflow", "RuntimeError: memory"),
            ("throw", "SyntaxError"),
            ("grumble", "RuntimeError: memory"),
            ("chatty panic", "no more bread"),
        ];
        for (job, why) in cases {
            let mut worker = Worker::start(&script).await.unwrap();
            let said = trapped(worker.run(job, &[]).await);
            assert!(said.contains(why), "{job}: {said}");
        }
    }

    async fn a_worker_that_ends_by_itself_is_missed() {
        let Some(script) = script() else { return };
        let mut worker = Worker::start(&script).await.unwrap();
        assert_eq!(worker.run("sum", &[7]).await, Ok(vec![7]));
        let said = timeout(Duration::from_secs(20), worker.run("end", &[])).await;
        assert!(trapped(said.expect("its end is told")).contains("by itself"));
        let pool = pool(1).unwrap();
        assert_eq!(pool.run("count", vec![]).await, Ok(vec![0]));
        let (end, after) = creel::join!(pool.run("end", vec![]), pool.run("count", vec![]));
        assert!(trapped(end).contains("by itself"));
        assert_eq!((after, pool.recent_traps()), (Ok(vec![0]), 1), "another did the job that waited");
    }

    async fn a_worker_without_memory_traps_alone() {
        let Some(script) = script() else { return };
        let mut worker = Worker::start(&script).await.unwrap();
        let said = trapped(worker.run("without memory", &[]).await);
        assert!(said.contains("memory") || said.contains("unreachable"), "{said}");
    }

    async fn a_script_that_does_not_load_is_an_error() {
        if script().is_none() {
            return;
        }
        let nowhere = match context().as_str() {
            "node" => Script::node("/no/such/program.js"),
            _ => Script::module(&server("/nothing.js")),
        };
        let error = Worker::start(&nowhere).await.unwrap_err();
        assert!(matches!(error, WorkerError::NotStarted(_)), "{error}");
    }

    async fn the_page_goes_on_while_a_worker_works() {
        let Some(script) = script() else { return };
        let task = web::spawn_worker(&script, "forever", vec![]);
        let began = Instant::now();
        for _ in 0..20 {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(began.elapsed() < Duration::from_secs(10) && !task.is_finished());
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }

    async fn a_pool_does_jobs_side_by_side_and_in_turn() {
        let Some(pool) = pool(2) else { return };
        let jobs = (0..8).map(|number| pool.run("late", vec![number]));
        let outcomes = join_all(jobs).await;
        for (number, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(outcome, Ok(vec![number as u8]));
        }
    }

    async fn a_pool_replaces_a_worker_that_has_trapped() {
        let Some(pool) = pool(1) else { return };
        assert_eq!(pool.run("count", vec![]).await, Ok(vec![0]));
        assert_eq!(pool.run("count", vec![]).await, Ok(vec![1]));
        let (crash, after) =
            creel::join!(pool.run("panic", vec![]), pool.run("count", vec![]));
        assert!(trapped(crash).contains("no more bread"));
        assert_eq!(after, Ok(vec![0]), "a new worker did the job that waited");
        assert_eq!(pool.recent_traps(), 1);
    }

    async fn a_job_that_nobody_waits_for_is_ended() {
        let Some(pool) = pool(1) else { return };
        let forever = timeout(Duration::from_millis(50), pool.run("forever", vec![])).await;
        assert!(forever.is_err());
        assert_eq!(pool.run("sum", vec![1]).await, Ok(vec![1]), "the only worker is free again");
        assert_eq!(pool.recent_traps(), 0);
    }

    async fn a_job_that_was_taken_back_before_its_turn_costs_no_worker() {
        let Some(pool) = pool(1) else { return };
        assert_eq!(pool.run("count", vec![]).await, Ok(vec![0]));
        let take_back = async {
            let mut sum = pin!(pool.run("sum", vec![1]));
            poll_fn(|cx| Poll::Ready(sum.as_mut().poll(cx).is_pending())).await
        };
        let (late, waited) = creel::join!(pool.run("late", vec![9]), take_back);
        assert!(late.is_ok() && waited);
        assert_eq!(pool.run("count", vec![]).await, Ok(vec![1]), "the worker is the same");
    }

    async fn a_worker_that_traps_between_its_jobs_is_replaced_at_once() {
        let Some(pool) = pool(1) else { return };
        assert_eq!(pool.run("panic afterwards", vec![]).await, Ok(vec![]));
        let trapped = async {
            while pool.recent_traps() == 0 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(20), trapped).await.expect("the pool hears of it at once");
        assert_eq!(pool.run("count", vec![]).await, Ok(vec![0]));
    }

    async fn a_pool_gives_up_when_its_workers_trap_again_and_again() {
        let Some(script) = script() else { return };
        let options = PoolOptions { restarts: 1, ..PoolOptions::default() };
        let pool = Pool::new(script, options);
        for _ in 0..2 {
            trapped(pool.run("panic", vec![]).await);
        }
        assert_eq!(pool.run("sum", vec![1]).await, Err(WorkerError::Exhausted));
    }

    async fn a_dropped_pool_ends_its_workers() {
        let Some(pool) = pool(1) else { return };
        pool.run("sum", vec![]).await.unwrap();
        drop(pool);
        // In Node a thread that lived on would keep the process alive.
        yield_now().await;
    }
}
