//! A task that runs a generator of JavaScript's.

use crate::host::home;
use crate::memory;
use crate::objects::{OBJECTS, Object};
use crate::op::{self, CLOSED, OK};
use crate::single::Single;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use creel::sync::Event;
use creel::task::yield_now;
use creel::time::{Duration, sleep};

#[link(wasm_import_module = "js")]
unsafe extern "C" {
    /// Runs the generator of a task to its next `yield`, with the answer to the one before.
    safe fn step(task: u32, answer: i32) -> i32;
    /// One of the operations of a selection, as `step` answers it.
    safe fn arm(index: u32) -> i32;
    /// What belongs to the operation that `step` or `arm` answered last.
    safe fn argument() -> f64;
}

/// The answer of [`selected`].
static SELECTED: Single<Cell<u32>> = Single(Cell::new(0));

/// What others may do with a task.
pub struct Entry {
    /// Ends the operation that the task waits for, with this answer.
    interrupt: Cell<Option<i32>>,
    /// The answer to a task that is parked.
    resumed: Cell<Option<i32>>,
    waker: RefCell<Option<Waker>>,
    ended: Event,
}

/// The entry of a task that has not ended.
fn entry(object: &Object) -> &Entry {
    match object {
        Object::Task(entry) => entry,
        _ => unreachable!("JavaScript gives the numbers of tasks"),
    }
}

/// Starts a task for a generator that JavaScript will know by the answer; 0 for want of memory.
#[unsafe(no_mangle)]
pub extern "C" fn spawn(priority: u32) -> u32 {
    if memory::is_scarce(OBJECTS.len()) {
        return 0;
    }
    let (id, object) = OBJECTS.insert(Object::Task(Entry {
        interrupt: Cell::new(None),
        resumed: Cell::new(None),
        waker: RefCell::new(None),
        ended: Event::manual_reset(),
    }));
    drop(home(priority).spawn(OneThread(run(id, object))));
    id
}

/// Ends the operation that a task waits for with `answer`, if it waits for one.
#[unsafe(no_mangle)]
pub extern "C" fn interrupt(task: u32, answer: i32) {
    if let Some(Object::Task(entry)) = OBJECTS.get(task).as_deref()
        && let Some(waker) = entry.waker.take()
    {
        entry.interrupt.set(Some(answer));
        waker.wake();
    }
}

/// Lets a task that is parked go on.
#[unsafe(no_mangle)]
pub extern "C" fn resume(task: u32, answer: i32) {
    if let Some(Object::Task(entry)) = OBJECTS.get(task).as_deref() {
        entry.resumed.set(Some(answer));
        let waker = entry.waker.take();
        waker.into_iter().for_each(Waker::wake);
    }
}

async fn run(id: u32, object: Rc<Object>) {
    let entry = entry(&object);
    let mut answer = OK;
    loop {
        let word = step(id, answer);
        let (code, object, argument) = unpack(word);
        if code == op::DONE {
            break;
        }
        answer = match code {
            op::SELECT => {
                let arms = (0..argument as u32).map(|index| {
                    let (code, object, argument) = unpack(arm(index));
                    Box::pin(perform(code, object, argument, entry))
                });
                let mut arms: Vec<_> = arms.collect();
                interruptible(entry, pin!(poll_fn(|cx| select(&mut arms, cx)))).await
            }
            _ => interruptible(entry, pin!(perform(code, object, argument, entry))).await,
        };
    }
    // Its number is free from here on; JavaScript remembers how it ended.
    drop(OBJECTS.remove(id));
    entry.ended.set();
}

/// The parts of an operation.
fn unpack(word: i32) -> (i32, u32, f64) {
    let code = word & 15;
    // Crossing costs; few operations need it.
    let argument = match code {
        op::SLEEP | op::SEND | op::ACQUIRE | op::SELECT => argument(),
        _ => 0.0,
    };
    (code, (word >> 4) as u32, argument)
}

/// The first of the operations that is ready; the others are dropped, and lose nothing.
fn select<F: Future<Output = i32>>(arms: &mut [Pin<Box<F>>], cx: &mut Context<'_>) -> Poll<i32> {
    for (index, arm) in arms.iter_mut().enumerate() {
        if let Poll::Ready(answer) = arm.as_mut().poll(cx) {
            SELECTED.set(index as u32);
            return Poll::Ready(answer);
        }
    }
    Poll::Pending
}

/// Which operation of a selection was done: the last one, so ask in the `step` that follows.
#[unsafe(no_mangle)]
pub extern "C" fn selected() -> u32 {
    SELECTED.get()
}

/// Does an operation.
async fn perform(code: i32, object: u32, argument: f64, entry: &Entry) -> i32 {
    match code {
        op::YIELD => yield_now().await,
        op::SLEEP => sleep(duration(argument)).await,
        op::PARK => return parked(entry).await,
        _ => match OBJECTS.get(object) {
            Some(object) => return perform_on(code, &object, argument as u32).await,
            None => return CLOSED,
        },
    }
    OK
}

/// Does an operation on an object.
pub(crate) async fn perform_on(code: i32, object: &Object, argument: u32) -> i32 {
    match (code, object) {
        (op::WAIT, Object::Signal(signal) | Object::Task(Entry { ended: signal, .. })) => {
            signal.wait().await;
            OK
        }
        (op::SEND, Object::Queue(queue)) => {
            let sender = queue.sender.borrow().clone();
            match sender {
                Some(sender) => sender.send(argument).await.map_or(CLOSED, |()| OK),
                None => CLOSED,
            }
        }
        (op::RECEIVE, Object::Queue(queue)) => {
            queue.receiver.recv().await.map_or(CLOSED, |place| place as i32)
        }
        (op::ACQUIRE, Object::Semaphore(semaphore)) => {
            match semaphore.acquire_many(argument).await {
                Ok(permits) => {
                    permits.forget();
                    OK
                }
                Err(_) => CLOSED,
            }
        }
        _ => unreachable!("no such operation"),
    }
}

fn parked(entry: &Entry) -> impl Future<Output = i32> {
    poll_fn(|_| entry.resumed.take().map_or(Poll::Pending, Poll::Ready))
}

fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or(if ms > 0.0 {
        Duration::MAX
    } else {
        Duration::ZERO
    })
}

fn interruptible<'a, F>(entry: &'a Entry, operation: Pin<&'a mut F>) -> Interruptible<'a, F> {
    Interruptible { entry, operation }
}

/// An operation that can be ended from outside.
struct Interruptible<'a, F> {
    entry: &'a Entry,
    operation: Pin<&'a mut F>,
}

impl<F: Future<Output = i32>> Future for Interruptible<'_, F> {
    type Output = i32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<i32> {
        // First the operation: what it has got is not lost.
        let polled = self.operation.as_mut().poll(cx);
        let interrupted = self.entry.interrupt.take().map_or(Poll::Pending, Poll::Ready);
        if polled.is_ready() || interrupted.is_ready() {
            drop(self.entry.waker.take());
            return if polled.is_ready() { polled } else { interrupted };
        }
        let mut waker = self.entry.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

/// A future that never leaves the one thread there is.
struct OneThread<F>(F);

// SAFETY: an instance runs on one thread: it is built without threads (`cfg` below).
#[cfg(not(target_feature = "atomics"))]
unsafe impl<F> Send for OneThread<F> {}

impl<F: Future> Future for OneThread<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the field is pinned when the whole is; it is never moved out.
        unsafe { self.map_unchecked_mut(|this| &mut this.0) }.poll(cx)
    }
}
