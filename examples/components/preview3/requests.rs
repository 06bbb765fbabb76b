//! `requests` on preview 3.
#![cfg(target_os = "wasi")]

use creel::wasm::wasi::preview3::http::send;

#[path = "../src/requests.rs"]
mod requests;

use requests::run;

creel::wasip3_command!(run);
