//! A fiber as a future, and starting one as a task.

use super::coroutine::{Body, Coroutine, Items, Turn};
use super::stack;
use crate::task::{self, JoinHandle};
use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A function on a stack of its own, as a future: polling it runs the function until it
/// [waits](super::wait).
///
/// Its stack is made at the first poll. It stays on the thread of that poll, so it is not `Send`.
/// Dropping it while the function waits unwinds the stack: destructors run, as they do for what an
/// `async` block holds. As wherever a stack unwinds, a destructor that panics meanwhile aborts the
/// process. Where every panic aborts, nothing can unwind, and the stack is leaked with what lives
/// on it.
///
/// # Panics
/// When polled: if the function panics, if there is no memory for the stack, and after the end.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use creel::fiber::{self, Fiber};
/// use creel::task::yield_now;
///
/// let fiber = Fiber::new(|| {
///     fiber::wait(yield_now());
///     6 * 7
/// });
/// assert_eq!(fiber.await, 42);
/// # }
/// ```
#[must_use = "a fiber does nothing unless it is awaited or spawned"]
pub struct Fiber<T: 'static, F> {
    coroutine: Coroutine<Infallible, T, Plain<F>>,
}

struct Plain<F>(F);

impl<T, F: FnOnce() -> T + 'static> Body<Infallible, T> for Plain<F> {
    fn run(self, _: Items<Infallible>) -> T {
        (self.0)()
    }
}

impl<T, F: FnOnce() -> T + 'static> Fiber<T, F> {
    /// A fiber that will run `function`.
    pub fn new(function: F) -> Self {
        Builder::new().fiber(function)
    }
}

// The function is moved to its stack before it runs.
impl<T, F> Unpin for Fiber<T, F> {}

impl<T, F: FnOnce() -> T + 'static> Future for Fiber<T, F> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match self.coroutine.resume(Some(cx.waker())) {
            Turn::Waits => Poll::Pending,
            Turn::Ended(output) => Poll::Ready(output),
        }
    }
}

impl<T, F> fmt::Debug for Fiber<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fiber").field("ended", &self.coroutine.has_ended()).finish_non_exhaustive()
    }
}

/// Makes fibers with a name or a stack size of their own.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use creel::fiber;
///
/// fn depth(levels: u64) -> u64 {
///     let ballast = std::hint::black_box([levels; 512]);
///     if levels == 0 { 0 } else { 1 + depth(ballast[0] - 1) }
/// }
///
/// let deep = fiber::Builder::new().name("deep").stack_size(8 << 20).spawn_local(|| depth(500));
/// assert_eq!(deep.await.unwrap(), 500);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Builder<'a> {
    name: Option<&'a str>,
    stack_size: usize,
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Self { name: None, stack_size: stack::DEFAULT_SIZE }
    }
}

impl<'a> Builder<'a> {
    /// Fibers without a name, whose stacks have 256 KiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the fiber and its task: hooks, reports and the message of an overflow tell it.
    pub fn name(self, name: &'a str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// How many bytes of stack the function may use, rounded up to whole pages. Only what is used
    /// takes memory.
    pub fn stack_size(self, bytes: usize) -> Self {
        Self { stack_size: bytes, ..self }
    }

    /// A fiber as a future.
    pub fn fiber<T, F: FnOnce() -> T + 'static>(self, function: F) -> Fiber<T, F> {
        Fiber { coroutine: Coroutine::new(Plain(function), self.name, self.stack_size) }
    }

    /// [`fiber::spawn`](spawn) with these properties.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn<T, F>(self, function: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: before its first poll the fiber is its function, which is `Send`, and a name.
        unsafe { task::start_placed(self.fiber(function), self.name) }
    }

    /// [`fiber::spawn_local`](spawn_local) with these properties.
    ///
    /// # Panics
    /// Where this thread drives no runtime.
    #[track_caller]
    pub fn spawn_local<T, F>(self, function: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        let fiber = self.fiber(function);
        match self.name {
            None => task::spawn_local(fiber),
            Some(name) => {
                let started = task::Builder::new().name(name).spawn_local(fiber);
                started.expect("starting a task does not fail")
            }
        }
    }
}

/// Starts a fiber as a task, like [`task::spawn`]: it runs from now on, also if the handle is never
/// awaited. On a runtime with several workers each gets new fibers in turn; a fiber stays with the
/// worker that it was given to.
///
/// # Panics
/// Outside a runtime. A panic of `function` is the task's, see [`JoinError`](crate::task::JoinError).
///
/// # Examples
/// ```
/// # #[creel::main]
/// # async fn main() {
/// use creel::{fiber, sync::oneshot};
///
/// let (sender, receiver) = oneshot::channel();
/// let waiting = fiber::spawn(|| fiber::wait(receiver).unwrap() + 1);
/// fiber::spawn(move || sender.send(41).unwrap());
/// assert_eq!(waiting.await.unwrap(), 42);
/// # }
/// ```
#[track_caller]
pub fn spawn<T, F>(function: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(function)
}

/// Starts a fiber as a task of this thread, like [`task::spawn_local`]: the function and its outcome
/// need not be `Send`.
///
/// # Panics
/// Where this thread drives no runtime. A panic of `function` is the task's, see
/// [`JoinError`](crate::task::JoinError).
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use creel::{fiber, time};
///
/// let answer = fiber::spawn_local(|| {
///     fiber::wait(time::sleep(time::Duration::from_millis(1)));
///     42
/// });
/// assert_eq!(answer.await.unwrap(), 42);
/// # }
/// ```
#[track_caller]
pub fn spawn_local<T, F>(function: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    Builder::new().spawn_local(function)
}

/// Lets the other tasks of the thread run.
///
/// # Panics
/// Like [`wait`](super::wait).
///
/// # Cancel safety
/// Like [`wait`](super::wait).
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use creel::fiber;
/// use std::{cell::Cell, rc::Rc};
///
/// let turns = Rc::new(Cell::new(0));
/// let count = turns.clone();
/// let other = fiber::spawn_local(move || count.set(count.get() + 1));
/// let patient = fiber::spawn_local(move || {
///     while turns.get() == 0 {
///         fiber::yield_now();
///     }
/// });
/// patient.await.unwrap();
/// other.await.unwrap();
/// # }
/// ```
#[track_caller]
#[inline(always)]
pub fn yield_now() {
    super::wait(task::yield_now());
}
