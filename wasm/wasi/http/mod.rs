//! HTTP: requests of one's own, and a component that serves.
//!
//! Requests, responses and bodies are those of the crates `http` and `http-body`, so what is written
//! for hyper, tower or axum fits. The host speaks the protocol, with TLS and all versions.
//!
//! # Asking
//! ```no_run
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use creel::wasm::wasi::http::{self, Body};
//!
//! let request = ::http::Request::get("https://example.org/").body(Body::empty()).unwrap();
//! let response = http::send(request).await?;
//! println!("{}: {} bytes", response.status(), response.into_body().bytes().await?.len());
//! # Ok(())
//! # }
//! ```
//!
//! # Serving
//! A library crate of the type `cdylib` with a handler is a component for any host of
//! `wasi:http/incoming-handler`: `wasmtime serve`, Spin, wasmCloud.
//! ```no_run
//! use creel::wasm::wasi::http::{Body, Incoming};
//! use http::{Request, Response};
//!
//! async fn handle(request: Request<Incoming>) -> std::io::Result<Response<Body>> {
//!     Ok(Response::new(format!("you asked for {}\n", request.uri()).into()))
//! }
//!
//! creel::wasi_http_handler!(handle);
//! # fn main() {}
//! ```
//!
//! # Tasks and requests
//! Each request has a runtime of its own, so an instance may serve many, one after the other, and
//! nothing that one request started disturbs another. What a handler spawns belongs to its request:
//!
//! 1. While the handler runs and its response is sent, the tasks run beside it.
//! 2. Once the body is out, or its receiver is gone, tasks that have not ended go on for up to
//!    [`GRACE`].
//! 3. Then they are cancelled, at whatever they await.
//!
//! So a task that shall report something after the answer does, and one that never ends holds its
//! instance for [`GRACE`] and no longer: cancel it when the request is done.

pub(in crate::wasm::wasi) mod body;
pub(in crate::wasm::wasi) mod convert;
pub(in crate::wasm::wasi) mod incoming;
pub(in crate::wasm::wasi) mod unread;

pub use crate::wasm::wasi::preview2::http::{Incoming, Unread, send};
pub use body::Body;

use std::time::Duration;

/// How long tasks of a request may go on after its response.
pub const GRACE: Duration = Duration::from_secs(5);

/// What the macro expands to.
#[doc(hidden)]
pub mod __private {
    pub use crate::wasm::wasi::preview2::http::{Guest, serve, types};
    pub use wasip2;
}

/// Makes a function the component's handler of HTTP requests.
///
/// The function is `async fn(http::Request<Incoming>) -> Result<http::Response<B>, E>`, where `B`
/// becomes a [`Body`] and `E` can be displayed: an error answers 500 and is
/// told to the host. It may take an [`Unread`] instead, or whatever else is made from one by [`TryFrom`].
/// Use it once, in a crate of the type `cdylib`.
#[macro_export]
macro_rules! wasi_http_handler {
    ($handler:path) => {
        const _: () = {
            use $crate::wasm::wasi::http::__private::{Guest, serve, types};

            struct Handler;

            impl Guest for Handler {
                fn handle(request: types::IncomingRequest, answer: types::ResponseOutparam) {
                    serve(request, answer, $handler);
                }
            }

            $crate::wasm::wasi::http::__private::wasip2::http::proxy::export!(
                Handler with_types_in $crate::wasm::wasi::http::__private::wasip2
            );
        };
    };
}
