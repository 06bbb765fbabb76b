//! The conformance list under a WASI host, then what its previews promise beyond it. A panic ends the
//! program here: see `harness`.

#[macro_use]
mod conformance;

#[cfg(all(target_os = "wasi", feature = "io-std"))]
#[path = "hosts/wasi.rs"]
mod wasi;
#[cfg(all(target_os = "wasi", feature = "fs"))]
#[path = "hosts/wasi_fs.rs"]
mod wasi_fs;
#[cfg(all(target_os = "wasi", target_env = "p2", feature = "net"))]
#[path = "hosts/wasi_net.rs"]
mod wasi_net;

#[cfg(target_os = "wasi")]
fn main() -> std::process::ExitCode {
    use conformance::harness::{Request, run_cases};
    use creel::runtime::Builder;

    let mut cases = conformance::all();
    #[cfg(feature = "io-std")]
    cases.extend(wasi::CASES);
    #[cfg(feature = "fs")]
    cases.extend(wasi_fs::CASES);
    #[cfg(all(target_env = "p2", feature = "net"))]
    cases.extend(wasi_net::CASES);
    run_cases(&Request::from_environment().choose(cases), |case| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a WASI host");
        runtime.block_on((case.run)())
    })
}

#[cfg(not(target_os = "wasi"))]
fn main() {}
