//! What each executor is asked to do. Every operation answers nanoseconds for one.

use crate::executors::Executor;
use futures_channel::mpsc as other;
use futures_util::{SinkExt, StreamExt};
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub fn now_ms() -> f64;
}

/// Tells when so many tasks have ended.
pub struct Countdown {
    left: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

impl Countdown {
    pub fn new(tasks: usize) -> Rc<Self> {
        Rc::new(Self { left: Cell::new(tasks), waker: RefCell::new(None) })
    }

    pub fn one(&self) {
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }

    pub async fn zero(&self) {
        poll_fn(|cx| {
            if self.left.get() == 0 {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Woken at once, polled in turn.
#[derive(Default)]
pub struct Again(bool);

impl Future for Again {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn since(start: f64, count: usize) -> f64 {
    (now_ms() - start) * 1e6 / count as f64
}

pub async fn spawn_and_complete<E: Executor>() -> f64 {
    const TASKS: usize = 20_000;
    let start = now_ms();
    let done = Countdown::new(TASKS);
    for _ in 0..TASKS {
        let done = done.clone();
        E::spawn(async move { done.one() });
    }
    done.zero().await;
    since(start, TASKS)
}

pub async fn wakes<E: Executor, const TASKS: usize>() -> f64 {
    const TURNS: usize = 100_000;
    let done = Countdown::new(TASKS);
    let start = now_ms();
    for _ in 0..TASKS {
        let done = done.clone();
        E::spawn(async move {
            for _ in 0..TURNS / TASKS {
                Again::default().await;
            }
            done.one();
        });
    }
    done.zero().await;
    since(start, TURNS)
}

const ITEMS: usize = 50_000;

pub async fn own_channel<E: Executor>() -> f64 {
    let start = now_ms();
    let (sender, mut inbox) = creel::sync::mpsc::channel(64);
    E::spawn(async move {
        for item in 0..ITEMS {
            sender.send(item).await.expect("somebody listens");
        }
    });
    while inbox.recv().await.is_some() {}
    since(start, ITEMS)
}

pub async fn others_channel<E: Executor>() -> f64 {
    let start = now_ms();
    let (mut sender, mut inbox) = other::channel(64);
    E::spawn(async move {
        for item in 0..ITEMS {
            sender.send(item).await.expect("somebody listens");
        }
    });
    while inbox.next().await.is_some() {}
    since(start, ITEMS)
}

pub async fn promises<E: Executor>() -> f64 {
    const PROMISES: usize = 5_000;
    let value = JsValue::from(1);
    let promises: Vec<Promise> = (0..PROMISES).map(|_| Promise::resolve(&value)).collect();
    let done = Countdown::new(PROMISES);
    let start = now_ms();
    for promise in promises {
        let done = done.clone();
        E::spawn(async move {
            E::await_promise(promise).await;
            done.one();
        });
    }
    done.zero().await;
    since(start, PROMISES)
}

pub async fn promises_in_turn<E: Executor>() -> f64 {
    const PROMISES: usize = 5_000;
    let promise = Promise::resolve(&JsValue::from(1));
    let start = now_ms();
    for _ in 0..PROMISES {
        E::await_promise(promise.clone()).await;
    }
    since(start, PROMISES)
}

/// The time that the thread is busy: from the first to be armed to the last, and from the first
/// that is over to the last.
pub async fn sleeps<E: Executor>() -> f64 {
    const SLEEPS: usize = 10_000;
    let done = Countdown::new(SLEEPS);
    let woken = Rc::new(Cell::new(None));
    let start = now_ms();
    for _ in 0..SLEEPS {
        let (done, woken) = (done.clone(), woken.clone());
        E::spawn(async move {
            E::sleep(150).await;
            if woken.get().is_none() {
                woken.set(Some(now_ms()));
            }
            done.one();
        });
    }
    // Behind them in the queue: all are armed.
    Again::default().await;
    let armed = now_ms() - start;
    done.zero().await;
    armed * 1e6 / SLEEPS as f64 + since(woken.get().expect("one has slept"), SLEEPS)
}
