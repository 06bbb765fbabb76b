//! The task cell: one allocation that holds a future, then its outcome.
//!
//! ```text
//! +--------- Header, 64 bytes on 64-bit targets ----------+------- Body -------+
//! | state  vtable  owner  link  id  slot,stage  join waker | future or outcome  |
//! +---------------------------------------------------------+--------------------+
//! ```
//!
//! Who may touch what (the flags are those of [`state`](super::state)):
//!
//! 1. `state`: anyone with a reference.
//! 2. `vtable`, `owner`, `id`: immutable, anyone with a reference.
//! 3. `link`, as the next in a queue: who holds the task in a queue (`HELD`).
//! 4. `slot` and `berth`: the owner of the task, on its own thread or under its own lock.
//! 5. `stage`, the body, and `link` as the payload of a panic: while not `COMPLETE`, the party that
//!    holds the task (`HELD`); after, the `JoinHandle`; without one, whoever completed the task.
//! 6. `join_waker`: by the rules in `state`.
//! 7. the metadata: immutable, anyone with a reference.
//! 8. `counted`, until the task is complete: the thread that drives an owner which one thread at a
//!    time drives; of any other owner the party that holds the task, which adds it to the count of all
//!    when it lets the task rest. Nobody where there are no other threads.
//!
//! Deliberately absent: a scheduler type parameter. One cell serves every owner of tasks, through
//! the owner's table of operations.

use super::error::JoinError;
use super::record::Record;
use super::state::{Merge, Paused, State};
use super::waker::{is_of_task, with_waker};
use crate::atomic::{THREADS, UnsafeCell};
use crate::collections::Word;
use crate::env::context;
use crate::env::hooks::TaskMeta;
use crate::env::id::Id;
use crate::env::owner::{OwnerRef, RawTask};
use crate::env::panics::CAUGHT;
use crate::env::site::Site;
use crate::env::spans::{Kind, TaskSpan};
use crate::env::waker_slot::WakerSlot;
use alloc::boxed::Box;
use core::any::Any;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, offset_of};
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

/// The payload of a panic, in one word.
type Payload = Box<Box<dyn Any + Send>>;

/// The type-independent part of a cell.
#[repr(C)]
pub(crate) struct Header {
    pub(super) state: State,
    vtable: &'static Vtable,
    owner: OwnerRef,
    link: UnsafeCell<Link>,
    id: Id,
    /// References that were made, less those that were given back, by whoever may count here.
    counted: UnsafeCell<i8>,
    stage: UnsafeCell<Stage>,
    /// Where else the owner keeps the task, zero at first; by the rule of `slot`.
    berth: UnsafeCell<u16>,
    /// Where the owner's registry keeps the task; `NEW` before it is adopted.
    slot: UnsafeCell<u32>,
    join_waker: WakerSlot,
    /// By the rules of `record`; empty without the feature `dump`.
    pub(super) record: Record,
}

/// A word for two purposes that exclude each other.
union Link {
    /// The next task of the run queue or inbox that holds this one.
    next: Option<NonNull<Header>>,
    /// Why the task ended, if it panicked: it is in no queue any more.
    payload: ManuallyDrop<Payload>,
}

/// The slot of a task that no registry has taken in yet.
pub(crate) const NEW: u32 = u32::MAX;

/// What the body of the cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    Future,
    Output,
    Panicked,
    Cancelled,
    /// The outcome was taken or dropped.
    Gone,
}

union Body<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<F::Output>,
}

#[repr(C)]
struct Cell<F: Future, M> {
    header: Header,
    /// Not loom's: where it lies is told by the vtable. Loom watches the stage, which every access
    /// to the body goes through.
    body: core::cell::UnsafeCell<Body<F>>,
    meta: M,
}

