//! What the two halves of a oneshot channel share: one allocation without a counter.
//!
//! # Bits of the state
//!
//! | bit | set by | means |
//! |---|---|---|
//! | `SENT` | sender | the sender has spoken its last word: a value, or that none will come |
//! | `VALUE` | sender, with `SENT` | the last word was a value |
//! | `CLOSED` | receiver | nothing sent from now on is accepted |
//! | `RX_WAKER` | receiver | the receiver's waker is in its cell |
//! | `TX_WAKER` | sender | the sender's waker is in its cell |
//! | `TX_GONE` | sender | the sender touches the allocation no more |
//! | `RX_GONE` | receiver | the receiver touches the allocation no more |
//! | `REFILLED` | receiver | its waker was exchanged for another |
//!
//! # Who may touch what
//!
//! 1. `value` is the sender's until `SENT`, then the receiver's. [`speak`](Cell::speak) never sets
//!    `SENT` with `VALUE` after `CLOSED`: it takes the value back instead.
//! 2. A half writes its waker while its bit is clear, and then sets the bit. With the bit set, the
//!    half may compare the waker, and clear the bit to own the cell again, as long as the *stop*
//!    bit of the other half (`SENT` for the receiver, `CLOSED` for the sender) is clear.
//! 3. Who sets the stop bit over a set waker bit owns that cell: it moves the waker out, clears
//!    the bit, and wakes. Who sets it over a clear bit never looks at the cell. As long as
//!    `REFILLED` is clear the receiver's cell was filled once, so the sender reads it before: the
//!    step that sets `SENT` fails if the receiver has taken the waker back meanwhile.
//! 4. Who sets the second of the two `GONE` bits, or finds the other set when it is done, frees.
//!    It drops the wakers whose bits are set; the value was taken before by the receiver.
//!
//! So an exchange is one compare-and-swap by the sender: it sets `VALUE`, `SENT` and `TX_GONE` at
//! once, and the receiver reads and frees without any; if it has to wait before, that is one more.

// Why unsafe: the bits above decide who may touch which field, which no type can say.

use crate::atomic::{AtomicUsize, Ordering, UnsafeCell};
use crate::env::waker_slot::WakerSlot;
use alloc::boxed::Box;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::task::Waker;

pub(super) const SENT: usize = 1;
pub(super) const VALUE: usize = 1 << 1;
pub(super) const CLOSED: usize = 1 << 2;
const RX_WAKER: usize = 1 << 3;
const TX_WAKER: usize = 1 << 4;
const TX_GONE: usize = 1 << 5;
const RX_GONE: usize = 1 << 6;
const REFILLED: usize = 1 << 7;

/// The shared allocation. Its methods are safe by the rules above as long as the callers keep to
/// their half: `speak`, `watch_closed` and `leave_tx` are the sender's, the rest the receiver's.
#[derive(Debug)]
pub(super) struct Cell<T> {
    state: AtomicUsize,
    value: UnsafeCell<MaybeUninit<T>>,
    rx_waker: WakerSlot,
    tx_waker: WakerSlot,
}

/// What `register` needs to know about the half that waits.
struct Half<'a> {
    cell: &'a WakerSlot,
    bit: usize,
    /// What to set when the waker is exchanged.
    refilled: usize,
    /// The bit by which the other half ends the wait.
    stop: usize,
}

/// A pointer to the cell, held by each half until it is done.
#[derive(Debug)]
pub(super) struct Link<T>(NonNull<Cell<T>>);

impl<T> Link<T> {
    /// Where the channel is, for dumps.
    pub(super) fn address(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }

    /// The links of the two halves.
    #[inline]
    pub(super) fn pair() -> (Self, Self) {
        let cell = NonNull::from(Box::leak(Box::new(Cell {
            state: AtomicUsize::new(0),
            value: UnsafeCell::new(MaybeUninit::uninit()),
            rx_waker: WakerSlot::new(),
            tx_waker: WakerSlot::new(),
        })));
        (Self(cell), Self(cell))
    }

    #[inline]
    fn cell(&self) -> &Cell<T> {
        // SAFETY: rule 4: the cell lives until both halves are done, and a half that is done has
        // given its link away.
        unsafe { self.0.as_ref() }
    }

