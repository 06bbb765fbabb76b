//! Tasks that run generators of JavaScript's, by number.
//!
//! A task is *ready*, or *parked* until [`wake`] is called for it or its deadline comes, and then it is
//! ready again. When it has its turn, `step` runs its generator until that has to wait, and says for
//! what: for a turn, for so long at most, or for nothing any more. What it is that a task waits for, and
//! what it gets, are JavaScript's business.

use crate::ALLOCATOR;
use crate::host::{start, time_passed};
use crate::single::Single;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::Future;
#[cfg(feature = "sim")]
use core::future::poll_fn;
use core::mem;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker, ready};
use creel::task::yield_now;
use creel::time::{Duration, Sleep, sleep};

#[link(wasm_import_module = "js")]
unsafe extern "C" {
    /// Gives a task its turn. The answer: for how many milliseconds it waits at most, infinity for as long
    /// as it takes; or one of the two below.
    safe fn step(task: u32) -> f64;
}

/// The answer of a task that waits only for its next turn.
const YIELD: f64 = -1.0;
/// The answer of a task that has ended.
const DONE: f64 = -2.0;
/// What a task is spawned with that has not begun.
const START: f64 = -3.0;

/// Where a parked task is found.
struct Seat {
    waker: Option<Waker>,
    /// Somebody has woken it since it was parked.
    is_woken: bool,
}

/// By the numbers of tasks. JavaScript gives these, from the smallest up, and those of tasks that have ended
/// before new ones.
static SEATS: Single<RefCell<Vec<Seat>>> = Single(RefCell::new(Vec::new()));

/// What a new task may need beside its own memory; and for each seat, so that their table can double.
const SPARE: usize = 0x10000;
const SPARE_OF_A_SEAT: usize = 64;

/// Makes the seat of this number, unless it is there; `false` for want of memory.
fn prepare(task: u32) -> bool {
    let mut seats = SEATS.borrow_mut();
    while seats.len() <= task as usize {
        // A number that was used before has memory that was used before. Whatever is begun can go on.
        if !ALLOCATOR.has(SPARE + SPARE_OF_A_SEAT * (seats.len() + 1).next_power_of_two()) {
            return false;
        }
        seats.push(Seat { waker: None, is_woken: false });
    }
    true
}

/// Forgets all seats.
#[cfg(feature = "sim")]
pub fn clear() {
    SEATS.take();
}

/// Starts a task with this number, or takes over one that waits already, as `step` would answer; the answer
/// is 0 for want of memory.
#[unsafe(no_mangle)]
pub extern "C" fn spawn(task: u32, priority: u32, wait: f64) -> u32 {
    if !prepare(task) {
        return 0;
    }
    start(priority, Run { task, wait, due: None });
    1
}

/// Lets a parked task go on.
#[unsafe(no_mangle)]
pub extern "C" fn wake(task: u32) {
    let waker = SEATS.borrow_mut().get_mut(task as usize).and_then(|seat| {
        seat.is_woken = true;
        seat.waker.take()
    });
    waker.into_iter().for_each(Waker::wake);
}

/// Runs a generator to its end.
struct Run {
    task: u32,
    /// What it waits for, as `step` answered.
    wait: f64,
    /// When it goes on at the latest, while it waits for something that has such a time. Pinned with the whole.
    due: Option<Sleep>,
}

// SAFETY: an instance runs on one thread: where memory can be shared this does not build.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Send for Run {}

impl Future for Run {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: `due` is never moved once it is there, and is dropped where it is.
        let Self { task, wait, due } = unsafe { self.get_unchecked_mut() };
        loop {
            match *wait {
                START => {}
                YIELD => {
                    *wait = START;
                    return pin!(yield_now()).poll(cx);
                }
                _ if is_woken(*task, cx) => {}
                f64::INFINITY => return Poll::Pending,
                milliseconds => {
                    let due = due.get_or_insert_with(|| sleep(duration(milliseconds)));
                    // SAFETY: it is pinned as `self` is.
                    ready!(unsafe { Pin::new_unchecked(due) }.poll(cx));
                }
            }
            *due = None;
            *wait = step(*task);
            time_passed();
            if *wait == DONE {
                break;
            }
        }
        // Its own waker would keep the memory of a task whose last deadline came.
        if let Some(seat) = SEATS.borrow_mut().get_mut(*task as usize) {
            seat.waker = None;
        }
        Poll::Ready(())
    }
}

/// Whether a task was woken since it was parked; if not it will be.
fn is_woken(task: u32, cx: &mut Context<'_>) -> bool {
    let mut seats = SEATS.borrow_mut();
    let Some(seat) = seats.get_mut(task as usize) else { return false };
    let is_woken = mem::take(&mut seat.is_woken);
    // A task has the same waker all its life.
    if !is_woken && seat.waker.is_none() {
        seat.waker = Some(cx.waker().clone());
    }
    is_woken
}

/// Waits until a task is woken.
#[cfg(feature = "sim")]
pub fn woken(task: u32) -> impl Future<Output = ()> {
    poll_fn(move |cx| if is_woken(task, cx) { Poll::Ready(()) } else { Poll::Pending })
}

/// Less than no time is no time, and so is what is no number; too much is as much as there is.
fn duration(milliseconds: f64) -> Duration {
    Duration::from_nanos((milliseconds * 1e6) as u64)
}
