//! Futures that are dropped after any number of polls.

use super::Step::{Data, Take, Wait};
use super::{Script, finish, poll};
use crate::io::{AsyncBufReadExt, AsyncReadExt, BufReader, BufWriter, copy_buf};
use crate::io::{AsyncWriteExt, BufStream};
use core::pin::pin;
use core::task::Poll;
use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

const PIECES: [super::Step; 9] =
    [Wait, Data(b"one"), Wait, Data(b" two\nthr"), Wait, Wait, Data(b"ee\n"), Data(b"four"), Wait];
const ALL: &[u8] = b"one two\nthree\nfour";

/// Every number of polls after which a future can be dropped.
fn polls() -> impl Iterator<Item = usize> {
    0..12
}

/// Polls at most `n` times, then drops.
macro_rules! drop_after {
    ($n:expr, $future:expr) => {{
        let mut future = pin!($future);
        for _ in 0..$n {
            if poll(future.as_mut()).is_ready() {
                break;
            }
        }
    }};
}

#[test]
fn read_to_end_keeps_what_it_has_read() {
    for n in polls() {
        let mut stream = Script::new(PIECES);
        let mut all = Vec::new();
        drop_after!(n, stream.read_to_end(&mut all));
        finish(stream.read_to_end(&mut all)).unwrap();
        assert_eq!(all, ALL);
    }
}

#[test]
fn read_until_keeps_what_it_has_read() {
    for n in polls() {
        let mut stream = BufReader::new(Script::new(PIECES));
        let mut line = Vec::new();
        drop_after!(n, stream.read_until(b'\n', &mut line));
        if !line.ends_with(b"\n") {
            finish(stream.read_until(b'\n', &mut line)).unwrap();
        }
        assert_eq!(line, b"one two\n");
    }
}

#[test]
fn lines_and_segments_come_whole() {
    for n in polls() {
        let mut lines = BufReader::with_capacity(2, Script::new(PIECES)).lines();
        let mut seen = Vec::new();
        {
            let mut future = pin!(lines.next_line());
            for _ in 0..n {
                if let Poll::Ready(line) = poll(future.as_mut()) {
                    seen.push(line.unwrap().unwrap());
                    break;
                }
            }
        }
        while let Some(line) = finish(lines.next_line()).unwrap() {
            seen.push(line);
        }
        assert_eq!(seen, ["one two", "three", "four"]);

        let mut words = BufReader::new(Script::new(PIECES)).split(b' ');
        assert!(poll(pin!(words.next_segment())).is_pending());
        assert!(poll(pin!(words.next_segment())).is_pending());
        assert_eq!(finish(words.next_segment()).unwrap().unwrap(), b"one");
    }
}

#[test]
fn fill_buf_and_read_take_nothing_away() {
    for n in polls() {
        let mut stream = BufReader::with_capacity(4, Script::new(PIECES));
        let mut all = Vec::new();
        drop_after!(n, stream.fill_buf());
        drop_after!(n.min(1), stream.read(&mut [0; 0]));
        finish(stream.read_to_end(&mut all)).unwrap();
        assert_eq!(all, ALL);
    }
}

#[test]
fn a_dropped_read_line_leaves_a_string() {
    for n in polls() {
        let pieces = [Data(b"gr\xc3"), Wait, Data(b"\xbc"), Wait, Data(b"ezi")];
        let mut stream = BufReader::new(Script::new(pieces));
        let mut line = String::from("> ");
        drop_after!(n, stream.read_line(&mut line));
        assert_eq!(line, ["> ", "> ", "> gr\u{fc}", "> gr\u{fc}ezi"][n.min(3)]);
    }
}

#[test]
fn a_leaked_read_line_leaves_a_string_too() {
    let mut stream = BufReader::new(Script::new([Data(b"gr\xc3"), Wait]));
    let mut line = String::from("> ");
    let mut future = Box::pin(stream.read_line(&mut line));
    assert!(poll(future.as_mut()).is_pending());
    core::mem::forget(future);
    assert_eq!(line, "");
}

#[cfg(feature = "bytes")]
#[test]
fn write_all_buf_keeps_count() {
    for n in polls() {
        let steps = [Take(2), Wait, Take(3), Wait, Wait, Take(1), Take(usize::MAX)];
        let mut stream = Script::new(steps);
        let mut rest = ALL;
        drop_after!(n, stream.write_all_buf(&mut rest));
        finish(stream.write_all_buf(&mut rest)).unwrap();
        assert_eq!(stream.written, ALL);
    }
}

#[test]
fn copy_buf_stands_behind_what_was_written() {
    for n in polls() {
        let mut from = BufReader::with_capacity(5, Script::new(PIECES));
        let mut to = Script::new([Take(2), Wait].into_iter().cycle().take(40));
        drop_after!(n, copy_buf(&mut from, &mut to));
        finish(copy_buf(&mut from, &mut to)).unwrap();
        assert_eq!(to.written, ALL);
    }
}

#[test]
fn a_flush_goes_on_where_it_was_dropped() {
    for n in polls() {
        let steps = [Take(2), Wait, Take(3), Wait, Wait, Take(1), Take(usize::MAX)];
        let mut writer = BufWriter::new(Script::new(steps));
        finish(writer.write_all(ALL)).unwrap();
        drop_after!(n, writer.flush());
        finish(writer.flush()).unwrap();
        assert_eq!(writer.into_inner().written, ALL);
    }
}

#[test]
fn a_stream_turned_inside_out_keeps_both_buffers() {
    let mut inner = BufReader::new(Script::new([Data(b"ahead"), Take(usize::MAX)]));
    assert_eq!(finish(inner.read_u8()).unwrap(), b'a');
    let mut outer = BufWriter::new(inner);
    finish(outer.write_all(b"behind")).unwrap();

    let mut stream = BufStream::from(outer);
    let mut rest = [0; 4];
    finish(stream.read_exact(&mut rest)).unwrap();
    assert_eq!(&rest, b"head");
    finish(stream.flush()).unwrap();
    assert_eq!(stream.into_inner().written, b"behind");
}