    #[inline]
    pub(super) fn state(&self) -> usize {
        // Acquire pairs with the Release of whoever set a bit: what it guards is readable.
        self.cell().state.load(Ordering::Acquire)
    }

    /// Sets the bits by which this half says that it is done; the last one frees.
    fn done(self, bits: usize, other_gone: usize) {
        // Release: all accesses of this half come before the free. Acquire: of the other too.
        let before = self.cell().state.fetch_or(bits, Ordering::AcqRel);
        if before & other_gone != 0 {
            self.free(before);
        }
    }

    fn free(self, state: usize) {
        // SAFETY: rule 4: the other half is gone, and this one gives its link away.
        let cell = unsafe { Box::from_raw(self.0.as_ptr()) };
        let waker = |cell: &WakerSlot, bit| {
            // SAFETY: rule 2: a set bit means that a waker is there, and nobody else is left.
            (state & bit != 0).then(|| unsafe { cell.read().into_waker() })
        };
        let wakers = (waker(&cell.rx_waker, RX_WAKER), waker(&cell.tx_waker, TX_WAKER));
        drop(cell);
        drop(wakers);
    }
}

/// The sender's side.
impl<T> Link<T> {
    /// Says the last word: a value, or `None`. Gives the value back if the receiver has closed.
    #[inline]
    pub(super) fn speak(self, word: Option<T>) -> Result<(), T> {
        let cell = self.cell();
        let mut bits = SENT;
        if let Some(value) = word {
            // SAFETY: rule 1: before `SENT` the value is the sender's.
            cell.value.with_mut(|place| unsafe { (*place).write(value) });
            bits |= VALUE;
        }
        // Acquire, here and on failure, pairs with the Release that set `RX_WAKER`.
        let mut state = cell.state.load(Ordering::Acquire);
        loop {
            if state & CLOSED != 0 {
                return self.refused(bits);
            }
            let waits = state & RX_WAKER != 0;
            // Rule 3.
            let words = (waits && state & REFILLED == 0).then(|| cell.rx_waker.read());
            let new = match &words {
                Some(_) => (state & !RX_WAKER) | bits | TX_GONE,
                None if waits => state | bits,
                None => state | bits | TX_GONE,
            };
            // Release hands the value over; it pairs with the Acquire in `state`. Acquire as above:
            // the waker becomes ours.
            let (done, not) = (Ordering::AcqRel, Ordering::Acquire);
            if let Err(now) = cell.state.compare_exchange_weak(state, new, done, not) {
                state = now;
                continue;
            }
            if let Some(words) = words {
                // SAFETY: rule 3: the words were read after the cell was filled for the first
                // time, and the receiver has not taken the waker back.
                unsafe { words.into_waker() }.wake();
            } else if waits {
                self.wake_receiver();
            }
            return Ok(());
        }
    }

    /// `SENT` was set over `RX_WAKER`.
    #[cold]
    fn wake_receiver(self) {
        let cell = self.cell();
        // SAFETY: rule 3.
        let waker = unsafe { cell.rx_waker.read().into_waker() };
        // Both bits change: only this half clears `RX_WAKER` now, and only it sets `TX_GONE`.
        // AcqRel as in `done`.
        let before = cell.state.fetch_xor(RX_WAKER | TX_GONE, Ordering::AcqRel);
        if before & RX_GONE != 0 {
            self.free(before & !RX_WAKER);
        }
        waker.wake();
    }

    #[cold]
    fn refused(self, bits: usize) -> Result<(), T> {
        let value = (bits & VALUE != 0).then(|| {
            // SAFETY: rule 1: `SENT` was not set, so the value just written is still ours.
            self.cell().value.with(|place| unsafe { (*place).assume_init_read() })
        });
        self.done(SENT | TX_GONE, RX_GONE);
        value.map_or(Ok(()), Err)
    }

    /// Has `waker` called when the receiver closes. Answers whether it has closed.
    pub(super) fn watch_closed(&self, waker: &Waker) -> bool {
        let cell = self.cell();
        let half = Half { cell: &cell.tx_waker, bit: TX_WAKER, refilled: 0, stop: CLOSED };
        cell.register(&half, waker)
    }
}

