//! HTTP on creel, preview 2.

use creel::wasm::wasi::http::{Body, Incoming};
use http::{Request, Response};

async fn handle(_request: Request<Incoming>) -> std::io::Result<Response<Body>> {
    Ok(Response::new("hello, world\n".into()))
}

creel::wasi_http_handler!(handle);
