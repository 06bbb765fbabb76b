use super::Group;
use crate::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt, Interest};
use crate::native::driver::Driver;
use crate::net::UnixStream;
use crate::runtime::{Builder, IoDriver, LocalOptions};
use crate::time::{Duration, sleep, timeout};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::io;
use std::sync::Arc;
use std::vec::Vec;
use std::{eprintln, vec};

/// Runs `body` on both kinds of runtime whose streams the ring serves.
fn on_each<F: Future<Output = ()>>(body: impl Fn() -> F) {
    let limited = || async { timeout(Duration::from_secs(60), body()).await.expect("no hang") };
    let mut builder = Builder::new_current_thread();
    match builder.io_driver(IoDriver::Completion).build() {
        Ok(runtime) => runtime.block_on(limited()),
        Err(why) => return eprintln!("skipped: {why}"),
    }
    builder.build_local(LocalOptions::default()).unwrap().block_on(limited());
}

/// Looks at the buffers of this runtime's ring.
fn group<T>(look: impl Fn(&Group) -> T) -> T {
    let reactor = Driver::current_reactor().unwrap();
    let inner = reactor.ring().unwrap().inner.lock();
    look(&inner.group)
}

fn are_all_free() -> bool {
    group(|group| matches!(group, Group::Made(buffers) if buffers.are_all_free()))
}

fn none_is_free() -> bool {
    group(|group| matches!(group, Group::Made(buffers) if !buffers.has_free()))
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        sleep(Duration::from_millis(1)).await;
    }
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

async fn short_message(client: &mut UnixStream, server: &mut UnixStream, text: &[u8]) {
    let (sent, received) = crate::join!(client.write_all(text), async {
        // The message comes when somebody waits already.
        server.read_owned(Vec::with_capacity(64)).await
    });
    sent.unwrap();
    assert_eq!((received.0.unwrap(), &received.1[..]), (text.len(), text));
}

/// A pair whose second stream is received from ahead.
async fn armed() -> (UnixStream, UnixStream) {
    let (mut client, mut server) = UnixStream::pair().unwrap();
    for _ in 0..3 {
        // Now the driver knows that messages are short, and come alone.
        sleep(Duration::from_millis(1)).await;
        assert!(poll_once(server.read_owned(Vec::with_capacity(64))).is_pending());
        sleep(Duration::from_millis(1)).await;
        short_message(&mut client, &mut server, b"short").await;
    }
    (client, server)
}

/// Whether the stream has bytes in a buffer of the ring once `text` was sent to it.
async fn sends_ahead(client: &mut UnixStream, text: &[u8]) {
    assert!(are_all_free());
    client.write_all(text).await.unwrap();
    until(|| !are_all_free()).await;
}

#[test]
fn what_came_ahead_is_what_every_kind_of_read_gets() {
    on_each(|| async {
        for kind in 0..6 {
            let (mut client, mut server) = armed().await;
            sends_ahead(&mut client, b"hello").await;
            let mut buf = [0; 5];
            match kind {
                0 => drop(server.read_exact(&mut buf).await.unwrap()),
                1 => assert_eq!(server.try_read(&mut buf).unwrap(), 5),
                2 => {
                    server.readable().await.unwrap();
                    assert_eq!(server.try_read(&mut buf).unwrap(), 5);
                }
                3 => {
                    let ready = server.ready(Interest::READABLE | Interest::WRITABLE).await;
                    assert!(ready.unwrap().is_readable());
                    assert_eq!(server.read(&mut buf).await.unwrap(), 5);
                }
                4 => {
                    let (read, part) = server.read_owned(vec![0; 2]).await;
                    assert_eq!((read.unwrap(), &part[..]), (2, &b"he"[..]));
                    let (read, rest) = server.read_owned(vec![0; 9]).await;
                    assert_eq!((read.unwrap(), &rest[..]), (3, &b"llo"[..]));
                    buf = *b"hello";
                }
                _ => {
                    let refused = server.into_std().unwrap_err();
                    assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
                    until(are_all_free).await;
                    continue;
                }
            }
            assert_eq!(&buf, b"hello");
            until(are_all_free).await;
            // And goes on, in whatever way.
            client.write_all(b"again").await.unwrap();
            server.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"again");
            drop(client);
            assert_eq!(server.read_owned(vec![0; 9]).await.0.unwrap(), 0);
        }
    });
}

