//! A value that will be there once: one side settles it, many wait for it.
//!
//! [`Deferred`] is the one side, [`Promise`] the other. Behind both stands one counted
//! [`SetOnce`]; the outcome in it never changes, so it is read without a lock and may be borrowed.

use crate::env::coop;
use crate::env::site::Site;
use crate::env::wait::Waiter;
use crate::sync::SetOnce;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::error::Error;
use core::fmt;
use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

type Outcome<T, E> = Result<T, PromiseError<E>>;

/// The side that settles a [`Promise`], once: it resolves it with a value or rejects it with an
/// error.
///
/// Dropped before it did, it settles the promise with [`PromiseError::Dropped`], so that nobody
/// waits in vain. Works from any thread, within a runtime or without.
///
/// # Examples
///
/// ```
/// use creel::future::Deferred;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let deferred = Deferred::<u32, &str>::new();
/// let promise = deferred.promise();
/// let waiting = creel::spawn(async move { promise.await });
///
/// deferred.resolve(7);
/// assert_eq!(waiting.await.unwrap(), Ok(7));
/// # }
/// ```
pub struct Deferred<T, E = Infallible> {
    shared: Arc<SetOnce<Outcome<T, E>>>,
}

impl<T, E> Deferred<T, E> {
    /// A promise yet to be settled.
    pub fn new() -> Self {
        Self { shared: Arc::new(SetOnce::new()) }
    }

    /// The other side, for one more who waits.
    pub fn promise(&self) -> Promise<T, E> {
        Promise { shared: self.shared.clone() }
    }

    /// Settles the promise with a value.
    pub fn resolve(self, value: T) {
        self.settle(Ok(value));
    }

    /// Settles the promise with an error.
    pub fn reject(self, error: E) {
        self.settle(Err(error));
    }

    /// Resolves or rejects the promise.
    pub fn settle(self, outcome: Result<T, E>) {
        self.set(outcome.map_err(PromiseError::Rejected));
    }

    /// Nobody else can have set it but this side, which is consumed by it.
    fn set(&self, outcome: Outcome<T, E>) {
        let _too_late = self.shared.set(outcome);
    }
}

impl<T, E> Default for Deferred<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Drop for Deferred<T, E> {
    fn drop(&mut self) {
        if !self.shared.initialized() {
            self.set(Err(PromiseError::Dropped));
        }
    }
}

impl<T, E> fmt::Debug for Deferred<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred").finish_non_exhaustive()
    }
}

/// A value that somebody else will give once: clone it for everyone who waits.
///
/// `promise.await` and `(&promise).await` give each waiter a clone of the outcome, also after it
/// was settled; [`get`](Self::get) borrows it instead.
///
/// # Cancel safety
///
/// Dropping the future that waits loses nothing: the outcome stays.
///
/// # Examples
///
/// ```
/// use creel::future::{Deferred, PromiseError};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let deferred = Deferred::new();
/// let promise = deferred.promise();
/// let first = creel::spawn(promise.clone().into_future());
/// let second = creel::spawn(promise.clone().into_future());
/// # use std::future::IntoFuture;
///
/// deferred.reject("no more data");
/// assert_eq!(first.await.unwrap(), Err::<u32, _>(PromiseError::Rejected("no more data")));
/// assert!(second.await.unwrap().is_err());
/// assert!(promise.is_settled());
/// # }
/// ```
pub struct Promise<T, E = Infallible> {
    shared: Arc<SetOnce<Outcome<T, E>>>,
}

impl<T, E> Promise<T, E> {
    /// A promise that is resolved already.
    pub fn resolved(value: T) -> Self {
        Self { shared: Arc::new(SetOnce::from(Ok(value))) }
    }

    /// A promise that is rejected already.
    pub fn rejected(error: E) -> Self {
        Self { shared: Arc::new(SetOnce::from(Err(PromiseError::Rejected(error)))) }
    }

    /// Whether the outcome is there.
    pub fn is_settled(&self) -> bool {
        self.shared.initialized()
    }

    /// The outcome, if it is there.
    ///
    /// # Errors
    ///
    /// That the promise was rejected, or will never be settled.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::future::Deferred;
    ///
    /// let deferred = Deferred::<_>::new();
    /// let promise = deferred.promise();
    /// assert_eq!(promise.try_get(), None);
    /// deferred.resolve("done");
    /// assert_eq!(promise.try_get(), Some(Ok(&"done")));
    /// ```
    pub fn try_get(&self) -> Option<Result<&T, &PromiseError<E>>> {
        self.shared.get().map(Result::as_ref)
    }

    /// Waits for the outcome and borrows it.
    ///
    /// # Errors
    ///
    /// That the promise was rejected, or will never be settled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// struct NotClone(u32);
    ///
    /// let promise = creel::future::Promise::<_>::resolved(NotClone(5));
    /// assert_eq!(promise.get().await.unwrap().0, 5);
    /// # }
    /// ```
    #[track_caller]
    pub fn get(&self) -> impl Future<Output = Result<&T, &PromiseError<E>>> {
        Site::here().of(async move {
            core::future::poll_fn(|cx| coop::poll_proceed(cx).map(coop::Receipt::made_progress))
                .await;
            self.shared.wait().await.as_ref()
        })
    }
}

impl<T, E> Clone for Promise<T, E> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<T: Clone, E: Clone> IntoFuture for Promise<T, E> {
    type Output = Result<T, PromiseError<E>>;
    type IntoFuture = Settled<T, E>;

    fn into_future(self) -> Settled<T, E> {
        Settled { waiter: Waiter::new(self.shared, ()) }
    }
}

impl<T: Clone, E: Clone> IntoFuture for &Promise<T, E> {
    type Output = Result<T, PromiseError<E>>;
    type IntoFuture = Settled<T, E>;

    fn into_future(self) -> Settled<T, E> {
        self.clone().into_future()
    }
}

impl<T: fmt::Debug, E: fmt::Debug> fmt::Debug for Promise<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").field("outcome", &self.shared.get()).finish()
    }
}

pin_project! {
    /// The future of a [`Promise`]. It can be awaited once; clone the promise to wait again.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing: the outcome stays with the promise.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Settled<T, E = Infallible> {
        #[pin]
        waiter: Waiter<Arc<SetOnce<Outcome<T, E>>>>,
    }
}

impl<T: Clone, E: Clone> Future for Settled<T, E> {
    type Output = Result<T, PromiseError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let receipt = ready!(coop::poll_proceed(cx));
        let waiter = self.project().waiter;
        let shared = waiter.point().clone();
        let outcome = ready!(shared.poll_get(waiter, cx)).clone();
        receipt.made_progress();
        Poll::Ready(outcome)
    }
}

/// Why a [`Promise`] holds no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PromiseError<E = Infallible> {
    /// The other side rejected it.
    Rejected(E),
    /// The other side was dropped without settling it.
    Dropped,
}

impl<E: fmt::Display> fmt::Display for PromiseError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(error) => write!(f, "the promise was rejected: {error}"),
            Self::Dropped => {
                f.write_str("the side that should have settled the promise was dropped")
            }
        }
    }
}

impl<E: Error + 'static> Error for PromiseError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected(error) => Some(error),
            Self::Dropped => None,
        }
    }
}
