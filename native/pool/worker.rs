//! What one thread of the pool does.
//!
//! A worker takes its next task from, in this order: the queue that all share, once in a while
//! ([`pace`](super::pace));
//! its *next slot*, where the task it woke last waits (what a message was sent to runs while the
//! message is warm; at most three times in a row, and others may steal it); its ring; the shared
//! queue; other workers. Finding nothing, it sleeps, though not at once if its last sleep was a brief one
//! ([`linger`](crate::env::linger)); one sleeper at a time waits for the timers and the reactor, and another is its
//! [`deputy`](super::deputy).
//!
//! Tasks that are not `Send` live in an executor of the worker's own, driven between the others.
//!
//! A worker whose task blocks ([`block_in_place`](crate::task::block_in_place)) gives its seat, that is its index with all
//! queues, to a substitute on the blocking pool. It finishes the poll it is in as a stranger. If
//! the seat is vacant still, because there was no thread to be had or it had not come yet, it sits
//! down again; else it drives what is bound to its thread until nothing is left, and ends.

// Why unsafe: the ring of a seat is used by whoever has the seat.

use super::super::parker::Parker;
use super::mean::MeanPoll;
use super::pace::Pace;
use super::{Shared, WORKER, thread};
use crate::atomic::Ordering;
use crate::collections::run_queue::Own;
use crate::env::context::{self, Post};
use crate::env::host_now;
use crate::env::instant::Instant;
use crate::env::linger::Linger;
use crate::env::meter::{Reading, WorkerMeter};
use crate::env::{rng, thread_id};
use crate::task::executor::{Blocking, Driving, Executor, ExecutorHandle, Wake};
use crate::task::queue::ReadyQueue;
use crate::task::{Handle, Polled, Task, Turn, guard, poll_as};
use core::cell::Cell;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;
use std::time::Duration;

mod sleep;

/// How often in a row the next slot is preferred to the ring.
const NEXT_IN_A_ROW: u32 = 3;
/// How many turns the worker's own executor gets at a time.
const LOCAL_TURNS: usize = 31;
/// How many tasks the worker's own queue holds.
pub(super) const RING: usize = if cfg!(loom) { 4 } else { 256 };
/// How long a sleeper is on watch, at first: twice as long after each in vain.
const WATCH: Duration = Duration::from_millis(1);
/// How many tasks are taken from the shared queue at a time, at most.
const BATCH: usize = RING / 2;

/// The thread's side of a worker.
pub(super) struct Worker {
    pub(super) index: usize,
    pub(super) shared: Arc<Shared>,
    /// What the seat counts, for whoever has it.
    pub(super) meter: Arc<WorkerMeter>,
    mean: MeanPoll,
    /// Whether a wait was counted whose end was not.
    lies: Cell<bool>,
    /// Where this thread waits.
    parker: Arc<Parker>,
    /// Tasks bound to this thread.
    local: ExecutorHandle,
    turns: Cell<u32>,
    /// When to look at the queue that all share.
    pace: Pace,
    next_in_a_row: Cell<u32>,
    searching: Cell<bool>,
    linger: Linger,
    /// How long it will be on watch.
    watch_time: Cell<Duration>,
    /// No timer shall wake it before that.
    crowded_until: Cell<Option<Instant>>,
    /// Whether the index is this worker's still.
    seated: Cell<bool>,
    /// The task of the pool that it polls.
    polled: Cell<Option<Task>>,
    /// References to the pool, counted without atomics; see `Shared::references`.
    pub(super) references: Cell<isize>,
}

