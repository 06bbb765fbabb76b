//! Requests that come in: one runtime each.

use super::convert::headers_to_host;
use super::{Unread, outgoing};
use crate::runtime::Builder;
use crate::wasm::wasi::http::{Body, GRACE};
use core::fmt::Display;
use core::future::Future;
use std::string::ToString;
use wasip2::http::types::{ErrorCode, IncomingRequest, OutgoingResponse, ResponseOutparam};

/// Has `handler` answer a request, and stays until its tasks are done, or out of time.
pub fn serve<F, Q, A, B, E>(request: IncomingRequest, answer: ResponseOutparam, handler: F)
where
    F: FnOnce(Q) -> A,
    Q: TryFrom<Unread, Error: Display>,
    A: Future<Output = Result<http::Response<B>, E>>,
    B: Into<Body>,
    E: Display,
{
    let runtime = match Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(answer, error),
    };
    runtime.block_on(async {
        let request = match Q::try_from(Unread(request)) {
            Ok(request) => request,
            Err(error) => return refuse(answer, error),
        };
        match handler(request).await {
            Ok(response) => respond(response.map(Into::into), answer).await,
            Err(error) => refuse(answer, error),
        }
    });
    if runtime.task_count() != Some(0) {
        runtime.shutdown(GRACE);
    }
}

async fn respond(response: http::Response<Body>, answer: ResponseOutparam) {
    let (parts, body) = response.into_parts();
    let head = match headers_to_host(&parts.headers) {
        Ok(headers) => OutgoingResponse::new(headers),
        Err(error) => return refuse(answer, error),
    };
    // A new response has that of success.
    if parts.status != http::StatusCode::OK && head.set_status_code(parts.status.as_u16()).is_err()
    {
        return refuse(answer, "the host does not take the status code");
    }
    let Ok(out) = head.body() else { return refuse(answer, "a new response has no body") };
    ResponseOutparam::set(answer, Ok(head));
    // A receiver that is gone, or a body that fails, cuts the response short, which the host tells
    // the other side.
    let _ = outgoing::send(body, out).await;
}

fn refuse(answer: ResponseOutparam, why: impl Display) {
    ResponseOutparam::set(answer, Err(ErrorCode::InternalError(Some(why.to_string()))));
}
