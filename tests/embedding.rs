//! A runtime inside a loop of somebody else's: here that of another runtime.

#![cfg(all(feature = "net", feature = "io-util", unix))]

use creel::io::unix::AsyncFd;
use creel::io::{AsyncReadExt, AsyncWriteExt, Interest};
use creel::net::{TcpListener, TcpStream};
use creel::platform::Park;
use creel::runtime::{Builder, Next, Runtime};
use creel::time::{Duration, Instant, sleep, timeout};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// Ticks `inner` when its descriptor or its next timer says so, until `task` is done.
async fn drive<T>(inner: &Runtime, fd: OwnedFd, task: creel::task::JoinHandle<T>) -> T {
    let fd = AsyncFd::with_interest(fd, Interest::READABLE).unwrap();
    while !task.is_finished() {
        match inner.tick(64) {
            Next::Now => creel::task::yield_now().await,
            Next::At(then) => {
                let wait = timeout(then.saturating_duration_since(Instant::now()), fd.readable());
                if let Ok(guard) = wait.await {
                    guard.unwrap().clear_ready();
                }
            }
            _ if task.is_finished() => break,
            _ => fd.readable().await.unwrap().clear_ready(),
        }
    }
    task.await.unwrap()
}

#[creel::test]
async fn sockets_timers_and_threads_reach_a_runtime_by_its_descriptor() {
    let (inner, fd) = Builder::new_current_thread().build_pollable().unwrap();
    let task = inner.spawn(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = creel::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buf = [0; 4];
            stream.read_exact(&mut buf).await.unwrap();
            sleep(Duration::from_millis(5)).await;
            stream.write_all(&buf).await.unwrap();
        });
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"ping").await.unwrap();
        let mut buf = [0; 4];
        stream.read_exact(&mut buf).await.unwrap();
        server.await.unwrap();
        // Another thread wakes it.
        assert_eq!(creel::task::spawn_blocking(|| 7).await.unwrap(), 7);
        buf
    });
    let drive = async { drive(&inner, fd, task).await };
    assert_eq!(&timeout(Duration::from_secs(30), drive).await.expect("it is told"), b"ping");
    inner.shutdown_background();
}

#[test]
fn the_hook_is_called_once_until_the_next_tick_from_any_thread() {
    let runtime = Builder::new_current_thread().build_passive(|| panic!("it was replaced"));
    let rung = Arc::new(AtomicUsize::new(0));
    let bell = rung.clone();
    runtime.set_wake_hook(move || {
        bell.fetch_add(1, SeqCst);
    });
    assert_eq!(rung.load(SeqCst), 0);
    let (sender, mut receiver) = creel::sync::mpsc::unbounded_channel();
    runtime.spawn(async move { while receiver.recv().await.is_some() {} });
    assert_eq!(rung.load(SeqCst), 1);
    for tick in 2..5 {
        assert_eq!(runtime.tick(64), Next::Idle);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| sender.send(()).unwrap());
            }
        });
        assert_eq!(rung.load(SeqCst), tick);
    }
}

#[test]
fn a_hook_that_comes_late_is_told_what_it_missed() {
    let runtime = Builder::new_current_thread().build_passive(|| {});
    runtime.spawn(async {});
    let rung = Arc::new(AtomicUsize::new(0));
    let bell = rung.clone();
    runtime.set_wake_hook(move || {
        bell.fetch_add(1, SeqCst);
    });
    assert_eq!(rung.load(SeqCst), 1);
}

#[test]
#[should_panic = "waits by itself"]
fn a_runtime_that_waits_by_itself_takes_no_hook() {
    Builder::new_current_thread().build().unwrap().set_wake_hook(|| {});
}

/// A host whose looks wake whoever waits, and note how many turns tasks have had by then.
#[derive(Clone, Default)]
struct Crowd {
    tasks: usize,
    waiting: Arc<Mutex<Vec<Waker>>>,
    turns: Arc<AtomicUsize>,
    /// Of each look: turns so far, and how many it woke.
    looks: Arc<Mutex<Vec<(usize, usize)>>>,
}

impl Park for Crowd {
    fn park(&self, _: Option<Duration>) {
        self.look();
    }

    fn look(&self) {
        let turns = self.turns.load(SeqCst);
        // All come together the first time.
        if turns == 0 && self.waiting.lock().unwrap().len() < self.tasks {
            return;
        }
        let woken = std::mem::take(&mut *self.waiting.lock().unwrap());
        self.looks.lock().unwrap().push((turns, woken.len()));
        woken.into_iter().for_each(Waker::wake);
    }

    fn unpark(&self) {}
}

impl Crowd {
    async fn turns(self, count: usize) {
        for _ in 0..count {
            let mut woken = false;
            std::future::poll_fn(|cx| {
                if std::mem::replace(&mut woken, true) {
                    return Poll::Ready(());
                }
                self.waiting.lock().unwrap().push(cx.waker().clone());
                Poll::Pending
            })
            .await;
            self.turns.fetch_add(1, SeqCst);
        }
    }

    /// The looks while so many tasks take ten turns each: turns between two, and how many the first woke.
    fn of(tasks: usize) -> Vec<(usize, usize)> {
        let crowd = Self { tasks, ..Self::default() };
        let runtime = Builder::new_current_thread().build_on(crowd.clone());
        let tasks: Vec<_> = (0..tasks).map(|_| runtime.spawn(crowd.clone().turns(10))).collect();
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        let looks = crowd.looks.lock().unwrap();
        looks.windows(2).map(|pair| (pair[1].0 - pair[0].0, pair[0].1)).collect()
    }
}

#[test]
fn whom_a_look_has_woken_have_a_turn_before_the_next_but_not_without_end() {
    let looks = Crowd::of(500);
    assert!(looks.iter().any(|&(_, woken)| woken == 500), "{looks:?}");
    assert!(looks.iter().all(|&(turns, woken)| turns >= woken), "{looks:?}");
    let looks = Crowd::of(5_000);
    assert!(looks.iter().all(|&(turns, _)| turns <= 1_024 + 61), "{looks:?}");
    let looks = Crowd::of(10);
    assert!(looks.iter().all(|&(turns, _)| turns <= 61), "{looks:?}");
}
