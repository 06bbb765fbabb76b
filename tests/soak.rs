//! Everything at once, at random, for a while: tasks, cancellation, panics, timers, blocking work,
//! channels, sockets by both drivers, files, processes, fibers and shutdown. `cargo xtask soak
//! [MINUTES]` runs it for long; here it runs for a moment.
//!
//! `CREEL_SOAK_SECONDS` says how long, `CREEL_SOAK_SEED` repeats the choices of a run (the threads
//! still interleave as they like).
#![cfg(all(target_os = "linux", feature = "net", not(miri)))]

#[path = "soak/acts.rs"]
mod acts;

use acts::{act, echo};
use creel::net::TcpListener;
use creel::runtime::{Builder, IoDriver};
use creel::time::timeout;
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

/// Bytes on the heap.
static HEAP: AtomicIsize = AtomicIsize::new(0);

struct Counting;

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HEAP.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HEAP.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What happened.
#[derive(Debug, Default)]
struct Counts {
    runtimes: usize,
    tasks: AtomicIsize,
    cancelled: AtomicIsize,
    panicked: AtomicIsize,
    messages: AtomicIsize,
    bytes: AtomicIsize,
    files: AtomicIsize,
    processes: AtomicIsize,
    fibers: AtomicIsize,
    blocked: AtomicIsize,
    /// Tasks whose future is not dropped yet.
    alive: AtomicIsize,
}

impl Counts {
    /// Whether everything was done that leaves something for the life of the process.
    fn has_seen_all(&self) -> bool {
        let processes = !cfg!(feature = "process") || self.processes.load(Relaxed) > 0;
        let fibers = !cfg!(feature = "fiber") || self.fibers.load(Relaxed) > 0;
        processes && fibers
    }
}

struct Alive(Arc<Counts>);

impl Alive {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.tasks.fetch_add(1, Relaxed);
        counts.alive.fetch_add(1, Relaxed);
        Self(Arc::clone(counts))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Relaxed);
    }
}

/// xorshift, for choices that can be repeated.
#[derive(Clone, Copy)]
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Children of this process, zombies too.
fn children() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux has it");
    let of = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children"));
    // A thread may have ended meanwhile; its children are another's then.
    tasks.flatten().filter_map(|task| of(task).ok()).map(|all| all.split(' ').count() - 1).sum()
}

/// What is open, by what it is.
fn descriptors() -> Vec<String> {
    let all = std::fs::read_dir("/proc/self/fd").expect("Linux has it").flatten();
    let named = all.filter_map(|one| std::fs::read_link(one.path()).ok());
    let mut all: Vec<_> = named.map(|link| link.to_string_lossy().into_owned()).collect();
    all.sort();
    all
}

/// The life of one runtime.
fn round(mut rng: Rng, counts: &Arc<Counts>) {
    let mut builder = match rng.below(4) {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(1 + rng.below(4) as usize).max_blocking_threads(4).enable_all();
    // `Auto` is completion where there is some.
    let drivers = [IoDriver::Readiness, IoDriver::Auto];
    builder.io_driver(drivers[rng.below(2) as usize]);
    let runtime = builder.build().expect("a runtime");
    let until = Duration::from_millis(20 + rng.below(80));
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of our own");
        let to = listener.local_addr().expect("it is bound");
        creel::spawn(echo(listener));
        let end = creel::time::Instant::now() + until;
        let mut tasks = Vec::new();
        while creel::time::Instant::now() < end {
            let seed = Rng(rng.below(u64::MAX) | 1);
            tasks.push(creel::spawn(act(seed, Alive::new(counts), to)));
            if rng.below(3) == 0 && !tasks.is_empty() {
                let task = tasks.swap_remove(rng.below(tasks.len() as u64) as usize);
                if rng.below(2) == 0 {
                    task.abort();
                }
                let outcome = timeout(Duration::from_millis(1 + rng.below(5)), task).await;
                if let Ok(Err(error)) = outcome {
                    let which = if error.is_panic() { &counts.panicked } else { &counts.cancelled };
                    which.fetch_add(1, Relaxed);
                }
            }
        }
    });
    // With tasks, timers, sockets and blocking work still there.
    if rng.below(2) == 0 {
        drop(runtime);
    } else {
        let report = runtime.shutdown(Duration::from_millis(rng.below(3)));
        drop(report);
    }
}

#[test]
fn soak() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let seconds = number("CREEL_SOAK_SECONDS").unwrap_or(2);
    let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let seed = number("CREEL_SOAK_SEED").unwrap_or_else(|| clock() as u64 | 1);
    println!("seed {seed}: CREEL_SOAK_SEED repeats its choices");
    // The planned panics come without the hook. A backtrace would leave its tables on the heap.
    static UNPLANNED: AtomicIsize = AtomicIsize::new(0);
    std::panic::set_hook(Box::new(|panic| {
        UNPLANNED.fetch_add(1, Relaxed);
        eprintln!("{panic}");
    }));
    listen_for_children();
    let mut rng = Rng(seed);
    let mut counts = Arc::new(Counts::default());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut before = None;
    while Instant::now() < end {
        round(Rng(rng.below(u64::MAX) | 1), &counts);
        wait_until(|| "every future is dropped", || counts.alive.load(Relaxed) == 0);
        let open = || Arc::strong_count(&counts) == 1;
        wait_until(|| "nothing holds on to the counts", open);
        Arc::get_mut(&mut counts).expect("just checked").runtimes += 1;
        // What stays for the life of the process is there after the first rounds.
        if before.is_none() && counts.runtimes >= 5 && counts.has_seen_all() {
            before = Some((descriptors(), HEAP.load(Relaxed)));
        }
    }
    if let Some((open, heap)) = &before {
        let what = || format!("every descriptor is closed: {open:?}, {:?}", descriptors());
        wait_until(what, || descriptors().len() <= open.len());
        wait_until(
            || "every child is gone",
            || {
                // Who makes the next one collects what the last runtime left.
                collect_children();
                children() == 0
            },
        );
        // Threads of blocking pools that end late, and buffers of the test's own output.
        wait_until(|| "the heap is as before", || HEAP.load(Relaxed) <= heap + (1 << 20));
    }
    let resident = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let resident: usize = resident.split(' ').nth(1).expect("its form").parse().expect("a number");
    println!("{counts:?}, before {before:?}");
    println!(
        "{} descriptors, {} children, {} bytes on the heap, {} kB resident",
        descriptors().len(),
        children(),
        HEAP.load(Relaxed),
        resident * 4
    );
    assert_eq!(UNPLANNED.load(Relaxed), 0, "panics in tasks");
    assert!(counts.runtimes > 0 && counts.tasks.load(Relaxed) > 0);
}

/// What the process has for signals stays for its life, and would come with the first child that
/// nobody waits for.
fn listen_for_children() {
    #[cfg(feature = "process")]
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
        use creel::signal::unix::{SignalKind, signal};
        drop(signal(SignalKind::child()).expect("a signal that may be listened to"));
    });
}

fn collect_children() {
    #[cfg(feature = "process")]
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
        let child = creel::process::Command::new("true").status().await;
        assert!(child.expect("it is there").success());
    });
}

fn wait_until<T: Display>(what: impl Fn() -> T, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "{}: not after 30 s", what());
        std::thread::sleep(Duration::from_millis(1));
    }
}
