//! What can go wrong between an actor and those who talk to it.

use super::exit::ExitReason;
use core::error::Error;
use core::fmt;

/// A message was not accepted; it comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CastError<M> {
    /// The mailbox is full.
    Full(M),
    /// The actor accepts no more: it is stopping or has ended.
    Closed(M),
}

impl<M> CastError<M> {
    /// The message.
    pub fn into_inner(self) -> M {
        match self {
            Self::Full(message) | Self::Closed(message) => message,
        }
    }

    /// Whether there was no room.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Whether the actor accepts no more.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

/// Messages need not be `Debug`, so they are left out.
impl<M> fmt::Debug for CastError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<M> fmt::Display for CastError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the actor's mailbox is full",
            Self::Closed(_) => "the actor accepts no more messages",
        })
    }
}

impl<M> Error for CastError<M> {}

/// Why a call has no answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The mailbox was full, and its policy is to refuse.
    Full,
    /// The actor is stopping and accepts no more.
    Stopping,
    /// The actor ended, for this reason, before it answered.
    Exited(ExitReason),
    /// The actor lives, and dropped the [`ReplyTo`](super::ReplyTo) without answering; or the
    /// mailbox was full, and its policy is to drop.
    NoReply,
    /// There was no answer in time. The actor may still handle the message.
    Timeout,
    /// The actor called itself, and would have waited for itself for ever.
    CallsItself,
}

impl CallError {
    /// The reason for which the actor ended, if that is why there is no answer.
    pub fn exit_reason(&self) -> Option<&ExitReason> {
        match self {
            Self::Exited(reason) => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the actor's mailbox is full"),
            Self::Stopping => f.write_str("the actor is stopping and accepts no more calls"),
            Self::Exited(reason) => write!(f, "the actor ended before it answered: {reason}"),
            Self::NoReply => f.write_str("the call was dropped without an answer"),
            Self::Timeout => f.write_str("the actor did not answer in time"),
            Self::CallsItself => f.write_str(
                "an actor called itself and would wait for ever: cast to itself, or call a method",
            ),
        }
    }
}

impl Error for CallError {}
