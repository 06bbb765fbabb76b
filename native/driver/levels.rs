//! Streams that epoll tells of by level: again at each look, for as long as there is something to read.
//!
//! An edge is told once, so a read that has filled its buffer must be followed by one that finds nothing,
//! before its task may wait. By level it need not: if there was more, epoll says so at the next look. That
//! is one system call less a message, for who reads messages into buffers of their size; so a stream goes
//! over to levels when [`Habit`] has seen often enough that the second read found nothing.
//!
//! ```text
//!             full reads were followed by nothing, WASTED times in a row
//!    edges ───────────────────────────────────────────────────────────────▶ levels
//!      ▲      [`Levels::begin`]                                                │
//!      └───────────────────────────────────────────────────────────────────────┘
//!        [`Levels::end`]: epoll repeated what nobody has read since the last look; a write found no
//!        room; somebody waits for readiness; one full read in SAMPLED is tried again, and found more
//! ```
//! What nobody reads would keep epoll from waiting at all, hence the first of the ways back. On a pool it
//! would be taken at once, for one worker looks while another is about to read: pools know edges only. By
//! level epoll tells of reading alone, for there is nearly always room to write.
//!
//! The descriptor of a source is known here from `begin` to `end` or [`Levels::forget`], which comes before
//! it is closed; all three go under one lock, so epoll is never told of a number that is another's by now.
//! The slot says in the same word as its readiness whether the system repeats itself; see
//! [`slot`](crate::socket::slot).
//!
//! Why unsafe: mio knows edges only.

use super::ring::Mode;
use crate::io::Ready;
use crate::lock::Lock;
use crate::socket::slot::Slot;
use mio::{Registry, Token};
use std::collections::HashMap;
use std::io;
pub(crate) use std::os::fd::AsRawFd as Described;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU8, Ordering};

/// Set in the token of an event that is told by level. Indices are shorter.
const BY_LEVEL: usize = 1 << 36;

/// The streams that are told of by level, by their tokens.
pub(super) struct Levels {
    allowed: bool,
    sources: Lock<HashMap<Token, RawFd>>,
}

impl Levels {
    pub(super) fn new(mode: Mode) -> Self {
        Self { allowed: mode != Mode::Shared, sources: Lock::new(HashMap::new()) }
    }

    /// The token of an event without its mark, and whether it has one.
    #[inline]
    pub(super) fn unmarked(token: Token) -> (Token, bool) {
        (Token(token.0 & !BY_LEVEL), token.0 & BY_LEVEL != 0)
    }

    /// Does as the source's reads advise.
    #[cold]
    pub(super) fn follow(
        &self,
        advice: Advice,
        at: &Registry,
        slot: &Slot,
        token: Token,
        source: &impl Described,
    ) {
        match advice {
            Advice::Stay => {}
            Advice::Levels => self.begin(at, slot, token, source.as_raw_fd()),
            Advice::Edges => self.end(at, slot, token),
        }
    }

    /// Has epoll tell by level of a source that is told of by edges, if that may be.
    fn begin(&self, at: &Registry, slot: &Slot, token: Token, fd: RawFd) {
        let mut sources = self.sources.lock();
        if !self.allowed || !slot.repeat() {
            return;
        }
        let events = libc::EPOLLIN | libc::EPOLLRDHUP;
        if modify(at, fd, events, token.0 | BY_LEVEL) {
            sources.insert(token, fd);
        } else {
            slot.stop_repeating();
            // Epoll does not know it: a stream that is said to be ready is tried.
            slot.assume(Ready::ALL);
        }
    }

    /// Has epoll tell of edges again, of what there is now to begin with.
    #[cold]
    pub(super) fn end(&self, at: &Registry, slot: &Slot, token: Token) {
        if !slot.repeats() {
            return;
        }
        let mut sources = self.sources.lock();
        let Some(fd) = sources.remove(&token) else { return };
        // First; see the slot.
        slot.stop_repeating();
        let events = libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLET;
        if !modify(at, fd, events, token.0) {
            slot.assume(Ready::ALL);
        }
    }