impl Worker {
    pub(super) fn new(index: usize, shared: Arc<Shared>) -> Self {
        let parker = Arc::new(Parker::default());
        let pace = Pace::new(shared.injector_interval);
        let watch = shared.watch.clone();
        let wake = {
            let (parker, driver) = (Arc::clone(&parker), Arc::clone(&shared.driver));
            Box::new(move || parker.unpark(&driver))
        };
        Self {
            index,
            meter: Arc::clone(&shared.env.meter.workers()[index]),
            lies: Cell::new(false),
            mean: MeanPoll::new(host_now(), &shared.env.meter.workers()[index]),
            shared,
            parker,
            local: Executor::start(
                ReadyQueue::default(),
                None,
                None,
                Wake::Hook(wake),
                Blocking::Allowed,
                watch,
            ),
            turns: Cell::new(0),
            pace,
            next_in_a_row: Cell::new(0),
            searching: Cell::new(false),
            linger: Linger::new(),
            watch_time: Cell::new(WATCH),
            crowded_until: Cell::new(None),
            seated: Cell::new(true),
            polled: Cell::new(None),
            references: Cell::new(0),
        }
    }

    /// Runs tasks until the pool is shut down.
    pub(super) fn run(self) {
        thread::wake_in_time();
        self.take_seat();
        let local = self.local.owner();
        self.shared.bound.lock().owners.push(self.local.owner());
        let _post = self.post().take();
        WORKER.set(Some(NonNull::from(&self)));
        self.begin();
        while (self.seated.get() || self.sit_again()) && !self.shared.is_closing() {
            self.turn();
        }
        let counted = self.seated.get() || {
            self.become_stranger();
            self.shared.take_stool()
        };
        if counted && !self.seated.get() {
            self.drain_local();
        }
        drop(local);
        if self.searching.get() {
            self.shared.idle.stop_searching();
        }
        if self.is_placed() {
            self.shared.remotes[self.index].local.lock().take();
        }
        self.unbind();
        if self.seated.get() {
            self.end();
        }
        // The tasks of this thread die on it, while references are still counted as the worker's.
        self.local_tasks().close();
        WORKER.set(None);
        self.shared.worker_ended(self.references.get(), counted);
    }

    /// For whom this thread works.
    pub(super) fn post(&self) -> Post {
        let pool = Some(self.shared.as_owner());
        Post {
            runtime: pool,
            driving: pool,
            local: Some(self.local.owner().as_ptr()),
            scope: None,
            worker: self.index + 1,
            occupied: true,
        }
    }

    /// Makes this thread the one that others find at its index.
    fn take_seat(&self) {
        let remote = &self.shared.remotes[self.index];
        remote.parker.lock().replace(Arc::clone(&self.parker));
        self.meter.set_thread(thread_id::current());
        let before = remote.local.lock().replace(self.local.owner());
        if before.is_some() {
            // Whoever retired from the seat need not wait for more tasks.
            self.shared.retired.lock().iter().for_each(|parker| parker.unpark(&self.shared.driver));
        }
    }

    /// The worker begins to run tasks.
    fn begin(&self) {
        let now = host_now();
        self.meter.begin(now);
        self.mean.restart(now);
    }

    /// It is done with that, or for now.
    fn end(&self) {
        let now = host_now();
        self.get_up();
        self.meter.end(now);
        self.mean.take_in(now, &self.meter);
    }

    /// What is bound to this thread is not counted as the pool's any more.
    fn unbind(&self) {
        let mine = self.local.owner();
        let mut bound = self.shared.bound.lock();
        bound.spawned_before += mine.read(Reading::Spawned);
        let index = bound.owners.iter().position(|owner| owner.as_ptr() == mine.as_ptr());
        let last = index.map(|index| bound.owners.swap_remove(index));
        drop(bound);
        drop(last);
    }

    /// Whether tasks are still given to this thread.
    fn is_placed(&self) -> bool {
        let local = self.shared.remotes[self.index].local.lock();
        local.as_ref().is_some_and(|owner| owner.as_ptr() == self.local.owner().as_ptr())
    }

