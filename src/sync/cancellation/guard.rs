//! Guards that cancel a token when they are dropped.

use super::CancellationToken;

const ARMED: &str = "the token is there until the guard is disarmed or dropped";

/// Cancels its token when it is dropped. Made by [`CancellationToken::drop_guard`].
///
/// # Examples
///
/// ```
/// use creel::sync::CancellationToken;
///
/// let token = CancellationToken::new();
/// let guard = token.clone().drop_guard();
/// drop(guard);
/// assert!(token.is_cancelled());
///
/// let token = CancellationToken::new();
/// let guard = token.drop_guard();
/// let token = guard.disarm();
/// assert!(!token.is_cancelled());
/// ```
#[derive(Debug)]
#[must_use = "dropping the guard cancels the token"]
pub struct DropGuard(Option<CancellationToken>);

impl DropGuard {
    pub(super) fn new(token: CancellationToken) -> Self {
        Self(Some(token))
    }

    /// The token that will be cancelled.
    pub fn token(&self) -> &CancellationToken {
        self.0.as_ref().expect(ARMED)
    }

    /// Gives the token back; this guard no longer cancels it.
    pub fn disarm(mut self) -> CancellationToken {
        self.0.take().expect(ARMED)
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.0 {
            token.cancel();
        }
    }
}

/// Cancels a borrowed token when it is dropped. Made by [`CancellationToken::drop_guard_ref`].
///
/// # Examples
///
/// ```
/// use creel::sync::CancellationToken;
///
/// let token = CancellationToken::new();
/// {
///     let _guard = token.drop_guard_ref();
/// }
/// assert!(token.is_cancelled());
/// ```
#[derive(Debug)]
#[must_use = "dropping the guard cancels the token"]
pub struct DropGuardRef<'a>(Option<&'a CancellationToken>);

impl<'a> DropGuardRef<'a> {
    pub(super) fn new(token: &'a CancellationToken) -> Self {
        Self(Some(token))
    }

    /// The token that will be cancelled.
    pub fn token(&self) -> &CancellationToken {
        self.0.expect(ARMED)
    }

    /// Gives the token back; this guard no longer cancels it.
    pub fn disarm(mut self) -> &'a CancellationToken {
        self.0.take().expect(ARMED)
    }
}

impl Drop for DropGuardRef<'_> {
    fn drop(&mut self) {
        if let Some(token) = self.0 {
            token.cancel();
        }
    }
}
