//! Tasks that are started and awaited on creel.

mod rounds;

use rounds::{Rounds, TASKS};
use std::time::Instant;

#[creel::main(flavor = "current_thread")]
async fn main() {
    let mut rounds = Rounds::default();
    while rounds.are_left() {
        let start = Instant::now();
        for _ in 0..TASKS {
            creel::spawn(async {}).await.unwrap();
        }
        rounds.note(start);
    }
    rounds.print();
}