#[test]
fn a_stream_is_taken_out_while_the_kernel_receives_ahead_for_it() {
    on_each(|| async {
        use std::io::{Read, Write};
        let (client, server) = armed().await;
        let mut server = server.into_std().unwrap();
        let mut client = client.into_std().unwrap();
        client.write_all(b"mine").unwrap();
        let mut buf = [0; 8];
        assert_eq!(server.read(&mut buf).unwrap(), 4, "nobody has taken it");
    });
}

#[test]
fn reads_that_are_dropped_give_nothing_up() {
    on_each(|| async {
        let (mut client, mut server) = armed().await;
        let (mut sent, mut seen) = (Vec::new(), Vec::new());
        for round in 0..200u8 {
            sent.extend([round; 3]);
            client.write_all(&[round; 3]).await.unwrap();
            for _ in 0..round % 3 {
                let reading = poll_once(server.read_owned(Vec::with_capacity(2)));
                if let Poll::Ready((read, buf)) = reading {
                    read.unwrap();
                    seen.extend(buf);
                }
                crate::task::yield_now().await;
            }
        }
        drop(client);
        loop {
            let (read, buf) = server.read_owned(Vec::with_capacity(64)).await;
            if read.unwrap() == 0 {
                break;
            }
            seen.extend(buf);
        }
        assert_eq!(seen, sent);
        until(are_all_free).await;
    });
}

#[test]
fn a_stream_that_is_gone_leaves_its_buffers_and_is_closed() {
    on_each(|| async {
        for early in [true, false] {
            let (mut client, server) = armed().await;
            if early {
                sends_ahead(&mut client, b"nobody reads this").await;
            }
            drop(server);
            while client.write_all(b"late").await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
            until(are_all_free).await;
        }
    });
}

/// A reader that is slow holds up its sender, not the memory; and those who find no buffer use theirs.
#[test]
fn when_no_buffer_is_free_nothing_is_lost() {
    on_each(|| async {
        let mut streams = Vec::new();
        for _ in 0..60 {
            streams.push(armed().await);
        }
        let message = |number: usize, round: usize| [number as u8, round as u8, 7];
        for round in 0..20 {
            for (number, (client, _)) in streams.iter_mut().enumerate() {
                client.write_all(&message(number, round)).await.unwrap();
            }
            sleep(Duration::from_micros(200)).await;
        }
        until(none_is_free).await;
        for (number, (client, server)) in streams.iter_mut().enumerate() {
            client.write_all(&message(number, 20)).await.unwrap();
            let mut all = Vec::new();
            while all.len() < 21 * 3 {
                let (read, buf) = server.read_owned(Vec::with_capacity(50)).await;
                assert!(read.unwrap() > 0);
                all.extend(buf);
            }
            let expected: Vec<u8> = (0..21).flat_map(|round| message(number, round)).collect();
            assert_eq!(all, expected);
        }
        until(are_all_free).await;
        let (client, server) = &mut streams[0];
        for _ in 0..3 {
            short_message(client, server, b"short").await;
        }
    });
}

#[test]
fn long_messages_go_where_they_are_wanted() {
    on_each(|| async {
        let (mut client, mut server) = armed().await;
        let data: Arc<[u8]> = (0..300_000).map(|at| (at / 7) as u8).collect();
        let sent = data.clone();
        let (_, seen) = crate::join!(
            async move {
                client.write_all(&sent).await.unwrap();
                client
            },
            async {
                let mut seen = Vec::new();
                while seen.len() < data.len() {
                    let (read, buf) = server.read_owned(Vec::with_capacity(20_000)).await;
                    assert!(read.unwrap() > 0);
                    seen.extend(buf);
                }
                seen
            }
        );
        assert!(seen[..] == data[..]);
        until(are_all_free).await;
    });
}
