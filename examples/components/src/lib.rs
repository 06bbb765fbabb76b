//! A component that serves HTTP: `wasmtime serve -S cli=y target/wasm32-wasip2/.../creel_components.wasm`.
#![cfg(target_os = "wasi")]

mod routes;

use creel::wasm::wasi::http::{Body, Unread};
use http::Response;

async fn handle(request: Unread) -> std::io::Result<Response<Body>> {
    match request.path_and_query().as_deref() {
        // What is asked for most needs no more of the request.
        Some("/") => Ok(Response::new("hello\n".into())),
        Some("/accept") => {
            let accept = request.header("Accept")?;
            Ok(Response::new(format!("{} {accept:?}\n", request.method()?).into()))
        }
        // As `/echo`, without having read the head.
        Some("/raw") => Ok(Response::new(Body::new(request.into_body()))),
        _ => routes::answer(request.read()?).await,
    }
}

creel::wasi_http_handler!(handle);
