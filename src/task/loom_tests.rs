//! The protocol of a task cell and of its executor, in every interleaving.

use super::executor::{Blocking, Executor, ExecutorHandle, Wake};
use super::join::JoinHandle;
use super::observer::Watch;
use super::queue::ReadyQueue;
use super::spawn::start;
use alloc::boxed::Box;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use loom::future::block_on;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use loom::sync::{Arc, Mutex};
use loom::thread;

fn executor() -> ExecutorHandle {
    Executor::start(
        ReadyQueue::default(),
        None,
        None,
        Wake::Hook(Box::new(|| {})),
        Blocking::Refused,
        Watch::none(),
    )
}

fn spawn<F>(executor: &Executor, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    start(executor.owner(), future, (), false)
}

/// Drives until the task has ended.
fn finish<T>(executor: &Executor, handle: &JoinHandle<T>) {
    while !handle.is_finished() {
        let driving = executor.drive().unwrap();
        if driving.run(8) == 0 {
            drop(driving);
            thread::yield_now();
        }
    }
}

/// Counts its drops, and is known to loom.
struct Drops(Arc<AtomicUsize>);

impl Drop for Drops {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A flag that a task waits for, set from another thread.
#[derive(Clone)]
struct Flag(Arc<(AtomicBool, Mutex<Option<Waker>>)>);

impl Flag {
    fn new() -> Self {
        Self(Arc::new((AtomicBool::new(false), Mutex::new(None))))
    }

