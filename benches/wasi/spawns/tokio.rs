//! Tasks that are started and awaited on tokio.

mod rounds;

use rounds::{Rounds, TASKS};
use std::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut rounds = Rounds::default();
    while rounds.are_left() {
        let start = Instant::now();
        for _ in 0..TASKS {
            tokio::spawn(async {}).await.unwrap();
        }
        rounds.note(start);
    }
    rounds.print();
}
