//! A function on a stack of its own, which whoever polls it resumes.
//!
//! States, and what changes them:
//!
//! 1. new: the function has not begun and has no stack yet.
//! 2. new or suspended → running: [`Coroutine::resume`].
//! 3. running → suspended: [`wait`] on a future that is pending, [`give`].
//! 4. running → ended: the function returned or panicked. The stack goes back to its thread.
//! 5. suspended → ended: the drop, which unwinds the stack so that what lives on it is dropped.
//!
//! `RUNNING` points to the [`Face`] of the innermost coroutine that runs on the thread. A coroutine
//! never leaves its thread: whoever borrowed a thread-local before suspending would hold another
//! thread's after.
//!
//! What stands between the switch of stacks and the user's code is inlined by force: a processor
//! predicts where calls return to by counting them, and each call that begins on one side of a
//! switch and returns on the other puts its count wrong for all that are above it.
//!
//! What `Handle::enter` changed belongs to the coroutine as long as the guard lives on its stack;
//! while it is suspended [`Held`] keeps that.

use super::stack::{self, Lent, Stack};
use crate::env::context::{self, Entered, address};
use crate::env::owner::{OwnerRef, RawTask};
use core::cell::Cell;
use core::future::{Future, IntoFuture};
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::pin::pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};
use corosensei::CoroutineResult;
use std::boxed::Box;
use std::{process, thread};

/// The coroutine as corosensei has it.
type Raw<T> = corosensei::Coroutine<(), Given, T, Lent>;
type RawYielder = corosensei::Yielder<(), Given>;

/// Where the item lies that a coroutine hands out, on its stack; none if it waits. One word, so that
/// it crosses in a register, and of one type, for who waits does not know the type of the items.
type Given = Option<NonNull<()>>;

std::thread_local! {
    static RUNNING: Cell<Option<NonNull<Face>>> = const { Cell::new(None) };
}

/// The function of a coroutine that hands out items and ends with an outcome.
pub(super) trait Body<I, T>: 'static {
    fn run(self, items: Items<I>) -> T;
}

/// Where the function of a coroutine hands out its items.
pub(super) struct Items<I>(PhantomData<*const I>);

/// Why a coroutine gave the thread back.
pub(super) enum Turn<I, T> {
    Waits,
    Item(I),
    Ended(T),
}

/// See the module.
pub(super) struct Coroutine<I: 'static, T: 'static, B> {
    state: State<T, B>,
    /// Outlives the state, which runs on its stack.
    face: Face,
    held: Option<Box<Held>>,
    _items: PhantomData<I>,
}

enum State<T: 'static, B> {
    /// The function, and how large a stack it wants.
    New(B, usize),
    Started(Raw<T>),
    Ended,
}

/// What the code on the coroutine's stack sees of it. It may move while the coroutine is suspended;
/// while it runs its resumer waits and lends it.
struct Face {
    /// Wakes the resumer; none where it would not come back by itself. Lent for one turn.
    waker: Cell<Option<NonNull<Waker>>>,
    /// How to give the thread back; known once the function has begun, and out of reach while a
    /// future is polled for it.
    yielder: Cell<Option<NonNull<RawYielder>>>,
    /// These must be the same when the function suspends.
    pinned: Cell<u32>,
    task: Cell<Option<RawTask>>,
    /// The resumer itself is unwinding.
    unwinding: Cell<bool>,
    /// Beside what runs on it, not within: to move that as it ends would wait until what was written
    /// last has reached memory.
    stack: Option<Stack>,
    name: Option<Box<str>>,
}

/// What guards on the stack of a suspended coroutine have entered.
struct Held {
    entered: Entered,
    /// What they put back when they go; the references keep it alive until then.
    around: Entered,
    _owners: [Option<OwnerRef>; 2],
}

