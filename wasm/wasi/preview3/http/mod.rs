//! HTTP on preview 3: `wasi:http/handler`, and requests of one's own.
//!
//! As [`http`](crate::wasm::wasi::http), whose [`Body`] and rules it shares: a runtime a request, also
//! when one instance serves several at a time, and [`GRACE`] for what outlives a response.
//!
//! ```no_run
//! use creel::wasm::wasi::{http::Body, preview3::http::Incoming};
//! use http::{Request, Response};
//!
//! async fn handle(request: Request<Incoming>) -> std::io::Result<Response<Body>> {
//!     Ok(Response::new(format!("you asked for {}\n", request.uri()).into()))
//! }
//!
//! creel::wasip3_http_handler!(handle);
//! # fn main() {}
//! ```

mod convert;
// The codes of each preview are types of their own.
#[allow(clippy::duplicate_mod)]
#[path = "../../http/error.rs"]
mod error;
mod incoming;
mod outgoing;

pub use incoming::{Incoming, Unread};

use super::drive::{Driven, finish};
use crate::wasm::wasi::http::{Body, GRACE};
use convert::{headers_from_host, headers_to_host, method_to_host, scheme_to_host};
use core::fmt::Display;
use core::future::Future;
use error::error_from_host;
use incoming::Message;
use outgoing::{CutBy, Sending};
use std::io;
use std::string::ToString;
use wasip3::http::types::{self, ErrorCode, Request, Response};
use wasip3::wit_bindgen;

/// What the macro expands to.
#[doc(hidden)]
pub mod __private {
    pub use super::serve;
    pub use wasip3;
}

/// Makes a function the component's handler of HTTP requests on preview 3. The function is as that of
/// [`wasi_http_handler!`](crate::wasi_http_handler), with
/// [`Incoming`](crate::wasm::wasi::preview3::http::Incoming) and
/// [`Unread`](crate::wasm::wasi::preview3::http::Unread) of `preview3::http`. Use it once, in a crate of the
/// type `cdylib`.
#[macro_export]
macro_rules! wasip3_http_handler {
    ($handler:path) => {
        const _: () = {
            use wasip3::http::types::{ErrorCode, Request, Response};
            use $crate::wasm::wasi::preview3::http::__private::{serve, wasip3};

            struct Handler;

            impl wasip3::exports::http::handler::Guest for Handler {
                async fn handle(request: Request) -> Result<Response, ErrorCode> {
                    serve(request, $handler).await
                }
            }

    wasip3::http::service::export!(Handler with_types_in wasip3);
        };
    };
}

/// Has `handler` answer a request; its tasks go on after that, as the host drives them.
#[doc(hidden)]
#[allow(clippy::manual_async_fn)] // an async one is for users, and has its row in the guide
pub fn serve<F, Q, A, B, E>(
    request: Request,
    handler: F,
) -> impl Future<Output = Result<Response, ErrorCode>>
where
    F: FnOnce(Q) -> A + 'static,
    Q: TryFrom<Unread, Error: Display> + 'static,
    A: Future<Output = Result<http::Response<B>, E>> + 'static,
    B: Into<Body> + 'static,
    E: Display + 'static,
{
    async move {
        let mut driven = Driven::new();
        let answering = driven.runtime.spawn_local(async move {
            let response =
                handler(Q::try_from(Unread(request)).map_err(refused)?).await.map_err(refused)?;
            respond(response.map(Into::into))
        });
        let (response, sending) = driven.until(answering).await.map_err(refused)??;
        // Most requests leave nothing behind that needs the runtime.
        let alone = driven.runtime.task_count() == Some(0);
        match sending {
            Sending::Nothing if alone => {}
            Sending::Whole(..) if alone => {
                drop(driven);
                wit_bindgen::spawn_local(sending.run());
            }
            _ => {
                wit_bindgen::spawn_local(async move {
                    // A receiver that is gone, or a body that fails, cuts the response short, which
                    // the host tells the other side.
                    let sending = driven.runtime.spawn_local(sending.run());
                    let _ = driven.until(sending).await;
                    finish(driven, GRACE).await;
                });
            }
        }
        Ok(response)
    }
}

/// The response, and what sends its body.
fn respond(response: http::Response<Body>) -> Result<(Response, Sending), ErrorCode> {
    let (parts, body) = response.into_parts();
    let headers = headers_to_host(&parts.headers).map_err(refused)?;
    let (contents, trailers, sending) = outgoing::open(body, CutBy::Host);
    let (response, _sent) = Response::new(headers, contents, trailers);
    // A new response has that of success.
    if parts.status != http::StatusCode::OK {
        let status = response.set_status_code(parts.status.as_u16());
        status.map_err(|()| refused("the host does not take the status code"))?;
    }
    Ok((response, sending))
}

fn refused(why: impl Display) -> ErrorCode {
    ErrorCode::InternalError(Some(why.to_string()))
}

/// Sends a request, and waits for the head of its response; the body is read from what it answers.
/// A body of one's own goes out by a task beside it.
///
/// # Errors
/// As [`http::send`](crate::wasm::wasi::http::send).
///
/// # Cancel safety
/// Dropping the future cancels the request; the server may have seen it.
///
/// # Panics
/// Outside a runtime of [`drive`](super::drive) or of a handler.
pub async fn send<B: Into<Body>>(
    request: http::Request<B>,
) -> io::Result<http::Response<Incoming>> {
    let (parts, body) = request.into_parts();
    let invalid = |what| move |()| io::Error::new(io::ErrorKind::InvalidInput, what);
    let (contents, trailers, sending) = outgoing::open(body.into(), CutBy::Program);
    let (request, _sent) = Request::new(headers_to_host(&parts.headers)?, contents, trailers, None);
    request
        .set_method(&method_to_host(&parts.method))
        .map_err(invalid("the host does not take the method"))?;
    request
        .set_scheme(parts.uri.scheme().map(scheme_to_host).as_ref())
        .map_err(invalid("the host does not take the scheme"))?;
    request
        .set_authority(parts.uri.authority().map(|authority| authority.as_str()))
        .map_err(invalid("the host does not take the authority"))?;
    request
        .set_path_with_query(parts.uri.path_and_query().map(|path| path.as_str()))
        .map_err(invalid("the host does not take the path"))?;
    let mut sending = Unless(match sending {
        Sending::Nothing => None,
        sending => Some(crate::task::spawn_local(sending.run()).abort_handle()),
    });
    let response =
        wasip3::http::client::send(request).await.map_err(|code| error_from_host(&code))?;
    let mut head = http::Response::builder().status(response.get_status_code());
    if let Some(headers) = head.headers_mut() {
        *headers = headers_from_host(&response.get_headers())?;
    }
    let body = Incoming::new(Message::Response(response)).with(sending.0.take());
    head.body(body).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Ends the task that sends a body, when dropped.
pub(super) struct Unless(Option<crate::task::AbortHandle>);

impl Drop for Unless {
    fn drop(&mut self) {
        self.0.iter().for_each(|task| task.abort());
    }
}
