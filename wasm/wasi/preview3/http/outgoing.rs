//! A body that goes out.

use super::convert::headers_to_host;
use crate::wasm::wasi::http::Body;
use crate::wasm::wasi::http::body::Kind;
use crate::wasm::wasi::preview3::streams::Writer;
use bytes::Bytes;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use http_body::Body as _;
use std::io;
use wasip3::http::types::{ErrorCode, Trailers};
use wasip3::wit_bindgen::{FutureReader, FutureWriter, StreamReader};

type End = Result<Option<Trailers>, ErrorCode>;

/// What the host reads a body from, how it will end, and what has to run for that.
pub(super) fn open(
    body: Body,
) -> (Option<StreamReader<u8>>, FutureReader<End>, Option<impl Future<Output = io::Result<()>>>) {
    if matches!(body.0, Kind::Empty) {
        // Dropping the end that writes says that there are no trailers.
        let (_none, end) = wasip3::wit_future::new(|| Ok(None));
        return (None, end, None);
    }
    let (writer, contents) = wasip3::wit_stream::new();
    // Whoever cuts the body short does not get to say that it ended well.
    let (end, ending) = wasip3::wit_future::new(|| Err(ErrorCode::HttpResponseIncomplete));
    (Some(contents), ending, Some(send(body, Writer::new(writer), end)))
}

async fn send(body: Body, mut writer: Writer, end: FutureWriter<End>) -> io::Result<()> {
    let mut trailers = None;
    match body.0 {
        Kind::Empty => {}
        Kind::Whole(bytes) => write(&mut writer, bytes).await?,
        Kind::Stream(mut stream) => {
            while let Some(frame) = poll_fn(|cx| Pin::as_mut(&mut stream).poll_frame(cx)).await {
                match frame?.into_data() {
                    Ok(bytes) => write(&mut writer, bytes).await?,
                    Err(frame) => trailers = frame.into_trailers().ok(),
                }
            }
        }
    }
    poll_fn(|cx| writer.poll_end(cx)).await?;
    let trailers = trailers.as_ref().map(headers_to_host).transpose()?;
    end.write(Ok(trailers)).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
}

async fn write(writer: &mut Writer, mut bytes: Bytes) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = poll_fn(|cx| writer.poll_write(cx, &bytes)).await?;
        bytes = bytes.slice(count..);
    }
    Ok(())
}
