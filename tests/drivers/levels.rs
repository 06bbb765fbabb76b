//! Streams that are told of by level once their reads mostly fill the buffer and leave nothing.

use super::{Dice, LONG, alone, drivers, nibble, pair};
use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt};
use creel::net::TcpStream;
use creel::runtime::Builder;
use creel::task::yield_now;
use creel::time::{sleep, timeout};
use std::future::Future;
use std::os::fd::AsRawFd;
use std::time::Duration;

const ROOM: usize = 8;

/// On one thread, with both drivers.
fn on_one_thread<F: Future<Output = ()>>(body: impl Fn() -> F) {
    let _alone = alone();
    for driver in drivers() {
        let runtime = Builder::new_current_thread().io_driver(driver).build().unwrap();
        runtime.block_on(async { timeout(LONG, body()).await.expect("it does not hang") });
    }
}

/// Whether epoll tells of a stream by level, as the system says.
fn by_level(stream: &TcpStream) -> bool {
    let fd = stream.as_raw_fd();
    let tells_of_it = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next() == Some("tfd:") && words.next()?.parse() == Ok(fd)).then_some(())?;
        words.nth(1).map(|events| u32::from_str_radix(events, 16).unwrap())
    };
    let entries = std::fs::read_dir("/proc/self/fdinfo").unwrap();
    let texts = entries.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
    let events: Vec<u32> = texts.flat_map(|text| text.lines().find_map(tells_of_it)).collect();
    // Each descriptor of the one epoll says the same.
    assert!(!events.is_empty() && events.iter().all(|one| *one == events[0]), "{events:x?}");
    events[0] & libc::EPOLLET as u32 == 0
}

/// Messages as long as the buffer, each of which comes after the one before was looked behind in vain.
async fn chat(client: &mut TcpStream, server: &mut TcpStream) {
    let mut buf = [0; ROOM];
    for number in 0..40 {
        client.write_all(&[number; ROOM]).await.unwrap();
        server.read_exact(&mut buf).await.unwrap();
        assert_eq!(buf, [number; ROOM]);
        assert!(nibble(server.read(&mut buf), 1, false).await.is_none());
    }
}

async fn by_levels() -> (TcpStream, TcpStream) {
    let (mut client, mut server) = pair().await;
    assert!(!by_level(&server), "to begin with");
    chat(&mut client, &mut server).await;
    assert!(by_level(&server), "after many messages");
    (client, server)
}

#[test]
fn a_stream_goes_over_to_levels_and_hears_of_each_message() {
    on_one_thread(|| async {
        let (mut client, mut server) = by_levels().await;
        let mut buf = [0; ROOM];
        // More than fits at a time, in one piece.
        for _ in 0..10 {
            client.write_all(&[7; 3 * ROOM]).await.unwrap();
            for _ in 0..3 {
                assert_eq!(server.read(&mut buf).await.unwrap(), ROOM);
            }
        }
        drop(client);
        assert_eq!(server.read(&mut buf).await.unwrap(), 0);
    });
}

/// Long messages that are waited for, into buffers that are handed over.
#[test]
fn a_stream_of_long_messages_is_read_by_readiness() {
    on_one_thread(|| async {
        const LONG: usize = 4096;
        let (mut client, mut server) = pair().await;
        let asks = async {
            for number in 0..80 {
                client.write_all(&[number; LONG]).await.unwrap();
                client.read_exact(&mut [0]).await.unwrap();
            }
        };
        let answers = async {
            let mut buf = Vec::with_capacity(LONG);
            for number in 0..80 {
                let mut all = 0;
                while all < LONG {
                    let (read, full) = server.read_owned(buf).await;
                    all += read.unwrap();
                    assert!(full.iter().all(|byte| *byte == number));
                    buf = full;
                    buf.clear();
                }
                server.write_all(&[1]).await.unwrap();
            }
        };
        creel::join!(asks, answers);
        assert!(by_level(&server));
        // Short ones are read all the same.
        client.write_all(b"short").await.unwrap();
        assert_eq!(server.read_owned(Vec::with_capacity(64)).await.0.unwrap(), 5);
    });
}

