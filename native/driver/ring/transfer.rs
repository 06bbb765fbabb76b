//! Receiving into buffers that were handed over, and sending from them.
//!
//! One operation a direction is under way at a time. Its future may be dropped while it is; then the
//! direction stays *busy* until the kernel has given the operation up, and what had arrived by then is
//! *kept* for the next read, whichever kind that is. So no byte is lost, and none overtakes another.
//!
//! ```text
//!            begin                  answer, or given up
//!   free ─────────────▶ busy ────────────────────────────▶ free
//!                         │ others find `WouldBlock`, and the slot says when to try again
//!                         └─ dropped, and bytes had come: they are kept, and read first
//! ```
//!
//! A stream of short messages is received from ahead, by one operation for all: see [`many`](super::many).
//!
//! A stream that is read this way does not need epoll: it is taken out of it with its first
//! operation here, and comes back when somebody waits for its readiness
//! ([`Detached`]). One of long messages goes back to be read by readiness for good: to ask the kernel for
//! each costs more than to be told that one has come.
//!
//! [`Transfers`] may outlive the stream, with an operation that was dropped: then it keeps nothing.

use super::buffers::SIZE;
use super::op::{Op, Operation};
use super::records::{Answer, Key};
use super::{Holder, Ring};
use crate::io::Ready;
use crate::lock::{Lock, LockGuard};
use crate::native::driver::{Reactor, Source, Stream};
use crate::platform::buf::{OwnedBuf, OwnedBufMut};
use crate::socket::Direction;
use core::slice;
use core::task::{Poll, Waker};
use io_uring::cqueue::sock_nonempty;
use io_uring::opcode;
use io_uring::squeue::Entry;
use io_uring::types::Fd;
use mio::event;
use std::boxed::Box;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};
use std::vec::Vec;

/// The operations of one stream; see the module.
#[derive(Debug)]
pub(in crate::native::driver) struct Transfers {
    reactor: Arc<Reactor>,
    index: usize,
    generation: usize,
    /// Trying is likely to find bytes.
    pub(super) promising: AtomicBool,
    pub(super) state: Lock<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    receiving: Use,
    sending: Use,
    kept: VecDeque<Kept>,
    /// The operation that receives ahead, which keeps receiving busy; see [`many`](super::many).
    pub(super) armed: Option<Key>,
    /// The last message was short, and alone.
    pub(super) terse: bool,
    /// How many messages in a row were long. After [`MANY`] nothing is received here any more.
    long: u8,
    /// Somebody has waited for readiness.
    pub(super) mixed: bool,
}

/// So many long messages in a row make a stream one of long messages.
const MANY: u8 = 8;

#[derive(Debug, Default)]
pub(super) struct Use {
    busy: bool,
    /// Somebody found it busy.
    pub(super) wanted: bool,
    /// The next operation, which waits for this one.
    pub(super) waiter: Option<Waker>,
}

/// What came after nobody waited for it any more.
#[derive(Debug)]
enum Kept {
    Bytes(VecDeque<u8>),
    Error(io::Error),
}

/// Whether an operation may begin.
enum Start {
    Now(Busy),
    /// What is to be had comes from this operation.
    Ahead(Key),
    /// When the direction is free.
    Later,
    /// There is an answer from before.
    Never(io::Result<usize>),
    /// Not here: the stream is read by readiness.
    Elsewhere,
}

impl Transfers {
    pub(in crate::native::driver) fn new(reactor: Arc<Reactor>, index: usize) -> Self {
        let generation = reactor.slot(index).generation();
        let promising = AtomicBool::new(true);
        Self { reactor, index, generation, promising, state: Lock::default() }
    }

    /// Whether the kernel may still use the stream.
    pub(in crate::native::driver) fn is_busy(&self) -> bool {
        let state = self.state.lock();
        state.receiving.busy || state.sending.busy
    }

    /// Whether bytes are here that a raw read of the descriptor would miss.
    pub(in crate::native::driver) fn keeps(&self) -> bool {
        !self.state.lock().kept.is_empty()
    }

