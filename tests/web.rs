//! What the event loop as host promises beyond the conformance list.

#[macro_use]
mod conformance;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/node.rs"]
mod host;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "hosts/web_cases.rs"]
mod web_cases;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn main() {
    host::run(|_| web_cases::CASES.iter().collect());
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn main() {}
