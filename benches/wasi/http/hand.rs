//! The floor: HTTP on the bindings of preview 2.

use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Service;

impl wasip2::exports::http::incoming_handler::Guest for Service {
    fn handle(_request: IncomingRequest, answer: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().unwrap();
        ResponseOutparam::set(answer, Ok(response));
        let out = body.write().unwrap();
        out.blocking_write_and_flush(b"hello, world\n").unwrap();
        drop(out);
        OutgoingBody::finish(body, None).unwrap();
    }
}

wasip2::http::proxy::export!(Service with_types_in wasip2);
