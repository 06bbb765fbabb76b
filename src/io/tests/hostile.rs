//! Streams that fail, lie or panic, and futures that are polled too often.

use super::Step::{Data, Fail, Take};
use super::{Script, finish, poll};
use crate::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncReadOwned, AsyncWrite, AsyncWriteExt, BufReader,
    BufWriter, Error, ErrorKind, ReadBuf, copy, split,
};
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io;
use std::panic::catch_unwind;
use std::string::String;
use std::vec::Vec;

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

#[test]
fn interrupted_operations_are_tried_again() {
    let again = Fail(ErrorKind::Interrupted);
    let pieces = [again, Data(b"\0"), again, Data(b"\x07text\n"), again, Data(b"rest"), again];
    let mut stream = BufReader::with_capacity(2, Script::new(pieces));
    assert_eq!(finish(stream.read_u16()).unwrap(), 7);
    let mut line = String::new();
    finish(stream.read_line(&mut line)).unwrap();
    assert_eq!(line, "text\n");
    assert_eq!(finish(copy(&mut stream, &mut Vec::new())).unwrap(), 4);

    let mut stream = Script::new([again, Take(1), again, Take(9), again, Take(2)]);
    finish(stream.write_all(b"ab")).unwrap();
    finish(stream.write_u16(0x6364)).unwrap();
    assert_eq!(stream.written, b"abcd");
    // One read or write is passed on as it comes.
    let mut stream = Script::new([again]);
    assert_eq!(finish(stream.read(&mut [0; 4])).unwrap_err().kind(), ErrorKind::Interrupted);
}

#[test]
fn a_writer_that_takes_nothing_is_an_error() {
    let kind = |result: io::Result<()>| result.map_err(|error| error.kind());
    assert_eq!(kind(finish(Script::new([]).write_all(b"x"))), Err(ErrorKind::WriteZero));
    assert_eq!(kind(finish(Script::new([]).write_u8(1))), Err(ErrorKind::WriteZero));
    assert_eq!(kind(finish(Script::new([]).write_all(b""))), Ok(()));

    let mut writer = BufWriter::new(Script::new([Take(1)]));
    finish(writer.write_all(b"xyz")).unwrap();
    assert_eq!(kind(finish(writer.flush())), Err(ErrorKind::WriteZero));
    assert_eq!(writer.buffer(), b"yz");

    let copied = finish(copy(&mut &b"x"[..], &mut Script::new([])));
    assert_eq!(kind(copied.map(drop)), Err(ErrorKind::WriteZero));
}

#[test]
fn a_failure_keeps_what_was_read_before() {
    let fail = Fail(ErrorKind::ConnectionReset);
    let mut all = b"> ".to_vec();
    let mut stream = Script::new([Data(b"some"), fail, Data(b"more")]);
    assert_eq!(
        finish(stream.read_to_end(&mut all)).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    assert_eq!(all, b"> some");

    let mut line = String::from("> ");
    let mut stream = BufReader::new(Script::new([Data(b"some"), fail, Data(b" more\n")]));
    finish(stream.read_line(&mut line)).unwrap_err();
    finish(stream.read_line(&mut line)).unwrap();
    assert_eq!(line, "> some more\n");

    let mut text = String::from("> ");
    finish(Script::new([Data(b"some"), fail]).read_to_string(&mut text)).unwrap_err();
    assert_eq!(text, "> ");
}

/// Puts another buffer into the place of the one it is to fill.
struct Swindler;

impl AsyncRead for Swindler {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut other = ReadBuf::new(Box::leak(Box::new([1; 64])));
        other.advance(32);
        *buf = other;
        Poll::Ready(Ok(()))
    }
}

