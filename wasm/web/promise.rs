//! Promises and futures, both ways.

use super::{event_loop, js};
use js_sys::{Function, Promise};
use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::vec::Vec;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// Runs a future on this thread's runtime and hands JavaScript a promise of its result.
///
/// `Ok` fulfils the promise, `Err` rejects it. Nothing cancels the future: a promise cannot say
/// that nobody waits for it any more.
pub fn promise<F>(future: F) -> Promise
where
    F: Future<Output = Result<JsValue, JsValue>> + 'static,
{
    let mut future = Some(future);
    Promise::new(&mut |resolve: Function, reject: Function| {
        let Some(future) = future.take() else { return };
        super::spawn_local(async move {
            let (settle, value) = match future.await {
                Ok(value) => (resolve, value),
                Err(reason) => (reject, reason),
            };
            // Settling functions never throw.
            let _ = settle.call1(&JsValue::UNDEFINED, &value);
        });
    })
}

/// A promise as a future: `JsFuture::from(promise).await`.
///
/// No closure is made for an await: the two callbacks are bound to the number of a slot in a table
/// and used again with it, which makes it several times cheaper than the future of the same name
/// in `js-sys`.
///
/// # Cancel safety
/// Dropping it forgets the promise's value and nothing else; the promise goes on, as promises do.
#[derive(Debug)]
pub struct JsFuture {
    key: Option<Key>,
    /// The table is this thread's.
    _not_send: PhantomData<*const ()>,
}

/// Where the answer will be. A slot is reused at once; a late answer to a dropped future carries an
/// older generation and is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    slot: u32,
    generation: u32,
}

impl From<Promise> for JsFuture {
    fn from(promise: Promise) -> Self {
        TABLE.with(|table| {
            let (key, callbacks) = table.slots.borrow_mut().insert();
            let callbacks = callbacks.unwrap_or_else(|| table.bind(key));
            let pending: &js::Pending = promise.unchecked_ref();
            pending.then(&callbacks.fulfilled, &callbacks.rejected);
            table.slots.borrow_mut().keep(key, callbacks);
            Self { key: Some(key), _not_send: PhantomData }
        })
    }
}

impl Future for JsFuture {
    type Output = Result<JsValue, JsValue>;

    /// # Panics
    /// When polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let key = self.key.expect("a JsFuture was polled after it was ready");
        TABLE.with(|table| {
            let known = match table.slots.borrow_mut().take(key) {
                Ok(answer) => {
                    self.key = None;
                    return Poll::Ready(answer);
                }
                Err(known) => known,
            };
            // Cloning and dropping wakers is foreign code, hence outside of the borrow.
            let waker = known.filter(|known| known.will_wake(cx.waker()));
            let waker = waker.unwrap_or_else(|| cx.waker().clone());
            table.slots.borrow_mut().wait(key, waker);
            Poll::Pending
        })
    }
}

impl Drop for JsFuture {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            // What the slot held dies after the borrow has ended: a waker's drop is foreign code.
            let _state = TABLE.with(|table| table.slots.borrow_mut().remove(key));
        }
    }
}

type Callback = dyn FnMut(u32, u32, JsValue);

std::thread_local! {
    static TABLE: Table = Table {
        slots: RefCell::default(),
        fulfilled: Closure::new(|slot, generation, value| {
            settle(Key { slot, generation }, Ok(value));
        }),
        rejected: Closure::new(|slot, generation, reason| {
            settle(Key { slot, generation }, Err(reason));
        }),
    };
}

struct Table {
    slots: RefCell<Slots>,
    fulfilled: Closure<Callback>,
    rejected: Closure<Callback>,
}

/// What a promise calls, bound to a slot and its generation.
struct Callbacks {
    fulfilled: js::Settle,
    rejected: js::Settle,
}

impl Table {
    fn bind(&self, key: Key) -> Callbacks {
        let bind = |settle: &Closure<Callback>| {
            let settle: &js::Settle = settle.as_ref().unchecked_ref();
            settle.bind(&JsValue::UNDEFINED, key.slot, key.generation)
        };
        Callbacks { fulfilled: bind(&self.fulfilled), rejected: bind(&self.rejected) }
    }
}

fn settle(key: Key, answer: Result<JsValue, JsValue>) {
    let waker = TABLE.with(|table| table.slots.borrow_mut().settle(key, answer));
    if let Some(waker) = waker {
        event_loop::in_callback(|| waker.wake());
    }
}

#[derive(Default)]
struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

struct Slot {
    generation: u32,
    state: State,
    /// From the last await here, if its promise has answered and so will not call again.
    callbacks: Option<Callbacks>,
}

enum State {
    Free,
    Waiting(Option<Waker>),
    Settled(Result<JsValue, JsValue>),
}

impl Slots {
    fn insert(&mut self) -> (Key, Option<Callbacks>) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, state: State::Free, callbacks: None });
            self.slots.len() as u32 - 1
        });
        let entry = &mut self.slots[slot as usize];
        entry.state = State::Waiting(None);
        (Key { slot, generation: entry.generation }, entry.callbacks.take())
    }

    fn keep(&mut self, key: Key, callbacks: Callbacks) {
        self.slots[key.slot as usize].callbacks = Some(callbacks);
    }

    fn remove(&mut self, key: Key) -> State {
        let entry = &mut self.slots[key.slot as usize];
        debug_assert_eq!(entry.generation, key.generation, "a key lives as long as its future");
        let state = std::mem::replace(&mut entry.state, State::Free);
        if let State::Waiting(_) = state {
            entry.generation = entry.generation.wrapping_add(1);
            entry.callbacks = None;
        }
        self.free.push(key.slot);
        state
    }

    /// The answer, or the waker that waits for it; who takes that puts one back.
    fn take(&mut self, key: Key) -> Result<Result<JsValue, JsValue>, Option<Waker>> {
        if let State::Waiting(waker) = &mut self.slots[key.slot as usize].state {
            return Err(waker.take());
        }
        match self.remove(key) {
            State::Settled(answer) => Ok(answer),
            State::Waiting(_) | State::Free => unreachable!("the slot was settled a moment ago"),
        }
    }

    fn wait(&mut self, key: Key, waker: Waker) {
        if let State::Waiting(none) = &mut self.slots[key.slot as usize].state {
            *none = Some(waker);
        }
    }

    /// Answers whom to wake.
    fn settle(&mut self, key: Key, answer: Result<JsValue, JsValue>) -> Option<Waker> {
        let entry = &mut self.slots[key.slot as usize];
        if entry.generation != key.generation {
            return None;
        }
        match std::mem::replace(&mut entry.state, State::Settled(answer)) {
            State::Waiting(waker) => waker,
            State::Settled(_) | State::Free => None,
        }
    }
}
