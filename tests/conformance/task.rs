//! Tasks: spawning, joining, cancelling, budget, sets, locals.

use creel::runtime::{Handle, RuntimeFlavor};
use creel::sync::Notify;
use creel::task::{
    self, AbortHandle, JoinHandle, JoinSet, LocalSet, spawn_blocking, spawn_local, yield_now,
};
use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

creel::task_local! {
    static NAME: &'static str;
    static DEPTH: Cell<u32>;
}

/// Counts its drops.
#[derive(Clone, Default)]
struct Drops(Arc<AtomicUsize>);

impl Drop for Drops {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Drops {
    /// A counter, and a value that counts.
    fn new() -> (Arc<AtomicUsize>, Self) {
        let drops = Self::default();
        (drops.0.clone(), drops)
    }
}

/// A future that is ready when it is told; it counts its polls.
#[derive(Clone, Default)]
#[expect(clippy::type_complexity)]
struct Gate(Rc<(Cell<bool>, Cell<usize>, RefCell<Option<Waker>>)>);

impl Gate {
    fn open(&self) {
        self.0.0.set(true);
        if let Some(waker) = self.0.2.take() {
            waker.wake();
        }
    }

    fn polls(&self) -> usize {
        self.0.1.get()
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.1.set(self.0.1.get() + 1);
        *self.0.2.borrow_mut() = Some(cx.waker().clone());
        if self.0.0.get() { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn finished<T>(handle: &JoinHandle<T>) {
    while !handle.is_finished() {
        yield_now().await;
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Asked(AtomicUsize);

impl Wake for Asked {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Gives others some turns, for what must *not* happen.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

cases! { "task":
    async fn a_task_gives_its_output() {
        assert_eq!(creel::spawn(async { String::from("done") }).await.unwrap(), "done");
    }

    async fn a_task_runs_without_being_awaited() {
        let done = Rc::new(Cell::new(false));
        let set = done.clone();
        drop(spawn_local(async move { set.set(true) }));
        while !done.get() {
            yield_now().await;
        }
    }

    async fn an_output_that_is_not_wanted_is_dropped_once() {
        let (count, drops) = Drops::new();
        drop(creel::spawn(async move { drops }));
        while count.load(SeqCst) == 0 {
            yield_now().await;
        }
        settle().await;
        assert_eq!(count.load(SeqCst), 1);
    }

    async fn an_output_left_in_a_handle_is_dropped_with_it() {
        let (count, drops) = Drops::new();
        let handle = creel::spawn(async move { drops });
        finished(&handle).await;
        assert_eq!(count.load(SeqCst), 0);
        drop(handle);
        assert_eq!(count.load(SeqCst), 1);
    }

    async fn a_future_is_gone_before_its_handle_is_ready() {
        let (count, drops) = Drops::new();
        let handle = creel::spawn(async move {
            let _held = drops;
            yield_now().await;
        });
        handle.await.unwrap();
        assert_eq!(count.load(SeqCst), 1);
    }

    async fn abort_drops_a_task_that_waits() {
        let (count, drops) = Drops::new();
        let handle = creel::spawn(async move {
            let _held = drops;
            pending::<()>().await;
        });
        settle().await;
        handle.abort();
        let error = handle.await.unwrap_err();
        assert!(error.is_cancelled() && !error.is_panic());
        assert_eq!(count.load(SeqCst), 1);
    }

    async fn abort_before_the_first_poll_never_polls() {
        let gate = Gate::default();
        let handle = spawn_local(gate.clone());
        handle.abort();
        assert!(handle.await.unwrap_err().is_cancelled());
        assert_eq!(gate.polls(), 0);
    }

    async fn abort_after_the_end_changes_nothing() {
        let handle = creel::spawn(async { 3 });
        finished(&handle).await;
        handle.abort();
        assert_eq!(handle.await.unwrap(), 3);
    }

    async fn a_task_may_abort_itself() {
        let slot = Rc::new(RefCell::new(None::<AbortHandle>));
        let inner = slot.clone();
        let handle = spawn_local(async move {
            yield_now().await;
            inner.borrow().as_ref().unwrap().abort();
            pending::<()>().await;
        });
        *slot.borrow_mut() = Some(handle.abort_handle());
        assert!(handle.await.unwrap_err().is_cancelled());
    }

    async fn a_task_that_ends_in_the_poll_that_aborts_it_keeps_its_output() {
        let slot = Rc::new(RefCell::new(None::<AbortHandle>));
        let inner = slot.clone();
        let handle = spawn_local(async move {
            yield_now().await;
            inner.borrow().as_ref().unwrap().abort();
            9
        });
        *slot.borrow_mut() = Some(handle.abort_handle());
        assert_eq!(handle.await.unwrap(), 9);
    }

    async fn cancel_returns_when_the_future_is_gone() {
        let (count, drops) = Drops::new();
        let handle = creel::spawn(async move {
            let _held = drops;
            pending::<()>().await;
        });
        settle().await;
        assert!(handle.cancel().await.unwrap_err().is_cancelled());
        assert_eq!(count.load(SeqCst), 1);
    }

    async fn cancel_gives_the_output_of_a_task_that_was_done() {
        let handle = creel::spawn(async { 5 });
        finished(&handle).await;
        assert_eq!(handle.cancel().await.unwrap(), 5);
    }

    async fn an_abort_handle_outlives_everything() {
        let handle = creel::spawn(pending::<()>());
        let abort = handle.abort_handle().clone();
        assert_eq!(abort.id(), handle.id());
        drop(handle);
        assert!(!abort.is_finished());
        abort.abort();
        while !abort.is_finished() {
            yield_now().await;
        }
        abort.abort();
    }

    async fn a_waker_outlives_its_task() {
        let gate = Gate::default();
        let handle = spawn_local(gate.clone());
        while gate.polls() == 0 {
            yield_now().await;
        }
        let waker = gate.0.2.borrow().clone().unwrap();
        gate.open();
        handle.await.unwrap();
        waker.wake_by_ref();
        let again = waker.clone();
        again.wake();
        settle().await;
        assert_eq!(gate.polls(), 2);
        drop(waker);
    }

    async fn many_wakes_are_one_poll() {
        let gate = Gate::default();
        let handle = spawn_local(gate.clone());
        while gate.polls() == 0 {
            yield_now().await;
        }
        let waker = gate.0.2.borrow().clone().unwrap();
        for _ in 0..5 {
            waker.wake_by_ref();
        }
        while gate.polls() == 1 {
            yield_now().await;
        }
        settle().await;
        assert_eq!(gate.polls(), 2);
        gate.open();
        handle.await.unwrap();
    }

    async fn a_task_that_wakes_itself_is_polled_again() {
        let mut left = 20;
        let polls = spawn_local(poll_fn(move |cx| {
            left -= 1;
            cx.waker().wake_by_ref();
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        }));
        polls.await.unwrap();
    }

    async fn yielding_lets_every_other_task_run_first() {
        let log = Rc::new(RefCell::new(Vec::new()));
        let tasks: Vec<_> = (0..3)
            .map(|task| {
                let log = log.clone();
                spawn_local(async move {
                    for _ in 0..3 {
                        log.borrow_mut().push(task);
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let mut log = log.take();
        assert_eq!(log.len(), 9);
        log.sort_unstable();
        assert_eq!(log, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    }

    async fn the_join_handle_follows_the_last_waker() {
        let gate = Gate::default();
        let mut handle = spawn_local(gate.clone());
        // Polled with a waker that leads nowhere first.
        assert!(pin!(&mut handle).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let joined = spawn_local(async move { handle.await.unwrap() });
        settle().await;
        gate.open();
        joined.await.unwrap();
    }

    async fn a_handle_may_be_awaited_by_reference_and_dropped_between() {
        let gate = Gate::default();
        let mut handle = spawn_local({
            let gate = gate.clone();
            async move {
                gate.await;
                11
            }
        });
        for _ in 0..3 {
            poll_fn(|cx| {
                assert!(Pin::new(&mut handle).poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        gate.open();
        assert_eq!((&mut handle).await.unwrap(), 11);
    }

    async fn ids_differ_and_are_known_inside() {
        let a = creel::spawn(async { task::id() });
        let b = creel::spawn(async { task::id() });
        let (a_id, b_id) = (a.id(), b.id());
        assert_ne!(a_id, b_id);
        assert_eq!(a.await.unwrap(), a_id);
        assert_eq!(b.await.unwrap(), b_id);
        assert_eq!(creel::spawn(async { task::try_id() == Some(task::id()) }).await.ok(), Some(true));
    }

    async fn a_cancelled_task_tells_its_id() {
        let handle = creel::spawn(pending::<()>());
        let id = handle.id();
        handle.abort();
        assert_eq!(handle.await.unwrap_err().id(), id);
    }

    async fn tasks_start_tasks() {
        fn tree(depth: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
            Box::pin(async move {
                if depth == 0 {
                    return 1;
                }
                let children = [creel::spawn(tree(depth - 1)), creel::spawn(tree(depth - 1))];
                let mut leaves = 0;
                for child in children {
                    leaves += child.await.unwrap();
                }
                leaves
            })
        }
        assert_eq!(creel::spawn(tree(7)).await.unwrap(), 128);
    }

    async fn local_tasks_need_not_be_send() {
        let shared = Rc::new(Cell::new(1));
        let tasks: Vec<JoinHandle<()>> = (0..10)
            .map(|_| {
                let shared = shared.clone();
                spawn_local(async move {
                    let before = shared.get();
                    shared.set(before + 1);
                    yield_now().await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(shared.get(), 11);
    }

    async fn a_busy_task_gives_way_by_its_budget() {
        let polls = Rc::new(Cell::new(0));
        let count = polls.clone();
        let mut busy = Box::pin(async {
            for _ in 0..1_000 {
                task::consume_budget().await;
            }
        });
        let counted = poll_fn(move |cx| {
            count.set(count.get() + 1);
            busy.as_mut().poll(cx)
        });
        spawn_local(counted).await.unwrap();
        // 1,000 units are seven budgets of 128 and a rest.
        assert_eq!(polls.get(), 8);
    }

    async fn unconstrained_has_no_budget() {
        let other = Rc::new(Cell::new(0));
        let counter = other.clone();
        let counting = spawn_local(async move {
            loop {
                counter.set(counter.get() + 1);
                yield_now().await;
            }
        });
        settle().await;
        let before = other.get();
        let seen = other.clone();
        let alone = task::unconstrained(async move {
            for _ in 0..1_000 {
                task::consume_budget().await;
            }
            seen.get()
        });
        assert_eq!(alone.await, before);
        counting.abort();
    }

    async fn the_budget_is_visible() {
        assert!(task::coop::has_budget_remaining());
        spawn_local(async {
            for _ in 0..128 {
                assert!(task::coop::has_budget_remaining());
                task::consume_budget().await;
            }
            assert!(!task::coop::has_budget_remaining());
            yield_now().await;
            assert!(task::coop::has_budget_remaining());
        })
        .await
        .unwrap();
    }

    async fn cooperative_makes_any_future_cost_a_unit() {
        spawn_local(async {
            let mut polls = 0;
            let mut turns = 0;
            while turns == 0 {
                let mut future = pin!(task::coop::cooperative(ready(())));
                poll_fn(|cx| {
                    let poll = future.as_mut().poll(cx);
                    turns += usize::from(poll.is_pending());
                    Poll::Ready(())
                })
                .await;
                polls += 1;
            }
            assert_eq!(polls, 129);
        })
        .await
        .unwrap();
    }

    async fn a_join_set_gives_what_ends_first() {
        let gates: Vec<Gate> = (0..3).map(|_| Gate::default()).collect();
        let mut set = JoinSet::new();
        for (number, gate) in gates.iter().enumerate() {
            let gate = gate.clone();
            set.spawn_local(async move {
                gate.await;
                number
            });
        }
        assert_eq!(set.len(), 3);
        assert!(set.try_join_next().is_none());
        for number in [2, 0, 1] {
            gates[number].open();
            assert_eq!(set.join_next().await.unwrap().unwrap(), number);
        }
        assert!(set.join_next().await.is_none());
    }

    async fn a_join_set_asks_one_task_when_the_budget_is_spent() {
        let mut set = JoinSet::new();
        let tasks: Vec<_> = (0..200).map(|_| set.spawn(async {})).collect();
        while !tasks.iter().all(AbortHandle::is_finished) {
            yield_now().await;
        }
        let asked = Arc::new(Asked::default());
        let waker = Waker::from(Arc::clone(&asked));
        let mut left = set.len();
        let mut refused = false;
        // Within one poll of the task that runs this, so the budget ends before the tasks do.
        for _ in 0..set.len() {
            match set.poll_join_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(_) => left -= 1,
                Poll::Pending => {
                    refused = true;
                    break;
                }
            }
        }
        assert_eq!(asked.0.load(SeqCst), usize::from(refused), "one of them asks for a turn");
        while set.join_next().await.is_some() {
            left -= 1;
        }
        assert_eq!(left, 0);
    }

    async fn a_join_set_aborts_its_tasks_when_dropped() {
        let (count, drops) = Drops::new();
        let mut set = JoinSet::new();
        set.spawn(async move {
            let _held = drops;
            pending::<()>().await;
        });
        settle().await;
        drop(set);
        while count.load(SeqCst) == 0 {
            yield_now().await;
        }
    }

    async fn a_join_set_shuts_down() {
        let (count, drops) = Drops::new();
        let mut set = JoinSet::new();
        for _ in 0..5 {
            let drops = drops.clone();
            set.spawn(async move {
                let _held = drops;
                pending::<()>().await;
            });
        }
        set.shutdown().await;
        assert!(set.is_empty());
        assert_eq!(count.load(SeqCst), 5);
    }

    async fn a_detached_set_lets_its_tasks_go_on() {
        let done = Rc::new(Cell::new(0));
        let mut set = JoinSet::new();
        for _ in 0..4 {
            let done = done.clone();
            set.spawn_local(async move {
                yield_now().await;
                done.set(done.get() + 1);
            });
        }
        set.detach_all();
        assert!(set.is_empty());
        while done.get() < 4 {
            yield_now().await;
        }
    }

    async fn a_join_set_tells_ids_and_collects() {
        let mut set: JoinSet<u32> = (0..10).map(|n| async move { n * n }).collect();
        let abort = set.spawn(async { 1_000 });
        let mut ids = Vec::new();
        let mut sum = 0;
        while let Some(joined) = set.join_next_with_id().await {
            let (id, output) = joined.unwrap();
            ids.push(id);
            sum += output;
        }
        assert_eq!(sum, 285 + 1_000);
        assert!(ids.contains(&abort.id()));
        let squares: JoinSet<u32> = (0..4).map(|n| async move { n * n }).collect();
        let mut squares = squares.join_all().await;
        squares.sort_unstable();
        assert_eq!(squares, [0, 1, 4, 9]);
    }

    async fn a_local_set_runs_inside_a_future() {
        let set = LocalSet::new();
        let shared = Rc::new(4);
        let task = set.spawn_local({
            let shared = shared.clone();
            async move {
                yield_now().await;
                *shared + 1
            }
        });
        assert_eq!(set.run_until(task).await.unwrap(), 5);
        let left = Rc::new(Cell::new(false));
        let end = left.clone();
        set.spawn_local(async move {
            yield_now().await;
            end.set(true);
        });
        set.await;
        assert!(left.get());
    }

    async fn a_local_set_that_two_futures_run_wakes_both() {
        let (set, gate) = (LocalSet::new(), Rc::new(Notify::new()));
        let passed = gate.clone();
        let task = set.spawn_local(async move { passed.notified().await });
        let mut waits = pin!(set.run_until(task));
        poll_fn(|cx| {
            assert!(waits.as_mut().poll(cx).is_pending());
            // The last to poll the set goes, and takes nothing with it.
            let mut other = pin!(set.run_until(pending::<()>()));
            assert!(other.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            Poll::Ready(())
        })
        .await;
        let other = gate.clone();
        spawn_local(async move { other.notify_one() });
        creel::time::timeout(creel::time::Duration::from_secs(5), waits).await.expect("it is woken").unwrap();
    }

    async fn a_dropped_local_set_drops_its_tasks() {
        let (count, drops) = Drops::new();
        let set = LocalSet::new();
        let task = set.spawn_local(async move {
            let _held = drops;
            pending::<()>().await;
        });
        drop(set);
        assert_eq!(count.load(SeqCst), 1);
        assert!(task.await.unwrap_err().is_cancelled());
    }

    async fn inside_a_local_set_spawn_local_means_the_set() {
        let (count, drops) = Drops::new();
        let set = LocalSet::new();
        set.run_until(async {
            drop(spawn_local(async move {
                let _held = drops;
                pending::<()>().await;
            }));
            yield_now().await;
        })
        .await;
        assert_eq!(count.load(SeqCst), 0);
        drop(set);
        assert_eq!(count.load(SeqCst), 1);
    }

    async fn task_locals_belong_to_their_scope() {
        assert!(NAME.try_get().is_err());
        NAME.scope("outer", async {
            assert_eq!(NAME.get(), "outer");
            NAME.scope("inner", async {
                yield_now().await;
                assert_eq!(NAME.get(), "inner");
            })
            .await;
            assert_eq!(NAME.get(), "outer");
            assert!(creel::spawn(async { NAME.try_get().is_err() }).await.unwrap());
            assert_eq!(creel::spawn(NAME.inherit(async { NAME.get() })).await.unwrap(), "outer");
        })
        .await;
        assert!(NAME.try_get().is_err());
    }

    async fn tasks_do_not_see_each_others_locals() {
        let tasks: Vec<_> = (0..5)
            .map(|n| {
                spawn_local(DEPTH.scope(Cell::new(n), async move {
                    for _ in 0..3 {
                        DEPTH.with(|depth| depth.set(depth.get() + 10));
                        yield_now().await;
                    }
                    DEPTH.with(Cell::get)
                }))
            })
            .collect();
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), n as u32 + 30);
        }
    }

    async fn a_closure_that_blocks_gives_its_output() {
        let sum = spawn_blocking(|| (1..=100_u32).sum::<u32>()).await.unwrap();
        assert_eq!(sum, 5_050);
    }

    async fn a_named_task_is_a_task() {
        let task = task::Builder::new().name("adder").spawn(async { 2 + 2 }).unwrap();
        assert_eq!(task.await.unwrap(), 4);
        let local = task::Builder::new().name("local").spawn_local(async { Rc::new(3) }).unwrap();
        assert_eq!(*local.await.unwrap(), 3);
    }

    async fn the_runtime_is_known_inside() {
        let handle = Handle::current();
        assert_eq!(handle.runtime_flavor(), RuntimeFlavor::CurrentThread);
        assert_eq!(handle.id(), Handle::current().id());
        assert_eq!(handle.spawn(async { 1 }).await.unwrap(), 1);
        let _entered = handle.enter();
        assert!(Handle::try_current().is_ok());
    }

    async fn a_thousand_tasks_wait_and_end() {
        let gate = Rc::new(Cell::new(false));
        let mut set = JoinSet::new();
        for n in 0..1_000_u64 {
            let gate = gate.clone();
            set.spawn_local(async move {
                while !gate.get() {
                    yield_now().await;
                }
                n
            });
        }
        yield_now().await;
        gate.set(true);
        let mut sum = 0;
        while let Some(n) = set.join_next().await {
            sum += n.unwrap();
        }
        assert_eq!(sum, 499_500);
    }

    async fn dropping_a_future_at_every_await_loses_nothing() {
        for steps in 0..6 {
            let (count, drops) = Drops::new();
            let mut task = Box::pin(async move {
                let _held = drops;
                for _ in 0..5 {
                    yield_now().await;
                }
            });
            for _ in 0..steps {
                poll_fn(|cx| {
                    let _ = task.as_mut().poll(cx);
                    Poll::Ready(())
                })
                .await;
            }
            drop(task);
            assert_eq!(count.load(SeqCst), 1, "after {steps} polls");
        }
    }
}
