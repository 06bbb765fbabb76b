//! The errors of the wrappers.

use core::error::Error;
use core::fmt;

/// An error that a [`BroadcastStream`](super::BroadcastStream) gives as an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BroadcastStreamRecvError {
    /// The stream was too slow: so many messages were overwritten before it received them.
    Lagged(u64),
}

impl fmt::Display for BroadcastStreamRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Lagged(missed) = self;
        write!(f, "the stream was too slow and missed {missed} messages")
    }
}

impl Error for BroadcastStreamRecvError {}