    /// What somebody who reads without an operation must get instead of what the system has; `None`:
    /// ask the system. If the bytes are not taken they stay here.
    pub(in crate::native::driver) fn read(
        self: &Arc<Self>,
        buf: &mut [u8],
        take: bool,
    ) -> Option<io::Result<usize>> {
        loop {
            let mut state = self.state.lock();
            // SAFETY: the slice is valid for its length.
            if let Some(answer) = unsafe { state.read_kept(buf.as_mut_ptr(), buf.len(), take) } {
                drop(state);
                self.more_may_follow();
                return Some(answer);
            }
            let busy = state.is_busy(Direction::Read);
            let armed = state.armed;
            drop(state);
            match armed.map_or(Poll::Pending, |key| self.keep_next(key)) {
                Poll::Pending if busy => return Some(Err(io::ErrorKind::WouldBlock.into())),
                Poll::Pending => return None,
                Poll::Ready(Some(Err(error))) => return Some(Err(error)),
                // It is kept, or it was the last.
                Poll::Ready(_) => {}
            }
        }
    }

    /// Why somebody who writes without an operation must wait, if so.
    pub(in crate::native::driver) fn write(&self) -> Option<io::Error> {
        let busy = self.state.lock().is_busy(Direction::Write);
        busy.then(|| io::ErrorKind::WouldBlock.into())
    }

    /// Less than was asked for was read, and yet there may be more: nobody shall forget that.
    fn more_may_follow(&self) {
        self.set(Ready::READABLE);
    }

    /// Begins to receive into `buf`, unless bytes are kept for that.
    fn start_to_receive(self: &Arc<Self>, buf: &mut impl OwnedBufMut) -> Start {
        let mut state = self.state.lock();
        // SAFETY: `OwnedBufMut` vouches for its room.
        let kept = unsafe { state.read_kept(buf.as_mut_ptr(), buf.capacity(), true) };
        match kept {
            None if state.armed.is_some() => state.armed.map_or(Start::Later, Start::Ahead),
            None if state.is_left_to_readiness() => Start::Elsewhere,
            None => self.start(state, Direction::Read),
            Some(answer) => {
                drop(state);
                self.more_may_follow();
                Start::Never(answer)
            }
        }
    }

    fn start(self: &Arc<Self>, mut state: LockGuard<'_, State>, direction: Direction) -> Start {
        if state.is_busy(direction) {
            return Start::Later;
        }
        state.usage(direction).busy = true;
        Start::Now(Busy { transfers: Arc::clone(self), direction, stays: false })
    }

    /// Closes a stream as soon as the kernel knows of everything that names its descriptor.
    pub(in crate::native::driver) fn bury(&self, stream: impl core::marker::Send + 'static) {
        self.abandon();
        self.wake_holder(self.ring().bury(Box::new(stream)));
    }

    pub(super) fn ring(&self) -> &Ring {
        self.reactor.ring().expect(HAS_RING)
    }

    pub(super) fn wake_holder(&self, holder: Holder) {
        if holder == Holder::Sleeps {
            self.reactor.wake();
        }
    }

    pub(super) fn set(&self, ready: Ready) {
        self.reactor.slot(self.index).set(self.generation, ready);
    }

    /// A direction is free again: tells whoever waits for that.
    pub(super) fn released(&self, was: Use, direction: Direction) {
        was.waiter.into_iter().for_each(Waker::wake);
        if was.wanted {
            self.set(match direction {
                Direction::Read => Ready::READABLE,
                Direction::Write => Ready::WRITABLE,
            });
        }
    }

    /// What a read says of the next one.
    fn learn(&self, answer: Answer) {
        let more = sock_nonempty(answer.flags);
        self.promising.store(more, Ordering::Relaxed);
        let mut state = self.state.lock();
        state.terse = !more && (1..SIZE).contains(&answer.count());
        state.long = if answer.count() < SIZE { 0 } else { (state.long + 1).min(MANY) };
    }

    /// Whether nothing is received here any more, and nothing is left from before.
    fn is_left_to_readiness(&self) -> bool {
        self.state.lock().is_left_to_readiness()
    }

