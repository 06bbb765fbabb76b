//! A round of tasks that are started and awaited, one after the other, and what the least of many took.

use std::time::Instant;

pub const TASKS: u32 = 10_000;

#[derive(Default)]
pub struct Rounds {
    least: Option<f64>,
    done: u32,
}

impl Rounds {
    pub fn are_left(&self) -> bool {
        self.done < 30
    }

    pub fn note(&mut self, start: Instant) {
        let each = start.elapsed().as_secs_f64() * 1e9 / f64::from(TASKS);
        self.least = Some(self.least.map_or(each, |least| least.min(each)));
        self.done += 1;
    }

    pub fn print(&self) {
        println!("a task started and awaited in {:.1} ns", self.least.unwrap_or(f64::NAN));
    }
}
