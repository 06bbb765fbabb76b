//! The conformance list on the event loop of Node, then what this host promises beyond it.

#[macro_use]
mod conformance;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/node.rs"]
mod host;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/web.rs"]
mod web;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn main() {
    host::run(web::CASES);
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn main() {}
