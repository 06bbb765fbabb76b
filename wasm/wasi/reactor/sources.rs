//! The sources of a runtime, and whom of them the host is asked for.
//!
//! The host looks at each source that it is asked for, whether anything has happened there or not. So
//! where many wait, asking for all of them costs more than what comes of it. A source is *hot* for some
//! asks after it is new or has told of something. While many are cold, and what happens happens to hot
//! ones, those alone are asked for:
//!
//! 1. never when an ask for all told of a cold one, or an ask for the hot ones of none: then the next is
//!    for all ([`Sources::note`]);
//! 2. at most [`ALONE`] times in a row;
//! 3. for a moment only ([`MOMENT`]): then whoever is cold has his turn.
//!
//! So a cold source is heard a moment later while others are busy, and at once when they are not.

use super::Pollables;
use crate::io::Ready;
use crate::socket::slot::Slot;
use crate::wasm::wasi::poll::Pollable;
use std::sync::Arc;
use std::time::Duration;
use std::vec::Vec;

/// With fewer cold sources than this all are asked for.
const MANY: usize = 64;

/// For so many asks a source stays hot.
const HEAT: u8 = 32;

/// So many asks in a row are for hot ones alone.
const ALONE: u32 = 64;

/// How long an ask for hot ones alone may wait.
pub(super) const MOMENT: Duration = Duration::from_millis(1);

#[derive(Default)]
pub(super) struct Sources {
    places: Vec<Option<Place>>,
    /// The empty places.
    free: Vec<usize>,
    /// The places of hot sources.
    hot: Vec<usize>,
    /// How many asks in a row were for hot ones alone.
    alone: u32,
    /// What happened last happened to hot ones.
    hot_tell: bool,
    pub(super) shut_down: bool,
}

struct Place {
    slot: Arc<Slot>,
    pollables: Pollables,
    /// For how many asks it stays hot.
    heat: u8,
    /// Where in the list of hot ones it is, if it is hot.
    at: usize,
}

/// Whom an ask is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    All,
    Hot,
}

/// One direction of a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    place: usize,
    pub(super) ready: Ready,
}

impl Sources {
    pub(super) fn is_empty(&self) -> bool {
        self.places.len() == self.free.len()
    }

    /// Finds a place for a source.
    pub(super) fn insert(&mut self, slot: Arc<Slot>, pollables: Pollables) -> usize {
        let index = self.free.pop().unwrap_or(self.places.len());
        let place = Some(Place { slot, pollables, heat: HEAT, at: self.hot.len() });
        if index == self.places.len() {
            self.places.push(place);
        } else {
            self.places[index] = place;
        }
        self.hot.push(index);
        index
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.cool(index);
        self.places[index] = None;
        self.free.push(index);
    }

    /// Replaces what the host is asked.
    #[cfg(all(feature = "net", target_env = "p2"))]
    pub(super) fn replace(&mut self, index: usize, pollables: Pollables) {
        if let Some(place) = &mut self.places[index] {
            place.pollables = pollables;
        }
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.places.iter().flatten().map(|place| &place.slot)
    }

    pub(super) fn slot(&self, end: End) -> Option<&Arc<Slot>> {
        self.places[end.place].as_ref().map(|place| &place.slot)
    }

    /// Whom the next ask shall be for.
    pub(super) fn choose(&mut self) -> Whom {
        let cold = self.places.len() - self.free.len() - self.hot.len();
        let hot = cold > MANY && self.hot_tell && self.alone < ALONE && !self.hot.is_empty();
        self.alone = if hot { self.alone + 1 } else { 0 };
        if hot { Whom::Hot } else { Whom::All }
    }

    /// Calls `each` with what somebody waits for.
    pub(super) fn wanted<'a>(&'a self, whom: Whom, mut each: impl FnMut(End, &'a Pollable)) {
        let mut of = |place: usize| {
            let Some(Place { slot, pollables, .. }) = &self.places[place] else { return };
            let (reads, writes) = slot.wanted();
            // Nobody waits for a direction that the source does not have.
            if reads && let Some(read) = &pollables.read {
                each(End { place, ready: Ready::READABLE }, read);
            }
            if writes && let Some(write) = &pollables.write {
                each(End { place, ready: Ready::WRITABLE }, write);
            }
        };
        match whom {
            Whom::All => (0..self.places.len()).for_each(of),
            Whom::Hot => self.hot.iter().for_each(|place| of(*place)),
        }
    }

    /// Notes what an ask told.
    pub(super) fn note(&mut self, told: impl Iterator<Item = End>) {
        let mut hot_tell = None;
        for end in told {
            let Some(place) = &mut self.places[end.place] else { continue };
            let was_hot = place.heat > 0;
            if !was_hot {
                place.at = self.hot.len();
                self.hot.push(end.place);
            }
            // This ask counts, too.
            place.heat = HEAT + 1;
            hot_tell = Some(was_hot && hot_tell != Some(false));
        }
        self.hot_tell = hot_tell == Some(true);
        for at in (0..self.hot.len()).rev() {
            let index = self.hot[at];
            if let Some(place) = &mut self.places[index] {
                place.heat -= 1;
                if place.heat == 0 {
                    self.take_out(at);
                }
            }
        }
    }

    fn cool(&mut self, index: usize) {
        if let Some(place) = &mut self.places[index]
            && place.heat > 0
        {
            place.heat = 0;
            let at = place.at;
            self.take_out(at);
        }
    }

    /// Takes one out of the list of hot ones.
    fn take_out(&mut self, at: usize) {
        self.hot.swap_remove(at);
        if let Some(moved) = self.hot.get(at)
            && let Some(place) = &mut self.places[*moved]
        {
            place.at = at;
        }
    }
}
