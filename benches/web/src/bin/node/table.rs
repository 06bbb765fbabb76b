//! Rounds in which every executor has its turn at each operation; the least is told.

use crate::executors::{Bare, Bindgen, Creel, Executor, Greedy};
use crate::{frames, operations as op};
use creel::sync::oneshot;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::Pin;
use wasm_bindgen::prelude::wasm_bindgen;

const ROUNDS: usize = 15;
const PARKED: usize = 10_000;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = harness, js_name = print)]
    fn print(text: &str);
    #[wasm_bindgen(js_namespace = harness, js_name = exit)]
    fn exit(code: u32);
    #[wasm_bindgen(thread_local_v2, js_namespace = harness, js_name = arguments)]
    static FILTERS: Vec<String>;
}

/// One executor at one operation.
struct Peer {
    name: &'static str,
    run: fn() -> Pin<Box<dyn Future<Output = f64>>>,
}

/// Runs an operation as a task of its executor.
async fn on<E: Executor>(operation: impl Future<Output = f64> + 'static) -> f64 {
    let (tell, told) = oneshot::channel();
    E::spawn(async move { tell.send(operation.await).expect("somebody waits") });
    told.await.expect("the operation ends")
}

macro_rules! peers {
    ($($executor:ty => $operation:expr),* $(,)?) => {
        &[$(Peer {
            name: <$executor as Executor>::NAME,
            run: || Box::pin(on::<$executor>($operation)),
        }),*]
    };
    ($operation:ident) => { peers![
        Creel => op::$operation::<Creel>(),
        Bindgen => op::$operation::<Bindgen>(),
        Bare => op::$operation::<Bare>(),
    ] };
}

const OPERATIONS: &[(&str, &[Peer])] = &[
    ("spawn + complete", peers!(spawn_and_complete)),
    (
        "wake to poll, 1,000 tasks",
        peers![
            Creel => op::wakes::<Creel, 1000>(),
            Bindgen => op::wakes::<Bindgen, 1000>(),
            Bare => op::wakes::<Bare, 1000>(),
        ],
    ),
    (
        "wake to poll, 1 task",
        peers![
            Creel => op::wakes::<Creel, 1>(),
            Bindgen => op::wakes::<Bindgen, 1>(),
            Bare => op::wakes::<Bare, 1>(),
        ],
    ),
    (
        "bounded(64) channel, an item",
        peers![
            Creel => op::own_channel::<Creel>(),
            Bindgen => op::others_channel::<Bindgen>(),
            Bare => op::others_channel::<Bare>(),
        ],
    ),
    ("5,000 promises awaited at once, each", peers!(promises)),
    ("a promise awaited after another", peers!(promises_in_turn)),
    (
        "10,000 sleeps, each",
        peers![
            Creel => op::sleeps::<Creel>(),
            Bindgen => op::sleeps::<Bindgen>(),
        ],
    ),
];

/// Prints a row of the table for each operation.
#[creel::main]
pub async fn main() {
    let filters = FILTERS.with(Vec::clone);
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|it| name.contains(it));
    for (name, peers) in OPERATIONS.iter().filter(|(name, _)| wanted(name)) {
        let mut least = vec![f64::MAX; peers.len()];
        let rounds = if name.contains("sleeps") { 5 } else { ROUNDS };
        for _ in 0..rounds {
            for (peer, least) in peers.iter().zip(&mut least) {
                *least = least.min((peer.run)().await);
            }
        }
        let peers = peers.iter().zip(&least).skip(1);
        let peers: Vec<_> = peers.map(|(peer, ns)| format!("{} {ns:.0}", peer.name)).collect();
        print(&format!("| {name}, ns | {:.0} | {} |\n", least[0], peers.join(", ")));
    }
    if frames::has_frames() && wanted("longest frame gap") {
        let own = on::<Creel>(frames::under_load::<Creel>()).await;
        let bindgen = on::<Bindgen>(frames::under_load::<Bindgen>()).await;
        let name = Bindgen::NAME;
        print(&format!(
            "| 1.5 s of work: longest frame gap, ms | {own:.0} | {name} {bindgen:.0} |\n"
        ));
    }
    if frames::has_frames() && wanted("work of 100,000 tasks between two frames") {
        let greedy = on::<Greedy>(frames::of_many_tasks::<Greedy>()).await;
        let own = on::<Creel>(frames::of_many_tasks::<Creel>()).await;
        let bindgen = on::<Bindgen>(frames::of_many_tasks::<Bindgen>()).await;
        let (all, name) = (Greedy::NAME, Bindgen::NAME);
        print(&format!(
            "| work of 100,000 tasks between two frames, p99, ms | {own:.1} | {all} {greedy:.1}, \
             {name} {bindgen:.1} |\n"
        ));
    }
    if wanted("parked task, bytes") {
        let (own, bindgen) = (parked::<Creel>().await, parked::<Bindgen>().await);
        print(&format!("| parked task, bytes | {own} | {} {bindgen} |\n", Bindgen::NAME));
    }
    exit(0);
}

/// What a task that waits takes of the heap, the size of its future (none) apart.
async fn parked<E: Executor>() -> usize {
    let before = BYTES.get();
    for _ in 0..PARKED {
        E::spawn(pending());
    }
    // They have been polled.
    creel::time::sleep(std::time::Duration::from_millis(20)).await;
    (BYTES.get() - before) / PARKED
}

/// Counts the bytes that are in use.
struct Counting;

std::thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size());
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size());
        // SAFETY: passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
