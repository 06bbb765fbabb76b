//! What tasks wait for, as they tell it themselves when somebody asks.
//!
//! While a program runs nothing is written down about waiting. A dump polls each waiting task once
//! more, as a needless wake would, with a [`Tally`] in the context, and each leaf that answers
//! `Pending` then tells the tally what it waits for ([`tell`]). What a future may do in such a poll
//! it may do in any: it stays registered where it was, or registers anew. So a dump can lose no
//! wake, and finds every branch of a `join!` and a `select!`.
//!
//! Two things are written down, for nobody could tell them later: where a wait was written
//! ([`Site`](super::site::Site)), and who took a lock ([`Lockable`]).
//!
//! All of this is there with the feature `dump` only; `dump_none.rs` has the same names, and does
//! nothing.
//!
//! Why unsafe: the context slot names a tally by its address.

mod deadlock;
mod report;

pub use report::{Dump, State, Task, Trace, Wait};

use super::context;
use super::id::Id;
use super::site::Site;
use super::spans::Resource;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
// Not loom's: the holder of a lock is a number to look at, which orders nothing.
use core::sync::atomic::{AtomicUsize, Ordering};

/// What the context knows: which task runs, and whether somebody asks.
#[derive(Debug)]
pub(crate) struct Asked {
    task: Cell<Option<Id>>,
    tally: Cell<Option<NonNull<Tally>>>,
    /// A task further up the stack of this thread is asked.
    asking: Cell<bool>,
    /// Where the program began to wait, as the outermost future says that knows.
    site: Cell<Site>,
}

impl Asked {
    pub(crate) const fn new() -> Self {
        Self {
            task: Cell::new(None),
            tally: Cell::new(None),
            asking: Cell::new(false),
            site: Cell::new(Site::UNKNOWN),
        }
    }

    /// The task that runs.
    #[inline]
    pub(crate) fn task(&self) -> RunningTask {
        RunningTask(self.task.get())
    }

    /// From now on it is this one.
    #[inline]
    pub(crate) fn set_task(&self, task: RunningTask) {
        self.task.set(task.0);
    }
}

/// Which task runs, if any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunningTask(Option<Id>);

impl RunningTask {
    #[inline]
    pub(crate) fn is(id: Id) -> Self {
        Self(Some(id))
    }
}

/// What one task tells.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    waits: RefCell<Vec<Wait>>,
    /// Tasks inside of the task, as those of a local set.
    tasks: RefCell<Vec<Task>>,
}

impl Tally {
    /// Runs `f`, whose leaves tell this tally what they wait for. `None`: they tell nobody.
    pub(crate) fn set<R>(tally: Option<&Self>, f: impl FnOnce() -> R) -> R {
        let new = tally.map(NonNull::from);
        let _tally = context::Restore::set(|cx| &cx.asked.tally, new);
        let _asking = context::Restore::set(|cx| &cx.asked.asking, true);
        let _site = context::Restore::set(|cx| &cx.asked.site, Site::UNKNOWN);
        f()
    }

    /// Runs `f` with the tally of the poll that this is part of, if somebody asks.
    fn with<R>(f: impl FnOnce(&Self) -> R) -> Option<R> {
        let tally = context::with(|cx| cx.asked.tally.get())?;
        // SAFETY: whoever set the slot keeps the tally until it is reset.
        Some(f(unsafe { tally.as_ref() }))
    }

    /// Adds tasks that are inside of the one that is asked.
    pub(crate) fn add_tasks(tasks: Vec<Task>) {
        Self::with(|tally| tally.tasks.borrow_mut().extend(tasks));
    }

    pub(crate) fn into_parts(self) -> (Vec<Wait>, Vec<Task>) {
        (self.waits.into_inner(), self.tasks.into_inner())
    }
}

/// Whether this poll is one that asks.
#[inline]
pub(crate) fn is_asked() -> bool {
    context::with(|cx| cx.asked.tally.get()).is_some()
}

/// Whether what runs is part of such a poll, even if it tells nobody.
#[inline]
pub(crate) fn is_asking() -> bool {
    context::with(|cx| cx.asked.asking.get())
}