    /// Waits until the direction may be free. Not by the slot: that says of a stream which the other
    /// side has closed that it is always ready.
    async fn settle(&self, direction: Direction) {
        core::future::poll_fn(|cx| {
            let fresh = cx.waker().clone();
            let mut state = self.state.lock();
            let usage = state.usage(direction);
            if !usage.busy {
                return Poll::Ready(());
            }
            let stale = usage.waiter.replace(fresh);
            drop(state);
            drop(stale);
            Poll::Pending
        })
        .await;
    }

    /// Receives into `buf`.
    ///
    /// # Errors
    /// If the stream is read by readiness: the buffer.
    pub(in crate::native::driver) async fn receive<B: OwnedBufMut>(
        self: &Arc<Self>,
        fd: RawFd,
        mut buf: B,
    ) -> Result<(io::Result<usize>, B), B> {
        loop {
            let mut busy = match self.start_to_receive(&mut buf) {
                Start::Now(busy) => busy,
                Start::Never(answer) => return Ok(received(answer, buf)),
                Start::Elsewhere => return Err(buf),
                Start::Later => {
                    self.settle(Direction::Read).await;
                    continue;
                }
                Start::Ahead(key) => match self.next(key, &mut buf).await {
                    Some(answer) => return Ok(received(answer, buf)),
                    None => continue,
                },
            };
            // Relaxed, here and below: it is only a hint.
            if self.promising.load(Ordering::Relaxed)
                && let Some(answer) = receive_now(fd, &mut buf)
            {
                let full = answer.as_ref().is_ok_and(|n| *n == buf.capacity());
                self.promising.store(full, Ordering::Relaxed);
                return Ok(received(answer, buf));
            }
            busy.stays = self.arm(fd);
            if !busy.stays {
                return Ok(self.receive_once(Receive { busy, fd, buf }).await);
            }
        }
    }

    async fn receive_once<B: OwnedBufMut>(&self, operation: Receive<B>) -> (io::Result<usize>, B) {
        let op = Op::new(&self.reactor, operation).unwrap_or_else(|_| unreachable!("{HAS_RING}"));
        let (answer, Receive { buf, busy, .. }) = op.await;
        answer.iter().for_each(|answer| self.learn(*answer));
        drop(busy);
        received(answer.map(Answer::count), buf)
    }

    /// Sends a beginning of `buf`.
    pub(in crate::native::driver) async fn send<B: OwnedBuf>(
        self: &Arc<Self>,
        fd: RawFd,
        buf: B,
    ) -> (io::Result<usize>, B) {
        let busy = loop {
            match self.start(self.state.lock(), Direction::Write) {
                Start::Now(busy) => break busy,
                Start::Never(answer) => return (answer, buf),
                Start::Later | Start::Ahead(_) | Start::Elsewhere => {
                    self.settle(Direction::Write).await;
                }
            }
        };
        if let Some(answer) = send_now(fd, &buf) {
            return (answer, buf);
        }
        let operation = Send { _busy: busy, fd, buf };
        let op = Op::new(&self.reactor, operation).unwrap_or_else(|_| unreachable!("{HAS_RING}"));
        let (answer, Send { buf, .. }) = op.await;
        (answer.map(Answer::count), buf)
    }
}

impl<S: event::Source + AsRawFd + core::marker::Send> Source<Stream<S>> {
    /// Receives into `buf` by completion, and hands it back.
    ///
    /// # Errors
    /// If no ring [serves streams](super::Ring::serves_streams), or this one is read by readiness: the
    /// buffer.
    pub(crate) async fn receive<B: OwnedBufMut>(
        &self,
        buf: B,
    ) -> Result<(io::Result<usize>, B), B> {
        match self.transfers() {
            None => Err(buf),
            Some(transfers) => transfers.receive(self.as_raw_fd(), buf).await,
        }
    }

    /// Sends a beginning of `buf` by completion, and hands it back.
    ///
    /// # Errors
    /// If no ring [serves streams](super::Ring::serves_streams): the buffer.
    pub(crate) async fn send<B: OwnedBuf>(&self, buf: B) -> Result<(io::Result<usize>, B), B> {
        match self.transfers() {
            None => Err(buf),
            Some(transfers) => Ok(transfers.send(self.as_raw_fd(), buf).await),
        }
    }

