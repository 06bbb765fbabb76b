//! Completion: the kernel does an operation while the task sleeps, and says when it is done.
//!
//! A ring stands beside the selector of the [reactor](super::reactor), for buffers that are handed
//! over, for files, and for whatever else readiness cannot do. Borrowed buffers never come here.
//!
//! # Who waits where
//! ```text
//!   nothing under way:        the holder waits in epoll; who asks for something wakes it
//!   something under way:      the holder waits in the ring, which watches epoll's descriptor
//! ```
//! So a program that does only one kind of I/O pays one system call a turn, and one that does both
//! sees no edge later than one turn. The ring's own descriptor is never in epoll: each answer would
//! otherwise be told twice.
//!
//! # Who tells the kernel
//! Requests are gathered in the submission queue and told together, by whoever holds the reactor,
//! when it waits or looks. While the holder waits in the kernel, whoever asks tells the kernel itself
//! ([`Mode::Shared`]) or wakes the holder. [`Inner::waiting`] says which, under the lock that the
//! request is queued under, so no request stays behind.
//!
//! # Threads
//! * [`Mode::Bound`]: one thread drives the runtime for ever (a `LocalRuntime`). The kernel is told so
//!   (`SINGLE_ISSUER`) and does its part of the work only when that thread asks (`DEFER_TASKRUN`),
//!   all at once.
//! * [`Mode::Moving`]: one thread at a time (`block_on` may be called from several). The kernel does
//!   its part when the thread enters it anyway (`COOP_TASKRUN`).
//! * [`Mode::Shared`]: the pool. The kernel interrupts the worker that asked: it may be in a long
//!   poll while another worker waits for the answer.
//!
//! The kernel ends a request of a socket on the thread that told it of the request, and wakes that
//! thread if it sleeps. Of a pool that is mostly another worker than the one that waits for the
//! answer: two threads are woken for one. So on a pool streams go through readiness, which wakes only
//! who waits, and the ring serves files, whose answers come from the kernel's own threads.
//!
//! A request dies with the thread that told the kernel of it; then it is told again.
//!
//! # Who owns what until when
//! See [`op`]. After the runtime is shut down nothing new begins, what is under way is cancelled,
//! and whoever still needs an answer fetches it with its own thread. A ring that is dropped waits for
//! the kernel to let go of every buffer that it holds; if that takes longer than [`PATIENCE`] they
//! are leaked.

mod buffers;
pub(crate) mod files;
mod many;
pub(crate) mod op;
mod records;
mod setup;
mod transfer;

use crate::lock::Lock;
use crate::native::origin::Origin;
use crate::runtime::RuntimeShutDown;
use core::fmt;
use core::task::Waker;
use core::time::Duration;
use io_uring::types::{self, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use many::Group;
pub(crate) use records::{Answer, Key};
use records::{Answers, Arrival, Orphan, Records, Request};
use std::boxed::Box;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, OnceLock};
use std::vec::Vec;
pub(super) use transfer::{Detached, Transfers};

/// Which threads may drive the runtime; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::native) enum Mode {
    Bound,
    Moving,
    Shared,
}

/// See the module.
pub(in crate::native) struct Ring {
    uring: IoUring,
    mode: Mode,
    /// Set by the thread that a bound ring is bound to.
    enabled: OnceLock<()>,
    /// The process that this was made in: a fork shares both queues with its parent.
    origin: Origin,
    inner: Lock<Inner>,
}

struct Inner {
    records: Records,
    group: Group,
    /// Requests that found the submission queue full, each with its limit.
    backlog: VecDeque<(squeue::Entry, Option<squeue::Entry>)>,
    waiting: Waiting,
    /// The ring watches epoll's descriptor.
    watches_epoll: bool,
    /// That descriptor.
    epoll: RawFd,
    /// Closed once the kernel has been told of everything that was queued before.
    buried: Vec<Box<dyn Send>>,
    shut_down: bool,
}

/// Where the holder of the reactor waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    No,
    InEpoll,
    InRing,
}

/// What the holder must do after it asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Holder {
    /// It will find the request by itself.
    Sees,
    /// It waits, and must be woken.
    Sleeps,
}

/// What the answers that a holder has fetched lead to, once it has let go of the reactor.
#[derive(Default)]
pub(super) struct Arrivals {
    wakers: Vec<Waker>,
    settled: Vec<(Box<dyn Orphan>, Answers)>,
    buried: Vec<Box<dyn Send>>,
}

