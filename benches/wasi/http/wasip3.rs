//! HTTP on the bindings of preview 3.

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{wit_bindgen, wit_future, wit_stream};

struct Service;

impl wasip3::exports::http::handler::Guest for Service {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let (mut body, contents) = wit_stream::new();
        let (end, trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(Fields::new(), Some(contents), trailers);
        drop(end);
        wit_bindgen::spawn_local(async move {
            body.write_all(b"hello, world\n".to_vec()).await;
        });
        Ok(response)
    }
}

wasip3::http::service::export!(Service with_types_in wasip3);
