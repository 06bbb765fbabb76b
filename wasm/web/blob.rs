//! `Blob` and `File` as a reader that can seek.

use super::error::io_error;
use super::promise::JsFuture;
use crate::io::{AsyncRead, AsyncSeek, ReadBuf};
use js_sys::{ArrayBuffer, Promise, Uint8Array};
use std::fmt;
use std::future::Future;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = js_sys::Object)]
    type Blob;
    #[wasm_bindgen(method, getter)]
    fn size(this: &Blob) -> f64;
    #[wasm_bindgen(method)]
    fn slice(this: &Blob, start: f64, end: f64) -> Blob;
    #[wasm_bindgen(method, js_name = arrayBuffer)]
    fn array_buffer(this: &Blob) -> Promise;
}

/// How much is read at a time.
const PART: u64 = 64 * 1024;

/// Reads a `Blob`, as a `File` is one: from a place that can be chosen, 64 KiB at a time, so that a
/// large file is never in memory as a whole.
///
/// ```ignore
/// let mut file = BlobReader::new(&input.files().get(0))?;
/// file.seek(SeekFrom::End(-128)).await?;
/// file.read_to_end(&mut tag).await?;
/// ```
pub struct BlobReader {
    blob: Blob,
    size: u64,
    position: u64,
    /// What is read, and where it begins in the blob.
    part: Option<(u64, Uint8Array)>,
    asked: Option<(u64, JsFuture)>,
}

impl BlobReader {
    /// Reads `blob` from its start.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is no `Blob`.
    pub fn new(blob: &JsValue) -> io::Result<Self> {
        let Some(blob) = blob.dyn_ref::<Blob>() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no Blob"));
        };
        let blob: Blob = blob.unchecked_ref::<JsValue>().clone().unchecked_into();
        let size = blob.size() as u64;
        Ok(Self { blob, size, position: 0, part: None, asked: None })
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Waits until the part that holds the position is read.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(u64, Uint8Array)>> {
        loop {
            let position = self.position;
            if let Some((start, bytes)) = &self.part
                && (*start..*start + u64::from(bytes.length())).contains(&position)
            {
                return Poll::Ready(Ok((*start, bytes.clone())));
            }
            let blob = &self.blob;
            let (start, asked) = self.asked.get_or_insert_with(|| {
                let part = blob.slice(position as f64, (position + PART) as f64);
                (position, JsFuture::from(part.array_buffer()))
            });
            let (start, answer) = (*start, ready!(Pin::new(asked).poll(cx)));
            self.asked = None;
            // A file that has changed on disk cannot be read any more.
            let buffer = answer.map_err(io_error)?.unchecked_into::<ArrayBuffer>();
            let bytes = Uint8Array::new(&buffer);
            if start == position && bytes.length() == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            self.part = Some((start, bytes));
        }
    }
}

impl AsyncRead for BlobReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.position >= self.size || buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let (start, bytes) = ready!(self.poll_part(cx))?;
        let from = (self.position - start) as u32;
        let end = bytes.length().min(from.saturating_add(buf.remaining() as u32));
        let taken = (end - from) as usize;
        bytes.subarray(from, end).copy_to(buf.initialize_unfilled_to(taken));
        buf.advance(taken);
        self.position += taken as u64;
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for BlobReader {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let (from, by) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::Current(by) => (self.position, by),
            SeekFrom::End(by) => (self.size, by),
        };
        self.position = from.checked_add_signed(by).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a seek to before the start")
        })?;
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position))
    }
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobReader")
            .field("size", &self.size)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
