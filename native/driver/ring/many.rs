//! Receiving many times by one request, into [`Buffers`] of the ring.
//!
//! A stream whose messages are short is received from *ahead*: the kernel puts what comes into a
//! buffer, and tells; the next read copies it out. That saves a request a message, and a dropped read
//! has nothing to give up. What came and was not read yet lies with the operation, so nothing is lost:
//! every kind of read of the stream looks there first.
//!
//! ```text
//!            a short message came, and no other              first read of another kind, long
//!                                                            messages, far ahead, no buffer, end
//!   by turns ───────────────────────────────────▶ ahead ──────────────────────────────────────▶ by turns
//! ```
//! *By turns* is one request a read, into the reader's own buffer; see [`transfer`](super::transfer).

use super::buffers::{Buffers, GROUP, SIZE};
use super::records::{Answer, Answers, Key, Orphan, Request};
use super::transfer::{State, Transfers};
use super::{Holder, Inner, Ring};
use crate::env::coop;
use crate::io::Ready;
use crate::platform::buf::OwnedBufMut;
use crate::socket::Direction;
use core::task::{Poll, Waker, ready};
use io_uring::{cqueue, opcode, types::Fd};
use std::boxed::Box;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Wake;
use std::vec::Vec;

/// How many messages may have come that nobody has read, before the kernel is asked to stop.
const MOST_AHEAD: usize = 8;
/// How often a stream that is taken out of the runtime looks whether the kernel has stopped.
const LOOKS: usize = 200;

/// The buffers of a ring, if it has any.
#[derive(Default)]
pub(super) enum Group {
    #[default]
    Untried,
    /// The kernel has no such thing, or had no memory.
    Refused,
    Made(Buffers),
}

impl Group {
    /// Takes note of an answer.
    pub(super) fn note(&mut self, answer: Answer) {
        if let Self::Made(buffers) = self
            && cqueue::buffer_select(answer.flags).is_some()
        {
            buffers.taken();
        }
    }

    /// Gives back the buffers of answers that nobody reads.
    pub(super) fn give_back(&mut self, answers: &Answers) {
        if let Self::Made(buffers) = self {
            let unread = answers.iter().filter_map(|answer| cqueue::buffer_select(answer.flags));
            unread.for_each(|buffer| buffers.give_back(buffer));
        }
    }
}

/// What an operation that receives ahead has for its reader.
struct Next {
    /// The answer, without what `bytes` says.
    answer: Answer,
    bytes: Option<Bytes>,
    /// There will be no other.
    last: bool,
}

struct Bytes {
    /// How many went to where the reader wants them.
    copied: usize,
    rest: Option<Vec<u8>>,
    /// They have filled their buffer.
    many: bool,
}

/// What remains of an operation whose stream is gone: nothing.
struct Nothing;

impl Orphan for Nothing {
    fn settle(self: Box<Self>, _: Answers) {}
}

impl Ring {
    /// Begins to receive ahead; `None` if the kernel cannot do that, or no buffer is free. The descriptor
    /// must stay open until the kernel has been told.
    fn begin_many(&self, fd: RawFd, waker: Waker) -> Option<(Key, Holder)> {
        let mut inner = self.inner.lock();
        if inner.shut_down || self.is_inherited() || !self.has_free_buffer(&mut inner) {
            return None;
        }
        let entry = opcode::RecvMulti::new(Fd(fd), GROUP).build();
        let (key, request) = inner.records.insert(Request { entry, limit: None }, Some(waker));
        self.queue_request(&mut inner, &request);
        let waiting = inner.waiting;
        drop(inner);
        Some((key, self.told(waiting)))
    }

    fn has_free_buffer(&self, inner: &mut Inner) -> bool {
        if let Group::Untried = inner.group {
            inner.group = match Buffers::new(&self.uring) {
                Ok(buffers) => Group::Made(buffers),
                // The ring is bound to another thread, which may come later.
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Group::Untried,
                Err(_) => Group::Refused,
            };
        }
        matches!(&inner.group, Group::Made(buffers) if buffers.has_free())
    }

    /// The kernel does not know what it was asked for.
    fn refuse_many(&self) {
        let mut inner = self.inner.lock();
        if self.uring.submitter().unregister_buf_ring(GROUP).is_ok() {
            inner.group = Group::Refused;
        }
    }