/// Runs `f`, whose leaves tell nobody.
#[inline]
pub(crate) fn unasked<R>(f: impl FnOnce() -> R) -> R {
    if is_asked() { Tally::set(None, f) } else { f() }
}

/// For a leaf that is about to answer `Pending`: what it waits for, if anybody asks.
#[inline]
pub(crate) fn tell(wait: impl FnOnce() -> Wait) {
    if is_asked() {
        let mut wait = wait();
        let site = context::with(|cx| cx.asked.site.get());
        if site.location().is_some() {
            wait = wait.at(site);
        }
        Tally::with(|tally| tally.waits.borrow_mut().push(wait));
    }
}

/// The answer of a leaf, and what it waits for if that is `Pending`.
#[inline]
pub(crate) fn told<T>(poll: Poll<T>, wait: impl FnOnce() -> Wait) -> Poll<T> {
    if poll.is_pending() {
        tell(wait);
    }
    poll
}

/// Runs `f`, each of whose waits is told as one at `site`, unless this is part of another such.
#[inline]
pub(crate) fn within<R>(site: Site, f: impl FnOnce() -> R) -> R {
    // Of several the outermost: those inside of it are the library's own.
    let is_first = is_asked() && context::with(|cx| cx.asked.site.get().location().is_none());
    let _before = is_first.then(|| context::Restore::set(|cx| &cx.asked.site, site));
    f()
}

/// The same future, each of whose waits is told as one at `site`.
pub(crate) fn located<F: Future>(site: Site, future: F) -> impl Future<Output = F::Output> {
    Located { future, site }
}

pin_project! {
    struct Located<F> {
        #[pin]
        future: F,
        site: Site,
    }
}

impl<F: Future> Future for Located<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        within(*this.site, || this.future.poll(cx))
    }
}

/// What a lock knows about itself: what it is, and which task has it.
#[derive(Debug)]
pub(crate) struct Lockable {
    kind: &'static str,
    /// Who takes as many permits has the lock alone.
    whole: usize,
    /// The number of the task that has it alone, zero if none has.
    holder: AtomicUsize,
    pub(crate) resource: Resource,
}

/// The holder of a lock that was taken outside of tasks.
const NO_TASK: usize = usize::MAX;

impl Lockable {
    pub(crate) const fn new(kind: &'static str, whole: usize) -> Self {
        Self { kind, whole, holder: AtomicUsize::new(0), resource: Resource::NONE }
    }

    /// The same, which is told of as `resource`.
    pub(crate) fn seen_as(mut self, resource: Resource) -> Self {
        self.resource = resource;
        self
    }

    /// The running task has got so many permits.
    #[inline]
    pub(crate) fn taken(&self, permits: usize) {
        if permits == self.whole {
            let task = context::with(|cx| cx.asked.task.get()).map_or(NO_TASK, Id::number);
            self.holder.store(task, Ordering::Relaxed);
        }
        match (self.kind, permits == self.whole) {
            ("mutex", _) => self.resource.locked(true),
            ("rwlock", true) => self.resource.write_locked(true),
            _ => self.resource.permits(permits, "sub"),
        }
    }

    /// Permits are about to be given back. Before they are, so that the next holder writes later.
    #[inline]
    pub(crate) fn given_back(&self, permits: usize) {
        self.holder.store(0, Ordering::Relaxed);
        match (self.kind, permits == self.whole) {
            ("mutex", _) => self.resource.locked(false),
            ("rwlock", true) => self.resource.write_locked(false),
            _ => self.resource.permits(permits, "add"),
        }
    }

    /// What somebody waits for who wants so many permits.
    pub(crate) fn wait(&self, permits: usize) -> Wait {
        let detail = match (self.kind, permits == self.whole) {
            ("rwlock", true) => "to write",
            ("rwlock", false) => "to read",
            _ => "",
        };
        let wait = Wait::new(self.kind).detail(detail);
        match self.holder.load(Ordering::Relaxed) {
            0 => wait,
            NO_TASK => wait.held_outside(),
            task => wait.held_by(Id::from_number(task)),
        }
    }
}