impl<I, T, B: Body<I, T>> Coroutine<I, T, B> {
    pub(super) fn new(body: B, name: Option<&str>, size: usize) -> Self {
        let face = Face {
            waker: Cell::new(None),
            yielder: Cell::new(None),
            pinned: Cell::new(0),
            task: Cell::new(None),
            unwinding: Cell::new(false),
            stack: None,
            name: name.map(Box::from),
        };
        Self { state: State::New(body, size), face, held: None, _items: PhantomData }
    }

    /// Lets the function run until it waits, hands something out or ends. A panic of the function
    /// comes out here.
    #[inline(always)]
    pub(super) fn resume(&mut self, waker: Option<&Waker>) -> Turn<I, T> {
        if !matches!(self.state, State::Started(_)) {
            self.begin();
        }
        match self.run(waker, |raw| raw.resume(())) {
            CoroutineResult::Yield(None) => Turn::Waits,
            // SAFETY: `give` says so of an item of this type, and leaves it to who resumes. The stack
            // where it lies rests until it is resumed again.
            CoroutineResult::Yield(Some(item)) => Turn::Item(unsafe { item.cast().read() }),
            CoroutineResult::Return(outcome) => {
                self.recycle();
                Turn::Ended(outcome)
            }
        }
    }

    /// Gives the function its stack.
    fn begin(&mut self) {
        let State::New(_, size) = self.state else { ended() };
        let stack = stack::take(size).unwrap_or_else(|error| {
            panic!(
                "there is no memory for the stack of a fiber ({size} bytes): {error}; use a smaller \
                 `fiber::Builder::stack_size` or fewer fibers at a time"
            )
        });
        let State::New(body, _) = mem::replace(&mut self.state, State::Ended) else { ended() };
        // SAFETY: the stack stays beside the state until that has ended.
        let lent = unsafe { stack.lend() };
        self.face.stack = Some(stack);
        self.state = State::Started(Raw::with_stack(lent, move |yielder, ()| {
            with_running(|face| face.yielder.set(Some(NonNull::from(yielder))));
            body.run(Items(PhantomData))
        }));
    }
}

impl<I, T, B> Coroutine<I, T, B> {
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Runs `f`, which resumes the coroutine, and puts everything in its place before and after.
    #[inline(always)]
    fn run<R>(&mut self, waker: Option<&Waker>, f: impl FnOnce(&mut Raw<T>) -> R) -> R {
        let State::Started(raw) = &mut self.state else { ended() };
        // What was entered is noted where it is compared: a copy right behind it would wait for the notes
        // to reach memory.
        let mut resumed =
            Resumed { outer: RUNNING.get(), around: Entered::now(), held: &mut self.held };
        if resumed.held.is_some() {
            resumed.enter();
        }
        let face = &self.face;
        face.waker.set(waker.map(NonNull::from));
        face.unwinding.set(thread::panicking());
        context::with(|cx| {
            face.pinned.set(cx.pinned.get());
            face.task.set(cx.task.get());
        });
        RUNNING.set(Some(NonNull::from(face)));
        // Where `f` asks that, too, so that it is asked once.
        if raw.done() {
            ended();
        }
        f(raw)
    }

    /// Keeps the stack of a coroutine that has ended.
    fn recycle(&mut self) {
        if let State::Started(raw) = &self.state
            && raw.done()
        {
            self.state = State::Ended;
            self.face.stack.take().into_iter().for_each(stack::put);
        }
    }
}

impl<I, T, B> Drop for Coroutine<I, T, B> {
    fn drop(&mut self) {
        match &self.state {
            State::Started(raw) if raw.done() => self.recycle(),
            State::Started(_) if cfg!(panic = "unwind") => {
                self.run(None, |raw| raw.force_unwind());
                self.recycle();
            }
            // Nothing can unwind here: what lives on the stack is leaked together with it.
            State::Started(_) => {
                mem::forget(mem::replace(&mut self.state, State::Ended));
                mem::forget(self.face.stack.take());
            }
            State::New(..) | State::Ended => {}
        }
    }
}

/// Puts the thread back as it was when the coroutine gives it back, whichever way.
struct Resumed<'a> {
    outer: Option<NonNull<Face>>,
    around: Entered,
    held: &'a mut Option<Box<Held>>,
}

