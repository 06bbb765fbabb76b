//! What the kernel is doing for us, operation by operation.
//!
//! ```text
//!             insert                complete, last answer            take
//!   free ───────────────▶ begun ─────────────────────────▶ ended ───────────▶ free
//!                           │  orphan (its future was dropped)
//!                           ▼             complete, last answer
//!                         orphaned ───────────────────────────▶ free
//! ```
//!
//! The *key* of an operation is `generation | place`; the kernel hands it back with each answer, and
//! a request to cancel names it. A place is used again only after the last answer, and the generation
//! keeps a request that comes too late from meeting the next operation.
//!
//! Absent on purpose: the buffers. They stay in the future, which the kernel does not mind: they do
//! not move with it ([`OwnedBuf`](crate::platform::buf::OwnedBuf)). Only when the future is dropped
//! too early they are moved here, as an [`Orphan`].

use core::mem;
use core::task::Waker;
use io_uring::squeue::Entry;
use io_uring::types::Timespec;
use std::boxed::Box;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::vec::Vec;

/// Names an operation under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    pub(super) fn from_user_data(data: u64) -> Self {
        Self(data)
    }

    pub(super) fn user_data(self) -> u64 {
        self.0
    }

    fn new(generation: u32, place: usize) -> Self {
        Self(u64::from(generation) << 32 | place as u64)
    }

    fn place(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }

    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// One answer of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What the system call would have returned, or the error, negated.
    pub(crate) result: i32,
    pub(crate) flags: u32,
}

impl Answer {
    /// What the system call would have counted; for answers that are no error.
    pub(crate) fn count(self) -> usize {
        self.result.max(0) as usize
    }

    /// The count, or the error.
    pub(crate) fn result(self) -> io::Result<u32> {
        u32::try_from(self.result).map_err(|_| io::Error::from_raw_os_error(-self.result))
    }
}

/// What is left of an operation whose future was dropped: it owns what the kernel still uses.
pub(super) trait Orphan: Send {
    /// The kernel is done with it, after these answers. Not called under a lock.
    fn settle(self: Box<Self>, answers: Answers);
}

/// The answers to one operation, oldest first. One alone needs no heap.
#[derive(Debug, Default)]
pub(super) struct Answers {
    first: Option<Answer>,
    rest: VecDeque<Answer>,
}

impl Answers {
    fn push(&mut self, answer: Answer) {
        match self.first {
            None => self.first = Some(answer),
            Some(_) => self.rest.push_back(answer),
        }
    }

    pub(super) fn pop(&mut self) -> Option<Answer> {
        mem::replace(&mut self.first, self.rest.pop_front())
    }

    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Answer> {
        self.first.iter().chain(&self.rest)
    }
}

/// What is said to the kernel, kept so that it can be said again.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) entry: Entry,
    /// How long it may take.
    pub(super) limit: Option<Arc<Timespec>>,
}

#[derive(Default)]
struct Record {
    generation: u32,
    request: Option<Request>,
    waker: Option<Waker>,
    answers: Answers,
    orphan: Option<Box<dyn Orphan>>,
    /// The kernel was asked to end it.
    cancelled: bool,
    ended: bool,
}

/// Every operation under way.
#[derive(Default)]
pub(super) struct Records {
    list: Vec<Record>,
    free: Vec<usize>,
    /// How many the kernel has not answered for good.
    under_way: usize,
}

/// What follows from an answer.
pub(super) enum Arrival {
    Nothing,
    /// Wake who waits for it.
    Wake(Waker),
    /// Nobody waits any more: to be settled.
    Settle(Box<dyn Orphan>, Answers),
    /// The thread that had asked has ended, and the kernel has given up what it had asked for.
    Repeat(Request),
}

impl Records {
    pub(super) fn under_way(&self) -> usize {
        self.under_way
    }

