//! How long a turn may be.
//!
//! A look at the clock costs 44 to 260 ns, as much as several polls, so it comes after a slice of
//! polls whose number is found by trying.

use crate::platform::source::now_ms;
use std::cell::Cell;

/// Polls before the first look at the clock.
const FIRST: usize = 8;
/// A slice shorter than this doubles the next one, one twice as long halves it.
const SLICE_MS: f64 = 0.25;
const LONGEST: usize = 1024;

/// The slice that a turn is in.
pub(super) struct Slice {
    /// How many polls it has.
    pub(super) polls: usize,
    /// When the turn and when the slice began; unknown during the first slice of a fresh turn,
    /// which most often is the only one.
    began: Option<(f64, f64)>,
    budget_ms: f64,
}

impl Slice {
    /// The first of a fresh turn.
    pub(super) fn first(budget_ms: f64) -> Self {
        Self { polls: FIRST, began: None, budget_ms }
    }

    /// The first of a fresh turn that is counted from its beginning.
    pub(super) fn timed(budget_ms: f64) -> Self {
        Self::resume(FIRST, budget_ms)
    }

    /// The first of a turn that goes on after a hop.
    pub(super) fn resume(polls: usize, budget_ms: f64) -> Self {
        let now = now_ms();
        Self { polls, began: Some((now, now)), budget_ms }
    }

    /// When the turn began; unknown if it was short.
    pub(super) fn began_ms(&self) -> Option<f64> {
        self.began.map(|(turn, _)| turn)
    }

    /// Looks at the clock after a slice. Answers whether the turn may go on.
    pub(super) fn measure(&mut self) -> bool {
        let now = now_ms();
        let Some((turn, slice)) = self.began else {
            self.began = Some((now, now));
            return true;
        };
        let took = now - slice;
        if took < SLICE_MS {
            self.polls = LONGEST.min(self.polls * 2);
        } else if took > 2.0 * SLICE_MS {
            self.polls = 1.max(self.polls / 2);
        }
        self.began = Some((turn, now));
        now - turn < self.budget_ms
    }
}

/// Notices turns that follow each other in microtasks without an end: promises that are kept at
/// once would starve the event loop, however short each turn.
///
/// After half a budget of such turns it asks for a mark, a call in a task of the event loop. Where
/// that has not come after the other half, the event loop is starved.
#[derive(Default)]
pub(super) struct Density {
    turns: Cell<u32>,
    looked_ms: Cell<f64>,
    busy_ms: Cell<f64>,
    /// A mark is on its way.
    marked: Cell<bool>,
}

/// What to do about a turn in a microtask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Fine,
    /// Ask for a mark, and go on.
    Mark,
    /// Hop first.
    TooMuch,
}

impl Density {
    /// Turns between two looks at the clock.
    const LOOK: u32 = 16;
    /// So many turns in more than this are no stretch.
    const STRETCH_MS: f64 = 250.0;

    /// Counts a turn in a microtask.
    #[inline]
    pub(super) fn count(&self, budget_ms: f64) -> Pace {
        self.turns.set(self.turns.get().wrapping_add(1));
        if self.turns.get().is_multiple_of(Self::LOOK) { self.look(budget_ms) } else { Pace::Fine }
    }

    fn look(&self, budget_ms: f64) -> Pace {
        let now = now_ms();
        let passed = now - self.looked_ms.replace(now);
        let busy = if passed < Self::STRETCH_MS { self.busy_ms.get() + passed } else { 0.0 };
        self.busy_ms.set(busy);
        match self.marked.get() {
            false if busy > budget_ms / 2.0 => {
                self.marked.set(true);
                self.busy_ms.set(0.0);
                Pace::Mark
            }
            true if busy > budget_ms / 2.0 => {
                self.busy_ms.set(0.0);
                Pace::TooMuch
            }
            _ => Pace::Fine,
        }
    }

    /// The mark has come: the event loop turns.
    pub(super) fn turned(&self) {
        self.marked.set(false);
        self.busy_ms.set(0.0);
    }
}