    /// The source is about to leave epoll.
    #[cold]
    pub(super) fn forget(&self, slot: &Slot, token: Token) {
        if self.sources.lock().remove(&token).is_some() {
            slot.stop_repeating();
        }
    }
}

/// Changes what epoll tells of a descriptor; `false` if it does not know it.
fn modify(at: &Registry, fd: RawFd, events: i32, token: usize) -> bool {
    let mut event = libc::epoll_event { events: events as u32, u64: token as u64 };
    // SAFETY: reads the event, which is valid; the descriptors are numbers to the system.
    unsafe { libc::epoll_ctl(at.as_raw_fd(), libc::EPOLL_CTL_MOD, fd, &raw mut event) == 0 }
}

/// How the reads of one stream end, as far as they fill their buffer: [`FULL`] and a count. One task
/// reads at a time; what another would spoil is a guess.
#[derive(Debug, Default)]
pub(super) struct Habit(AtomicU8);

/// The last read filled its buffer, and the next is to tell whether that was all.
const FULL: u8 = 1 << 7;
/// How many times in a row it must have been all for a stream to go over to levels.
const WASTED: u8 = 32;
/// Of so many full reads by level one is tried again.
const SAMPLED: u8 = 64;

/// What a read says about how to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advice {
    Stay,
    /// A second read is mostly in vain.
    Levels,
    /// There was more after a full read.
    Edges,
}

impl Habit {
    /// Takes note of a read into `room` bytes.
    #[inline]
    pub(super) fn note(&self, result: &io::Result<usize>, room: usize) -> Advice {
        let before = self.0.load(Ordering::Relaxed);
        let (after, advice) = match result {
            Ok(0) => return Advice::Stay,
            Ok(n) => {
                let full = if *n == room { FULL } else { 0 };
                let more = before & FULL != 0;
                let count = if more { 0 } else { before & !FULL };
                (full | count, if more { Advice::Edges } else { Advice::Stay })
            }
            Err(error) if before & FULL != 0 && error.kind() == io::ErrorKind::WouldBlock => {
                let count = (before & !FULL) + 1;
                if count < WASTED { (count, Advice::Stay) } else { (0, Advice::Levels) }
            }
            Err(_) => return Advice::Stay,
        };
        self.0.store(after, Ordering::Relaxed);
        advice
    }

    /// Whether a full read by level is taken for all.
    #[inline]
    pub(super) fn is_all(&self) -> bool {
        let count = (self.0.load(Ordering::Relaxed) & !FULL) + 1;
        let all = count < SAMPLED;
        self.0.store(if all { count } else { FULL }, Ordering::Relaxed);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{Advice, Habit, SAMPLED, WASTED};
    use std::io;

    #[test]
    fn full_reads_that_were_all_advise_levels_and_one_that_was_not_edges() {
        let habit = Habit::default();
        let full = || habit.note(&Ok(8), 8);
        let nothing = || habit.note(&Err(io::ErrorKind::WouldBlock.into()), 8);
        for _ in 1..WASTED {
            assert_eq!((full(), nothing()), (Advice::Stay, Advice::Stay));
        }
        assert_eq!(habit.note(&Ok(3), 8), Advice::Stay, "a part tells nothing");
        assert_eq!(nothing(), Advice::Stay, "after a part it is expected");
        assert_eq!((full(), nothing()), (Advice::Stay, Advice::Levels));

        for _ in 1..SAMPLED {
            assert_eq!(full(), Advice::Stay);
            assert!(habit.is_all());
        }
        assert_eq!(full(), Advice::Stay);
        assert!(!habit.is_all(), "a sample");
        assert_eq!(full(), Advice::Edges);
    }

    #[test]
    fn more_after_a_full_read_begins_the_count_anew() {
        let habit = Habit::default();
        let nothing = || habit.note(&Err(io::ErrorKind::WouldBlock.into()), 8);
        for _ in 1..WASTED {
            habit.note(&Ok(8), 8);
            nothing();
        }
        habit.note(&Ok(8), 8);
        habit.note(&Ok(8), 8);
        assert_eq!(nothing(), Advice::Stay);
    }
}
