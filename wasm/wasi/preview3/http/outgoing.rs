//! A body that goes out.

use super::convert::headers_to_host;
use crate::wasm::wasi::http::Body;
use crate::wasm::wasi::http::body::{Kind, Pieces};
use crate::wasm::wasi::preview3::streams::Writer;
use bytes::Bytes;
use core::future::poll_fn;
use core::pin::Pin;
use http_body::Body as _;
use std::io;
use wasip3::http::types::{ErrorCode, Trailers};
use wasip3::wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamWriter};

type End = Result<Option<Trailers>, ErrorCode>;

/// What has to run for a body to go out.
pub(super) enum Sending {
    Nothing,
    /// Bytes that are there already, and who says how it ends, unless that is said.
    Whole(StreamWriter<u8>, Bytes, Option<FutureWriter<End>>),
    /// Whatever makes the pieces may need the runtime.
    Pieces(Pieces, Writer, FutureWriter<End>),
}

/// Who may cut a body short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutBy {
    /// The host alone.
    Host,
    /// The program too.
    Program,
}

/// What the host reads a body from, how it will end, and what has to run for that.
pub(super) fn open(
    body: Body,
    cut_by: CutBy,
) -> (Option<StreamReader<u8>>, FutureReader<End>, Sending) {
    if matches!(body.0, Kind::Empty) {
        return (None, ends_well(), Sending::Nothing);
    }
    let (writer, contents) = wasip3::wit_stream::new();
    let (ending, sending) = match body.0 {
        Kind::Whole(bytes) if cut_by == CutBy::Host => {
            (ends_well(), Sending::Whole(writer, bytes, None))
        }
        Kind::Whole(bytes) => {
            let (end, ending) = open_end();
            (ending, Sending::Whole(writer, bytes, Some(end)))
        }
        Kind::Stream(pieces) => {
            let (end, ending) = open_end();
            (ending, Sending::Pieces(pieces, Writer::new(writer), end))
        }
        Kind::Empty => unreachable!("answered above"),
    };
    (Some(contents), ending, sending)
}

/// An end that is said at once: dropping what writes it says that there are no trailers. The host hears
/// it after the bytes, and nobody has to be woken to say it then.
fn ends_well() -> FutureReader<End> {
    let (_none, ending) = wasip3::wit_future::new(|| Ok(None));
    ending
}

/// An end that is not known yet: whoever cuts the body short does not get to say that it ended well.
fn open_end() -> (FutureWriter<End>, FutureReader<End>) {
    wasip3::wit_future::new(|| Err(ErrorCode::HttpResponseIncomplete))
}

impl Sending {
    pub(super) async fn run(self) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Whole(mut writer, bytes, end) => {
                if !writer.write_all(bytes.into()).await.is_empty() {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
                drop(writer);
                match end {
                    None => Ok(()),
                    Some(end) => say(end, None).await,
                }
            }
            Self::Pieces(mut pieces, mut writer, end) => {
                let mut trailers = None;
                while let Some(frame) = poll_fn(|cx| Pin::as_mut(&mut pieces).poll_frame(cx)).await
                {
                    match frame?.into_data() {
                        Ok(bytes) => write(&mut writer, bytes).await?,
                        Err(frame) => trailers = frame.into_trailers().ok(),
                    }
                }
                poll_fn(|cx| writer.poll_end(cx)).await?;
                say(end, trailers.as_ref().map(headers_to_host).transpose()?).await
            }
        }
    }
}

async fn say(end: FutureWriter<End>, trailers: Option<Trailers>) -> io::Result<()> {
    end.write(Ok(trailers)).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
}

async fn write(writer: &mut Writer, mut bytes: Bytes) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = poll_fn(|cx| writer.poll_write(cx, &bytes)).await?;
        bytes = bytes.slice(count..);
    }
    Ok(())
}