    fn local_tasks(&self) -> Driving<'_> {
        self.local.drive().expect("a worker's executor is driven by the worker")
    }

    /// Drives the tasks of this thread until none is left.
    fn drain_local(&self) {
        self.shared.retired.lock().push(Arc::clone(&self.parker));
        while !self.shared.is_closing() {
            if self.run_local() {
                continue;
            }
            if !self.is_placed() && self.local_tasks().task_count() == 0 {
                break;
            }
            self.parker.park(None);
        }
        self.shared.retired.lock().retain(|parker| !Arc::ptr_eq(parker, &self.parker));
    }

    /// Gives the seat to a substitute; see the module.
    pub(super) fn step_down(&self) {
        // Without a blocking pool nobody could come for the seat.
        if self.shared.env.blocking.is_none() || !self.seated.replace(false) {
            return;
        }
        // A waker may have called this while the worker searched.
        self.found();
        self.end();
        self.become_stranger();
        let watch = &self.shared.watch;
        watch.observer().into_iter().for_each(|observer| observer.stepped_down(self.index));
        let (index, shared) = (self.index, Arc::clone(&self.shared));
        shared.away.lock().tasks.extend(self.polled.get());
        // The thread of the substitute.
        shared.running.fetch_add(1, Ordering::AcqRel);
        shared.vacate(index);
        // Of this pool, whatever runtime the task may have entered.
        let substitute = Handle::new(self.shared.owner()).spawn_blocking(move || {
            if shared.take_vacant(index) {
                Worker::new(index, shared).run();
            }
        });
        if substitute.is_finished() {
            // There is no thread to be had. Who else sits may steal what this worker has queued.
            self.wake_one(false);
        }
    }

    /// From now on nothing is counted or queued as a worker's.
    fn become_stranger(&self) {
        WORKER.set(None);
        context::with(|cx| {
            cx.driving.set(None);
            cx.worker.set(0);
        });
    }

    /// Takes the seat again if it is vacant.
    fn sit_again(&self) -> bool {
        let vacant = self.shared.take_vacant(self.index);
        if vacant {
            self.shared.running.fetch_sub(1, Ordering::AcqRel);
            self.seated.set(true);
            if !self.is_placed() {
                // A substitute sat here meanwhile, and has stepped down itself.
                self.take_seat();
            }
            self.begin();
            WORKER.set(Some(NonNull::from(self)));
            context::with(|cx| {
                cx.driving.set(Some(self.shared.as_owner()));
                cx.worker.set(self.index + 1);
            });
        }
        vacant
    }

    fn turn(&self) {
        let turns = self.turns.get().wrapping_add(1);
        self.turns.set(turns);
        if turns.is_multiple_of(self.shared.event_interval) {
            self.look_around();
            if !self.seated.get() {
                return;
            }
        }
        if let Some(task) = self.take() {
            self.found();
            self.run_task(task);
        } else if !self.run_local() {
            match self.search() {
                Some(task) => {
                    self.found();
                    self.run_task(task);
                }
                None => self.sleep(),
            }
        }
    }

    /// What must happen now and then even on a worker that always has a task.
    fn look_around(&self) {
        let shared = &self.shared;
        shared.expire(Some((self.turns.get() / shared.event_interval) as usize));
        // Whoever waits in the reactor sees to it, if anybody does.
        if let Some(reactor) = shared.driver.reactor()
            && shared.idle.become_driver(self.index)
        {
            guard(|| reactor.wait(Some(Duration::ZERO)).dispatch());
            shared.idle.stop_driving();
        }
        self.run_local();
    }

    /// Gives the tasks of this thread some turns; answers whether there were any.
    fn run_local(&self) -> bool {
        let driving = self.local_tasks();
        if driving.has_ready() {
            // Others must not take this worker for a searcher while it runs these.
            self.found();
        }
        let ran = driving.run(LOCAL_TURNS);
        driving.expect_notice();
        if ran > 0 && self.seated.get() {
            self.meter.tally.polls.add(ran);
        }
        ran > 0 || driving.has_ready()
    }

    /// The next task without looking at other workers.
    fn take(&self) -> Option<Task> {
        let remote = &self.shared.remotes[self.index];
        if self.pace.is_due(|| self.look_at_clock()) {
            if !remote.ring.is_empty() {
                // However little it is, somebody should have an eye on it.
                self.wake_one(true);
            }
            if let Some(task) = self.shared.injector.pop(self.index, 0, |_| {}) {
                return Some(task);
            }
        }
        if self.next_in_a_row.get() < NEXT_IN_A_ROW
            && let Some(task) = self.take_next()
        {
            self.next_in_a_row.set(self.next_in_a_row.get() + 1);
            return Some(task);
        }
        self.next_in_a_row.set(0);
        self.ring().pop().or_else(|| self.take_next()).or_else(|| self.take_injected())
    }

    /// What the time is, for the pace; the mean takes it in as well.
    fn look_at_clock(&self) -> Instant {
        let now = host_now();
        self.mean.take_in(now, &self.meter);
        now
    }

    /// A share of the shared queue: one task to run, the others into the empty ring.
    fn take_injected(&self) -> Option<Task> {
        let shared = &self.shared;
        if shared.injector.is_empty() {
            return None;
        }
        let share = (shared.injector.len() / shared.remotes.len()).min(BATCH);
        let ring = self.ring();
        shared.injector.pop(self.index, share, |task| {
            if let Err(task) = ring.push(task) {
                unreachable!("half a ring fits into an empty one: {task:?}");
            }
        })
    }

    /// Looks for work in other workers' queues.
    fn search(&self) -> Option<Task> {
        let shared = &self.shared;
        if !self.searching.get() {
            if !shared.idle.start_searching() {
                return None;
            }
            self.searching.set(true);
        }
        let workers = shared.remotes.len();
        let start = rng::below(workers as u32) as usize;
        let mine = self.ring();
        for offset in 0..workers {
            let victim = (start + offset) % workers;
            if victim != self.index
                && let Some((task, more)) = mine.steal_from(&shared.remotes[victim].ring)
            {
                self.count_steal(1 + more);
                return Some(task);
            }
        }
        // Next slots last: their workers will most likely get to them at once.
        (0..workers)
            .map(|offset| (start + offset) % workers)
            .filter(|victim| *victim != self.index)
            .find_map(|victim| shared.remotes[victim].next.steal())
            .inspect(|_| self.count_steal(1))
            .or_else(|| self.take_injected())
    }

    fn count_steal(&self, tasks: usize) {
        self.meter.steals.add(tasks);
        self.meter.steal_operations.add(1);
    }

    /// A task was found: if this was the last searcher and there is more, the next one starts to
    /// search.
    #[inline]
    fn found(&self) {
        if self.searching.replace(false) {
            self.watch_time.set(WATCH);
            if self.shared.idle.stop_searching() && self.shared.has_more() {
                self.wake_one(false);
            }
        }
    }

    #[inline]
    fn run_task(&self, task: Task) {
        self.meter.tally.polls.add(1);
        self.polled.set(Some(task));
        let watch = &self.shared.watch;
        // Watched until it rests: once it is idle, others may end it.
        let turn = poll_as(task, || match watch.poll(task) {
            Polled::Ready => Turn::Done,
            Polled::Again => Turn::Again,
            Polled::Pending => task.rest(),
        });
        self.polled.set(None);
        if !self.seated.get() {
            return self.shared.came_back(task, turn);
        }
        match turn {
            Turn::Idle => {}
            Turn::Again => self.push_last(task),
            Turn::Done => {
                self.shared.forget(task);
                poll_as(task, || task.finish_then_wake(|| self.wakes_a_stranger()));
            }
        }
    }

    /// A thread that waits for a task is about to be woken, and will most likely queue the next one
    /// before this worker, if it has nothing else to do, is asleep: at once, if the system gives it
    /// this very processor. So this worker searches from now on, or somebody else would be woken.
    fn wakes_a_stranger(&self) {
        let (shared, mine) = (&self.shared, &self.shared.remotes[self.index]);
        let is_empty = mine.ring.is_empty() && mine.next.is_empty() && shared.injector.is_empty();
        if is_empty && !self.searching.get() && self.is_local_idle() {
            self.searching.set(shared.idle.start_searching());
        }
    }

    /// Queues a task behind all others of this worker: it gave way.
    fn push_last(&self, task: Task) {
        self.meter.tally.queued.add(1);
        let alone = self.shared.remotes[self.index].ring.is_empty();
        self.push_ring(task);
        if !alone {
            self.offer();
        }
    }

    /// Queues a task that this worker woke or made: it runs next, what was next before goes into
    /// the ring, where others see it at once.
    pub(super) fn push_next(&self, task: Task) {
        self.meter.tally.queued.add(1);
        if !self.shared.has_next {
            self.push_ring(task);
            return self.offer();
        }
        // SAFETY: this worker has the seat, or it would not be asked.
        if let Some(before) = unsafe { self.shared.remotes[self.index].next.put(task) } {
            self.push_ring(before);
            self.offer();
        } else if !self.pace.is_small(1) {
            // The poll that this worker is in may take long, too.
            self.wake_one(false);
        }
    }

    /// Wakes a sleeping worker, if one is needed; see [`Idle::worker_to_wake`](super::idle::Idle).
    #[inline]
    pub(super) fn wake_one(&self, small: bool) {
        if let Some(worker) = self.shared.idle.worker_to_wake(small) {
            let before = host_now();
            self.shared.unpark(worker);
            self.pace.skip(host_now().saturating_duration_since(before));
        }
    }

    /// Wakes somebody for what is in the ring, if that is worth it.
    fn offer(&self) {
        let queued = self.shared.remotes[self.index].ring.len();
        self.wake_one(self.pace.is_small(queued));
    }

    #[inline]
    fn ring(&self) -> Own<'_, Task> {
        debug_assert!(self.seated.get());
        // SAFETY: one worker at a time has the seat, and this one is asked for tasks and given
        // tasks only while it has.
        unsafe { self.shared.remotes[self.index].ring.own() }
    }

    #[inline]
    fn take_next(&self) -> Option<Task> {
        debug_assert!(self.seated.get());
        // SAFETY: this worker has the seat.
        unsafe { self.shared.remotes[self.index].next.take() }
    }

    fn push_ring(&self, task: Task) {
        let ring = self.ring();
        if let Err(task) = ring.push(task) {
            // Full: half of it goes where all can take it.
            self.meter.overflows.add(1);
            let half = (0..BATCH).map_while(|_| ring.pop());
            self.shared.injector.push_all(half.chain([task]));
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::WORKER;
    use crate::runtime::Builder;
    use crate::spawn;
    use core::future::{Future, pending};
    use core::pin::Pin;
    use core::task::{Context, Waker};
    use std::sync::{Arc, mpsc};
    use std::task::Wake;

    /// Tells whether the worker that wakes it searches.
    struct Asks(mpsc::Sender<bool>);

    impl Wake for Asks {
        fn wake(self: Arc<Self>) {
            let worker = WORKER.get().expect("it is a worker that wakes");
            // SAFETY: it is this thread's.
            let searches = unsafe { worker.as_ref() }.searching.get();
            self.0.send(searches).unwrap();
        }
    }

    /// Whether the only worker of a pool searches when it wakes who waits for a task, `before` whose end
    /// it did something.
    fn searches(before: fn()) -> bool {
        let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (end, ends) = crate::sync::oneshot::channel::<()>();
        let mut task = runtime.spawn(async move {
            ends.await.unwrap();
            before();
        });
        let (send, receive) = mpsc::channel();
        let waker = Waker::from(Arc::new(Asks(send)));
        assert!(Pin::new(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
        end.send(()).unwrap();
        let searches = receive.recv().unwrap();
        // It is counted as one no longer than it is.
        runtime.block_on(runtime.spawn(async {})).unwrap();
        searches
    }

    #[test]
    fn a_worker_that_wakes_a_thread_searches_if_it_has_nothing_else_to_do() {
        assert!(searches(|| {}));
        assert!(!searches(|| drop(spawn(pending::<()>()))));
        assert!(!searches(|| drop(crate::task::spawn_local(pending::<()>()))));
    }
}
