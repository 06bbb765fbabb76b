//! A hierarchical timing wheel (G. Varghese, T. Lauck: "Hashed and hierarchical timing wheels",
//! 1987) over intrusive nodes: inserting and removing take constant time and allocate nothing.
//!
//! # Layout
//! A slot of level `l` is `64^l` nanoseconds wide and a level has 64 of them, so the wheel reads
//! like the 64-bit time written in base 64: **a node is kept at the highest digit in which its
//! deadline differs from `now`, in the slot named by that digit of the deadline.** Eleven levels
//! express every deadline, nothing is rounded, and nothing ever overflows or wraps.
//!
//! From that one rule follows all the rest:
//! - What sits on a lower level is due before what sits on a higher one, and within a level slots
//!   are due in order; so the earliest slot is found by two bit scans.
//! - A slot of level 0 is one nanosecond: its nodes are due together, and in the order in which
//!   they were inserted, because nodes with the same deadline are always in the same list.
//! - Moving `now` up to the earliest slot breaks the rule for no node outside of that slot.
//!
//! # Moving the time
//! When `now` enters a slot above level 0 its nodes differ from `now` in a lower digit from then
//! on, and *cascade*: `now` goes right to the earliest of their deadlines (or to the target, if
//! that comes first) and each node is put in its new place, on a lower level. So a node moves at
//! most ten times, a lone node at most once, and a million nodes with one deadline once each.
//!
//! # Its memory
//! The lists take some kilobytes and come when the first timer does: many a runtime, one for each request
//! of a server say, never has any. Whoever owns the wheel allocates them, for he knows where he may.
//!
//! # Who may touch what
//! The wheel does no locking. Whoever owns it exclusively owns the links and may read the
//! deadlines of all its nodes; a linked node's deadline does not change.

use crate::collections::at_mut;
use crate::collections::list::{List, Node};
use alloc::boxed::Box;
use core::fmt;
use core::mem;
use core::ptr::NonNull;

/// How many bits of a deadline a level looks at; fewer under loom, whose stacks are small.
const DIGIT: u32 = if cfg!(loom) { 4 } else { 6 };
const SLOTS: usize = 1 << DIGIT;
const LEVELS: usize = u64::BITS.div_ceil(DIGIT) as usize;

/// How far [`Wheel::next`] looks into a slot for the exact deadline.
const GLANCE: usize = 16;

/// A node that knows when it is due.
pub(crate) trait Timed: Node {
    /// The deadline of `node`, in nanoseconds.
    ///
    /// # Safety
    /// `node` is valid, and nobody writes its deadline meanwhile.
    unsafe fn deadline(node: NonNull<Self>) -> u64;
}

/// Timers, soonest first.
pub(crate) struct Wheel<T> {
    /// Every deadline up to here has been popped or is next in its slot.
    now: u64,
    /// One bit a level: has any node.
    levels: u16,
    /// One bit a slot: has any node.
    slots: [u64; LEVELS],
    /// There before anything is inserted.
    lists: Option<Box<Lists<T>>>,
}

/// The nodes of each slot of each level.
#[derive(Debug)]
pub(crate) struct Lists<T>([[List<T>; SLOTS]; LEVELS]);

impl<T> Lists<T> {
    pub(crate) fn new() -> Self {
        Self([const { [const { List::new() }; SLOTS] }; LEVELS])
    }
}

/// Where a node belongs.
#[derive(Clone, Copy)]
struct Place {
    level: usize,
    slot: usize,
}

impl<T: Timed> Wheel<T> {
    pub(crate) const fn new() -> Self {
        Self { now: 0, levels: 0, slots: [0; LEVELS], lists: None }
    }

    /// Whether it has its lists.
    #[inline]
    pub(crate) fn has_lists(&self) -> bool {
        self.lists.is_some()
    }

    /// Gives it its lists; answers them if it has them already.
    pub(crate) fn give(&mut self, lists: Box<Lists<T>>) -> Option<Box<Lists<T>>> {
        if self.has_lists() {
            return Some(lists);
        }
        self.lists = Some(lists);
        None
    }

    #[inline]
    fn list(&mut self, place: Place) -> &mut List<T> {
        let Some(lists) = &mut self.lists else { panic!("lists are given before nodes") };
        let level: &mut [_; SLOTS] = at_mut(&mut lists.0, place.level);
        at_mut(level, place.slot)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.levels == 0
    }

    /// The time up to which the wheel has been moved.
    #[cfg(test)]
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Adds a node, or answers `false` if it is already due.
    ///
    /// # Safety
    /// `node` is valid, pinned, in no list, and stays so until it is popped or removed; its
    /// deadline does not change meanwhile.
    ///
    /// # Panics
    /// Without lists.
    #[inline]
    pub(crate) unsafe fn insert(&mut self, node: NonNull<T>) -> bool {
        // SAFETY: valid by contract, and the caller holds the node.
        let deadline = unsafe { T::deadline(node) };
        if deadline <= self.now {
            return false;
        }
        // SAFETY: the contract is the same.
        unsafe { self.link(node, deadline) };
        true
    }

