//! The cooperative budget: how many operations a task may complete before it must let others run.
//!
//! Every task starts a poll with [`Budget::INITIAL`]. A leaf future calls [`poll_proceed`] before
//! its work: `Pending` means the budget is spent (the waker has been called, so the task runs
//! again in its turn); `Ready` hands out a receipt that gives the unit back unless
//! [`Receipt::made_progress`] is called. Outside a task the budget is unlimited.

use super::context;
use core::task::{Context, Poll};

/// What is left of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget(u8);

impl Budget {
    /// Zero, as all of a new context is.
    pub(crate) const UNLIMITED: Self = Self(0);
    /// None is left, and somebody was told so.
    const REFUSED: Self = Self(1);
    /// None is left.
    const SPENT: Self = Self(2);
    pub(crate) const INITIAL: Self = Self(Self::SPENT.0 + 128);

    #[inline]
    pub(crate) fn has_remaining(self) -> bool {
        self != Self::REFUSED && self != Self::SPENT
    }
}

/// Runs `f` under `budget`, and puts the previous one back, also when `f` panics.
#[inline]
pub(crate) fn with_budget<R>(budget: Budget, f: impl FnOnce() -> R) -> R {
    struct Restore(Budget);
    impl Drop for Restore {
        #[inline]
        fn drop(&mut self) {
            context::with(|context| context.budget.set(self.0));
        }
    }
    let _restore = Restore(context::with(|context| context.budget.replace(budget)));
    f()
}

#[inline]
pub(crate) fn has_budget_remaining() -> bool {
    context::with(|context| context.budget.get().has_remaining())
}

/// A unit of budget taken; given back on drop unless progress was made.
#[derive(Debug)]
#[must_use]
pub(crate) struct Receipt(Budget);

impl Receipt {
    /// Keeps the unit spent.
    #[inline]
    pub(crate) fn made_progress(self) {
        core::mem::forget(self);
    }
}

impl Drop for Receipt {
    #[inline]
    fn drop(&mut self) {
        context::with(|context| context.budget.set(self.0));
    }
}

/// Takes one unit of budget for an operation that is done. `false`: there is none left, and the
/// task must yield before it goes on, so keep what the operation got, wake, and be pending.
///
/// For operations that must take their place in a queue also without budget.
#[inline]
pub(crate) fn spend() -> bool {
    take().is_some()
}

/// Does what is worth a unit of budget, if there is one; `f` says whether it was done.
#[inline]
pub(crate) fn spend_on(f: impl FnOnce() -> bool) -> bool {
    context::with(|context| {
        let budget = context.budget.get();
        let done = budget.has_remaining() && f();
        if done && budget != Budget::UNLIMITED {
            context.budget.set(Budget(budget.0 - 1));
        }
        done
    })
}

/// Takes one unit of budget; answers what was there before, or `None` if nothing was.
#[inline]
fn take() -> Option<Budget> {
    context::with(|context| {
        let before = context.budget.get();
        if before == Budget::UNLIMITED {
            return Some(before);
        }
        if !before.has_remaining() {
            refuse(context, before);
            return None;
        }
        context.budget.set(Budget(before.0 - 1));
        Some(before)
    })
}

/// Counts that a task must give way, once a poll.
#[cold]
#[inline(never)]
fn refuse(context: &context::Context, budget: Budget) {
    context.budget.set(Budget::REFUSED);
    #[cfg(feature = "alloc")]
    if budget == Budget::SPENT
        && let Some(runtime) = super::owner::OwnerRef::current()
    {
        runtime.env().meter.forced_yields.add(1);
    }
    #[cfg(not(feature = "alloc"))]
    let _ = budget;
}

/// Takes one unit of budget, or asks the task to yield.
#[inline]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<Receipt> {
    match take() {
        Some(before) => Poll::Ready(Receipt(before)),
        None => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}
