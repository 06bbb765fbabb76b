//! The conformance list on the event loop of Node, a page or a worker, then what that promises
//! beyond it.

#[macro_use]
mod conformance;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/bridges.rs"]
mod bridges;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/event_loop.rs"]
mod host;
#[cfg(all(target_family = "wasm", target_feature = "atomics"))]
#[path = "hosts/threads.rs"]
mod threads;
#[cfg(not(target_feature = "atomics"))]
mod threads {
    #[allow(dead_code)]
    pub const CASES: &[crate::conformance::Case] = &[];
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/net.rs"]
mod net;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/transport.rs"]
mod transport;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/web.rs"]
mod web;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/workers.rs"]
mod workers;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn main() {
    if workers::jobs().serve() {
        return;
    }
    let of_host =
        [bridges::CASES, net::CASES, transport::CASES, workers::CASES, threads::CASES, web::CASES];
    host::run(of_host.into_iter().flatten());
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn main() {}