/// An answer to the watch over epoll's descriptor.
const EPOLL: u64 = u64::MAX;
/// An answer that nobody needs.
const IGNORED: u64 = u64::MAX - 1;
/// How long a ring that ends waits for the kernel.
const PATIENCE: Duration = Duration::from_secs(2);

impl Ring {
    /// # Errors
    /// Why this machine has none.
    pub(super) fn open(mode: Mode) -> io::Result<Self> {
        let uring = setup::open(mode)?;
        let inner = Inner {
            records: Records::default(),
            group: Group::Untried,
            backlog: VecDeque::new(),
            waiting: Waiting::No,
            watches_epoll: false,
            epoll: -1,
            buried: Vec::new(),
            shut_down: false,
        };
        let origin = Origin::here();
        Ok(Self { uring, mode, enabled: OnceLock::new(), origin, inner: Lock::new(inner) })
    }

    /// Whether streams are better received from and sent to here than by readiness; see the module.
    pub(super) fn serves_streams(&self) -> bool {
        self.mode != Mode::Shared
    }

    /// Waits for an answer or for `epoll` to be readable, for `timeout` at most, if that is where to
    /// wait. `None`: nothing is under way here, wait in epoll. `Some(true)`: the kernel had no room,
    /// and did not wait.
    pub(super) fn wait(&self, timeout: Option<Duration>, epoll: &impl AsRawFd) -> Option<bool> {
        let only_looks = timeout == Some(Duration::ZERO);
        let (owed, answered) = {
            let mut inner = self.inner.lock();
            self.queue_backlog(&mut inner);
            let answered = self.has_answers();
            if !self.owes() && inner.records.under_way() == 0 && !answered {
                inner.waiting = if only_looks { Waiting::No } else { Waiting::InEpoll };
                return None;
            }
            self.watch_epoll(&mut inner, epoll.as_raw_fd());
            inner.waiting = if only_looks { Waiting::No } else { Waiting::InRing };
            (self.owes(), answered)
        };
        let told = match only_looks || answered {
            true if owed => self.tell(),
            true => Ok(()),
            false => self.enter(timeout),
        };
        // Without memory for requests the kernel does not wait; epoll does, for a moment.
        Some(told.is_err_and(|error| is_exhausted(&error)))
    }

    fn watch_epoll(&self, inner: &mut Inner, epoll: RawFd) {
        if !inner.watches_epoll {
            let watch = opcode::PollAdd::new(types::Fd(epoll), libc::POLLIN as u32);
            inner.watches_epoll = self.queue(&watch.build().user_data(EPOLL), None);
            inner.epoll = epoll;
        }
    }

    /// Tells the kernel of what is queued, and has it do what it has put off.
    fn tell(&self) -> io::Result<()> {
        self.enable();
        self.uring.submit().map(drop)
    }

    fn enter(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.enable();
        match timeout {
            None => self.uring.submit_and_wait(1).map(drop),
            Some(timeout) => {
                let limit = Timespec::from(timeout);
                let arguments = SubmitArgs::new().timespec(&limit);
                self.uring.submitter().submit_with_args(1, &arguments).map(drop)
            }
        }
    }

    /// Binds a bound ring to this thread.
    fn enable(&self) {
        if self.mode == Mode::Bound {
            self.enabled.get_or_init(|| {
                // A failure shows at the next call.
                let _ = self.uring.submitter().register_enable_rings();
            });
        }
    }

    /// Fetches the answers. Answers whether epoll has something to tell.
    pub(super) fn fetch(&self, arrivals: &mut Arrivals) -> bool {
        let mut inner = self.inner.lock();
        inner.waiting = Waiting::No;
        self.collect(&mut inner, arrivals)
    }

    fn collect(&self, inner: &mut Inner, arrivals: &mut Arrivals) -> bool {
        let mut epoll = false;
        // SAFETY: the completion queue is read under the lock only.
        for answer in unsafe { self.uring.completion_shared() } {
            match answer.user_data() {
                IGNORED => {}
                EPOLL => {
                    inner.watches_epoll = false;
                    epoll = true;
                }
                key => self.arrive(inner, Key::from_user_data(key), &answer, arrivals),
            }
        }
        if !inner.buried.is_empty() && inner.backlog.is_empty() && !self.owes() {
            arrivals.buried.append(&mut inner.buried);
        }
        epoll
    }