    fn set(&self) {
        self.0.0.store(true, SeqCst);
        let waker = self.0.1.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        *self.0.1.lock().unwrap() = Some(cx.waker().clone());
        if self.0.0.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[test]
fn loom_a_wake_during_a_poll_is_not_lost() {
    loom::model(|| {
        let executor = executor();
        let flag = Flag::new();
        let inner = flag.clone();
        let handle = spawn(&executor, poll_fn(move |cx| inner.poll(cx)));
        let waking = thread::spawn(move || flag.set());
        finish(&executor, &handle);
        waking.join().unwrap();
    });
}

#[test]
fn loom_two_wakers_make_one_task_ready() {
    loom::model(|| {
        let executor = executor();
        let polls = Arc::new(AtomicUsize::new(0));
        let slot = Arc::new(Mutex::new(None));
        let handle = spawn(&executor, {
            let (polls, slot) = (polls.clone(), slot.clone());
            poll_fn(move |cx| {
                *slot.lock().unwrap() = Some(cx.waker().clone());
                if polls.fetch_add(1, SeqCst) == 0 { Poll::Pending } else { Poll::Ready(()) }
            })
        });
        executor.drive().unwrap().run(1);
        let waker = slot.lock().unwrap().take().unwrap();
        let other = waker.clone();
        let waking = thread::spawn(move || other.wake());
        waker.wake_by_ref();
        finish(&executor, &handle);
        waking.join().unwrap();
        drop(waker);
        assert_eq!(polls.load(SeqCst), 2);
    });
}

#[test]
fn loom_joining_from_another_thread_sees_the_output() {
    loom::model(|| {
        let executor = executor();
        let handle = spawn(&executor, async { 7 });
        let abort = handle.abort_handle();
        let joining = thread::spawn(move || block_on(handle).unwrap());
        while !abort.is_finished() {
            executor.drive().unwrap().run(1);
            thread::yield_now();
        }
        assert_eq!(joining.join().unwrap(), 7);
    });
}

#[test]
fn loom_an_output_is_dropped_once_whoever_is_first() {
    loom::model(|| {
        let executor = executor();
        let drops = Arc::new(AtomicUsize::new(0));
        let output = Drops(drops.clone());
        let mut handle = spawn(&executor, async move { output });
        let dropping = thread::spawn(move || {
            // The waker in the slot is dropped by one of the two as well.
            let _ = pin!(&mut handle).poll(&mut Context::from_waker(Waker::noop()));
            drop(handle);
        });
        executor.drive().unwrap().run(1);
        dropping.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn loom_the_join_waker_may_change_while_the_task_ends() {
    loom::model(|| {
        let executor = executor();
        let mut handle = spawn(&executor, async { 1 });
        let mut cx = Context::from_waker(Waker::noop());
        let _ = pin!(&mut handle).poll(&mut cx);
        let abort = handle.abort_handle();
        let joining = thread::spawn(move || block_on(handle).unwrap());
        while !abort.is_finished() {
            executor.drive().unwrap().run(1);
            thread::yield_now();
        }
        joining.join().unwrap();
    });
}

/// The handle of a task that lends its waker.
type Own = Arc<Mutex<Option<JoinHandle<()>>>>;

/// A task lends its waker to another thread during its second poll, in which it does what `prepare`
/// answers; that makes other tasks, which have had a poll by then, and is given the task's handle. The
/// wake must not be lost.
fn lend_waker(prepare: impl FnOnce(&ExecutorHandle, Own) -> Box<dyn FnOnce() + Send>) {
    let executor = executor();
    let polls = Arc::new(AtomicUsize::new(0));
    let inside = Arc::new(Mutex::new(None::<Box<dyn FnOnce() + Send>>));
    let lends = {
        let (polls, inside) = (polls.clone(), inside.clone());
        poll_fn(move |cx| {
            match polls.fetch_add(1, SeqCst) {
                0 => cx.waker().wake_by_ref(),
                1 => {
                    // SAFETY: the other thread ends before the poll does, as one of a scope would.
                    let waker: &'static Waker = unsafe { &*core::ptr::from_ref(cx.waker()) };
                    let waking = thread::spawn(move || waker.wake_by_ref());
                    let inside = inside.lock().unwrap().take().unwrap();
                    inside();
                    waking.join().unwrap();
                }
                _ => return Poll::Ready(()),
            }
            Poll::Pending
        })
    };
    let own = Arc::new(Mutex::new(Some(spawn(&executor, lends))));
    *inside.lock().unwrap() = Some(prepare(&executor, own));
    for _ in 0..4 {
        executor.drive().unwrap().run(4);
    }
    assert_eq!(polls.load(SeqCst), 3, "the wake was lost");
}

/// It drops the outcome of another task, of which its own handle is a part: meanwhile the context names
/// that other task.
#[test]
fn loom_a_handle_dropped_with_an_outcome_overwrites_no_wake() {
    loom::model(|| {
        lend_waker(|executor, own| {
            let ends = poll_fn(move |_| Poll::Ready(own.lock().unwrap().take()));
            let other = spawn(executor, ends);
            Box::new(move || drop(other))
        });
    });
}

/// It asks for a dump, by which a task is polled that begins to wait for it.
#[cfg(feature = "dump")]
#[test]
fn loom_a_handle_polled_for_a_dump_overwrites_no_wake() {
    loom::model(|| {
        lend_waker(|executor, own| {
            let mut first = true;
            let joins = poll_fn(move |cx| {
                if core::mem::take(&mut first) {
                    return Poll::Pending;
                }
                let mut own = own.lock().unwrap();
                pin!(own.as_mut().unwrap()).poll(cx).map(drop)
            });
            drop(spawn(executor, joins));
            let owner = executor.owner();
            Box::new(move || drop(super::dump::inspect(&owner)))
        });
    });
}

/// One thread counts references in a plain cell, the other in the state; the cell is freed once,
/// when both have given all back. loom sees a leak and a use after the end.
#[test]
fn loom_references_made_here_are_given_back_elsewhere() {
    loom::model(|| {
        let executor = executor();
        let slot = Arc::new(Mutex::new(None));
        let inner = slot.clone();
        let handle = spawn(&executor, {
            poll_fn(move |cx| {
                let first = inner.lock().unwrap().replace(cx.waker().clone()).is_none();
                if first { Poll::Pending } else { Poll::Ready(()) }
            })
        });
        executor.drive().unwrap().run(1);
        let waker = slot.lock().unwrap().clone().unwrap();
        let elsewhere = thread::spawn(move || {
            drop(waker.clone());
            waker.wake();
        });
        finish(&executor, &handle);
        drop(handle);
        drop(slot.lock().unwrap().take());
        elsewhere.join().unwrap();
    });
}

#[test]
fn loom_a_handle_that_waited_here_goes_elsewhere() {
    loom::model(|| {
        let executor = executor();
        let drops = Arc::new(AtomicUsize::new(0));
        let output = Drops(drops.clone());
        let mut handle = spawn(&executor, async move { output });
        let abort = {
            let driving = executor.drive().unwrap();
            // Without an atomic write: nobody else can reach the task.
            let waker = driving.root_waker();
            assert!(pin!(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
            handle.abort_handle()
        };
        let joining = thread::spawn(move || drop(block_on(handle).unwrap()));
        while !abort.is_finished() {
            executor.drive().unwrap().run(1);
            thread::yield_now();
        }
        joining.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
    });
}

/// Nobody joins the task, so its handle goes and its cell is freed by plain stores; only its waker is
/// elsewhere. The wake counts, and whoever is last frees the cell.
#[test]
fn loom_a_task_nobody_joins_is_woken_from_elsewhere() {
    loom::model(|| {
        let executor = executor();
        let drops = Arc::new(AtomicUsize::new(0));
        let (flag, output) = (Flag::new(), Drops(drops.clone()));
        let inner = flag.clone();
        let mut output = Some(output);
        let driving = executor.drive().unwrap();
        let future = poll_fn(move |cx| inner.poll(cx).map(|()| output.take()));
        drop(spawn(&executor, future));
        drop(driving);
        executor.drive().unwrap().run(1);
        let waking = thread::spawn(move || flag.set());
        while drops.load(SeqCst) == 0 {
            executor.drive().unwrap().run(1);
            thread::yield_now();
        }
        waking.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
    });
}

/// The same where the waker is all that is left of it elsewhere, and given back without a wake while
/// the task ends.
#[test]
fn loom_a_task_nobody_joins_ends_while_a_waker_is_dropped_elsewhere() {
    loom::model(|| {
        let executor = executor();
        let slot = Arc::new(Mutex::new(None));
        let inner = slot.clone();
        let driving = executor.drive().unwrap();
        drop(spawn(
            &executor,
            poll_fn(move |cx| {
                *inner.lock().unwrap() = Some(cx.waker().clone());
                Poll::Ready(Drops(Arc::new(AtomicUsize::new(0))))
            }),
        ));
        let other = slot.clone();
        let dropping = thread::spawn(move || drop(other.lock().unwrap().take()));
        driving.run(1);
        dropping.join().unwrap();
        drop(driving);
        drop(slot.lock().unwrap().take());
    });
}

#[test]
fn loom_abort_races_with_the_end() {
    loom::model(|| {
        let executor = executor();
        let drops = Arc::new(AtomicUsize::new(0));
        let held = Drops(drops.clone());
        let handle = spawn(&executor, async move {
            let _held = held;
        });
        let abort = handle.abort_handle();
        let aborting = thread::spawn(move || abort.abort());
        finish(&executor, &handle);
        aborting.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
        let _ = block_on(handle);
    });
}

#[test]
fn loom_shutdown_races_with_a_wake() {
    loom::model(|| {
        let executor = executor();
        let flag = Flag::new();
        let inner = flag.clone();
        let handle = spawn(&executor, poll_fn(move |cx| inner.poll(cx)));
        executor.drive().unwrap().run(1);
        let waking = thread::spawn(move || flag.set());
        drop(executor);
        waking.join().unwrap();
        assert!(handle.is_finished());
    });
}

#[test]
fn loom_shutdown_races_with_a_spawn() {
    loom::model(|| {
        let executor = executor();
        let owner = executor.owner();
        let drops = Arc::new(AtomicUsize::new(0));
        let held = Drops(drops.clone());
        let spawning = thread::spawn(move || {
            start(
                owner,
                async move {
                    let _held = held;
                },
                (),
                false,
            )
        });
        drop(executor);
        let handle = spawning.join().unwrap();
        assert!(handle.is_finished());
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn loom_the_right_to_drive_is_handed_over() {
    loom::model(|| {
        let executor = Arc::new(executor());
        let handle = spawn(&executor, async { 3 });
        let other = executor.clone();
        let driving = thread::spawn(move || {
            if let Ok(driving) = other.drive() {
                driving.run(1);
            }
        });
        while !handle.is_finished() {
            if let Ok(driving) = executor.drive() {
                driving.run(1);
            }
            thread::yield_now();
        }
        driving.join().unwrap();
        assert_eq!(block_on(handle).unwrap(), 3);
    });
}

#[test]
fn loom_the_host_is_told_of_work_that_comes_while_it_looks() {
    loom::model(|| {
        let told = Arc::new(AtomicBool::new(false));
        let tell = told.clone();
        let executor = Executor::start(
            ReadyQueue::default(),
            None,
            None,
            Wake::Hook(Box::new(move || tell.store(true, SeqCst))),
            Blocking::Refused,
            Watch::none(),
        );
        let owner = executor.owner();
        let spawning = thread::spawn(move || start(owner, async {}, (), false));
        let driving = executor.drive().unwrap();
        told.store(false, SeqCst);
        driving.expect_notice();
        let seen = driving.has_ready();
        let handle = spawning.join().unwrap();
        // Whatever the host did not see itself, it was told of.
        assert!(seen || told.load(SeqCst));
        driving.run(1);
        assert!(handle.is_finished());
    });
}

#[test]
fn loom_a_wake_of_a_task_in_a_berth_is_seen_or_told() {
    loom::model(|| {
        let told = Arc::new(AtomicBool::new(false));
        let tell = told.clone();
        let wake = Wake::Hook(Box::new(move || tell.store(true, SeqCst)));
        let executor = Executor::start(
            ReadyQueue::default(),
            None,
            None,
            wake,
            Blocking::Refused,
            Watch::none(),
        );
        let flag = Flag::new();
        let inner = flag.clone();
        let handle = spawn(&executor, poll_fn(move |cx| inner.poll(cx)));
        let waking = thread::spawn(move || flag.set());
        let driving = executor.drive().unwrap();
        driving.run(2);
        told.store(false, SeqCst);
        driving.expect_notice();
        let seen = handle.is_finished() || driving.has_ready();
        waking.join().unwrap();
        assert!(seen || told.load(SeqCst));
        driving.run(2);
        assert!(handle.is_finished());
    });
}

#[test]
fn loom_a_task_in_a_berth_is_woken_from_here_and_from_elsewhere() {
    loom::model(|| {
        let executor = executor();
        let (near, far) = (Flag::new(), Flag::new());
        let (inner_near, inner_far) = (near.clone(), far.clone());
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = polls.clone();
        let handle = spawn(
            &executor,
            poll_fn(move |cx| {
                counted.fetch_add(1, SeqCst);
                let (near, far) = (inner_near.poll(cx), inner_far.poll(cx));
                if near.is_ready() && far.is_ready() { Poll::Ready(()) } else { Poll::Pending }
            }),
        );
        let waker = spawn(&executor, async move { near.set() });
        let waking = thread::spawn(move || far.set());
        finish(&executor, &handle);
        waking.join().unwrap();
        assert!(waker.is_finished());
        assert!(polls.load(SeqCst) <= 3, "queued once a wake");
    });
}

/// A dump takes an idle task while another thread wakes it: whoever comes first, the wake counts.
#[cfg(feature = "dump")]
#[test]
fn loom_a_wake_races_with_a_dump() {
    loom::model(|| {
        let executor = executor();
        let flag = Flag::new();
        let inner = flag.clone();
        let handle = spawn(&executor, poll_fn(move |cx| inner.poll(cx)));
        let driving = executor.drive().unwrap();
        driving.run(1);
        let waking = thread::spawn(move || flag.set());
        let seen = super::dump::inspect(&executor.owner()).expect("this thread drives");
        assert!(seen.len() <= 1);
        drop(driving);
        waking.join().unwrap();
        finish(&executor, &handle);
    });
}

/// The same with an abort: the task ends once, whoever drops its future.
#[cfg(feature = "dump")]
#[test]
fn loom_an_abort_races_with_a_dump() {
    loom::model(|| {
        let executor = executor();
        let drops = Arc::new(AtomicUsize::new(0));
        let held = Drops(drops.clone());
        let handle = spawn(&executor, async move {
            let _held = held;
            core::future::pending::<()>().await
        });
        let driving = executor.drive().unwrap();
        driving.run(1);
        let abort = handle.abort_handle();
        let aborting = thread::spawn(move || abort.abort());
        super::dump::inspect(&executor.owner()).expect("this thread drives");
        drop(driving);
        aborting.join().unwrap();
        finish(&executor, &handle);
        assert_eq!(drops.load(SeqCst), 1);
    });
}
