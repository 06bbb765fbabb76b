//! What operations leave that were dropped, forgotten, or outlived by others.

use super::{
    Counted, Dice, alone, descriptors, drivers, everywhere, nibble, on_all, pair, settled,
};
use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt, Interest};
use creel::runtime::Builder;
use creel::task::yield_now;
use creel::time::{sleep, timeout};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

/// The stream goes while the kernel still receives for it.
#[test]
fn a_stream_dropped_after_its_read_is_closed() {
    let account = Arc::new(AtomicUsize::new(0));
    let mine = account.clone();
    everywhere(move || {
        let account = mine.clone();
        async move {
            for polls in 0..3 {
                let (mut client, mut server) = pair().await;
                let buf = Counted::new(Vec::with_capacity(100), &account);
                assert!(nibble(server.read_owned(buf), polls, false).await.is_none());
                drop(server);
                assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
            }
        }
    });
    assert_eq!(account.load(SeqCst), 0, "every buffer was dropped");
}

/// An operation that is forgotten, not dropped, leaks what it holds, and nothing worse.
#[test]
fn a_forgotten_read_harms_nobody() {
    let _alone = alone();
    on_all(|| async {
        let (mut client, mut server) = pair().await;
        let mut reading = Box::pin(server.read_owned(vec![0; 64]));
        let poll = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
        std::mem::forget(reading);
        drop(server);
        // Other streams get the descriptor's number, and their own bytes.
        for _ in 0..20 {
            let (mut one, mut other) = pair().await;
            one.write_all(b"mine").await.unwrap();
            let mut buf = [0; 4];
            other.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"mine");
        }
        let _ = client.write_all(b"late").await;
    });
}

#[test]
fn a_runtime_that_ends_takes_its_operations_along() {
    let _alone = alone();
    let before = descriptors();
    let account = Arc::new(AtomicUsize::new(0));
    for driver in drivers() {
        for workers in [None, Some(2)] {
            let mut builder = match workers {
                None => Builder::new_current_thread(),
                Some(_) => Builder::new_multi_thread(),
            };
            let runtime = builder.worker_threads(2).io_driver(driver).build().unwrap();
            runtime.block_on(async {
                for _ in 0..20 {
                    let (client, mut server) = pair().await;
                    let buf = Counted::new(Vec::with_capacity(100), &account);
                    drop(creel::spawn(async move {
                        let _kept = client;
                        server.read_owned(buf).await.0
                    }));
                }
                sleep(Duration::from_millis(5)).await;
            });
            drop(runtime);
            assert_eq!(account.load(SeqCst), 0, "{driver:?}, {workers:?}");
        }
    }
    settled(before);
}

#[test]
fn what_a_dropped_read_left_is_read_first() {
    everywhere(|| async {
        let (mut client, mut server) = pair().await;
        server.set_nodelay(true).unwrap();
        let mut reading = Box::pin(server.read_owned(vec![0; 64]));
        let poll = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
        // Let the kernel know of it, then give it something.
        sleep(Duration::from_millis(2)).await;
        client.write_all(b"hello").await.unwrap();
        std::thread::sleep(Duration::from_millis(5));
        drop(reading);
        server.ready(Interest::READABLE).await.unwrap();
        let mut buf = [0; 64];
        let n = server.peek(&mut buf).await.unwrap();
        assert_eq!(&buf[..n], b"hello");
        let n = server.read(&mut buf[..2]).await.unwrap();
        assert_eq!(&buf[..n], b"he");
        let n = server.try_read(&mut buf).unwrap();
        assert_eq!(&buf[..n], b"llo");
        assert_eq!(server.try_read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(server.into_std().unwrap());
        assert_eq!(client.read(&mut buf).await.unwrap(), 0);
    });
}

/// A limit that runs out again and again, now before a message, now right with it.
#[test]
fn a_read_with_a_limit_loses_no_byte() {
    everywhere(|| async {
        const COUNT: u8 = 100;
        let (mut client, mut server) = pair().await;
        let writer = creel::spawn(async move {
            let mut dice = Dice(3);
            for number in 0..COUNT {
                sleep(Duration::from_micros(dice.below(400))).await;
                client.write_all(&[number]).await.unwrap();
            }
        });
        let (mut dice, mut seen, mut late) = (Dice(4), Vec::new(), 0);
        while seen.len() < COUNT.into() {
            let limit = Duration::from_micros(dice.below(300));
            match timeout(limit, server.read_owned(Vec::with_capacity(16))).await {
                Ok((read, buf)) => {
                    assert!(read.unwrap() > 0);
                    seen.extend(buf);
                }
                Err(_) => late += 1,
            }
        }
        assert!(seen.iter().copied().eq(0..COUNT), "{seen:?}");
        assert!(late > 0, "limits ran out");
        writer.await.unwrap();
    });
}

/// The slot of a stream that has ended is ready for ever; a read that has to wait there does wait.
#[test]
fn a_read_behind_a_dropped_one_waits_at_the_end_of_a_stream_too() {
    everywhere(|| async {
        let (mut client, mut server) = pair().await;
        client.write_all(b"x").await.unwrap();
        let (read, buf) = server.read_owned(Vec::with_capacity(64)).await;
        assert_eq!((read.unwrap(), &buf[..]), (1, &b"x"[..]));
        drop(client);
        while !server.ready(Interest::READABLE).await.unwrap().is_read_closed() {
            yield_now().await;
        }
        let mut reading = Box::pin(server.read_owned(buf));
        let began = reading.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        drop(reading);
        let count = Arc::new(Wakes::default());
        let waker = Waker::from(count.clone());
        let mut end = [0; 8];
        let mut reading = Box::pin(server.read(&mut end));
        if began && reading.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            // Not because it has tried as often as a task may.
            assert!(!count.by(std::thread::current().id()), "it gave way instead of waiting");
        }
        assert_eq!(reading.await.unwrap(), 0);
    });
}

/// Which threads have woken somebody.
#[derive(Default)]
struct Wakes(Mutex<Vec<std::thread::ThreadId>>);

impl Wakes {
    fn by(&self, thread: std::thread::ThreadId) -> bool {
        self.0.lock().unwrap().contains(&thread)
    }
}

impl std::task::Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().push(std::thread::current().id());
    }
}

/// A thread that has no runtime of its own begins a read, and ends before there is an answer.
#[test]
fn a_read_outlives_the_thread_that_began_it() {
    everywhere(|| async {
        let (mut client, mut server) = pair().await;
        type Reading = Pin<Box<dyn Future<Output = (io::Result<usize>, Vec<u8>)> + Send>>;
        let reading = std::thread::spawn(move || {
            let mut reading: Reading =
                Box::pin(async move { server.read_owned(Vec::with_capacity(64)).await });
            let poll = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll.is_pending());
            std::thread::sleep(Duration::from_millis(10));
            reading
        });
        while !reading.is_finished() {
            sleep(Duration::from_millis(1)).await;
        }
        let reading = reading.join().unwrap();
        sleep(Duration::from_millis(5)).await;
        client.write_all(b"hello").await.unwrap();
        let (read, buf) = reading.await;
        assert_eq!((read.unwrap(), &buf[..]), (5, &b"hello"[..]));
    });
}
