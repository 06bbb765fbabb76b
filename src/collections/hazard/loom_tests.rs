//! Readers and who retires, in every interleaving of a few steps. One record a block.

use super::Domain;
use crate::atomic::{AtomicPtr, Ordering};
use crate::collections::witness::Witness;
use core::ptr::NonNull;
use loom::thread::{self, JoinHandle};
use std::boxed::Box;
use std::sync::Arc;

/// A box that is replaced while it is read.
struct Shared {
    current: AtomicPtr<Witness>,
    domain: Domain,
}

impl Shared {
    fn new() -> Arc<Self> {
        let first = Box::into_raw(Box::new(Witness::new(0)));
        Arc::new(Self { current: AtomicPtr::new(first), domain: Domain::new() })
    }

    fn replace(&self, number: usize) {
        let new = Box::into_raw(Box::new(Witness::new(number)));
        self.retire(self.current.swap(new, Ordering::AcqRel));
    }

    fn retire(&self, old: *mut Witness) {
        // SAFETY: a box that nobody can reach any more, retired once.
        NonNull::new(old).into_iter().for_each(|old| unsafe { self.domain.retire(old) });
    }

    fn reader(self: &Arc<Self>, range: core::ops::RangeInclusive<usize>) -> JoinHandle<()> {
        let this = Arc::clone(self);
        thread::spawn(move || {
            // SAFETY: boxes only, which are retired when they were replaced.
            let guard = unsafe { this.domain.protect(&this.current) };
            assert!(range.contains(&guard.expect("it is never null").read()));
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.retire(self.current.load(Ordering::Relaxed));
    }
}

#[test]
fn loom_what_is_read_is_not_freed() {
    loom::model(|| {
        let shared = Shared::new();
        let reader = shared.reader(0..=2);
        shared.replace(1);
        shared.replace(2);
        reader.join().unwrap();
    });
}

#[test]
fn loom_records_are_added_when_they_run_out() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(1);
    model.check(|| {
        let shared = Shared::new();
        let readers = [shared.reader(0..=1), shared.reader(0..=1)];
        shared.replace(1);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}

#[test]
fn loom_two_retire_what_a_third_reads() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(1);
    model.check(|| {
        let shared = Shared::new();
        let reader = shared.reader(0..=2);
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.replace(1))
        };
        shared.replace(2);
        reader.join().unwrap();
        other.join().unwrap();
    });
}