/// What a cell knows of its task besides the future.
pub(crate) trait Meta: 'static {
    /// Whether the task has a thread of its own.
    const BLOCKING: bool = false;

    fn name(&self) -> Option<&str> {
        None
    }

    /// Called by [`Task::finish_with_meta`] after the outcome was published.
    fn finished(&self) {}
}

impl Meta for () {}

impl Meta for Box<str> {
    fn name(&self) -> Option<&str> {
        Some(self)
    }
}

struct Vtable {
    /// The future is not `Send`: it may be polled and dropped on one thread only.
    local: bool,
    poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Poll<()>,
    cancel: unsafe fn(NonNull<Header>),
    /// How far behind the header the body lies.
    body: usize,
    /// Drops the outcome, and frees the cell if nobody else is left.
    discard: unsafe fn(NonNull<Header>, last: bool),
    name: unsafe fn(NonNull<Header>) -> Option<&'static str>,
    finished: unsafe fn(NonNull<Header>),
    free: unsafe fn(NonNull<Header>),
    future: fn() -> &'static str,
}

/// How a poll of a task ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// It waits for a wake, which has not come when this was answered. It is still held: let it
    /// [`rest`](Task::rest), or find another way to learn of wakes.
    Pending,
    /// It is ready again and still held: queue it.
    Again,
    /// As [`Turn::Done`].
    Ready,
}

/// How a turn of a task ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It waits for a wake.
    Idle,
    /// It is ready again and still held: queue it.
    Again,
    /// Its outcome is in the cell and the owner's reference still stands: take the task out of
    /// the registry, then call [`Task::finish`].
    Done,
}

/// An uncounted pointer to a cell. Valid by the rules of whoever keeps it: a queue and a registry
/// hold tasks that are not complete, and those live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Task(NonNull<Header>);

// SAFETY: a task is an address.
unsafe impl Word for Task {
    #[inline]
    fn into_word(self) -> *mut () {
        self.0.into_word()
    }

    #[inline]
    unsafe fn from_word(word: *mut ()) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { NonNull::from_word(word) })
    }
}

impl Task {
    /// Allocates the cell of a task. The caller becomes the `JoinHandle`'s reference and gives
    /// the owner's to [`OwnerRef::adopt`].
    ///
    /// # Safety
    /// The owner drops the future, or never touches it again, before what it borrows is gone. The
    /// output is guarded by its handle, whose type names it.
    pub(super) unsafe fn new<F: Future, M: Meta>(
        future: F,
        meta: M,
        owner: OwnerRef,
        id: Id,
        local: bool,
        spawned_at: Site,
    ) -> Self {
        let kind = match (M::BLOCKING, local) {
            (true, _) => Kind::Blocking,
            (false, true) => Kind::Local,
            (false, false) => Kind::Task,
        };
        let span = TaskSpan::new(kind, meta.name(), id, size_of::<F>(), spawned_at);
        let cell = Box::new(Cell {
            header: Header {
                state: State::new(),
                record: Record::new(&owner, spawned_at, span),
                vtable: if local { Cell::<F, M>::LOCAL } else { Cell::<F, M>::VTABLE },
                owner,
                link: UnsafeCell::new(Link { next: None }),
                id,
                counted: UnsafeCell::new(0),
                berth: UnsafeCell::new(0),
                slot: UnsafeCell::new(NEW),
                stage: UnsafeCell::new(Stage::Future),
                join_waker: WakerSlot::new(),
            },
            body: core::cell::UnsafeCell::new(Body { future: ManuallyDrop::new(future) }),
            meta,
        });
        Self(NonNull::from(Box::leak(cell)).cast())
    }

    pub(crate) fn from_raw(raw: RawTask) -> Self {
        Self(raw.cast())
    }

    #[inline]
    pub(crate) fn as_raw(self) -> RawTask {
        self.0.cast()
    }

    pub(super) fn as_ptr(self) -> NonNull<Header> {
        self.0
    }

