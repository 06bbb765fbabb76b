//! Where `select!` and `join!` start polling, and when they yield.

use core::task::{Context, Poll};

/// `Pending`, with the task woken, if its budget is spent.
#[inline]
pub fn poll_budget(cx: &mut Context<'_>) -> Poll<()> {
    crate::env::coop::poll_proceed(cx).map(drop)
}

/// The first branch to poll, of `count`.
#[inline]
pub fn start_anywhere(count: u32) -> u32 {
    crate::env::rng::below(count)
}

/// As [`start_anywhere`], in the order in which the branches are written.
#[inline]
pub fn start_in_order(_count: u32) -> u32 {
    0
}

/// Starts each poll from the branch behind the one that the last poll started from.
#[derive(Debug, Default)]
pub struct InTurn(u32);

impl InTurn {
    /// The first branch to poll, of `count`.
    #[inline]
    pub fn start(&mut self, count: u32) -> u32 {
        let start = self.0;
        self.0 = if start + 1 == count { 0 } else { start + 1 };
        start
    }
}

/// Starts each poll from the first branch.
#[derive(Debug, Default)]
pub struct InOrder;

impl InOrder {
    /// The first branch to poll.
    #[inline]
    pub fn start(&mut self, _count: u32) -> u32 {
        0
    }
}
