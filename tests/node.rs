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
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/net.rs"]
mod net;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/web.rs"]
mod web;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn main() {
    host::run(bridges::CASES.iter().chain(net::CASES).chain(web::CASES));
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn main() {}
