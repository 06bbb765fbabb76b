//! What streams allocate: their buffers, and nothing else.

mod counting;

use counting::allocations;
use creel::io::{
    self, AsyncBufReadExt, AsyncReadExt, AsyncReadOwned, AsyncWriteExt, AsyncWriteOwned, BufReader,
    BufWriter,
};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls once.
fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    match poll(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
}

#[test]
fn a_pipe_allocates_its_buffer_once() {
    let (mut near, mut far) = io::duplex(64);
    let mut buf = [0; 64];
    let mut use_it = || {
        assert!(poll(far.read(&mut buf)).is_pending());
        now(near.write_all(&[1; 64])).unwrap();
        assert!(poll(near.write_all(b"more")).is_pending());
        now(far.read_exact(&mut buf)).unwrap();
        assert!(poll(far.read_u64()).is_pending());
    };
    use_it();
    assert_eq!(allocations(use_it), 0);
}

#[test]
fn halves_that_wait_allocate_nothing() {
    let (mut reader, mut writer) = io::simplex(8);
    now(writer.write_all(&[1; 8])).unwrap();
    let count = allocations(|| {
        assert!(poll(writer.write(&[2])).is_pending());
        now(reader.read_exact(&mut [0; 8])).unwrap();
        assert!(poll(reader.read(&mut [0; 8])).is_pending());
    });
    assert_eq!(count, 0);
}

#[test]
fn copying_allocates_one_buffer() {
    let text = [7; 100_000];
    assert_eq!(allocations(|| drop(now(io::copy(&mut &text[..], &mut io::sink())))), 1);
    assert_eq!(allocations(|| drop(now(io::copy_buf(&mut &text[..], &mut io::sink())))), 0);
}

#[test]
fn a_string_that_is_large_enough_takes_lines_without_growing() {
    let mut reader = BufReader::new(&b"one\ntwo\nthree\n"[..]);
    let mut writer = BufWriter::new(io::sink());
    let mut text = String::with_capacity(64);
    let count = allocations(|| {
        while now(reader.read_line(&mut text)).unwrap() > 0 {}
        now(writer.write_all(text.as_bytes())).unwrap();
        now(writer.flush()).unwrap();
    });
    assert_eq!((count, &*text), (0, "one\ntwo\nthree\n"));
}

#[test]
fn owned_buffers_are_not_copied() {
    let (mut near, mut far) = io::duplex(64);
    now(near.write_all(&[0; 64])).unwrap();
    now(far.read_exact(&mut [0; 64])).unwrap();
    let (out, back) = (vec![1; 64], Vec::with_capacity(64));
    let address = back.as_ptr();
    let count = allocations(|| {
        let (written, out) = now(near.write_all_owned(out));
        written.unwrap();
        let (read, back) = now(far.read_owned(back));
        assert_eq!((read.unwrap(), back.as_ptr(), back), (64, address, out));
    });
    assert_eq!(count, 0);
}