    /// The header, for as long as the caller's claim on the cell lasts.
    #[inline]
    pub(super) fn header<'a>(self) -> &'a Header {
        // SAFETY: whoever has a `Task` keeps the cell alive, see the type.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn id(self) -> Id {
        self.header().id
    }

    #[inline]
    pub(super) fn owner<'a>(self) -> &'a OwnerRef {
        &self.header().owner
    }

    /// Whether the future is bound to the thread it was spawned on.
    pub(crate) fn is_local(self) -> bool {
        self.header().vtable.local
    }

    /// The name given by `task::Builder`.
    pub(crate) fn name<'a>(self) -> Option<&'a str> {
        // SAFETY: the metadata is immutable and lives as long as the cell.
        unsafe { (self.header().vtable.name)(self.0) }
    }

    /// The type of the future.
    pub(crate) fn future_type(self) -> &'static str {
        (self.header().vtable.future)()
    }

    /// What the task is, for hooks and reports.
    pub(crate) fn meta<'a>(self) -> TaskMeta<'a> {
        TaskMeta {
            id: self.id(),
            name: self.name(),
            future: self.future_type(),
            spawned_at: self.header().record.spawned_at(),
        }
    }

    pub(crate) fn slot(self) -> u32 {
        // SAFETY: rule 4, the caller is the owner.
        self.header().slot.with(|slot| unsafe { *slot })
    }

    pub(crate) fn set_slot(self, slot: u32) {
        // SAFETY: rule 4, the caller is the owner.
        self.header().slot.with_mut(|place| unsafe { *place = slot });
    }

    /// Which of a pool's registries keeps the task, or in which of its executor's berths it lies.
    #[inline]
    pub(crate) fn berth(self) -> usize {
        // SAFETY: rule 4, the caller is the owner.
        self.header().berth.with(|berth| unsafe { *berth }).into()
    }

    #[inline]
    pub(crate) fn set_berth(self, berth: usize) {
        // SAFETY: rule 4, the caller is the owner.
        self.header().berth.with_mut(|place| unsafe { *place = berth as u16 });
    }

    #[inline]
    pub(crate) fn next(self) -> Option<Task> {
        // SAFETY: rule 3, the caller holds the task.
        self.header().link.with(|link| unsafe { (*link).next }).map(Self)
    }

    #[inline]
    pub(crate) fn set_next(self, next: Option<Task>) {
        // SAFETY: rule 3, the caller holds the task.
        self.header().link.with_mut(|link| unsafe { (*link).next = next.map(|task| task.0) });
    }

    /// Gives a held task one turn: polls it once, or drops its future if it was aborted.
    #[inline]
    pub(crate) fn turn(self) -> Turn {
        match self.poll() {
            Polled::Ready => Turn::Done,
            Polled::Again => Turn::Again,
            Polled::Pending => self.rest(),
        }
    }

    /// Polls a held task once, or drops its future if it was aborted.
    #[inline]
    pub(crate) fn poll(self) -> Polled {
        let header = self.header();
        if header.state.start().is_aborted() {
            self.cancel();
            return Polled::Ready;
        }
        header.record.note_poll();
        // SAFETY: rule 5, the task is held.
        let poll = || with_waker(self, |cx| unsafe { (header.vtable.poll)(self.0, cx) });
        let poll = header.record.span.enter(poll);
        header.record.note_poll();
        if poll.is_ready() {
            header.record.span.close();
            return Polled::Ready;
        }
        if context::with(|cx| cx.yielded.replace(false)) {
            return Polled::Again;
        }
        let now = header.state.load();
        if now.is_aborted() {
            self.cancel();
            return Polled::Ready;
        }
        if now.is_woken() { Polled::Again } else { Polled::Pending }
    }

    /// Makes a held task idle whose poll was pending.
    #[inline]
    pub(crate) fn rest(self) -> Turn {
        // SAFETY: rule 8: the caller holds the task, until it is idle.
        let replace = |with| self.header().counted.with_mut(|here| unsafe { here.replace(with) });
        let counted = replace(0);
        match self.header().state.pause(counted) {
            Paused::Idle => Turn::Idle,
            Paused::Again => {
                replace(counted);
                Turn::Again
            }
            Paused::Aborted => {
                replace(counted);
                self.cancel();
                Turn::Done
            }
        }
    }

    /// Takes an idle or held task for good, so that its owner may cancel it at shutdown.
    ///
    /// Only the owner calls this, when nothing of its queues will run any more.
    pub(crate) fn seize(self) {
        self.header().state.abort();
    }

    /// Drops the future of a held task; the outcome becomes "cancelled".
    pub(crate) fn cancel(self) {
        let header = self.header();
        // SAFETY: rule 5, the task is held.
        header.record.span.enter(|| unsafe { (header.vtable.cancel)(self.0) });
        header.record.span.close();
    }

    /// Gives up on a held task whose future must not be dropped on this thread: it is leaked with
    /// its cell, and the outcome becomes "cancelled".
    pub(crate) fn abandon(self) {
        // A reference that nobody gives back: what was pinned and not dropped must stay in place,
        // for it may be linked into a wait list.
        self.add_ref();
        // SAFETY: rule 5, the task is held.
        self.header().stage.with_mut(|stage| unsafe { *stage = Stage::Cancelled });
        self.header().record.span.close();
    }

    /// Publishes the outcome after [`Turn::Done`] and gives up the owner's reference.
    #[inline]
    pub(crate) fn finish(self) {
        self.finish_then_wake(|| {});
    }

    /// [`finish`](Self::finish) that calls `before` it wakes somebody who is no task.
    #[inline]
    pub(crate) fn finish_then_wake(self, before: impl FnOnce()) {
        let header = self.header();
        // SAFETY: rule 8: whoever ends a task drives its owner, or nobody does any more.
        let merge = Merge::new(header.counted.with(|counted| unsafe { *counted }));
        if header.state.load().is_owners(merge) {
            // Nobody is left to be told, or to see the word.
            // SAFETY: rule 5, no handle exists.
            unsafe { (header.vtable.discard)(self.0, true) };
            return self.leave();
        }
        match header.state.complete_and_release(merge, || header.join_waker.read()) {
            Ok(Some(words)) => {
                self.leave();
                // SAFETY: rule 6: the words were read while the slot was filled, and nobody took
                // the waker before the task was complete; it is ours.
                let waker = unsafe { words.into_waker() };
                if !is_of_task(&waker) {
                    before();
                }
                super::guard(|| waker.wake());
            }
            Ok(None) => {}
            Err(()) => self.finish_slowly(merge),
        }
    }

    #[cold]
    fn finish_slowly(self, merge: Merge) {
        let header = self.header();
        let before = header.state.complete();
        if !before.has_join() {
            self.discard();
        }
        // SAFETY: rule 6, the slot was filled and shared when the task was completed, so the waker
        // in it is ours now.
        let waker = before.has_join_waker().then(|| unsafe { self.take_join_waker() });
        self.leave();
        if header.state.release_completed(merge, waker.is_some()) {
            self.free();
        }
        waker.into_iter().for_each(|waker| super::guard(|| waker.wake()));
    }

    /// What this thread does from now on is no part of the task, which may be freed by now.
    #[inline]
    fn leave(self) {
        context::with(|cx| {
            if cx.task.get() == Some(self.as_raw()) {
                cx.task.set(None);
            }
        });
    }

    /// [`finish`](Self::finish) that tells the metadata afterwards.
    pub(crate) fn finish_with_meta(self) {
        self.add_ref();
        self.finish();
        // SAFETY: rule 7; the reference just made keeps the cell.
        unsafe { (self.header().vtable.finished)(self.0) };
        self.drop_ref();
    }

    /// Drops an outcome that nobody wants; a panic that nobody saw reaches the hook.
    pub(super) fn discard(self) {
        // SAFETY: rule 5, the caller completed the task and no handle exists, or is the handle.
        unsafe { (self.header().vtable.discard)(self.0, false) }
    }

    /// Whether the held task ended with a panic.
    pub(crate) fn has_panicked(self) -> bool {
        // SAFETY: rule 5, the task is held.
        self.header().stage.with(|stage| unsafe { *stage }) == Stage::Panicked
    }

    /// Whether the outcome was taken or dropped already. Only for the handle of a complete task.
    pub(super) fn is_spent(self) -> bool {
        // SAFETY: rule 5, the caller is the handle.
        self.header().stage.with(|stage| unsafe { *stage }) == Stage::Gone
    }

    /// Moves the outcome out. Of the type of the handle and without a call, so that the output is
    /// read as it was written: a copy in other widths than the writes had waits for these.
    ///
    /// # Safety
    /// The task is complete, the caller is its `JoinHandle`, and its output is a `T`.
    #[inline]
    pub(super) unsafe fn take<T>(self) -> Result<T, JoinError> {
        let header = self.header();
        // SAFETY: rule 5, the caller is the handle.
        header.stage.with_mut(|stage| match unsafe { (*stage, *stage = Stage::Gone).0 } {
            // SAFETY: the body of the cell is an output, and a `T` by contract. It is moved out once,
            // since the stage is now `Gone`.
            Stage::Output => Ok(unsafe { self.0.byte_add(header.vtable.body).cast::<T>().read() }),
            other => Err(self.take_failure(other)),
        })
    }

    /// Why there is no output.
    #[cold]
    fn take_failure(self, stage: Stage) -> JoinError {
        match stage {
            Stage::Panicked if CAUGHT => {
                // SAFETY: rule 5, as in `take`.
                JoinError::panicked(self.id(), unsafe { self.take_payload() })
            }
            Stage::Cancelled => JoinError::cancelled(self.id()),
            Stage::Future | Stage::Gone | Stage::Panicked | Stage::Output => {
                panic!("JoinHandle polled after completion")
            }
        }
    }

    /// Moves the payload out, once.
    ///
    /// # Safety
    /// The caller has the body by rule 5; the stage was `Panicked`.
    unsafe fn take_payload(self) -> Box<dyn Any + Send> {
        // SAFETY: by contract.
        *self.header().link.with_mut(|link| unsafe { ManuallyDrop::take(&mut (*link).payload) })
    }

    /// Puts a waker into the join slot, which is the caller's and empty.
    #[inline]
    pub(super) fn fill_join_waker(self, waker: Waker) {
        self.header().join_waker.write(waker);
    }

    /// Moves the waker out of the join slot. Does not write it: the handle may be comparing.
    ///
    /// # Safety
    /// The slot is filled, the waker in it is the caller's, and it is taken once.
    pub(super) unsafe fn take_join_waker(self) -> Waker {
        // SAFETY: by contract.
        unsafe { self.header().join_waker.read().into_waker() }
    }

    /// Whether the join slot, which is filled, holds or held a waker for the same task as `waker`.
    #[inline]
    pub(super) fn join_waker_is(self, waker: &Waker) -> bool {
        self.header().join_waker.read().are_of(waker)
    }

    /// Whether nobody else can change the state while the caller, which is the `JoinHandle`, does
    /// not return: this thread drives the task's owner, no waker of the task is left, and it is not
    /// being polled. Of all that this thread polls the innermost is named by the context, and each that
    /// it is inside of has a reference more.
    #[inline]
    pub(super) fn is_alone(self) -> bool {
        self.is_driven_here()
            && self.header().state.load().is_pair()
            // SAFETY: rule 8.
            && self.header().counted.with(|counted| unsafe { *counted }) == 0
            && context::with(|cx| cx.task.get()) != Some(self.as_raw())
    }

    /// Whether this thread, and no other, drives the owner of the task.
    #[inline]
    fn is_driven_here(self) -> bool {
        self.owner().is_driven_here_only()
    }

    #[inline]
    pub(super) fn add_ref(self) {
        if !self.count(1) {
            self.header().state.add_refs(1);
        }
    }

    /// Counts a reference more or less without an atomic write, where this thread may.
    #[inline]
    fn count(self, change: i8) -> bool {
        let polled_here = || context::with(|cx| cx.task.get()) == Some(self.as_raw());
        (polled_here() || self.is_driven_here()) && self.count_here(change)
    }

    #[inline]
    fn count_here(self, change: i8) -> bool {
        let header = self.header();
        if !THREADS || header.state.load().is_complete() {
            return false;
        }
        // SAFETY: rule 8.
        header.counted.with_mut(|counted| unsafe {
            let changed = (*counted).checked_add(change);
            *counted = changed.unwrap_or(*counted);
            changed.is_some()
        })
    }

    /// Frees the cell after its last reference is gone.
    pub(super) fn free(self) {
        // SAFETY: nobody is left who could touch the cell.
        unsafe { (self.header().vtable.free)(self.0) }
    }

    /// [`drop_ref`](Self::drop_ref) on the thread that drives the task's executor.
    #[inline]
    pub(super) fn drop_ref_here(self) {
        if !self.count_here(-1) && self.header().state.drop_ref() {
            self.free();
        }
    }

    #[inline]
    pub(super) fn drop_ref(self) {
        if !self.count(-1) && self.header().state.drop_ref() {
            self.free();
        }
    }
}

