//! The wheel against what it must be equal to: a list of timers sorted by deadline.

use super::*;
use crate::collections::list::Links;
use core::cell::UnsafeCell;
use proptest::collection;
use proptest::prelude::*;
use std::boxed::Box;
use std::vec::Vec;

struct Timer {
    links: UnsafeCell<Links<Timer>>,
    deadline: u64,
    id: usize,
}

// SAFETY: `links` leads to the one field `links`, through addresses only.
unsafe impl Node for Timer {
    fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: a node is valid, and no address of a field is null.
        unsafe { NonNull::new_unchecked(node.as_ref().links.get()) }
    }
}

impl Timed for Timer {
    unsafe fn deadline(node: NonNull<Self>) -> u64 {
        // SAFETY: valid by contract.
        unsafe { node.as_ref() }.deadline
    }
}

/// A wheel that owns its timers, beside the model.
struct Pair {
    wheel: Wheel<Timer>,
    /// Boxed, since the wheel links them where they are.
    #[expect(clippy::vec_box)]
    timers: Vec<Box<Timer>>,
    /// `(deadline, id)` of what waits, in order of insertion.
    model: Vec<(u64, usize)>,
}

impl Pair {
    fn new() -> Self {
        let mut wheel = Wheel::new();
        assert!(wheel.give(Box::new(Lists::new())).is_none());
        Self { wheel, timers: Vec::new(), model: Vec::new() }
    }

    fn insert(&mut self, deadline: u64) {
        let id = self.timers.len();
        let links = UnsafeCell::new(Links::new());
        self.timers.push(Box::new(Timer { links, deadline, id }));
        // SAFETY: boxed until the end of the test, and linked once.
        let waits = unsafe { self.wheel.insert(NonNull::from(&*self.timers[id])) };
        assert_eq!(waits, deadline > self.wheel.now());
        if waits {
            self.model.push((deadline, id));
        }
    }

    /// Removes the `n`th of what waits.
    fn remove(&mut self, n: usize) {
        if self.model.is_empty() {
            return;
        }
        let (_, id) = self.model.remove(n % self.model.len());
        // SAFETY: the model says it is in the wheel.
        unsafe { self.wheel.remove(NonNull::from(&*self.timers[id])) };
    }

    fn pop_due(&mut self, target: u64) -> Option<usize> {
        // SAFETY: all timers are boxed until the end of the test.
        self.wheel.pop_due(target).map(|node| unsafe { node.as_ref() }.id)
    }

    /// Pops at most `limit` timers, and checks each against the model.
    fn advance(&mut self, target: u64, limit: usize) {
        for _ in 0..limit {
            let due = (0..self.model.len())
                .filter(|&at| self.model[at].0 <= target)
                .min_by_key(|&at| (self.model[at].0, at));
            let expected = due.map(|at| self.model.remove(at).1);
            assert_eq!(self.pop_due(target), expected);
            if expected.is_none() {
                assert!(self.wheel.now() >= target);
                return;
            }
        }
    }

    fn check_next(&self) {
        let earliest = self.model.iter().map(|&(deadline, _)| deadline).min();
        let next = self.wheel.next();
        assert_eq!(next.is_some(), earliest.is_some());
        assert_eq!(self.wheel.is_empty(), earliest.is_none());
        if let (Some(next), Some(earliest)) = (next, earliest) {
            assert!(next <= earliest && next >= self.wheel.now());
            if self.model.len() <= GLANCE {
                assert_eq!(next, earliest, "few timers: exact");
            }
        }
    }
}

/// What may happen to a wheel. Times are distances from its own.
#[derive(Clone, Debug)]
enum Step {
    Insert(u64),
    /// With the deadline of an earlier one.
    InsertLike(usize),
    Remove(usize),
    /// A removal and an insertion.
    Reset(usize, u64),
    Advance(u64),
    /// To what `next` says, and no more than so many timers.
    AdvanceToNext(usize),
}

/// Every order of magnitude is as likely as any other.
fn distance() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64u32).prop_map(|(ns, shift)| ns >> shift)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => distance().prop_map(Step::Insert),
        2 => any::<usize>().prop_map(Step::InsertLike),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => (any::<usize>(), distance()).prop_map(|(n, ns)| Step::Reset(n, ns)),
        1 => distance().prop_map(Step::Advance),
        2 => (0..4usize).prop_map(Step::AdvanceToNext),
    ]
}

impl Pair {
    fn take(&mut self, step: Step) {
        let at = |ns: u64| self.wheel.now().saturating_add(ns);
        match step {
            Step::Insert(ns) => self.insert(at(ns)),
            Step::InsertLike(n) if self.model.is_empty() => self.insert(n as u64),
            Step::InsertLike(n) => self.insert(self.model[n % self.model.len()].0),
            Step::Remove(n) => self.remove(n),
            Step::Reset(n, ns) => {
                let deadline = at(ns);
                self.remove(n);
                self.insert(deadline);
            }
            Step::Advance(ns) => self.advance(at(ns), usize::MAX),
            Step::AdvanceToNext(limit) => {
                let next = self.wheel.next();
                self.advance(next.unwrap_or(self.wheel.now()), limit);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 3 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn equals_the_model(steps in collection::vec(step(), 0..200)) {
        let mut pair = Pair::new();
        for step in steps {
            pair.take(step);
            pair.check_next();
        }
        pair.advance(u64::MAX, usize::MAX);
        assert!(pair.wheel.is_empty());
    }
}

#[test]
fn fires_in_order_of_deadline_then_of_insertion() {
    let mut pair = Pair::new();
    for deadline in [70, 5, 4096, 5, 70, 5, 1 << 62] {
        pair.insert(deadline);
    }
    let order: Vec<_> = core::iter::from_fn(|| pair.pop_due(u64::MAX)).collect();
    assert_eq!(order, [1, 3, 5, 0, 4, 2, 6]);
}

#[test]
fn never_fires_early_and_knows_the_exact_deadline() {
    let mut pair = Pair::new();
    pair.insert(1_000_000_007);
    assert_eq!(pair.wheel.next(), Some(1_000_000_007));
    assert_eq!(pair.pop_due(1_000_000_006), None);
    assert_eq!(pair.wheel.next(), Some(1_000_000_007));
    assert_eq!(pair.pop_due(1_000_000_007), Some(0));
    assert_eq!(pair.wheel.next(), None);
}

#[test]
fn refuses_what_is_already_due() {
    let mut pair = Pair::new();
    assert_eq!(pair.pop_due(100), None);
    pair.insert(100);
    pair.insert(0);
    assert!(pair.wheel.is_empty());
}

#[test]
fn a_target_in_the_past_does_nothing() {
    let mut pair = Pair::new();
    assert_eq!(pair.pop_due(100), None);
    pair.insert(200);
    assert_eq!(pair.pop_due(50), None);
    assert_eq!(pair.wheel.now(), 100);
}

#[test]
fn the_last_nanosecond_of_all_can_be_waited_for() {
    let mut pair = Pair::new();
    pair.insert(u64::MAX);
    assert_eq!(pair.pop_due(u64::MAX - 1), None);
    assert_eq!(pair.pop_due(u64::MAX), Some(0));
}

#[test]
fn many_at_one_instant_stay_in_order() {
    const MANY: usize = if cfg!(miri) { 100 } else { 100_000 };
    let mut pair = Pair::new();
    for _ in 0..MANY {
        pair.insert(1 << 40 | 12345);
    }
    for id in 0..MANY {
        assert_eq!(pair.pop_due(1 << 41), Some(id));
    }
    assert_eq!(pair.pop_due(1 << 41), None);
}