    pub(super) fn insert(&mut self, mut request: Request, waker: Option<Waker>) -> (Key, Request) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.list.push(Record::default());
            self.list.len() - 1
        });
        let record = &mut self.list[place];
        let key = Key::new(record.generation, place);
        request.entry.set_user_data(key.user_data());
        record.request = Some(request.clone());
        record.waker = waker;
        self.under_way += 1;
        (key, request)
    }

    /// An answer; `more` will follow or not.
    pub(super) fn complete(&mut self, key: Key, answer: Answer, more: bool) -> Arrival {
        let Some(record) = self.get(key).filter(|record| !record.ended) else {
            return Arrival::Nothing;
        };
        let unasked = answer.result == -libc::ECANCELED && !record.cancelled;
        let request = record.request.as_ref().filter(|request| request.limit.is_none());
        if let Some(request) = request.filter(|_| unasked && !more) {
            return Arrival::Repeat(request.clone());
        }
        record.answers.push(answer);
        record.ended = !more;
        if !record.ended {
            return record.waker.take().map_or(Arrival::Nothing, Arrival::Wake);
        }
        let arrival = match record.orphan.take() {
            Some(orphan) => {
                let answers = mem::take(&mut record.answers);
                self.remove(key);
                Arrival::Settle(orphan, answers)
            }
            None => record.waker.take().map_or(Arrival::Nothing, Arrival::Wake),
        };
        self.under_way -= 1;
        arrival
    }

    /// The answers, if the kernel is done; then the operation is forgotten.
    pub(super) fn take_ended(&mut self, key: Key) -> Option<Answers> {
        let record = self.get(key).filter(|record| record.ended)?;
        let answers = mem::take(&mut record.answers);
        self.remove(key);
        Some(answers)
    }

    /// The oldest answer, and whether it was the last of all; then the operation is forgotten.
    pub(super) fn take_first(&mut self, key: Key) -> Option<(Answer, bool)> {
        let record = self.get(key)?;
        let answer = record.answers.pop()?;
        let last = record.ended && record.answers.is_empty();
        if last {
            self.remove(key);
        }
        Some((answer, last))
    }

    /// How many answers nobody has taken.
    pub(super) fn untaken(&mut self, key: Key) -> usize {
        self.get(key).map_or(0, |record| record.answers.len())
    }

    /// The operation counts as cancelled from now on; answers whether the kernel is to be told.
    pub(super) fn cancel(&mut self, key: Key) -> bool {
        let live = self.get(key).filter(|record| !record.ended);
        live.is_some_and(|record| !mem::replace(&mut record.cancelled, true))
    }

    /// Who is woken by the next answer.
    pub(super) fn waker(&mut self, key: Key) -> &mut Option<Waker> {
        &mut self.get(key).expect("the key is that of an operation under way").waker
    }

    /// Has the kernel's last answer settled by `orphan`. Answers who waited for it.
    pub(super) fn leave(&mut self, key: Key, orphan: Box<dyn Orphan>) -> Option<Waker> {
        let record = self.get(key).expect("the key is that of an operation under way");
        record.orphan = Some(orphan);
        record.cancelled = true;
        record.waker.take()
    }

    /// Every operation under way counts as cancelled from now on; answers their keys.
    pub(super) fn cancel_all(&mut self) -> Vec<Key> {
        let is_live = |record: &Record| record.request.is_some() && !record.ended;
        let live = self.list.iter_mut().enumerate().filter(|(_, record)| is_live(record));
        live.map(|(place, record)| {
            record.cancelled = true;
            Key::new(record.generation, place)
        })
        .collect()
    }

    /// Takes every orphan whose answer never came.
    pub(super) fn take_orphans(&mut self) -> Vec<Box<dyn Orphan>> {
        self.list.iter_mut().filter_map(|record| record.orphan.take()).collect()
    }

    fn get(&mut self, key: Key) -> Option<&mut Record> {
        let record = self.list.get_mut(key.place())?;
        (record.generation == key.generation() && record.request.is_some()).then_some(record)
    }

    fn remove(&mut self, key: Key) {
        let record = &mut self.list[key.place()];
        // The highest bit stays clear: no key looks like one of the ring's own tokens.
        let generation = (record.generation + 1) & (u32::MAX >> 1);
        *record = Record { generation, ..Record::default() };
        self.free.push(key.place());
    }
}