impl Drop for Resumed<'_> {
    #[inline]
    fn drop(&mut self) {
        RUNNING.set(self.outer);
        if !self.around.is_now() {
            self.leave();
        }
    }
}

impl Resumed<'_> {
    /// Puts what is around the coroutine back, and keeps what was entered inside of it.
    #[cold]
    fn leave(&mut self) {
        let around = self.around;
        let entered = around.replace();
        // SAFETY: whoever set the slots keeps these alive as long as they are set, as they are.
        let keep = |owner: Option<_>| owner.map(|owner| unsafe { OwnerRef::retain(owner) });
        let owners = [keep(around.runtime), keep(around.local)];
        *self.held = Some(Box::new(Held { entered, around, _owners: owners }));
    }

    /// Enters again what the coroutine had entered.
    #[cold]
    fn enter(&mut self) {
        let Some(held) = self.held.take() else { return };
        let (before, now) = (held.around, self.around);
        assert!(
            thread::panicking() || (before.runtime, before.local) == (now.runtime, now.local),
            "a fiber that holds a guard of `Handle::enter` was polled under another runtime than \
             before: drop the guard before the fiber waits"
        );
        held.entered.replace();
    }
}

/// Runs `f` with the innermost coroutine of this thread.
#[track_caller]
#[inline(always)]
fn with_running<R>(f: impl FnOnce(&Face) -> R) -> R {
    let Some(running) = RUNNING.get() else { none_runs() };
    // SAFETY: the slot is set while the coroutine runs, and this runs on its stack; `f` has no way
    // to suspend it and keep the reference, for only the functions below suspend.
    f(unsafe { running.as_ref() })
}

#[track_caller]
#[cold]
fn none_runs() -> ! {
    panic!(
        "this waits with a fiber, and none runs here: start one with `fiber::spawn`, or use \
         `.await` or `block_on`"
    )
}

/// Whether the calling code runs on the stack of a fiber.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use creel::fiber;
///
/// assert!(!fiber::is_running());
/// assert!(fiber::spawn_local(fiber::is_running).await.unwrap());
/// # }
/// ```
pub fn is_running() -> bool {
    RUNNING.get().is_some()
}

/// Waits for a future: suspends the fiber that calls it until the future is done, while the thread
/// runs other tasks. What `.await` is to an `async fn`, this is to a function on a fiber.
///
/// # Panics
/// - outside a fiber, and in one that is driven as an iterator ([`iter`](super::iter));
/// - inside a future that the fiber waits for already: use `.await` there;
/// - inside [`LocalKey::with`](crate::task::LocalKey::with) or
///   [`sync_scope`](crate::task::LocalKey::sync_scope), whose value other tasks would see: give the
///   future a [`scope`](crate::task::LocalKey::scope) instead.
///
/// A panic of the future comes out here.
///
/// # Aborts
/// In a destructor that runs while the fiber unwinds, if the future is not ready at once: a stack
/// that unwinds cannot be left.
///
/// # Cancel safety
/// When the fiber is dropped, the future is, and the stack unwinds from here.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use creel::{fiber, sync::mpsc, time};
///
/// let (sender, mut inbox) = mpsc::channel(1);
/// let adder = fiber::spawn_local(move || {
///     let mut sum = 0;
///     while let Some(number) = fiber::wait(inbox.recv()) {
///         fiber::wait(time::sleep(time::Duration::from_millis(1)));
///         sum += number;
///     }
///     sum
/// });
/// for number in 1..=3 {
///     sender.send(number).await.unwrap();
/// }
/// drop(sender);
/// assert_eq!(adder.await.unwrap(), 6);
/// # }
/// ```
#[track_caller]
#[inline(always)]
pub fn wait<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    loop {
        match with_running(|running| running.poll(future.as_mut())) {
            Poll::Ready(output) => return output,
            Poll::Pending => suspend(),
        }
    }
}