/// The receiver's side.
impl<T> Link<T> {
    /// Has `waker` called when the sender has spoken. Answers whether it has.
    #[inline(never)]
    pub(super) fn watch_sent(&self, waker: &Waker) -> bool {
        let cell = self.cell();
        let half = Half { cell: &cell.rx_waker, bit: RX_WAKER, refilled: REFILLED, stop: SENT };
        cell.register(&half, waker)
    }

    /// Refuses what is not sent yet, and answers the state from before.
    pub(super) fn close(&self) -> usize {
        let cell = self.cell();
        // Acquire pairs with the Releases of the sender: a value or its waker becomes ours.
        // Nothing is handed over by this bit itself.
        let before = cell.state.fetch_or(CLOSED, Ordering::AcqRel);
        if before & (CLOSED | SENT | TX_WAKER) == TX_WAKER {
            // SAFETY: rule 3.
            let waker = unsafe { cell.tx_waker.read().into_waker() };
            // Release: we read the cell before the sender may free it.
            cell.state.fetch_and(!TX_WAKER, Ordering::AcqRel);
            waker.wake();
        }
        before
    }

    /// Takes the last word, which `state` says has been spoken, and is done.
    #[inline]
    pub(super) fn hear(self, state: usize) -> Option<T> {
        debug_assert!(state & SENT != 0);
        let value = (state & VALUE != 0).then(|| {
            // SAFETY: rule 1: after `SENT` the value is the receiver's, which reads it once: the
            // link ends here.
            self.cell().value.with(|place| unsafe { (*place).assume_init_read() })
        });
        if state & TX_GONE != 0 {
            self.free(state);
        } else {
            self.done(RX_GONE, TX_GONE);
        }
        value
    }

    /// Closes and is done; answers a value that had arrived.
    #[inline]
    pub(super) fn leave(self) -> Option<T> {
        // Closing wakes, and a waker may panic: be done all the same.
        struct Leave<T>(Option<Link<T>>);
        impl<T> Drop for Leave<T> {
            fn drop(&mut self) {
                if let Some(link) = self.0.take() {
                    let state = link.state();
                    if state & SENT == 0 {
                        link.done(RX_GONE, TX_GONE)
                    } else {
                        drop(link.hear(state))
                    }
                }
            }
        }
        let state = self.state();
        if state & SENT != 0 {
            return self.hear(state);
        }
        let mut leave = Leave(Some(self));
        if let Some(link) = &leave.0 {
            let before = link.close();
            if before & SENT != 0 {
                return leave.0.take().and_then(|link| link.hear(before));
            }
        }
        None
    }
}

impl<T> Cell<T> {
    /// Leaves `waker` in the cell of a half, or finds that the other half has set the stop bit.
    #[inline]
    fn register(&self, half: &Half<'_>, waker: &Waker) -> bool {
        // Acquire pairs with the Release of the other half's stop bit.
        let mut state = self.state.load(Ordering::Acquire);
        let mut stale = None;
        if state & half.bit != 0 && state & half.stop == 0 {
            // Whoever moves the waker out leaves the words as they are.
            if half.cell.read().are_of(waker) {
                return false;
            }
            while state & half.stop == 0 {
                // Acquire: on failure as in the load above.
                match self.state.compare_exchange_weak(
                    state,
                    (state & !half.bit) | half.refilled,
                    Ordering::Acquire,
                    Ordering::Acquire,
                ) {
                    Ok(_) => {
                        // SAFETY: rule 2: the bit was cleared before the stop bit came.
                        stale = Some(unsafe { half.cell.read().into_waker() });
                        break;
                    }
                    Err(now) => state = now,
                }
            }
        }
        if state & half.stop != 0 {
            return true;
        }
        let fresh = waker.clone();
        // Rule 2: the bit is clear.
        half.cell.write(fresh);
        // Release hands the waker to the half that sets the stop bit over ours (its AcqRel).
        // Acquire: it may have set it already, without a look at the cell.
        let before = self.state.fetch_or(half.bit, Ordering::AcqRel);
        drop(stale);
        before & half.stop != 0
    }
}
