//! The service of `src/lib.rs` on preview 3: `wasmtime serve` takes it as it takes the other.
#![cfg(target_os = "wasi")]

#[path = "../src/routes.rs"]
mod routes;

use creel::wasm::wasi::http::Body;
use creel::wasm::wasi::preview3::http::Unread;
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

creel::wasip3_http_handler!(handle);