    fn arrive(&self, inner: &mut Inner, key: Key, entry: &cqueue::Entry, to: &mut Arrivals) {
        let answer = Answer { result: entry.result(), flags: entry.flags() };
        inner.group.note(answer);
        match inner.records.complete(key, answer, cqueue::more(entry.flags())) {
            Arrival::Nothing => {}
            Arrival::Wake(waker) => to.wakers.push(waker),
            Arrival::Settle(orphan, answers) => {
                inner.group.give_back(&answers);
                to.settled.push((orphan, answers));
            }
            Arrival::Repeat(request) => self.queue_request(inner, &request),
        }
        if cqueue::more(entry.flags()) {
            self.keep_near(inner, key);
        }
    }

    /// Begins an operation; `waker` is woken when there is an answer.
    ///
    /// # Safety
    /// What the request points at stays valid until the last answer has come, or until the request
    /// was given up by [`leave`](Self::leave) and its orphan settled.
    unsafe fn begin(&self, request: Request, waker: Waker) -> Result<(Key, Holder), Waker> {
        let mut inner = self.inner.lock();
        if inner.shut_down || self.is_inherited() {
            return Err(waker);
        }
        let (key, request) = inner.records.insert(request, Some(waker));
        self.queue_request(&mut inner, &request);
        let waiting = inner.waiting;
        drop(inner);
        Ok((key, self.told(waiting)))
    }

    /// The answers to an operation that the kernel is done with; else `waker` is woken when it is.
    fn take(&self, key: Key, waker: &Waker) -> Option<Answers> {
        let mut fresh = None;
        loop {
            let mut inner = self.inner.lock();
            if let Some(answers) = inner.records.take_ended(key) {
                return Some(answers);
            }
            if self.is_inherited() {
                // The parent gets it.
                return None;
            }
            if inner.shut_down {
                drop(inner);
                self.help();
                continue;
            }
            let place = inner.records.waker(key);
            if place.as_ref().is_some_and(|known| known.will_wake(waker)) {
                return None;
            }
            if fresh.is_some() {
                let stale = core::mem::replace(place, fresh);
                drop(inner);
                drop(stale);
                return None;
            }
            drop(inner);
            // Cloning is foreign code: not under the lock.
            fresh = Some(waker.clone());
        }
    }

    /// Gives an operation up: the kernel is asked to end it, and what it still uses is settled when
    /// it has. At once, and by the caller, if it was done already.
    fn leave(&self, key: Key, orphan: Box<dyn Orphan>) -> Holder {
        if self.is_inherited() {
            // Of these pages the kernel writes into the parent's.
            drop(orphan);
            return Holder::Sees;
        }
        let mut inner = self.inner.lock();
        if let Some(answers) = inner.records.take_ended(key) {
            inner.group.give_back(&answers);
            drop(inner);
            orphan.settle(answers);
            return Holder::Sees;
        }
        let waker = inner.records.leave(key, orphan);
        self.queue_cancel(&mut inner, key);
        let waiting = inner.waiting;
        drop(inner);
        drop(waker);
        self.told(waiting)
    }

    /// Keeps a descriptor open until the kernel has been told of everything that names it.
    fn bury(&self, stream: Box<dyn Send>) -> Holder {
        if self.is_inherited() {
            drop(stream);
            return Holder::Sees;
        }
        let mut inner = self.inner.lock();
        inner.buried.push(stream);
        match inner.waiting {
            Waiting::No => Holder::Sees,
            Waiting::InRing | Waiting::InEpoll => Holder::Sleeps,
        }
    }

    /// What to do about the holder after a request was queued.
    fn told(&self, waiting: Waiting) -> Holder {
        match waiting {
            Waiting::No => Holder::Sees,
            Waiting::InRing if self.mode == Mode::Shared => {
                // A failure leaves it queued for the holder.
                if self.uring.submit().is_ok() { Holder::Sees } else { Holder::Sleeps }
            }
            Waiting::InRing | Waiting::InEpoll => Holder::Sleeps,
        }
    }

    fn queue_cancel(&self, inner: &mut Inner, key: Key) {
        let cancel = opcode::AsyncCancel::new(key.user_data()).build().user_data(IGNORED);
        self.queue_or_keep(inner, cancel, None);
    }

    fn queue_request(&self, inner: &mut Inner, request: &Request) {
        let entry = request.entry.clone();
        match &request.limit {
            None => self.queue_or_keep(inner, entry, None),
            Some(limit) => {
                let limit = opcode::LinkTimeout::new(Arc::as_ptr(limit)).build();
                let linked = entry.flags(squeue::Flags::IO_LINK);
                self.queue_or_keep(inner, linked, Some(limit.user_data(IGNORED)));
            }
        }
    }

