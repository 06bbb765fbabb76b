//! The conformance list under a WASI host. A panic ends the program here: see `harness`.

#[macro_use]
mod conformance;

#[cfg(target_os = "wasi")]
fn main() -> std::process::ExitCode {
    use conformance::harness::{Request, run};
    use creel::runtime::Builder;

    run(&Request::from_environment(), |case| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a WASI host");
        runtime.block_on((case.run)());
    })
}

#[cfg(not(target_os = "wasi"))]
fn main() {}