#[test]
fn an_exchanged_buffer_is_found_out() {
    assert!(panics(|| finish(Swindler.read_to_end(&mut Vec::new()))));
    assert!(panics(|| finish(Swindler.read_to_end(&mut Vec::with_capacity(64)))));
    assert!(panics(|| finish(AsyncReadExt::take(Swindler, 9).read(&mut [0; 64]))));
    assert!(panics(|| finish(BufReader::new(Swindler).get_mut().read_owned(Vec::new()))));
    #[cfg(feature = "bytes")]
    assert!(panics(|| finish(Swindler.read_buf(&mut Vec::new()))));
}

impl AsyncReadOwned for Swindler {}

#[test]
fn a_future_polled_after_its_end_says_so() {
    let mut source = &b"one\ntwo\n"[..];
    let mut line = String::new();
    {
        let mut read = pin!(source.read_line(&mut line));
        assert!(poll(read.as_mut()).is_ready());
        assert!(panics(|| poll(read.as_mut())));
    }
    assert_eq!((&*line, source), ("one\n", &b"two\n"[..]));

    let mut fill = pin!(source.fill_buf());
    assert!(poll(fill.as_mut()).is_ready());
    assert!(panics(|| poll(fill.as_mut())));

    let mut source = &b"two"[..];
    let mut read = pin!(source.read_owned(Vec::with_capacity(8)));
    assert!(poll(read.as_mut()).is_ready());
    assert!(panics(|| poll(read.as_mut())));
}

/// Panics at each other operation.
#[derive(Default)]
struct Moody {
    calls: usize,
    written: Vec<u8>,
}

impl Moody {
    fn mood(&mut self) {
        self.calls += 1;
        assert!(self.calls.is_multiple_of(2), "in a mood");
    }
}

impl AsyncRead for Moody {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.mood();
        buf.put_slice(b"x");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Moody {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.mood();
        self.written.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_panicking_stream_does_not_lock_its_halves() {
    let (mut reader, mut writer) = split(Moody::default());
    assert!(panics(|| finish(reader.read_u8())));
    finish(writer.write_all(b"fine")).unwrap();
    assert!(panics(|| finish(writer.write_all(b"lost"))));
    assert_eq!(finish(reader.read_u8()).unwrap(), b'x');
    assert_eq!(reader.unsplit(writer).written, b"fine");
}

#[test]
fn a_panicking_writer_leaves_its_buffer() {
    let mut writer = BufWriter::new(Moody::default());
    finish(writer.write_all(b"kept")).unwrap();
    assert!(panics(|| finish(writer.flush())));
    finish(writer.flush()).unwrap();
    assert_eq!(writer.into_inner().written, b"kept");
}

#[test]
fn sizes_of_nothing_are_refused() {
    use crate::io::{BufStream, copy_bidirectional_with_sizes, duplex, empty, simplex};

    assert!(panics(|| duplex(0)));
    assert!(panics(|| simplex(0)));
    assert!(panics(|| BufReader::with_capacity(0, empty())));
    assert!(panics(|| BufStream::with_capacity(0, 1, empty())));
    assert!(panics(|| finish(copy_bidirectional_with_sizes(&mut empty(), &mut empty(), 0, 1))));
    assert!(panics(|| finish(copy_bidirectional_with_sizes(&mut empty(), &mut empty(), 1, 0))));
    // A writer needs no buffer: it passes everything on.
    let mut writer = BufWriter::with_capacity(0, Vec::new());
    finish(writer.write_all(b"on")).unwrap();
    assert_eq!(writer.get_ref(), b"on");
}

#[test]
fn seeking_over_what_was_read_ahead_takes_two_steps_where_one_overflows() {
    use crate::io::{AsyncSeekExt, SeekFrom};

    let mut reader = BufReader::with_capacity(4, io::Cursor::new(b"0123456789"));
    finish(reader.read_u8()).unwrap();
    let error: Error = finish(reader.seek(SeekFrom::Current(i64::MIN))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // The first step was taken, so nothing was lost.
    assert_eq!(finish(reader.read_u8()).unwrap(), b'1');
}
