//! The conformance list on preview 3, where the host drives, then what it promises beyond. A panic ends the program here: see
//! `harness`. An example by its type in Cargo.toml, since a component that exports an async function
//! is no program of cargo's.
#![cfg_attr(not(target_os = "wasi"), allow(unused_macros, unused_imports))]

#[macro_use]
#[path = "../conformance/mod.rs"]
mod conformance;

#[cfg(all(target_os = "wasi", feature = "fs"))]
mod wasi_fs;
#[cfg(all(target_os = "wasi", feature = "net"))]
mod wasi_net;
#[cfg(all(target_os = "wasi", feature = "net"))]
mod wasip3_net;

#[cfg(target_os = "wasi")]
mod command {
    use crate::conformance::all;
    use crate::conformance::harness::Request;
    use creel::wasm::wasi::preview3::drive;
    use std::io::Write;

    async fn run() {
        let mut cases = all();
        #[cfg(feature = "fs")]
        cases.extend(crate::wasi_fs::CASES);
        #[cfg(feature = "net")]
        cases.extend(crate::wasi_net::CASES.iter().chain(crate::wasip3_net::CASES));
        let cases = Request::from_environment().choose(cases);
        for case in &cases {
            print!("test {} ... ", case.name);
            std::io::stdout().flush().expect("standard output takes what is printed");
            // Each on a runtime of its own, inside of this export.
            drive((case.run)()).await;
            println!("ok");
        }
        println!("{0} of {0} cases passed", cases.len());
    }

    struct Command;

    // `wasip3_command!` would run the list inside of a runtime.
    impl wasip3::exports::cli::run::Guest for Command {
        async fn run() -> Result<(), ()> {
            run().await;
            Ok(())
        }
    }

    wasip3::cli::command::export!(Command);
}
