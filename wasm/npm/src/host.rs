//! The passive runtimes that JavaScript drives, one a priority, and the simulator.

use crate::drive::{Entry, TASKS};
use crate::objects;
use crate::single::Single;
use alloc::rc::Rc;
use core::cell::{Cell, OnceCell, RefCell};
use creel::platform;
use creel::runtime::{Builder, Handle, Next, Runtime};
use creel::sim::Simulator;
use creel::time::{Duration, Instant};

#[link(wasm_import_module = "js")]
unsafe extern "C" {
    /// There is something to do: call `tick`.
    safe fn wake();
    /// Milliseconds since some fixed moment.
    safe fn now() -> f64;
}

/// User-blocking, user-visible, background.
const PRIORITIES: usize = 3;

/// How many ticks those of lower priority wait at most while others are ready.
const PATIENCE: u32 = 8;

static RUNTIMES: Single<OnceCell<[Runtime; PRIORITIES]>> = Single(OnceCell::new());
static SIMULATOR: Single<RefCell<Option<Rc<Simulator>>>> = Single(RefCell::new(None));
static TICKS: Single<Cell<u32>> = Single(Cell::new(0));

fn runtimes() -> &'static [Runtime; PRIORITIES] {
    RUNTIMES.get_or_init(|| {
        platform::set_clock(|| (now() * 1e6) as u64);
        core::array::from_fn(|_| Builder::new_current_thread().build_passive(|| wake()))
    })
}

/// Where a new task of this priority goes.
pub fn home(priority: u32) -> Handle {
    match simulator() {
        Some(simulator) => simulator.runtime().handle().clone(),
        None => runtimes()[(priority as usize).min(PRIORITIES - 1)].handle().clone(),
    }
}

/// Gives ready tasks up to `turns` turns. The answer: 0 when tasks are ready still, a negative
/// number when there is nothing to do before `wake`, else milliseconds until a timer is due.
#[unsafe(no_mangle)]
pub extern "C" fn tick(turns: u32) -> f64 {
    let ticks = TICKS.replace(TICKS.get().wrapping_add(1));
    let mut next: Option<Instant> = None;
    let mut ready = false;
    for runtime in runtimes() {
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
        Some(at) => milliseconds(at.saturating_duration_since(Instant::now())).max(0.01),
        None => -1.0,
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn simulator() -> Option<Rc<Simulator>> {
    SIMULATOR.borrow().clone()
}

/// Makes this instance a simulation whose every choice follows from `seed`. Before the first task.
#[unsafe(no_mangle)]
pub extern "C" fn simulate(seed: f64) {
    SIMULATOR.replace(Some(Rc::new(Simulator::new(seed as u64))));
}

/// Forgets the simulation with all that belongs to it, so that another can have the instance.
#[unsafe(no_mangle)]
pub extern "C" fn end_simulation() {
    drop(SIMULATOR.take());
    TASKS.clear();
    objects::clear();
}

/// Runs the simulation until a task has ended. Traps if nothing can happen any more.
#[unsafe(no_mangle)]
pub extern "C" fn simulate_until(task: u32) -> f64 {
    let simulator = simulator().expect("`simulate` comes first");
    if let Some(entry) = TASKS.get(task) {
        simulator.run(async move { Entry::ended(&entry).await });
    }
    // A hash of all that happened, as far as a number of JavaScript's is exact.
    (simulator.trace() >> 11) as f64
}

/// Milliseconds on the clock of this instance: the simulated one, if it is a simulation.
#[unsafe(no_mangle)]
pub extern "C" fn time() -> f64 {
    simulator().map_or_else(|| now(), |simulator| milliseconds(simulator.elapsed()))
}
