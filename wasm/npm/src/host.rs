//! The passive runtimes that JavaScript drives, one a priority.

use crate::single::Single;
use core::cell::{Cell, OnceCell};
use core::mem::ManuallyDrop;
use creel::platform;
use creel::runtime::{Builder, Next, Runtime};
use creel::time::Instant;

#[link(wasm_import_module = "js")]
unsafe extern "C" {
    /// There is something to do: call `tick`.
    safe fn ready();
    /// Milliseconds since some fixed moment.
    safe fn now() -> f64;
}

/// User-blocking, user-visible, background.
const PRIORITIES: usize = 3;

/// How many ticks those of lower priority wait at most while others are ready.
const PATIENCE: u32 = 8;

static RUNTIMES: Single<[OnceCell<ManuallyDrop<Runtime>>; PRIORITIES]> =
    Single([const { OnceCell::new() }; PRIORITIES]);
static TICKS: Single<Cell<u32>> = Single(Cell::new(0));
/// What the clock said since JavaScript last ran; not a number until it is asked again.
static TIME: Single<Cell<f64>> = Single(Cell::new(f64::NAN));

/// Asks the clock once for all tasks that are begun or put to sleep without a turn of JavaScript's between.
fn time() -> f64 {
    if TIME.get().is_nan() {
        TIME.set(now());
    }
    TIME.get()
}

/// JavaScript has run, and time has passed.
pub fn time_passed() {
    TIME.set(f64::NAN);
}

/// Starts a task of this priority.
pub fn start(priority: u32, task: impl Future<Output = ()> + Send + 'static) {
    let runtime = RUNTIMES[(priority as usize).min(PRIORITIES - 1)].get_or_init(|| {
        // Of all of them the same.
        platform::set_clock(|| (time() * 1e6) as u64);
        // It lives as long as the instance: nothing that ends a runtime is part of the program.
        ManuallyDrop::new(Builder::new_current_thread().build_passive(|| ready()))
    });
    drop(runtime.handle().spawn(task));
}

/// Gives ready tasks up to `turns` turns. The answer: 0 when tasks are ready still, a negative
/// number when there is nothing to do before `ready`, else milliseconds until a timer is due.
#[unsafe(no_mangle)]
pub extern "C" fn tick(turns: u32) -> f64 {
    time_passed();
    let ticks = TICKS.replace(TICKS.get().wrapping_add(1));
    let mut next: Option<Instant> = None;
    let mut ready = false;
    for runtime in RUNTIMES.iter().filter_map(OnceCell::get) {
        let turns = match ready {
            false => turns as usize,
            // One turn in a while, so that nothing waits for ever.
            true if ticks.is_multiple_of(PATIENCE) => 1,
            true => continue,
        };
        match runtime.tick(turns) {
            Next::Now => ready = true,
            Next::At(at) => next = Some(next.map_or(at, |before| before.min(at))),
            _ => {}
        }
    }
    match next {
        _ if ready => 0.0,
        Some(at) => {
            let wait = at.saturating_duration_since(Instant::now());
            (wait.as_nanos() as u64 as f64 / 1e6).max(0.01)
        }
        None => -1.0,
    }
}
