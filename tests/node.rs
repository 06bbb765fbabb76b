//! The conformance list on the event loop of Node.

#[macro_use]
mod conformance;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/node.rs"]
mod host;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn main() {
    host::run(|request| request.cases());
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn main() {}