/// Else it would keep the thread from sleeping.
#[test]
fn what_nobody_reads_is_told_by_edges() {
    on_one_thread(|| async {
        let (mut client, mut server) = by_levels().await;
        client.write_all(b"unread").await.unwrap();
        sleep(Duration::from_millis(20)).await;
        assert!(!by_level(&server));
        let mut buf = [0; 64];
        assert_eq!(server.read(&mut buf).await.unwrap(), 6);
        chat(&mut client, &mut server).await;
        assert!(by_level(&server), "there is a way back");
    });
}

#[test]
fn a_write_without_room_is_told_of_room() {
    on_one_thread(|| async {
        const ALL: usize = 8 << 20;
        let (mut client, mut server) = by_levels().await;
        let drinker = async {
            sleep(Duration::from_millis(20)).await;
            let (mut all, mut buf) = (0, vec![0; 1 << 16]);
            while all < ALL {
                all += client.read(&mut buf).await.unwrap();
            }
        };
        let pourer = async {
            server.write_all(&vec![1; ALL]).await.unwrap();
            assert!(!by_level(&server));
        };
        creel::join!(drinker, pourer);
    });
}

#[test]
fn who_waits_for_readiness_is_told_by_edges() {
    on_one_thread(|| async {
        let (mut client, mut server) = by_levels().await;
        client.write_all(&[1; 2 * ROOM]).await.unwrap();
        let mut buf = [0; ROOM];
        assert_eq!(server.read(&mut buf).await.unwrap(), ROOM);
        // What the read has left to the system is told.
        server.readable().await.unwrap();
        assert!(!by_level(&server));
        assert_eq!(server.try_read(&mut buf).unwrap(), ROOM);
        server.writable().await.unwrap();
    });
}

/// A read of one piece, which is followed by more again and again.
#[test]
fn a_long_stream_goes_back_to_edges() {
    on_one_thread(|| async {
        let (mut client, mut server) = by_levels().await;
        client.write_all(&[1; 200 * ROOM]).await.unwrap();
        let mut buf = [0; ROOM];
        for _ in 0..200 {
            assert_eq!(server.read(&mut buf).await.unwrap(), ROOM);
        }
        assert!(!by_level(&server));
    });
}

/// Between workers one looks while another is about to read.
#[test]
fn a_pool_knows_edges_only() {
    let _alone = alone();
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let (mut client, mut server) = pair().await;
        chat(&mut client, &mut server).await;
        assert!(!by_level(&server));
    });
}

/// Now one message, now several, now with a pause on this side, now on that: over to levels and back.
#[test]
fn messages_in_all_rhythms_are_all_heard_of() {
    on_one_thread(|| async {
        let (mut client, mut server) = pair().await;
        client.set_nodelay(true).unwrap();
        let writer = async {
            let mut dice = Dice(11);
            for message in 0..6_000_u64 {
                client.write_all(&message.to_le_bytes()).await.unwrap();
                // Phases of calm and of bursts.
                if message / 200 % 2 == 0 || dice.below(3) == 0 {
                    let mut answer = [0; 1];
                    client.write_all(&u64::MAX.to_le_bytes()).await.unwrap();
                    client.read_exact(&mut answer).await.unwrap();
                }
                if dice.below(40) == 0 {
                    sleep(Duration::from_micros(dice.below(300))).await;
                }
            }
            client.shutdown().await.unwrap();
        };
        let reader = async {
            let mut dice = Dice(12);
            let mut buf = [0; ROOM];
            let mut next = 0;
            loop {
                let read = nibble(server.read(&mut buf), dice.below(3), true).await.unwrap();
                match read.unwrap() {
                    0 => break assert_eq!(next, 6_000),
                    n => assert_eq!(n, ROOM, "messages are whole"),
                }
                match u64::from_le_bytes(buf) {
                    u64::MAX => server.write_all(b"!").await.unwrap(),
                    message => {
                        assert_eq!(message, next);
                        next += 1;
                    }
                }
                match dice.below(40) {
                    0 => sleep(Duration::from_micros(dice.below(300))).await,
                    1 => yield_now().await,
                    _ => {}
                }
            }
        };
        creel::join!(writer, reader);
    });
}
