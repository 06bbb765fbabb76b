//! Why an actor ended.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;

/// Why an actor ended, or shall end.
///
/// It is cheap to clone, because everyone who watches an actor gets one. It does not implement
/// [`Error`] itself, so that `?` in a handler turns any error into [`ExitReason::Error`].
///
/// # Examples
/// ```
/// use creel::actor::ExitReason;
///
/// fn parse(text: &str) -> Result<u8, ExitReason> {
///     Ok(text.parse()?)
/// }
/// let reason = parse("many").unwrap_err();
/// assert!(reason.is_abnormal());
/// assert_eq!(reason.to_string(), "failed: invalid digit found in string");
/// assert!(!ExitReason::Normal.is_abnormal());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum ExitReason {
    /// It was done: it was stopped, left by its last address, or ended by its own wish.
    Normal,
    /// Its supervisor ended it.
    Shutdown,
    /// It was killed, or its runtime went.
    Killed,
    /// It panicked; the text is the panic's message.
    Panic(Arc<str>),
    /// It failed.
    Error(Arc<dyn Error + Send + Sync>),
}

impl ExitReason {
    /// [`ExitReason::Error`] of any error, or of a text.
    pub fn error(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Error(Arc::from(error.into()))
    }

    /// Whether this is anything but [`Normal`](Self::Normal) and [`Shutdown`](Self::Shutdown): what
    /// a [transient](super::supervisor::Restart::Transient) child is restarted for.
    pub fn is_abnormal(&self) -> bool {
        !matches!(self, Self::Normal | Self::Shutdown)
    }

    /// Whether this is [`Normal`](Self::Normal).
    pub fn is_normal(&self) -> bool {
        matches!(self, Self::Normal)
    }

    /// Whether this is [`Killed`](Self::Killed).
    pub fn is_killed(&self) -> bool {
        matches!(self, Self::Killed)
    }

    /// Whether this is [`Panic`](Self::Panic).
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panic(_))
    }

    /// The error in it, if it is of this type.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match self {
            Self::Error(error) => error.downcast_ref(),
            _ => None,
        }
    }

    /// What a panic left, as a reason.
    #[cfg(feature = "std")]
    pub(super) fn panicked(payload: Box<dyn core::any::Any + Send>) -> Self {
        let text = crate::env::hooks::message(&*payload).unwrap_or("without a message");
        let reason = Self::Panic(Arc::from(text));
        // A payload whose drop panics is not this actor's last word.
        let mut panics = crate::env::panics::Panics::new();
        panics.guard(|| drop(payload));
        reason
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ExitReason {
    fn from(error: E) -> Self {
        Self::Error(Arc::new(error))
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("ended normally"),
            Self::Shutdown => f.write_str("shut down"),
            Self::Killed => f.write_str("killed"),
            Self::Panic(text) => write!(f, "panicked: {text}"),
            Self::Error(error) => write!(f, "failed: {error}"),
        }
    }
}

impl fmt::Debug for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("Normal"),
            Self::Shutdown => f.write_str("Shutdown"),
            Self::Killed => f.write_str("Killed"),
            Self::Panic(text) => f.debug_tuple("Panic").field(text).finish(),
            Self::Error(error) => f.debug_tuple("Error").field(error).finish(),
        }
    }
}
