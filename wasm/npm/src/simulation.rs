//! The simulator as host: in a build with the feature `sim` an instance is a simulation.

use crate::single::Single;
use crate::tasks;
use alloc::rc::Rc;
use core::cell::RefCell;
use creel::sim::Simulator;

static SIMULATOR: Single<RefCell<Option<Rc<Simulator>>>> = Single(RefCell::new(None));

fn simulator() -> Rc<Simulator> {
    SIMULATOR.borrow().clone().expect("`simulate` comes first")
}

/// Time is the simulator's own.
pub fn time_passed() {}

/// Starts a task; the seed decides about turns, so priorities mean nothing here.
pub fn start(_priority: u32, task: impl Future<Output = ()> + Send + 'static) {
    drop(simulator().runtime().handle().spawn(task));
}

/// Begins a simulation whose every choice follows from `seed`. Before the first task.
#[unsafe(no_mangle)]
pub extern "C" fn simulate(seed: f64) {
    SIMULATOR.replace(Some(Rc::new(Simulator::new(seed as u64))));
}

/// Forgets the simulation with all that belongs to it, so that another can have the instance.
#[unsafe(no_mangle)]
pub extern "C" fn end_simulation() {
    drop(SIMULATOR.take());
    tasks::clear();
}

/// Runs the simulation until number 0, which is no task's, is woken. Traps if nothing can happen any more.
#[unsafe(no_mangle)]
pub extern "C" fn run_simulation() -> f64 {
    let simulator = simulator();
    simulator.run(tasks::woken(0));
    // A hash of all that happened, as far as a number of JavaScript's is exact.
    (simulator.trace() >> 11) as f64
}

/// Milliseconds on the simulated clock.
#[unsafe(no_mangle)]
pub extern "C" fn time() -> f64 {
    simulator().elapsed().as_secs_f64() * 1e3
}
