//! Asking the tasks of a runtime what they wait for; [`env::dump`](crate::env::dump) says how.
//!
//! Who asks an idle task takes it, as a wake does, but does not queue it: nobody else may poll it
//! meanwhile, and a wake that comes in is noted as one that comes during any poll. So it is given a
//! turn, and what follows from that turn is what follows from every other. Tasks that are held by
//! somebody else are running or ready and need not be asked.
//!
//! A task is polled where its owner polls it ([`DumpOps::enter`](crate::env::owner::DumpOps)): by a
//! worker of the pool, or by the thread that drives the executor. Where this thread is not the one,
//! a task is started there that asks.

use super::cell::{Task, Turn};
use super::handle::Handle;
use super::join::JoinHandle;
use super::poll_as;
use super::spawn::start;
use crate::env::context::{self, Restore};
use crate::env::dump::{self, Dump, State, Tally, Trace};
use crate::env::instant::Instant;
use crate::env::owner::OwnerRef;
use crate::env::timers::Registration;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;

/// How long a thread may take to answer.
const PATIENCE: Duration = Duration::from_millis(250);

type Seen = Vec<dump::Task>;

impl Handle {
    /// What every task of the runtime does now, and what it waits for: which lock, channel, timer,
    /// socket or task, where the program began to wait, and who holds the lock. The dump also
    /// knows tasks that wait for each other.
    ///
    /// It needs the feature `dump`. Unlike tokio's it works on every platform and says in words
    /// what it found, for it needs no backtraces: each task that waits is polled once more, as a
    /// needless wake would poll it, and each thing that is waited for tells what it is. Nobody is
    /// woken for that, no order of tasks changes, and a simulated run stays the same.
    ///
    /// Known are the waits for what this crate offers. Futures of other libraries are not, nor the
    /// future that was given to `block_on`, which is no task; nor are tasks of a
    /// [`LocalSet`](crate::task::LocalSet) that such a future polls, unless one of them asks.
    ///
    /// A thread that is in one long poll for 250 ms is not waited for;
    /// [`Dump::silent_threads`] counts them.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Examples
    /// ```
    /// use creel::sync::Mutex;
    /// use std::sync::Arc;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let ledger = Arc::new(Mutex::new(0));
    /// let guard = ledger.lock().await;
    /// let clone = ledger.clone();
    /// let writer = creel::spawn(async move { *clone.lock().await += 1 });
    /// creel::task::yield_now().await;
    ///
    /// let dump = creel::runtime::Handle::current().dump().await;
    /// let task = dump.task(writer.id()).unwrap();
    /// assert_eq!(task.trace().waits()[0].what(), "mutex");
    /// println!("{dump}");
    /// # drop(guard);
    /// # writer.await.unwrap();
    /// # }
    /// ```
    pub async fn dump(&self) -> Dump {
        let (mut tasks, asked) = self.ask_all();
        let mut patience = pin!(
            OwnerRef::current()
                .map(|_| { Registration::new(crate::env::now().add_or_far(PATIENCE)) })
        );
        let askers: Vec<_> = asked.iter().map(JoinHandle::id).collect();
        let mut silent = 0;
        for asker in asked {
            match answer(asker, patience.as_mut()).await {
                Some(seen) => tasks.extend(seen),
                None => silent += 1,
            }
        }
        tasks.retain(|task| !askers.contains(&task.id));
        tasks.sort_by_key(|task| task.id);
        Dump::new(tasks, self.owner().env().clock.now(), silent)
    }

