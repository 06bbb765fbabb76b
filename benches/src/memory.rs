//! What a parked task costs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Bytes that are allocated now, by what was asked for.
pub static BYTES: AtomicUsize = AtomicUsize::new(0);

/// Whether allocations are counted: what is timed shall not pay for it.
static COUNTS: AtomicBool = AtomicBool::new(false);

/// The system's allocator, counting while [`counted`] runs.
pub struct Counting;

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if COUNTS.load(Ordering::Relaxed) {
            BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Counts allocations while `measure` runs.
pub fn counted<R>(measure: impl FnOnce() -> R) -> R {
    COUNTS.store(true, Ordering::Relaxed);
    let measured = measure();
    COUNTS.store(false, Ordering::Relaxed);
    measured
}

/// Those whose tasks are measured.
pub const PEERS: [&str; 3] = ["creel", "tokio", "smol"];

/// What the tasks do that are measured: they are polled once and wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tasks {
    /// For ever.
    Parked,
    /// For a timer.
    Sleeping,
}

/// Heap bytes a task, of `count` parked ones, by peer.
pub fn parked_tasks(count: usize) -> Vec<(&'static str, usize)> {
    let heap = || BYTES.load(Ordering::Relaxed);
    counted(|| PEERS.map(|peer| (peer, cost(peer, Tasks::Parked, count, heap))).into())
}

/// Resident bytes a task, of `count` tasks of one peer. For a process of its own: memory that
/// another measurement has given back would count as none.
pub fn resident(peer: &str, tasks: Tasks, count: usize) -> usize {
    cost(peer, tasks, count, resident_now)
}

/// Bytes of memory that the process has in its pages; zero where the system does not say.
pub fn resident_now() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes.and_then(|number| number.parse().ok()).unwrap_or(0) * 1024
}

const LONG: Duration = Duration::from_secs(3600);

/// By how much what `read` answers rises, a task.
fn cost(peer: &str, tasks: Tasks, count: usize, read: fn() -> usize) -> usize {
    let parked = tasks == Tasks::Parked;
    match peer {
        "creel" => {
            let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
            let before = read();
            runtime.block_on(async {
                (0..count).for_each(|_| match parked {
                    true => drop(creel::spawn(pending::<()>())),
                    false => drop(creel::spawn(creel::time::sleep(LONG))),
                });
                // The root future has its turn after each interval of theirs.
                for _ in 0..count / 32 {
                    creel::task::yield_now().await;
                }
            });
            read().wrapping_sub(before) / count
        }
        "tokio" => {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let before = read();
            runtime.block_on(async {
                (0..count).for_each(|_| match parked {
                    true => drop(tokio::spawn(pending::<()>())),
                    false => drop(tokio::spawn(tokio::time::sleep(LONG))),
                });
                for _ in 0..count / 32 {
                    tokio::task::yield_now().await;
                }
            });
            read().wrapping_sub(before) / count
        }
        "smol" => {
            let executor = async_executor::LocalExecutor::new();
            let before = read();
            (0..count).for_each(|_| match parked {
                true => executor.spawn(pending::<()>()).detach(),
                false => executor.spawn(async_io::Timer::after(LONG)).detach(),
            });
            while executor.try_tick() {}
            read().wrapping_sub(before) / count
        }
        _ => panic!("there is no peer `{peer}`"),
    }
}