    fn transfers(&self) -> Option<&Arc<Transfers>> {
        let registration = self.bare_registration();
        let (reactor, index) = registration.place();
        reactor.ring().filter(|ring| ring.serves_streams())?;
        let make = || Transfers::new(Arc::clone(reactor), index);
        let transfers = self.operations(make);
        registration.detach(self.as_raw_fd(), transfers);
        Some(transfers)
    }
}

const HAS_RING: &str = "transfers are made where there is a ring";

impl State {
    /// Whether the direction is busy; then the slot will tell when it no longer is.
    fn is_busy(&mut self, direction: Direction) -> bool {
        let usage = self.usage(direction);
        usage.wanted |= usage.busy;
        usage.busy
    }

    /// Reads what is kept, if anything is.
    ///
    /// # Safety
    /// `len` bytes may be written at `to`.
    unsafe fn read_kept(
        &mut self,
        to: *mut u8,
        len: usize,
        take: bool,
    ) -> Option<io::Result<usize>> {
        let Kept::Bytes(bytes) = self.kept.front_mut()? else {
            let Some(Kept::Error(error)) = self.kept.pop_front() else { unreachable!() };
            return Some(Err(error));
        };
        let (n, kept) = (bytes.len().min(len), bytes.make_contiguous());
        // SAFETY: there are `n` bytes on both sides, and nobody else has ours.
        unsafe { kept.as_ptr().copy_to_nonoverlapping(to, n) };
        if take {
            bytes.drain(..n);
            if bytes.is_empty() {
                self.kept.pop_front();
            }
        }
        Some(Ok(n))
    }

    fn is_left_to_readiness(&self) -> bool {
        self.long == MANY && !self.receiving.busy && self.kept.is_empty()
    }

    /// Keeps bytes for whoever reads next.
    pub(super) fn keep(&mut self, bytes: Vec<u8>) {
        self.kept.push_back(Kept::Bytes(bytes.into()));
    }

    pub(super) fn usage(&mut self, direction: Direction) -> &mut Use {
        match direction {
            Direction::Read => &mut self.receiving,
            Direction::Write => &mut self.sending,
        }
    }
}

/// What there is to receive, if anything is.
fn receive_now(fd: RawFd, buf: &mut impl OwnedBufMut) -> Option<io::Result<usize>> {
    let (to, len) = (buf.as_mut_ptr().cast(), buf.capacity());
    // SAFETY: `OwnedBufMut` vouches for its room; the call touches nothing else.
    answer_of(unsafe { libc::recv(fd, to, len, libc::MSG_DONTWAIT) })
}

/// Sends a beginning, if there is room for any.
fn send_now(fd: RawFd, buf: &impl OwnedBuf) -> Option<io::Result<usize>> {
    let (from, flags) = (buf.as_ptr().cast(), libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL);
    // SAFETY: `OwnedBuf` vouches for its bytes; the call touches nothing else.
    answer_of(unsafe { libc::send(fd, from, buf.len(), flags) })
}

/// What a system call answered; `None` if it would block.
fn answer_of(returned: isize) -> Option<io::Result<usize>> {
    match usize::try_from(returned).map_err(|_| io::Error::last_os_error()) {
        Err(error) if is_passing(&error) => None,
        answer => Some(answer),
    }
}

/// Whether trying again may do.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn received<B: OwnedBufMut>(answer: io::Result<usize>, mut buf: B) -> (io::Result<usize>, B) {
    if let Ok(n) = answer {
        // SAFETY: that many have been written to its beginning, by the system or by `read_kept`.
        unsafe { buf.set_received(n) };
    }
    (answer, buf)
}

/// The right to transfer in one direction.
struct Busy {
    transfers: Arc<Transfers>,
    direction: Direction,
    /// The direction stays busy: an operation that receives ahead has taken over.
    stays: bool,
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        let was = core::mem::take(self.transfers.state.lock().usage(self.direction));
        self.transfers.released(was, self.direction);
    }
}

/// Waiting for readiness first is right: one has just tried, or the kernel said that it was empty.
const POLL_FIRST: u16 = 1;