    /// Asks what can be asked on this thread, and starts tasks that ask the others.
    fn ask_all(&self) -> (Seen, Vec<JoinHandle<Option<Seen>>>) {
        let mut parts = self.owner().parts();
        parts.push(self.owner().clone());
        // A local set that this is part of.
        if let Some(nest) = context::with(|cx| cx.driving.get())
            && parts.iter().all(|part| part.as_ptr() != nest)
        {
            // SAFETY: whoever set the slot keeps the owner alive until it is reset.
            parts.push(unsafe { OwnerRef::retain(nest) });
        }
        let (mut tasks, mut asked) = (Vec::new(), Vec::new());
        for part in parts {
            match inspect(&part) {
                Some(seen) => tasks.extend(seen),
                None => {
                    let owner = part.clone();
                    asked.push(start(owner, async move { inspect(&part) }, (), false));
                }
            }
        }
        (tasks, asked)
    }
}

/// What the asking task has seen: nothing if its runtime is gone, `None` if it is too late.
async fn answer(
    mut asker: JoinHandle<Option<Seen>>,
    mut patience: Pin<&mut Option<Registration>>,
) -> Option<Seen> {
    let outcome = poll_fn(|cx| {
        if let Poll::Ready(outcome) = Pin::new(&mut asker).poll(cx) {
            return Poll::Ready(Some(outcome));
        }
        match patience.as_mut().as_pin_mut() {
            Some(timer) => timer.poll(cx).map(|_| None),
            None => Poll::Pending,
        }
    });
    match outcome.await {
        Some(outcome) => Some(outcome.ok().flatten().unwrap_or_default()),
        None => {
            asker.abort();
            None
        }
    }
}

/// Asks each task of this owner; `None` if that is not for this thread to do.
pub(super) fn inspect(owner: &OwnerRef) -> Option<Seen> {
    let mut seen = Vec::new();
    let entered = owner.enter(&mut || {
        let mut tasks = Vec::new();
        owner.each_task(&mut |raw| {
            let task = Task::from_raw(raw);
            task.add_ref();
            tasks.push(task);
        });
        for task in tasks {
            look(owner, task, &mut seen);
            task.drop_ref();
        }
    });
    entered.then_some(seen)
}

/// Shows the tasks of a nest to whoever asks the task that polls it.
pub(super) fn show_nest(owner: &OwnerRef) {
    if dump::is_asked() {
        Tally::add_tasks(inspect(owner).unwrap_or_default());
    }
}

/// Notes what a task does, and asks it if it waits.
fn look(owner: &OwnerRef, task: Task, seen: &mut Seen) {
    let header = task.header();
    if header.state.load().is_complete() {
        return;
    }
    let record = &header.record;
    let (state, tally) = if header.state.claim() {
        let tally = Tally::default();
        let Some(state) = ask(owner, task, &tally) else { return };
        (state, tally)
    } else {
        let state = if record.is_polled() { State::Running } else { State::Ready };
        (state, Tally::default())
    };
    let (waits, mut inner) = tally.into_parts();
    let meta = task.meta();
    seen.push(dump::Task {
        id: meta.id,
        name: meta.name.map(Into::into),
        future: meta.future,
        spawned_at: meta.spawned_at,
        age: now(owner).saturating_duration_since(record.born()),
        polls: record.polls(),
        state,
        trace: Trace { waits },
        inside: None,
    });
    inner.iter_mut().for_each(|task| _ = task.inside.get_or_insert(meta.id));
    seen.append(&mut inner);
}

/// Gives a held task a turn that is told to `tally`. `None`: it has ended.
fn ask(owner: &OwnerRef, task: Task, tally: &Tally) -> Option<State> {
    // A `select!` that begins at another branch is to do so without a dump, too.
    let _rng = Restore::set(|cx| &cx.rng, context::with(|cx| cx.rng.get()));
    match poll_as(task, || Tally::set(Some(tally), || task.turn())) {
        Turn::Idle => Some(State::Waiting),
        Turn::Again => {
            owner.schedule(task.as_raw());
            Some(State::Ready)
        }
        Turn::Done => {
            owner.end_task(task.as_raw());
            None
        }
    }
}

fn now(owner: &OwnerRef) -> Instant {
    owner.try_env().map_or_else(crate::env::now, |env| env.clock.now())
}
