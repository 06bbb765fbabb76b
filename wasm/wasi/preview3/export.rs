//! The export that a runtime runs inside of, and how it is woken.
//!
//! While the host calls an export, or tells it of an event, its waker does: whoever wakes it then is
//! inside of it. Between two calls it sleeps, and the host alone can wake it, for one of the things that
//! it waits for there. So an export that sleeps also reads from a stream of its own, its *bell*. Another
//! export of the instance that wakes it (by a lock or a channel which both know) writes a byte to that.
//!
//! 1. awake → asleep: [`Export::sleep`], with the bell hung and read from.
//! 2. asleep → awake: [`Export::begin`], when the host calls.
//! 3. rung: by [`Export::wake`] while it sleeps, at most once until the byte was read.
//!
//! The bindings have such a stream, too (their feature `inter-task-wakeup`), which every export makes and
//! reads anew at each turn. This one is made by who waits, and is read until it rings.
//!
//! Why unsafe: which export the host calls is known to the bindings alone; the one function they share
//! that among their versions by is C's.

use super::single::Single;
use crate::lock::Lock;
use core::future::Future;
use core::pin::{Pin, pin};
use core::ptr;
use core::task::{Context, Poll, Waker};
use std::vec::Vec;
use wasip3::wit_bindgen::{StreamReader, StreamWriter};

/// Whom to wake when a task is ready.
#[derive(Default)]
pub(super) struct Export(Lock<State>);

#[derive(Default)]
struct State {
    waker: Option<Waker>,
    /// It was woken since it was begun.
    woken: bool,
    /// What the bindings call the export that was begun last.
    name: usize,
    asleep: bool,
    bell: Option<Bell>,
    /// The byte was written, and not yet read.
    rung: bool,
}

/// The end of the bell outside.
struct Bell {
    stream: StreamWriter<u8>,
    /// Room for the byte, so that waking allocates nothing.
    byte: Vec<u8>,
}

impl Bell {
    fn ring(&mut self) {
        let mut byte = core::mem::take(&mut self.byte);
        byte.clear();
        byte.push(1);
        // The export reads, so this is done at once.
        let ringing = pin!(self.stream.write(byte));
        if let Poll::Ready((_, rest)) = ringing.poll(&mut Context::from_waker(Waker::noop())) {
            self.byte = rest.into_vec();
        }
    }
}

impl Export {
    /// The host calls: who is woken is awake.
    pub(super) fn begin(&self, waker: &Waker) -> Begun {
        let mut state = self.0.lock();
        (state.woken, state.asleep, state.name) = (false, false, called());
        let known = state.waker.as_ref().is_some_and(|known| known.will_wake(waker));
        let before = if known { None } else { state.waker.replace(waker.clone()) };
        drop(state);
        drop(before);
        Begun { anew: !known }
    }

    pub(super) fn wake(&self) {
        let mut state = self.0.lock();
        if core::mem::replace(&mut state.woken, true) {
            return;
        }
        if state.asleep && called() != state.name {
            if state.rung {
                return;
            }
            if let Some(mut bell) = state.bell.take() {
                state.rung = true;
                drop(state);
                bell.ring();
                self.0.lock().bell = Some(bell);
                return;
            }
        }
        let waker = state.waker.clone();
        drop(state);
        waker.iter().for_each(Waker::wake_by_ref);
    }

    fn sleep(&self) {
        self.0.lock().asleep = true;
    }
}

/// What an export learns when it is begun.
pub(super) struct Begun {
    /// Another future waits now than before.
    anew: bool,
}

/// The end of the bell inside.
#[derive(Default)]
pub(super) struct Ear(Option<Single<StreamReader<u8>>>);

impl Ear {
    /// Listens from now on, and lets the export sleep.
    pub(super) fn listen(&mut self, export: &Export, begun: &Begun, cx: &mut Context<'_>) {
        let mut look = begun.anew || export.0.lock().rung;
        let mut hearing = self.0.take().unwrap_or_else(|| {
            look = true;
            let (stream, inside) = wasip3::wit_stream::new();
            export.0.lock().bell = Some(Bell { stream, byte: Vec::with_capacity(1) });
            hear(inside)
        });
        while look && let Poll::Ready(inside) = Pin::new(&mut hearing).poll(cx) {
            export.0.lock().rung = false;
            hearing = hear(inside);
        }
        self.0 = Some(hearing);
        export.sleep();
    }
}

fn hear(mut inside: StreamReader<u8>) -> Single<StreamReader<u8>> {
    Single::new(async move {
        let _ = inside.read(Vec::with_capacity(1)).await;
        inside
    })
}

/// The beginning of what the bindings know of the export that the host calls.
#[repr(C)]
struct Call {
    _version: u32,
    export: *mut u8,
}

unsafe extern "C" {
    /// Sets what is called, and answers what was set before.
    fn wasip3_task_set(call: *mut Call) -> *mut Call;
}

/// Which export the host calls now, if any that may wait: its address, which nobody reads.
fn called() -> usize {
    // SAFETY: nobody looks before it is set back.
    let call = unsafe { wasip3_task_set(ptr::null_mut()) };
    // SAFETY: as above.
    unsafe { wasip3_task_set(call) };
    // SAFETY: what is set is null or lives until it is set to something else, and every version of it
    // begins like this.
    unsafe { call.as_ref() }.map_or(0, |call| call.export.addr())
}
