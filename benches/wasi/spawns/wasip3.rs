//! Tasks that are started and awaited on the bindings of preview 3.

mod rounds;

use rounds::{Rounds, TASKS};
use std::time::Instant;
use wasip3::wit_bindgen::spawn_local;

struct Command;

impl wasip3::exports::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let mut rounds = Rounds::default();
        while rounds.are_left() {
            let start = Instant::now();
            for _ in 0..TASKS {
                let _ = spawn_local(async {}).await;
            }
            rounds.note(start);
        }
        rounds.print();
        Ok(())
    }
}

wasip3::cli::command::export!(Command);
