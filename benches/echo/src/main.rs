//! TCP echo: requests a second, and the processor time that a server spends on each, beside peers.
//!
//! `cargo run --release -p creel-echo [FILTER ...]`. Each server is a process of its own and serves from
//! one thread unless its name says otherwise. All stay connected, and each round gives each its turn, so
//! that a machine whose speed drifts harms all alike. The client is the same for all.

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod floor_ring;
#[cfg(target_os = "linux")]
mod processor;
#[cfg(target_os = "linux")]
mod servers;
#[cfg(target_os = "linux")]
mod table;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [flag, name, size] if flag == "--serve" => {
            servers::serve(name, size.parse().expect("a number"));
            ExitCode::SUCCESS
        }
        filters => table::print(filters),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("the servers are compared on Linux only");
    ExitCode::FAILURE
}
