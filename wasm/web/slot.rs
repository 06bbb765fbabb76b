//! One call of JavaScript that a task waits for: the settling of a promise, a frame.
//!
//! The two functions that JavaScript may call are bound to the number of a slot in a table, so no
//! closure is made for a wait, and they are used again with the slot. A slot is free, waiting for
//! its call, or settled. A late call to a future that was dropped carries an older generation and
//! is ignored.

use super::{call, event_loop, js};
use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::vec::Vec;
use wasm_bindgen::JsValue;

/// The future of one call; `Ok` or `Err` by which of the two functions it was.
#[derive(Debug)]
pub(super) struct Awaited {
    key: Option<Key>,
    /// The table is this thread's.
    _not_send: PhantomData<*const ()>,
}

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

impl Awaited {
    /// Hands the two functions to `start`, which has JavaScript call one of them once.
    pub(super) fn new(start: impl FnOnce(&js::Callback, &js::Callback)) -> Self {
        let (key, callbacks) = SLOTS.with_borrow_mut(Slots::insert);
        let callbacks = callbacks.unwrap_or_else(|| Callbacks::new(key));
        start(&callbacks.fulfilled, &callbacks.rejected);
        SLOTS.with_borrow_mut(|slots| slots.keep(key, callbacks));
        Self { key: Some(key), _not_send: PhantomData }
    }

    /// One whose call the caller makes itself, by [`settle`].
    pub(super) fn by_hand(start: impl FnOnce(Key)) -> Self {
        let (key, callbacks) = SLOTS.with_borrow_mut(Slots::insert);
        start(key);
        callbacks
            .into_iter()
            .for_each(|callbacks| SLOTS.with_borrow_mut(|slots| slots.keep(key, callbacks)));
        Self { key: Some(key), _not_send: PhantomData }
    }
}

impl Future for Awaited {
    type Output = Result<JsValue, JsValue>;

    /// # Panics
    /// When polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let key = self.key.expect("a future was polled after it was ready");
        match SLOTS.with_borrow_mut(|slots| slots.look(key, cx.waker())) {
            Look::Settled(answer) => {
                self.key = None;
                return Poll::Ready(answer);
            }
            Look::Waits => {}
            Look::WaitsForOther => {
                // Cloning and dropping wakers is foreign code, hence outside of the borrow.
                let waker = cx.waker().clone();
                let _other = SLOTS.with_borrow_mut(|slots| slots.wait(key, waker));
            }
        }
        Poll::Pending
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            // What the slot held dies after the borrow has ended: a waker's drop is foreign code.
            let _state = SLOTS.with_borrow_mut(|slots| slots.remove(key));
        }
    }
}

std::thread_local! {
    static SLOTS: RefCell<Slots> = const { RefCell::new(Slots { slots: Vec::new(), free: Vec::new() }) };
}

/// What JavaScript calls, bound to a slot, its generation, and which of the two functions it is.
pub(super) fn settle(slot: u32, generation: u32, fulfilled: u32, value: JsValue) {
    let answer = if fulfilled == 1 { Ok(value) } else { Err(value) };
    let key = Key { slot, generation };
    let waker = SLOTS.with_borrow_mut(|slots| slots.settle(key, answer));
    if let Some(waker) = waker {
        event_loop::wake_in_callback(waker);
    }
}

struct Callbacks {
    fulfilled: js::Callback,
    rejected: js::Callback,
}

impl Callbacks {
    fn new(key: Key) -> Self {
        let settle = call::bound(call::Kind::Settled, settle);
        let bind = |fulfilled| settle.to(key.slot, key.generation, u32::from(fulfilled));
        Self { fulfilled: bind(true), rejected: bind(false) }
    }
}

struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

struct Slot {
    generation: u32,
    state: State,
    /// From the last wait here, if JavaScript has called and so will not call again.
    callbacks: Option<Callbacks>,
}

/// What the future finds in its slot.
enum Look {
    Settled(Result<JsValue, JsValue>),
    /// The waker that it has is known.
    Waits,
    /// Another waker is known, or none.
    WaitsForOther,
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

    /// Takes the answer, if it is there.
    fn look(&mut self, key: Key, waker: &Waker) -> Look {
        match &self.slots[key.slot as usize].state {
            State::Waiting(Some(known)) if known.will_wake(waker) => return Look::Waits,
            State::Waiting(_) => return Look::WaitsForOther,
            State::Settled(_) | State::Free => {}
        }
        match self.remove(key) {
            State::Settled(answer) => Look::Settled(answer),
            State::Waiting(_) | State::Free => unreachable!("the slot was settled a moment ago"),
        }
    }

    /// Answers the waker that is not needed any more, or this one if the slot was settled meanwhile.
    fn wait(&mut self, key: Key, waker: Waker) -> Option<Waker> {
        match &mut self.slots[key.slot as usize].state {
            State::Waiting(known) => known.replace(waker),
            State::Settled(_) | State::Free => Some(waker),
        }
    }

    /// Answers whom to wake.
    fn settle(&mut self, key: Key, answer: Result<JsValue, JsValue>) -> Option<Waker> {
        let entry = self.slots.get_mut(key.slot as usize)?;
        if entry.generation != key.generation {
            return None;
        }
        match std::mem::replace(&mut entry.state, State::Settled(answer)) {
            State::Waiting(waker) => waker,
            State::Settled(_) | State::Free => None,
        }
    }
}
