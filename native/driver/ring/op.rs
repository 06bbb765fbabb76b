//! One operation that the kernel does, as a future.
//!
//! # Who owns what until when
//! The future owns the [`Operation`], and with it every buffer and descriptor that the kernel uses.
//! They do not move when it does. When it is done they are handed back together with the answer.
//! A future that is dropped before hands them to the ring, which asks the kernel to give the operation
//! up and keeps them until it has; what the kernel had done by then is passed to
//! [`Operation::lost`]. A future that is forgotten leaks them.
//!
//! ```text
//!   New ──poll──▶ UnderWay ──answer──▶ Done
//!    │               └──drop──▶ owned by the ring until the answer: `lost`
//!    └──drop──▶ nothing happened
//! ```

use super::records::{Answer, Answers, Key, Orphan, Request};
use super::{Holder, shut_down};
use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::native::driver::Reactor;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;
use io_uring::squeue::Entry;
use io_uring::types::Timespec;
use std::boxed::Box;
use std::io;
use std::sync::Arc;

/// What the kernel is asked to do, with all memory and all descriptors that it needs for it.
///
/// # Safety
/// Whatever [`entry`](Self::entry) points at stays valid and in its place as long as the value lives,
/// however that is moved, and nobody else touches it meanwhile.
pub(crate) unsafe trait Operation: Send + Unpin + 'static {
    /// What is said to the kernel. Called again if it has to be said again.
    fn entry(&mut self) -> Entry;

    /// Nobody waits for the answer any more, and here it is. Not called under a lock.
    fn lost(self, answer: Answer)
    where
        Self: Sized,
    {
        let _ = answer;
    }
}

/// See the module.
pub(crate) struct Op<T: Operation> {
    reactor: Arc<Reactor>,
    state: State,
    /// `None` when it was handed back.
    operation: Option<T>,
    limit: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    New,
    UnderWay(Key),
    Done,
}

impl<T: Operation> Op<T> {
    /// # Errors
    /// If this runtime has no ring: the operation back.
    pub(crate) fn new(reactor: &Arc<Reactor>, operation: T) -> Result<Self, T> {
        match reactor.ring() {
            None => Err(operation),
            Some(_) => Ok(Self {
                reactor: Arc::clone(reactor),
                state: State::New,
                operation: Some(operation),
                limit: None,
            }),
        }
    }

    #[allow(dead_code)] // for sockets
    /// Has the kernel give the operation up after `limit`, with the error `TimedOut`.
    pub(crate) fn limited(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    fn begin(&mut self, waker: &Waker) -> io::Result<()> {
        let entry = self.operation.as_mut().expect("not done yet").entry();
        let limit = self.limit.map(|limit| Arc::new(Timespec::from(limit)));
        let ring = self.reactor.ring().expect("there was one when this was made");
        // SAFETY: `Operation` promises that what it points at stays; it is kept here, or by the
        // orphan, until the last answer.
        let begun = unsafe { ring.begin(Request { entry, limit }, waker.clone()) };
        let (key, holder) = begun.map_err(|_| shut_down())?;
        self.state = State::UnderWay(key);
        self.wake(holder);
        Ok(())
    }

    fn wake(&self, holder: Holder) {
        if holder == Holder::Sleeps {
            self.reactor.wake();
        }
    }

    fn done(&mut self, result: io::Result<Answer>) -> Poll<(io::Result<Answer>, T)> {
        self.state = State::Done;
        Poll::Ready((result, self.operation.take().expect("handed back once")))
    }
}

impl<T: Operation> Future for Op<T> {
    type Output = (io::Result<Answer>, T);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let op = &mut *self;
        let receipt = ready!(coop::poll_proceed(cx));
        let told = || dump::told(Poll::Pending, || Wait::new("operation of the kernel"));
        loop {
            let key = match op.state {
                State::UnderWay(key) => key,
                State::Done => panic!("polled after completion"),
                State::New => match op.begin(cx.waker()) {
                    Ok(()) => return told(),
                    Err(error) => return op.done(Err(error)),
                },
            };
            let ring = op.reactor.ring().expect("there was one when this was made");
            let Some(mut answers) = ring.take(key, cx.waker()) else { return told() };
            let answer = answers.pop().expect("an ended operation has an answer");
            op.state = State::New;
            match -answer.result {
                // A signal; nothing was done.
                libc::EINTR => {}
                libc::ECANCELED if op.limit.is_some() => {
                    return op.done(Err(io::ErrorKind::TimedOut.into()));
                }
                libc::ECANCELED => return op.done(Err(shut_down())),
                _ => {
                    receipt.made_progress();
                    return op.done(answer.result().map(|_| answer));
                }
            }
        }
    }
}

impl<T: Operation> Drop for Op<T> {
    fn drop(&mut self) {
        let State::UnderWay(key) = self.state else { return };
        let operation = self.operation.take().expect("the kernel is not done with it");
        let ring = self.reactor.ring().expect("there was one when this was made");
        let holder = ring.leave(key, Box::new(Left(operation)));
        self.wake(holder);
    }
}

/// An operation without its future.
struct Left<T>(T);

impl<T: Operation> Orphan for Left<T> {
    fn settle(self: Box<Self>, mut answers: Answers) {
        if let Some(answer) = answers.pop() {
            self.0.lost(answer);
        }
    }
}
