//! The simulator as host: in a build with the feature `sim` an instance is a simulation.

use crate::drive::perform_on;
use crate::objects::OBJECTS;
use crate::op;
use crate::single::Single;
use alloc::rc::Rc;
use core::cell::RefCell;
use creel::runtime::Handle;
use creel::sim::Simulator;

static SIMULATOR: Single<RefCell<Option<Rc<Simulator>>>> = Single(RefCell::new(None));

fn simulator() -> Rc<Simulator> {
    SIMULATOR.borrow().clone().expect("`simulate` comes first")
}

/// Where a new task goes; the seed decides about turns, so priorities mean nothing here.
pub fn home(_priority: u32) -> Handle {
    simulator().runtime().handle().clone()
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
    OBJECTS.clear();
}

/// Runs the simulation until a task has ended. Traps if nothing can happen any more.
#[unsafe(no_mangle)]
pub extern "C" fn simulate_until(task: u32) -> f64 {
    let simulator = simulator();
    if let Some(task) = OBJECTS.get(task) {
        let _: i32 = simulator.run(async move { perform_on(op::WAIT, &task, 0).await });
    }
    // A hash of all that happened, as far as a number of JavaScript's is exact.
    (simulator.trace() >> 11) as f64
}

/// Milliseconds on the simulated clock.
#[unsafe(no_mangle)]
pub extern "C" fn time() -> f64 {
    simulator().elapsed().as_secs_f64() * 1e3
}
