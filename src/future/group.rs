//! Any number of futures that come and go.

use super::children::Children;
use alloc::vec::Vec;
use core::future::Future;
use core::ops::ControlFlow;
use core::task::{Context, Poll};

/// Futures of one type, each polled only when it was woken, in blocks of growing size: wakers hold
/// addresses, so a block never moves and never grows.
#[derive(Debug)]
pub(crate) struct Group<F> {
    blocks: Vec<Block<F>>,
    running: usize,
    /// The block that is polled first, so that none starves the others.
    turn: usize,
}

#[derive(Debug)]
struct Block<F> {
    children: Children<F>,
    free: Vec<usize>,
}

impl<F> Group<F> {
    /// The size of the first block.
    const FIRST: usize = 8;

    /// No futures; allocates nothing.
    pub(crate) const fn new() -> Self {
        Self { blocks: Vec::new(), running: 0, turn: 0 }
    }

    /// How many have not finished.
    pub(crate) fn len(&self) -> usize {
        self.running
    }
}

impl<F: Future> Group<F> {
    /// Adds a future; it is polled in the next [`poll_next`](Self::poll_next).
    pub(crate) fn insert(&mut self, future: F) {
        let index = match self.blocks.iter().position(|block| !block.free.is_empty()) {
            Some(index) => index,
            None => {
                self.blocks.push(Block::new(Self::FIRST << self.blocks.len()));
                self.blocks.len() - 1
            }
        };
        let block = &mut self.blocks[index];
        if let Some(place) = block.free.pop() {
            block.children.put(place, future);
            self.running += 1;
        }
    }

    /// The output of a future that has finished; `None` if there is no future left.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.running == 0 {
            return Poll::Ready(None);
        }
        for offset in 0..self.blocks.len() {
            let index = (self.turn + offset) % self.blocks.len();
            let Block { children, free } = &mut self.blocks[index];
            let polled = children.poll(cx, |place, output| ControlFlow::Break((place, output)));
            if let Poll::Ready(ControlFlow::Break((place, output))) = polled {
                free.push(place);
                self.running -= 1;
                self.turn = index + 1;
                return Poll::Ready(Some(output));
            }
        }
        Poll::Pending
    }
}

impl<F: Future> Block<F> {
    fn new(size: usize) -> Self {
        Self { children: Children::places(size), free: (0..size).rev().collect() }
    }
}