    /// Takes a node out before its time.
    ///
    /// # Safety
    /// `node` is in this very wheel.
    #[inline]
    pub(crate) unsafe fn remove(&mut self, node: NonNull<T>) {
        // SAFETY: a linked node is valid and its deadline does not change.
        let place = self.place(unsafe { T::deadline(node) });
        let list = self.list(place);
        // SAFETY: by the rule of the layout a linked node is in the list of its place.
        unsafe { list.remove(node) };
        if list.is_empty() {
            self.mark_empty(place);
        }
    }

    /// Takes the earliest node that is due at `target`, those with the same deadline in the order
    /// of insertion; if there is none, moves the time to `target`.
    pub(crate) fn pop_due(&mut self, target: u64) -> Option<NonNull<T>> {
        while let Some(place) = self.earliest() {
            let start = self.start_of(place);
            if start > target {
                break;
            }
            if place.level == 0 {
                self.now = start;
                return self.pop_front(place);
            }
            self.cascade(place, target);
        }
        self.now = self.now.max(target);
        None
    }

    /// When to look again: the exact earliest deadline if few nodes are close to it, else a time
    /// shortly before it, at which [`pop_due`](Self::pop_due) sorts them out.
    pub(crate) fn next(&self) -> Option<u64> {
        let place = self.earliest()?;
        let start = self.start_of(place);
        if place.level == 0 {
            return Some(start);
        }
        let list = self.lists.as_ref()?.0.get(place.level)?.get(place.slot)?;
        let mut earliest = u64::MAX;
        for (seen, node) in list.iter().enumerate() {
            if seen == GLANCE {
                return Some(start);
            }
            // SAFETY: a linked node is valid and its deadline does not change.
            earliest = earliest.min(unsafe { T::deadline(node) });
        }
        Some(earliest)
    }

    /// Empties the slot at `place` into lower levels.
    fn cascade(&mut self, place: Place, target: u64) {
        debug_assert!(place.level > 0);
        let mut list = mem::take(self.list(place));
        self.mark_empty(place);
        // SAFETY: a linked node is valid and its deadline does not change.
        let deadlines = list.iter().map(|node| unsafe { T::deadline(node) });
        self.now = deadlines.fold(target, u64::min);
        while let Some(node) = list.pop_front() {
            // SAFETY: the node was linked here until a moment ago; its promise still stands.
            unsafe { self.link(node, T::deadline(node)) };
        }
    }

    /// Puts a node at its place.
    ///
    /// # Safety
    /// As for [`insert`](Self::insert), with `deadline` that of `node`.
    #[inline]
    unsafe fn link(&mut self, node: NonNull<T>, deadline: u64) {
        let place = self.place(deadline);
        // SAFETY: the contract is the same.
        unsafe { self.list(place).push_back(node) };
        *at_mut(&mut self.slots, place.level) |= 1 << place.slot;
        self.levels |= 1 << place.level;
    }

    fn pop_front(&mut self, place: Place) -> Option<NonNull<T>> {
        let list = self.list(place);
        let node = list.pop_front();
        if list.is_empty() {
            self.mark_empty(place);
        }
        node
    }

    fn mark_empty(&mut self, place: Place) {
        let slots = at_mut(&mut self.slots, place.level);
        *slots &= !(1 << place.slot);
        if *slots == 0 {
            self.levels &= !(1 << place.level);
        }
    }

    /// The rule of the layout.
    #[inline]
    fn place(&self, deadline: u64) -> Place {
        let highest_bit = (u64::BITS - 1) - ((deadline ^ self.now) | 1).leading_zeros();
        let level = highest_bit / DIGIT;
        let slot = (deadline >> (level * DIGIT)) as usize % SLOTS;
        Place { level: level as usize, slot }
    }

    fn earliest(&self) -> Option<Place> {
        if self.is_empty() {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        let slot = self.slots.get(level)?.trailing_zeros() as usize;
        Some(Place { level, slot })
    }

    /// The first nanosecond of a slot: the digits of `now` above it, its own, and zeros.
    fn start_of(&self, place: Place) -> u64 {
        let shift = place.level as u32 * DIGIT;
        let above = u64::MAX.checked_shl(shift + DIGIT).unwrap_or(0);
        (self.now & above) | ((place.slot as u64) << shift)
    }
}

impl<T> fmt::Debug for Wheel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel").field("now", &self.now).field("slots", &self.slots).finish()
    }
}

#[cfg(all(test, not(any(loom, target_family = "wasm"))))]
mod tests;
