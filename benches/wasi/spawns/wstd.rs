//! Tasks that are started and awaited on wstd.

mod rounds;

use rounds::{Rounds, TASKS};
use std::time::Instant;

#[wstd::main]
async fn main() {
    let mut rounds = Rounds::default();
    while rounds.are_left() {
        let start = Instant::now();
        for _ in 0..TASKS {
            wstd::runtime::spawn(async {}).await;
        }
        rounds.note(start);
    }
    rounds.print();
}