    /// The next answer: its bytes, as far as they fit, go to `to`. If there is none yet, `waker` will be
    /// woken.
    ///
    /// # Safety
    /// `len` bytes may be written at `to`.
    unsafe fn next(
        &self,
        key: Key,
        to: *mut u8,
        len: usize,
        waker: impl Fn() -> Waker,
    ) -> Poll<Next> {
        let mut inner = self.inner.lock();
        let Inner { records, group, .. } = &mut *inner;
        if let Some((answer, last)) = records.take_first(key) {
            // SAFETY: promised by the caller.
            let bytes = unsafe { group.copy(answer, to, len) };
            return Poll::Ready(Next { answer, bytes, last });
        }
        // Our own: cloning and dropping it calls nobody.
        records.waker(key).get_or_insert_with(waker);
        Poll::Pending
    }

    /// Asks the kernel to end an operation whose answers are still wanted.
    fn end(&self, key: Key) -> Holder {
        let mut inner = self.inner.lock();
        if self.is_inherited() || !inner.records.cancel(key) {
            return Holder::Sees;
        }
        self.queue_cancel(&mut inner, key);
        let waiting = inner.waiting;
        drop(inner);
        self.told(waiting)
    }

    /// Has the kernel stop if it is far ahead of the reader.
    pub(super) fn keep_near(&self, inner: &mut Inner, key: Key) {
        if inner.records.untaken(key) >= MOST_AHEAD && inner.records.cancel(key) {
            self.queue_cancel(inner, key);
        }
    }

    fn has_untaken(&self, key: Key) -> bool {
        self.inner.lock().records.untaken(key) > 0
    }
}

impl Group {
    /// Copies what came with an answer, and gives its buffer back.
    ///
    /// # Safety
    /// `len` bytes may be written at `to`.
    unsafe fn copy(&mut self, answer: Answer, to: *mut u8, len: usize) -> Option<Bytes> {
        let Self::Made(buffers) = self else { return None };
        let (buffer, filled) = buffers.filled(answer.result, answer.flags)?;
        let copied = filled.len().min(len);
        // SAFETY: there are that many bytes on both sides, and nobody else has ours.
        unsafe { filled.as_ptr().copy_to_nonoverlapping(to, copied) };
        let rest = (copied < filled.len()).then(|| filled[copied..].to_vec());
        let (many, any) = (filled.len() == SIZE, !filled.is_empty());
        buffers.give_back(buffer);
        any.then_some(Bytes { copied, rest, many })
    }
}

impl Transfers {
    /// Begins to receive ahead, for whoever has the right to receive; `false` if that cannot be, or is
    /// not worth it.
    pub(super) fn arm(self: &Arc<Self>, fd: RawFd) -> bool {
        let mut state = self.state.lock();
        if !state.terse || state.mixed {
            return false;
        }
        let begun = self.ring().begin_many(fd, Waker::from(Arc::clone(self)));
        state.armed = begun.map(|(key, _)| key);
        drop(state);
        begun.into_iter().for_each(|(_, holder)| self.wake_holder(holder));
        begun.is_some()
    }

    /// What came next, into `buf`; `None` if the kernel receives ahead no longer.
    pub(super) async fn next(
        self: &Arc<Self>,
        key: Key,
        buf: &mut impl OwnedBufMut,
    ) -> Option<io::Result<usize>> {
        core::future::poll_fn(|cx| {
            let receipt = ready!(coop::poll_proceed(cx));
            let (to, len) = (buf.as_mut_ptr(), buf.capacity());
            // SAFETY: `OwnedBufMut` vouches for its room.
            let take = |reader| unsafe { self.take_next(key, to, len, reader) };
            let mut next = take(None);
            if next.is_pending() {
                next = take(Some(cx.waker().clone()));
            }
            while next.is_pending() && self.ring().is_shut_down() {
                self.ring().help();
                next = take(None);
            }
            let next = ready!(next);
            receipt.made_progress();
            Poll::Ready(next)
        })
        .await
    }