impl<F: Future, M: Meta> Cell<F, M> {
    const LOCAL: &'static Vtable = &Vtable { local: true, ..*Self::VTABLE };

    const VTABLE: &'static Vtable = &Vtable {
        local: false,
        poll: Self::poll,
        cancel: Self::cancel,
        body: offset_of!(Self, body),
        discard: Self::discard,
        name: Self::name,
        finished: Self::finished,
        free: Self::free,
        future: core::any::type_name::<F>,
    };

    fn stage(header: NonNull<Header>) -> Stage {
        // SAFETY: rule 5, every caller has the body.
        unsafe { header.as_ref() }.stage.with(|stage| unsafe { *stage })
    }

    fn set_stage(header: NonNull<Header>, stage: Stage) {
        // SAFETY: rule 5, every caller has the body.
        unsafe { header.as_ref() }.stage.with_mut(|place| unsafe { *place = stage });
    }

    /// Runs `f` with the body. The caller has it by rule 5.
    unsafe fn body<R>(header: NonNull<Header>, f: impl FnOnce(*mut Body<F>) -> R) -> R {
        // SAFETY: every header of this vtable is the head of a `Cell<F, M>`.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        cell.header.stage.with_mut(|_| f(cell.body.get()))
    }

    unsafe fn poll(header: NonNull<Header>, cx: &mut Context<'_>) -> Poll<()> {
        debug_assert_eq!(Self::stage(header), Stage::Future);
        // SAFETY: rule 5; the stage says that the body is a future, and a cell never moves.
        let poll = unsafe {
            Self::body(header, |body| {
                super::catch(|| {
                    // A panic drops the future while it unwinds, as in a function: what the
                    // future held can tell that it was a panic.
                    let unwinding = DropFuture::<F, M>(header, PhantomData);
                    let poll = Pin::new_unchecked(&mut *(*body).future).poll(cx);
                    core::mem::forget(unwinding);
                    poll
                })
            })
        };
        match poll {
            Ok(Poll::Pending) => return Poll::Pending,
            // SAFETY: rule 5.
            Ok(Poll::Ready(output)) => unsafe {
                match Self::drop_future(header) {
                    Ok(()) => Self::store(header, Stage::Output, |body| {
                        body.output = ManuallyDrop::new(output);
                    }),
                    Err(payload) => {
                        Self::store_panic(header, payload);
                        super::guard(|| drop(output));
                    }
                }
            },
            // SAFETY: rule 5.
            Err(payload) => unsafe { Self::store_panic(header, payload) },
        }
        Poll::Ready(())
    }

    unsafe fn cancel(header: NonNull<Header>) {
        // SAFETY: rule 5, the caller holds the task.
        unsafe {
            match Self::drop_future(header) {
                Ok(()) => Self::set_stage(header, Stage::Cancelled),
                Err(payload) => Self::store_panic(header, payload),
            }
        }
    }

    /// Drops the future in place; a panic of its drop is the answer.
    unsafe fn drop_future(header: NonNull<Header>) -> Result<(), Box<dyn Any + Send>> {
        debug_assert_eq!(Self::stage(header), Stage::Future);
        Self::set_stage(header, Stage::Gone);
        // SAFETY: rule 5; the stage was `Future`, so the body is one, and it is dropped once.
        unsafe {
            Self::body(header, |body| super::catch(|| ManuallyDrop::drop(&mut (*body).future)))
        }
    }

    unsafe fn store(header: NonNull<Header>, stage: Stage, fill: impl FnOnce(&mut Body<F>)) {
        // SAFETY: rule 5; the body holds nothing, its old content was dropped.
        unsafe { Self::body(header, |body| fill(&mut *body)) };
        Self::set_stage(header, stage);
    }

    unsafe fn store_panic(header: NonNull<Header>, payload: Box<dyn Any + Send>) {
        let payload = ManuallyDrop::new(Box::new(payload));
        // SAFETY: rule 5; a task that has ended is in no queue.
        unsafe { header.as_ref() }.link.with_mut(|link| unsafe { (*link).payload = payload });
        Self::set_stage(header, Stage::Panicked);
    }

    unsafe fn discard(header: NonNull<Header>, last: bool) {
        let stage = Self::stage(header);
        Self::set_stage(header, Stage::Gone);
        // SAFETY: rule 5; the stage names the content, which is dropped once.
        unsafe {
            Self::body(header, |body| match stage {
                Stage::Output => super::guard(|| ManuallyDrop::drop(&mut (*body).output)),
                Stage::Panicked if CAUGHT => {
                    let payload = Task(header).take_payload();
                    super::report_panic(Task(header), &*payload);
                    super::guard(|| drop(payload));
                }
                Stage::Cancelled | Stage::Gone | Stage::Panicked => {}
                Stage::Future => unreachable!("a complete task has no future"),
            });
        }
        if last {
            // SAFETY: the caller's promise.
            unsafe { Self::free(header) };
        }
    }

    unsafe fn name(header: NonNull<Header>) -> Option<&'static str> {
        // SAFETY: rule 7; `Task::name` shortens the lifetime to the caller's claim on the cell.
        let meta: &'static M = unsafe { &(*header.cast::<Self>().as_ptr()).meta };
        meta.name()
    }

    unsafe fn finished(header: NonNull<Header>) {
        // SAFETY: rule 7.
        unsafe { header.cast::<Self>().as_ref() }.meta.finished();
    }

    unsafe fn free(header: NonNull<Header>) {
        // SAFETY: the cell was leaked from a box and its last reference is gone. The body is not
        // dropped with it: a completed task's outcome was taken or discarded before.
        drop(unsafe { Box::from_raw(header.cast::<Self>().as_ptr()) });
    }
}

/// Drops the future of a held task when it is dropped itself, in the poll that panicked.
struct DropFuture<F: Future, M: Meta>(NonNull<Header>, PhantomData<(F, M)>);

impl<F: Future, M: Meta> Drop for DropFuture<F, M> {
    fn drop(&mut self) {
        // SAFETY: rule 5, whoever polls holds the task, and the poll is over.
        if let Err(second) = unsafe { Cell::<F, M>::drop_future(self.0) } {
            // The first panic is the outcome.
            super::guard(|| drop(second));
        }
    }
}
