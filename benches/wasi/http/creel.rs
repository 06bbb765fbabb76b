//! HTTP on creel, preview 2.

use creel::wasm::wasi::http::{Body, Unread};
use http::Response;

async fn handle(_request: Unread) -> std::io::Result<Response<Body>> {
    Ok(Response::new("hello, world\n".into()))
}

creel::wasi_http_handler!(handle);
