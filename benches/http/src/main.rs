//! HTTP by hyper on creel and on tokio, under the load of h2load: requests a second, and the processor
//! time that a server spends on each.
//!
//! `cargo run --release -p creel-http-bench [FILTER ...]`. Each server is a process of its own; in each
//! round each has its turn, so that a machine whose speed drifts harms both alike.

#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod servers;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [flag, name] if flag == "--serve" => servers::serve(name),
        filters => load::print(filters),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("the servers are compared on Linux only");
    ExitCode::FAILURE
}
