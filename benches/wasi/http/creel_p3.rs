//! HTTP on creel, preview 3.

use creel::wasm::wasi::http::Body;
use creel::wasm::wasi::preview3::http::Unread;
use http::Response;

async fn handle(_request: Unread) -> std::io::Result<Response<Body>> {
    Ok(Response::new("hello, world\n".into()))
}

creel::wasip3_http_handler!(handle);
