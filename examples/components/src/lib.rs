//! A component that serves HTTP: `wasmtime serve -S cli=y target/wasm32-wasip2/.../creel_components.wasm`.
#![cfg(target_os = "wasi")]

mod routes;

use creel::wasm::wasi::http::{Body, Incoming};
use http::{Request, Response};

async fn handle(request: Request<Incoming>) -> std::io::Result<Response<Body>> {
    routes::answer(request).await
}

creel::wasi_http_handler!(handle);