impl<I> Items<I> {
    /// Hands an item out and suspends the coroutine until the next one is wanted.
    #[track_caller]
    #[inline(always)]
    pub(super) fn give(&self, item: I) {
        let yielder = with_running(|face| {
            let yielder = face.check();
            face.keep_stack();
            yielder
        });
        // Only the function of this coroutine has this, and it is the innermost that runs, for no
        // other that it resumes can reach it. So the resumer takes an item of this type.
        let mut item = ManuallyDrop::new(item);
        // SAFETY: as in `suspend`.
        unsafe { yielder.as_ref() }.suspend(Some(NonNull::from(&mut item).cast()));
    }
}

/// Gives the thread back until somebody resumes the coroutine.
#[inline(always)]
fn suspend() {
    let yielder = with_running(|face| {
        face.keep_stack();
        face.yielder.get().expect("put back after each poll")
    });
    // SAFETY: it is the yielder of the innermost coroutine, on whose stack this runs and at whose
    // root the yielder lives.
    unsafe { yielder.as_ref() }.suspend(None);
}

#[cold]
fn ended() -> ! {
    panic!("a fiber was polled after its end")
}

#[cold]
fn abort() -> ! {
    std::eprintln!(
        "fatal: a destructor waits while its fiber unwinds, from a panic or because it was \
         dropped; only what is ready at once can be had there"
    );
    process::abort()
}

impl Face {
    /// Polls a future for the function.
    #[track_caller]
    #[inline]
    fn poll<F: Future>(&self, future: core::pin::Pin<&mut F>) -> Poll<F::Output> {
        if self.is_unwinding() {
            return future.poll(&mut Context::from_waker(Waker::noop()));
        }
        let yielder = self.check();
        let Some(waker) = self.waker.get() else {
            panic!("an iterator cannot wait for a future: use `fiber::stream` in place of `iter`")
        };
        struct Polled<'a>(&'a Face, NonNull<RawYielder>);
        impl Drop for Polled<'_> {
            fn drop(&mut self) {
                self.0.yielder.set(Some(self.1));
            }
        }
        self.yielder.set(None);
        let _polled = Polled(self, yielder);
        // SAFETY: the resumer lends its waker as long as it waits for the coroutine.
        future.poll(&mut Context::from_waker(unsafe { waker.as_ref() }))
    }

    /// How to give the thread back. Refuses where that would take something from under others.
    #[track_caller]
    #[inline(always)]
    fn check(&self) -> NonNull<RawYielder> {
        let Some(yielder) = self.yielder.get() else {
            panic!(
                "a future that a fiber waits for cannot suspend the fiber: use `.await` inside of it"
            )
        };
        let (pinned, task) = context::with(|cx| (cx.pinned.get(), cx.task.get()));
        assert!(
            pinned == self.pinned.get(),
            "a fiber cannot wait inside `LocalKey::with` or `sync_scope`, whose value other tasks \
             would see: give the future a `scope`"
        );
        assert!(
            address(task) == address(self.task.get()),
            "a fiber cannot wait below another runtime that it drives: wait outside of `block_on`"
        );
        yielder
    }

    /// A stack that unwinds cannot be left.
    #[inline(always)]
    fn keep_stack(&self) {
        if self.is_unwinding() {
            abort();
        }
    }

    /// Whether the stack of the coroutine is unwinding.
    #[inline(always)]
    fn is_unwinding(&self) -> bool {
        thread::panicking() && !self.unwinding.get()
    }
}

/// The name and the stack size of the fiber that runs on this thread, if `address` is in its guard.
/// Called by a signal handler.
#[cfg_attr(not(unix), expect(dead_code, reason = "elsewhere the system tells of an overflow"))]
pub(super) fn overflowed(address: usize) -> Option<(Option<&'static str>, usize)> {
    let running = RUNNING.try_with(Cell::get).ok()??;
    // SAFETY: the resumer waits, so what is on its stack stands; so does the name.
    let running = unsafe { running.as_ref() };
    let stack = running.stack.as_ref()?;
    stack.guard().contains(&address).then(|| (running.name.as_deref(), stack.size()))
}
