//! The service of `src/lib.rs` on preview 3: `wasmtime serve` takes it as it takes the other.
#![cfg(target_os = "wasi")]

#[path = "../src/routes.rs"]
mod routes;

use creel::wasm::wasi::http::Body;
use creel::wasm::wasi::preview3::http::Incoming;
use http::{Request, Response};

async fn handle(request: Request<Incoming>) -> std::io::Result<Response<Body>> {
    routes::answer(request).await
}

creel::wasip3_http_handler!(handle);