    /// Has what came next kept, for readers that are not served from here. `None`: the kernel receives
    /// ahead no longer.
    pub(super) fn keep_next(self: &Arc<Self>, key: Key) -> Poll<Option<io::Result<usize>>> {
        // SAFETY: nothing is written.
        unsafe { self.take_next(key, core::ptr::dangling_mut(), 0, None) }
    }

    /// Takes the next answer; what does not fit at `to` is kept. Both in one step, so that no bytes
    /// overtake others. If there is none yet, `reader` is woken when there is.
    ///
    /// # Safety
    /// `len` bytes may be written at `to`.
    unsafe fn take_next(
        self: &Arc<Self>,
        key: Key,
        to: *mut u8,
        len: usize,
        reader: Option<Waker>,
    ) -> Poll<Option<io::Result<usize>>> {
        let mut state = self.state.lock();
        if state.armed != Some(key) {
            return Poll::Ready(None);
        }
        let waker = || Waker::from(Arc::clone(self));
        // SAFETY: promised by the caller.
        let Poll::Ready(next) = (unsafe { self.ring().next(key, to, len, waker) }) else {
            let waiter = &mut state.usage(Direction::Read).waiter;
            let stale = reader.and_then(|reader| waiter.replace(reader));
            drop(state);
            drop(stale);
            return Poll::Pending;
        };
        let result = match next.bytes {
            None => self.end_of(&mut state, next.answer),
            Some(Bytes { copied, rest, many }) => {
                // Many had better go where they are wanted.
                state.terse &= !many && rest.is_none();
                rest.into_iter().for_each(|rest| state.keep(rest));
                Some(Ok(copied))
            }
        };
        let stops = !next.last && !state.terse;
        let released = next.last.then(|| {
            state.armed = None;
            core::mem::take(state.usage(Direction::Read))
        });
        drop(state);
        if stops {
            self.wake_holder(self.ring().end(key));
        }
        released.into_iter().for_each(|usage| self.released(usage, Direction::Read));
        Poll::Ready(result)
    }

    /// What the last answer means to a reader.
    fn end_of(&self, state: &mut State, answer: Answer) -> Option<io::Result<usize>> {
        let error = match answer.result() {
            Ok(_) => return Some(Ok(0)),
            Err(error) => error,
        };
        // It may be that nothing is there, or a lot.
        self.promising.store(true, Ordering::Relaxed);
        match error.raw_os_error() {
            Some(libc::EINVAL) => {
                self.ring().refuse_many();
                state.terse = false;
                None
            }
            Some(libc::ENOBUFS | libc::ECANCELED | libc::EINTR | libc::EAGAIN) => None,
            _ => Some(Err(error)),
        }
    }

    /// Somebody waits for readiness: nothing shall be received ahead of that any more, and what was is
    /// something to read.
    pub(in crate::native::driver) fn prefer_readiness(&self) {
        let mut state = self.state.lock();
        state.mixed = true;
        state.usage(Direction::Read).wanted = true;
        let Some(key) = state.armed else { return };
        drop(state);
        if self.ring().has_untaken(key) {
            self.set(Ready::READABLE);
        }
        self.wake_holder(self.ring().end(key));
    }

    /// Stops receiving ahead, and waits for that with the thread.
    pub(in crate::native::driver) fn withdraw(self: &Arc<Self>) {
        for _ in 0..LOOKS {
            let Some(key) = self.state.lock().armed else { return };
            self.wake_holder(self.ring().end(key));
            if self.keep_next(key).is_pending() {
                self.ring().help();
            }
        }
    }

    /// The stream is gone: nobody reads what comes.
    pub(super) fn abandon(&self) {
        let armed = self.state.lock().armed.take();
        if let Some(key) = armed {
            self.wake_holder(self.ring().leave(key, Box::new(Nothing)));
        }
    }
}

/// An answer came, for whoever waits for it.
impl Wake for Transfers {
    fn wake(self: Arc<Self>) {
        let mut state = self.state.lock();
        let usage = state.usage(Direction::Read);
        let (waiter, wanted) = (usage.waiter.take(), core::mem::take(&mut usage.wanted));
        drop(state);
        if wanted {
            self.set(Ready::READABLE);
        }
        waiter.into_iter().for_each(Waker::wake);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