struct Receive<B> {
    busy: Busy,
    fd: RawFd,
    buf: B,
}

// SAFETY: `OwnedBufMut` promises that its room stays in its place.
unsafe impl<B: OwnedBufMut> Operation for Receive<B> {
    fn entry(&mut self) -> Entry {
        let len = self.buf.capacity().min(i32::MAX as usize) as u32;
        opcode::Recv::new(Fd(self.fd), self.buf.as_mut_ptr(), len).ioprio(POLL_FIRST).build()
    }

    fn lost(mut self, answer: Answer) {
        let kept = match answer.result() {
            Ok(0) => None,
            Ok(n) => {
                // SAFETY: the kernel has filled that many.
                let bytes = unsafe { slice::from_raw_parts(self.buf.as_mut_ptr(), n as usize) };
                Some(Kept::Bytes(Vec::from(bytes).into()))
            }
            // Nothing happened.
            Err(error) if error.raw_os_error() == Some(libc::ECANCELED) => None,
            Err(error) if is_passing(&error) => None,
            Err(error) => Some(Kept::Error(error)),
        };
        let transfers = Arc::clone(&self.busy.transfers);
        let came = kept.is_some();
        transfers.state.lock().kept.extend(kept);
        drop(self);
        if came {
            transfers.set(Ready::READABLE);
        }
    }
}

struct Send<B> {
    _busy: Busy,
    fd: RawFd,
    buf: B,
}

// SAFETY: `OwnedBuf` promises that its bytes stay in their place.
unsafe impl<B: OwnedBuf> Operation for Send<B> {
    fn entry(&mut self) -> Entry {
        let len = self.buf.len().min(i32::MAX as usize) as u32;
        let send = opcode::Send::new(Fd(self.fd), self.buf.as_ptr(), len);
        send.flags(libc::MSG_NOSIGNAL).ioprio(POLL_FIRST).build()
    }
}

/// Whether a source is out of epoll for the time being; its descriptor then.
#[derive(Debug)]
pub(in crate::native::driver) struct Detached {
    state: AtomicI32,
    transfers: OnceLock<Arc<Transfers>>,
}

impl Detached {
    pub(in crate::native::driver) const fn new() -> Self {
        Self { state: AtomicI32::new(IN), transfers: OnceLock::new() }
    }

    #[inline]
    pub(in crate::native::driver) fn is(&self) -> bool {
        // Acquire, here and below: who attaches it again comes after who detached it.
        self.state.load(Ordering::Acquire) >= 0
    }

    /// Whether no operation by completion has left anything, nor will one.
    pub(in crate::native::driver) fn leaves_nothing(&self) -> bool {
        match self.state.load(Ordering::Acquire) {
            IN => true,
            FOR_GOOD => self.transfers.get().is_some_and(|those| those.is_left_to_readiness()),
            _ => false,
        }
    }

    /// Detaches it, unless it was before, by `detach`.
    pub(in crate::native::driver) fn detach(
        &self,
        fd: RawFd,
        transfers: &Arc<Transfers>,
        detach: impl FnOnce(),
    ) {
        if self.state.load(Ordering::Relaxed) != IN {
            return;
        }
        let won = self.state.compare_exchange(IN, MOVING, Ordering::AcqRel, Ordering::Acquire);
        if won.is_ok() {
            detach();
            self.transfers.get_or_init(|| Arc::clone(transfers));
            self.state.store(fd, Ordering::Release);
        }
    }

    /// Attaches it for good, by `attach`, if it is detached.
    pub(in crate::native::driver) fn attach(&self, attach: impl FnOnce(RawFd)) {
        let fd = self.state.load(Ordering::Acquire);
        let won = self.state.compare_exchange(fd, FOR_GOOD, Ordering::AcqRel, Ordering::Acquire);
        if fd >= 0 && won.is_ok() {
            attach(fd);
            self.transfers.get().into_iter().for_each(|transfers| transfers.prefer_readiness());
        }
    }
}

/// It never was out.
const IN: i32 = -1;
/// It is being taken out.
const MOVING: i32 = -2;
/// It was out and is in again: a stream of both kinds of I/O stays where it can have both.
const FOR_GOOD: i32 = -3;
