//! One call of JavaScript that a task waits for: the settling of a promise, a frame.
//!
//! The two functions that JavaScript may call are bound to the number of a slot in a table, so no
//! closure is made for a wait. The future has them while it waits; when JavaScript has called one, and so
//! will not call again, they are used again with the slot. A slot is free, waiting for
//! its call, or settled. A late call to a future that was dropped carries an older generation and
//! is ignored.

use super::{call, event_loop, js};
use crate::collections::at_mut;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::vec::Vec;
use wasm_bindgen::JsValue;

/// The future of one call; `Ok` or `Err` by which of the two functions it was.
pub(super) struct Awaited {
    /// Until it is ready.
    seat: Option<Seat>,
    /// The slot has a waker.
    enlisted: bool,
    /// The table is this thread's.
    _not_send: PhantomData<*const ()>,
}

/// A slot, in the hands of a future or free, with the callbacks of a wait if JavaScript will not call
/// them again.
struct Seat {
    slot: u32,
    callbacks: Option<Callbacks>,
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
        let (key, mut seat) = SLOTS.with_borrow_mut(Slots::insert);
        let callbacks = seat.callbacks.get_or_insert_with(|| Callbacks::new(key));
        start(&callbacks.fulfilled, &callbacks.rejected);
        Self::at(seat)
    }

    /// One whose call the caller makes itself, by [`settle`].
    pub(super) fn by_hand(start: impl FnOnce(Key)) -> Self {
        let (key, seat) = SLOTS.with_borrow_mut(Slots::insert);
        start(key);
        Self::at(seat)
    }

    fn at(seat: Seat) -> Self {
        Self { seat: Some(seat), enlisted: false, _not_send: PhantomData }
    }
}

impl Future for Awaited {
    type Output = Result<JsValue, JsValue>;

    /// # Panics
    /// When polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(Seat { slot, .. }) = self.seat else {
            panic!("a future was polled after it was ready")
        };
        // Cloning and dropping wakers is foreign code, hence outside of the borrow.
        let enlisted = mem::replace(&mut self.enlisted, true);
        let mut waker = (!enlisted).then(|| cx.waker().clone());
        loop {
            let look = |slots: &mut Slots| slots.look(slot, &mut self.seat, cx.waker(), &mut waker);
            match SLOTS.with_borrow_mut(look) {
                Look::Settled(answer) => return Poll::Ready(answer),
                Look::Waits => return Poll::Pending,
                Look::WaitsForOther => waker = Some(cx.waker().clone()),
            }
        }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            // A waker's drop is foreign code.
            let _waker = SLOTS.with_borrow_mut(|slots| slots.leave(seat));
        }
    }
}

impl fmt::Debug for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = self.seat.as_ref().map(|seat| seat.slot);
        f.debug_struct("Awaited").field("slot", &slot).finish_non_exhaustive()
    }
}

std::thread_local! {
    static SLOTS: RefCell<Slots> = const { RefCell::new(Slots { slots: Vec::new(), free: Vec::new() }) };
}

/// What JavaScript calls, bound to a slot, its generation, and which of the two functions it is.
pub(super) fn settle(slot: u32, generation: u32, fulfilled: u32, value: JsValue) {
    let key = Key { slot, generation };
    let state = if fulfilled == 1 { State::Fulfilled } else { State::Rejected };
    let waker = SLOTS.with_borrow_mut(|slots| slots.settle(key, state, value));
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
    free: Vec<Seat>,
}

struct Slot {
    generation: u32,
    state: State,
    /// Who waits, if anybody has asked.
    waker: Option<Waker>,
    /// What the settled slot got.
    value: JsValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Waiting,
    Fulfilled,
    Rejected,
}

/// What the future finds in its slot.
enum Look {
    Settled(Result<JsValue, JsValue>),
    /// The waker that it has is known.
    Waits,
    /// Another waker is known.
    WaitsForOther,
}

impl Slots {
    fn insert(&mut self) -> (Key, Seat) {
        let seat = self.free.pop().unwrap_or_else(|| {
            let (state, value) = (State::Free, JsValue::UNDEFINED);
            self.slots.push(Slot { generation: 0, state, waker: None, value });
            Seat { slot: self.slots.len() as u32 - 1, callbacks: None }
        });
        let entry = at_mut(&mut self.slots, seat.slot as usize);
        entry.state = State::Waiting;
        (Key { slot: seat.slot, generation: entry.generation }, seat)
    }

    /// Takes the answer and the seat, if the slot is settled, else `new` as the waker, if there is one:
    /// what it was before is left there.
    fn look(
        &mut self,
        slot: u32,
        seat: &mut Option<Seat>,
        waker: &Waker,
        new: &mut Option<Waker>,
    ) -> Look {
        let entry = at_mut(&mut self.slots, slot as usize);
        if entry.state == State::Waiting {
            if new.is_some() {
                mem::swap(&mut entry.waker, new);
                return Look::Waits;
            }
            let is_known = entry.waker.as_ref().is_some_and(|known| known.will_wake(waker));
            return if is_known { Look::Waits } else { Look::WaitsForOther };
        }
        let value = mem::replace(&mut entry.value, JsValue::UNDEFINED);
        let is_kept = mem::replace(&mut entry.state, State::Free) == State::Fulfilled;
        self.free.extend(seat.take());
        Look::Settled(if is_kept { Ok(value) } else { Err(value) })
    }

    /// Answers the waker that is not needed any more.
    fn leave(&mut self, mut seat: Seat) -> Option<Waker> {
        let entry = at_mut(&mut self.slots, seat.slot as usize);
        let is_waiting = mem::replace(&mut entry.state, State::Free) == State::Waiting;
        if is_waiting {
            entry.generation = entry.generation.wrapping_add(1);
            seat.callbacks = None;
        }
        entry.value = JsValue::UNDEFINED;
        self.free.push(seat);
        entry.waker.take()
    }

    /// Answers whom to wake.
    fn settle(&mut self, key: Key, state: State, value: JsValue) -> Option<Waker> {
        let entry = self.slots.get_mut(key.slot as usize)?;
        if entry.generation != key.generation || entry.state != State::Waiting {
            return None;
        }
        entry.state = state;
        entry.value = value;
        entry.waker.take()
    }
}
