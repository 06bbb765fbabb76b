//! Reading from and writing to the streams of the component model, without waiting.

use super::error::of_stream;
use std::io::{self, IoSlice};
use std::vec::Vec;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// As much as is moved at a time.
const LIMIT: usize = 64 * 1024;

/// Reads what is there into `buf`; nothing at the end of the stream.
pub(super) fn read(stream: &InputStream, buf: &mut [u8]) -> io::Result<usize> {
    if buf.is_empty() {
        return Ok(0);
    }
    match stream.read(buf.len().min(LIMIT) as u64) {
        Ok(bytes) if bytes.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
        Ok(bytes) => {
            buf[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }
        Err(StreamError::Closed) => Ok(0),
        Err(error) => Err(of_stream(error)),
    }
}

/// Writes a beginning of `buf`.
pub(super) fn write(stream: &OutputStream, buf: &[u8]) -> io::Result<usize> {
    if buf.is_empty() {
        return Ok(0);
    }
    let room = room(stream)?;
    let part = &buf[..buf.len().min(room)];
    stream.write(part).map_err(of_stream)?;
    Ok(part.len())
}

/// Writes a beginning of several buffers: the host takes one at a time, so small ones are gathered,
/// or each would go out as a packet of its own.
pub(super) fn write_vectored(stream: &OutputStream, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut rest = bufs.iter().filter(|buf| !buf.is_empty());
    let (Some(first), more) = (rest.next(), rest.next().is_some()) else { return Ok(0) };
    if !more || first.len() >= LIMIT {
        return write(stream, first);
    }
    let room = room(stream)?.min(LIMIT);
    let mut gathered = Vec::new();
    for buf in bufs {
        let part = buf.len().min(room - gathered.len());
        gathered.extend_from_slice(&buf[..part]);
    }
    stream.write(&gathered).map_err(of_stream)?;
    Ok(gathered.len())
}

/// How much the stream takes now.
pub(super) fn room(stream: &OutputStream) -> io::Result<usize> {
    match stream.check_write().map_err(of_stream)? {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        room => Ok(usize::try_from(room).unwrap_or(usize::MAX)),
    }
}
