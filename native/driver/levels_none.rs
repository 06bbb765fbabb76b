//! Every source is told of by edges: the system knows nothing else that would pay, or has no place for the
//! mark of the other kind.

use super::ring::Mode;
use crate::socket::slot::Slot;
use mio::{Registry, Token};
use std::io;

/// What a source must have to be told of otherwise: nothing.
pub(crate) trait Described {}

impl<T> Described for T {}

/// None is.
pub(super) struct Levels;

impl Levels {
    pub(super) fn new(_: Mode) -> Self {
        Self
    }

    #[inline]
    pub(super) fn unmarked(token: Token) -> (Token, bool) {
        (token, false)
    }

    pub(super) fn follow(
        &self,
        advice: Advice,
        _: &Registry,
        _: &Slot,
        _: Token,
        _: &impl Described,
    ) {
        match advice {
            Advice::Stay => {}
        }
    }

    pub(super) fn end(&self, _: &Registry, _: &Slot, _: Token) {}

    pub(super) fn forget(&self, _: &Slot, _: Token) {}
}

/// What a read says about how to be told: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advice {
    Stay,
}

/// Nothing is remembered.
#[derive(Debug, Default)]
pub(super) struct Habit(());

impl Habit {
    #[inline]
    pub(super) fn note(&self, _: &io::Result<usize>, _: usize) -> Advice {
        Advice::Stay
    }

    #[inline]
    pub(super) fn is_all(&self) -> bool {
        false
    }
}
