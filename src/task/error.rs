//! Why a task has no output.

use crate::env::hooks::message;
use crate::env::id::Id;
use alloc::boxed::Box;
use core::any::Any;
use core::fmt;

/// A task did not end with an output: it was cancelled, or it panicked.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let panicked = creel::spawn(async { panic!("no bread") });
/// let error: creel::task::JoinError = panicked.await.unwrap_err();
/// assert!(error.is_panic());
/// assert_eq!(error.into_panic().downcast_ref(), Some(&"no bread"));
///
/// let aborted = creel::spawn(std::future::pending::<()>());
/// aborted.abort();
/// assert!(aborted.await.unwrap_err().is_cancelled());
/// # });
/// ```
pub struct JoinError {
    id: Id,
    cause: Cause,
}

enum Cause {
    Cancelled,
    /// The payload is only `Send`. It is reached by `&mut` or by value, or read in
    /// [`message`] through types that are `Sync`.
    Panicked(SyncPayload),
}

struct SyncPayload(Box<dyn Any + Send>);

// SAFETY: a shared reference gives out nothing but `&str` read from a `&'static str` or a
// `String`, both `Sync`; downcasting itself reads only the vtable.
unsafe impl Sync for SyncPayload {}

impl JoinError {
    pub(crate) fn cancelled(id: Id) -> Self {
        Self { id, cause: Cause::Cancelled }
    }

    pub(crate) fn panicked(id: Id, payload: Box<dyn Any + Send>) -> Self {
        Self { id, cause: Cause::Panicked(SyncPayload(payload)) }
    }

    /// Whether the task was cancelled: aborted, or its runtime shut down.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, Cause::Cancelled)
    }

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, Cause::Panicked(_))
    }

    /// The payload of the panic.
    ///
    /// # Panics
    /// If the task did not panic.
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(_) => panic!("`into_panic` was called on the error of a task that was cancelled"),
        }
    }

    /// The payload of the panic, or the error itself if the task was cancelled.
    ///
    /// # Errors
    /// The error itself, if the task was cancelled.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, Self> {
        match self.cause {
            Cause::Panicked(payload) => Ok(payload.0),
            Cause::Cancelled => Err(self),
        }
    }

    /// The id of the task.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Cancelled => write!(f, "task {} was cancelled", self.id),
            Cause::Panicked(payload) => match message(&*payload.0) {
                Some(text) => write!(f, "task {} panicked with message {text:?}", self.id),
                None => write!(f, "task {} panicked", self.id),
            },
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Cancelled => write!(f, "JoinError::Cancelled({:?})", self.id),
            Cause::Panicked(payload) => match message(&*payload.0) {
                Some(text) => write!(f, "JoinError::Panic({:?}, {text:?}, ...)", self.id),
                None => write!(f, "JoinError::Panic({:?}, ...)", self.id),
            },
        }
    }
}

impl core::error::Error for JoinError {}

#[cfg(feature = "std")]
impl From<JoinError> for std::io::Error {
    fn from(error: JoinError) -> Self {
        let text = if error.is_panic() { "task panicked" } else { "task was cancelled" };
        std::io::Error::other(text)
    }
}
