//! A value for models, whose way from thread to thread loom watches.

use crate::atomic::UnsafeCell;
use loom::alloc::Track;

/// Loom objects if it is read by who has not received it properly, read while somebody else has it,
/// dropped twice, or never dropped.
#[derive(Debug)]
pub(super) struct Witness {
    number: UnsafeCell<usize>,
    _track: Track<()>,
}

// SAFETY: the cell is there to be watched.
unsafe impl Sync for Witness {}

impl Witness {
    pub(super) fn new(number: usize) -> Self {
        let this = Self { number: UnsafeCell::new(0), _track: Track::new(()) };
        // SAFETY: it is new.
        this.number.with_mut(|place| unsafe { *place = number });
        this
    }

    /// Its number, for who shares it.
    pub(super) fn read(&self) -> usize {
        // SAFETY: loom objects if it is written meanwhile.
        self.number.with(|place| unsafe { *place })
    }

    /// Its number, for who owns it.
    pub(super) fn take(self) -> usize {
        self.read()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // SAFETY: loom objects if anybody else reads or writes it.
        self.number.with_mut(|place| unsafe { *place = usize::MAX });
    }
}

/// The numbers of all witnesses, sorted.
pub(super) fn numbers<W>(all: impl IntoIterator<Item = W>) -> std::vec::Vec<usize>
where
    W: Into<std::boxed::Box<Witness>>,
{
    let mut numbers: std::vec::Vec<_> = all.into_iter().map(|it| (*it.into()).take()).collect();
    numbers.sort_unstable();
    numbers
}
