//! What a supervisor tells about its children, and what can go wrong with it.

use super::spec::{Kind, Restart};
use crate::actor::error::CallError;
use crate::actor::exit::ExitReason;
use crate::actor::signals::ActorId;
use crate::time::Duration;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;

/// Something that happened to a child; see [`Supervisor::report_to`](super::Supervisor::report_to).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The name of the supervisor.
    pub supervisor: Arc<str>,
    /// The id of the child.
    pub child: Arc<str>,
    /// What happened to it.
    pub kind: EventKind,
}

/// What happened to a child.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// It was started.
    Started {
        /// Its identity, another one at each start.
        actor: ActorId,
    },
    /// It could not be started.
    StartFailed {
        /// Why.
        reason: ExitReason,
    },
    /// It has ended.
    Exited {
        /// Why.
        reason: ExitReason,
    },
    /// It was asked to stop and had not ended in time, so it was killed.
    Overdue,
    /// It will be started again.
    Restarting {
        /// How often it has failed in a row.
        failures: u32,
        /// After how long.
        delay: Duration,
    },
    /// It failed once too often: the supervisor gives up.
    GaveUp,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ", self.supervisor, self.child)?;
        match &self.kind {
            EventKind::Started { actor } => write!(f, "started as actor {actor}"),
            EventKind::StartFailed { reason } => write!(f, "could not be started: it {reason}"),
            EventKind::Exited { reason } => write!(f, "has ended: it {reason}"),
            EventKind::Overdue => f.write_str("did not end in time and was killed"),
            EventKind::Restarting { delay, .. } => write!(f, "is started again in {delay:?}"),
            EventKind::GaveUp => f.write_str("failed once too often; the supervisor gives up"),
        }
    }
}

/// Why a supervisor failed: the error in its [`ExitReason`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Children were restarted too often.
    TooManyRestarts {
        /// The child that failed once too often.
        child: Arc<str>,
        /// How it ended.
        reason: ExitReason,
    },
    /// A child could not be started when the supervisor was.
    StartFailed {
        /// The child.
        child: Arc<str>,
        /// Why.
        reason: ExitReason,
    },
    /// A child makes no sense.
    InvalidSpec {
        /// The child.
        child: Arc<str>,
        /// Why not.
        problem: &'static str,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRestarts { child, reason } => {
                write!(f, "restarted too often; the last to fail was `{child}`: {reason}")
            }
            Self::StartFailed { child, reason } => {
                write!(f, "the child `{child}` could not be started: {reason}")
            }
            Self::InvalidSpec { child, problem } => {
                write!(f, "the child `{child}` makes no sense: {problem}")
            }
        }
    }
}

impl Error for Failure {}

/// Why a supervisor did not do what it was asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ChildError {
    /// There is a child with this id.
    Exists,
    /// The child makes no sense, for this reason.
    InvalidSpec(&'static str),
    /// There is no child with this id.
    Unknown,
    /// The child runs.
    Running,
    /// The child is about to be started again.
    Restarting,
    /// The child could not be started.
    StartFailed(ExitReason),
    /// The supervisor does not answer.
    Supervisor(CallError),
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("there is a child with this id already"),
            Self::InvalidSpec(problem) => write!(f, "the child makes no sense: {problem}"),
            Self::Unknown => f.write_str("there is no child with this id"),
            Self::Running => f.write_str("the child runs"),
            Self::Restarting => f.write_str("the child is about to be started again"),
            Self::StartFailed(reason) => write!(f, "the child could not be started: it {reason}"),
            Self::Supervisor(error) => write!(f, "the supervisor does not answer: {error}"),
        }
    }
}

impl Error for ChildError {}

impl From<CallError> for ChildError {
    fn from(error: CallError) -> Self {
        Self::Supervisor(error)
    }
}

/// What a supervisor knows about a child.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildInfo {
    /// Its id.
    pub id: Arc<str>,
    /// Whether it runs.
    pub state: ChildState,
    /// Whether it is a supervisor.
    pub kind: Kind,
    /// When it is started again.
    pub restart: Restart,
}

/// Whether a child runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildState {
    /// It runs, and this is its identity.
    Running(ActorId),
    /// It is about to be started again.
    Restarting,
    /// It has ended, and will not be started again by itself.
    Stopped,
}

/// How many children a supervisor has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildCount {
    /// Those it knows, running or not.
    pub specs: usize,
    /// Those that run.
    pub active: usize,
    /// Those that are supervisors, running or not.
    pub supervisors: usize,
    /// Those that are not.
    pub workers: usize,
}
