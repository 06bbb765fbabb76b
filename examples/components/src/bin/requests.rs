//! `requests` on preview 2.

#[cfg(target_os = "wasi")]
use creel::wasm::wasi::http::send;

#[cfg(target_os = "wasi")]
#[path = "../requests.rs"]
mod requests;

#[cfg(target_os = "wasi")]
#[creel::main(flavor = "current_thread")]
async fn main() {
    requests::run().await;
}

#[cfg(not(target_os = "wasi"))]
fn main() {
    eprintln!("this is a program for a WASI host");
}