    /// Queues a request and the limit that belongs to it, behind all others.
    fn queue_or_keep(&self, inner: &mut Inner, entry: squeue::Entry, limit: Option<squeue::Entry>) {
        if !inner.backlog.is_empty() || !self.queue(&entry, limit.as_ref()) {
            inner.backlog.push_back((entry, limit));
        }
    }

    fn queue_backlog(&self, inner: &mut Inner) {
        while let Some((entry, limit)) = inner.backlog.front() {
            if !self.queue(entry, limit.as_ref()) {
                return;
            }
            inner.backlog.pop_front();
        }
    }

    /// Called under the lock. Answers whether there was room.
    fn queue(&self, entry: &squeue::Entry, limit: Option<&squeue::Entry>) -> bool {
        // SAFETY: the submission queue is written under the lock only, and what the entries point
        // at outlives them; see `begin`.
        unsafe {
            let mut queue = self.uring.submission_shared();
            match limit {
                None => queue.push(entry).is_ok(),
                Some(limit) => queue.push_multiple(&[entry.clone(), limit.clone()]).is_ok(),
            }
        }
    }

    /// Whether the kernel has something to be told, or to be asked to do. Called under the lock.
    fn owes(&self) -> bool {
        // SAFETY: the submission queue is looked at under the lock, as it is written.
        let queue = unsafe { self.uring.submission_shared() };
        !queue.is_empty() || queue.taskrun() || queue.cq_overflow()
    }

    /// Whether answers wait to be fetched. Called under the lock.
    fn has_answers(&self) -> bool {
        // SAFETY: the completion queue is looked at under the lock, as it is read.
        unsafe { !self.uring.completion_shared().is_empty() }
    }

    /// Ends everything: whoever waits is woken, and nothing new begins.
    pub(super) fn shut_down(&self) {
        let keys = {
            let mut inner = self.inner.lock();
            inner.shut_down = true;
            let keys = inner.records.cancel_all();
            keys.iter().for_each(|key| self.queue_cancel(&mut inner, *key));
            keys
        };
        if !keys.is_empty() {
            self.help_until_done();
        }
    }

    fn help_until_done(&self) {
        let start = std::time::Instant::now();
        while self.under_way() > 0 && start.elapsed() < PATIENCE {
            self.help();
        }
    }

    /// Fetches answers with this thread: no reactor may ever come to them any more, or somebody cannot
    /// wait for it.
    fn help(&self) {
        self.queue_backlog(&mut self.inner.lock());
        let entered = self.enter(Some(Duration::from_millis(5)));
        if entered.is_err_and(|error| error.raw_os_error() != Some(libc::ETIME)) {
            // Bound to another thread, which has to do it.
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut arrivals = Arrivals::default();
        let mut inner = self.inner.lock();
        if self.collect(&mut inner, &mut arrivals) {
            // What epoll has to tell is for the holder, who may be waiting for it right now.
            let epoll = inner.epoll;
            self.watch_epoll(&mut inner, epoll);
            drop(inner);
            let _ = self.tell();
        } else {
            drop(inner);
        }
        arrivals.dispatch(&mut crate::env::panics::Panics::new());
    }

    fn is_inherited(&self) -> bool {
        self.origin.is_inherited()
    }

    fn is_shut_down(&self) -> bool {
        self.inner.lock().shut_down && !self.is_inherited()
    }

    fn under_way(&self) -> usize {
        self.inner.lock().records.under_way()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if self.is_inherited() {
            return;
        }
        self.shut_down();
        let mut inner = self.inner.lock();
        let orphans = inner.records.take_orphans();
        // The kernel may still write into them, and into what it chooses from.
        orphans.into_iter().for_each(core::mem::forget);
        if inner.records.under_way() > 0 {
            core::mem::forget(core::mem::take(&mut inner.group));
        }
    }
}

impl Arrivals {
    /// Wakes who waits for the answers, and settles what nobody waits for.
    pub(super) fn dispatch(&mut self, panics: &mut crate::env::panics::Panics) {
        self.settled.drain(..).for_each(|(orphan, answers)| {
            panics.guard(|| orphan.settle(answers));
        });
        self.buried.drain(..).for_each(|stream| panics.guard(|| drop(stream)));
        self.wakers.drain(..).for_each(|waker| panics.guard(|| waker.wake()));
    }
}

/// The kernel has no room for a request now.
fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EBUSY | libc::ENOMEM))
}

/// The runtime that was asked is shut down.
fn shut_down() -> io::Error {
    RuntimeShutDown::error()
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("mode", &self.mode).finish_non_exhaustive()
    }
}
