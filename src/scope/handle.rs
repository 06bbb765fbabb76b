//! The handle of a scope, which starts its children.
//!
//! Why unsafe: a child may borrow, and its task cell does not know for how long.

use super::child::{Child, Judged, Member, Part, Shared};
use super::frame::{Frame, with_frame};
use super::policy::{Fallible, Judges, Kind, Parallel, Plain, Policy, Takes, sealed};
use super::roster::Place;
use crate::env::owner::OwnerRef;
use crate::sync::CancellationToken;
use crate::task::JoinHandle;
use crate::task::spawn::{self, Blocking, start_blocking, start_borrowing};
use crate::task::task_tracker::TaskTrackerToken;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;

/// What the body of a scope starts its children with. Clones are the same scope, so a child that
/// has one starts siblings.
///
/// `'env` is what children may borrow from: all that lives longer than the scope. A handle that
/// outlives its scope starts children that are cancelled before they begin. Taken out of it, it does
/// not let in what is gone before the scope is:
///
/// ```compile_fail,E0597
/// # use std::cell::RefCell;
/// # use std::future::{Future, pending};
/// # use std::rc::Rc;
/// # use std::task::{Context, Waker};
/// let way_out = Rc::new(RefCell::new(None));
/// let taken = way_out.clone();
/// let mut scope = Box::pin(creel::scope::scope_local(async move |s| {
///     *taken.borrow_mut() = Some(s);
///     pending::<()>().await
/// }));
/// let _ = scope.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// {
///     let word = String::from("gone before the scope is");
///     let s = way_out.borrow_mut().take().unwrap();
///     s.spawn(async { word.len() });
/// }
/// // Here the scope is dropped, with the child.
/// ```
pub struct Scope<'env, K: Kind, P: Policy> {
    home: OwnerRef,
    shared: Arc<Shared<P::Error>>,
    place: Option<Place>,
    /// Invariant: children are kept by the scope for exactly this long.
    borrows: PhantomData<fn(&'env ()) -> &'env ()>,
    kind: PhantomData<K>,
}

/// A scope whose children run in the parent's task; see [`scope`](super::scope()).
pub type ConcurrentScope<'env> = Scope<'env, super::Concurrent, Plain>;
/// See [`scope_local`](super::scope_local).
pub type LocalScope<'env> = Scope<'env, super::ConcurrentLocal, Plain>;
/// A scope whose children run in tasks of their own; see [`parallel`](super::parallel).
pub type ParallelScope = Scope<'static, Parallel, Plain>;
/// See [`try_scope`](super::try_scope).
pub type TryScope<'env, E> = Scope<'env, super::Concurrent, Fallible<E>>;
/// See [`try_scope_local`](super::try_scope_local).
pub type TryLocalScope<'env, E> = Scope<'env, super::ConcurrentLocal, Fallible<E>>;
/// See [`try_parallel`](super::try_parallel).
pub type TryParallelScope<E> = Scope<'static, Parallel, Fallible<E>>;

impl<'env, K: Kind, P: Policy> Scope<'env, K, P> {
    /// # Safety
    /// `home` drops the futures of its tasks, or touches them no more, before `'env` is over, if
    /// the kind is a nested one.
    pub(crate) unsafe fn new(
        home: OwnerRef,
        shared: Arc<Shared<P::Error>>,
        place: Option<Place>,
    ) -> Self {
        Self { home, shared, place, borrows: PhantomData, kind: PhantomData }
    }

    /// Starts a child.
    ///
    /// In a [concurrent](super::scope()) scope it is polled by the parent's task and costs one
    /// allocation; in a [parallel](super::parallel) one it is a task of the runtime, and costs one
    /// too.
    ///
    /// # Examples
    /// ```
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let words = ["to", "be"].map(String::from);
    /// let length = creel::scope(async |s| {
    ///     let [one, other] = [0, 1].map(|n| {
    ///         let word = &words[n]; // outside of the scope
    ///         s.spawn(async move { word.len() })
    ///     });
    ///     one.await.unwrap() + other.await.unwrap()
    /// });
    /// assert_eq!(length.await, 4);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Child<P::Value>
    where
        F: Future + 'env,
        K: Takes<F>,
        P: Judges<F::Output>,
    {
        self.start(None, future)
    }

    /// [`spawn`](Self::spawn) with a name, for reports and hooks. The name costs an allocation.
    #[track_caller]
    pub fn spawn_named<F>(&self, name: &str, future: F) -> Child<P::Value>
    where
        F: Future + 'env,
        K: Takes<F>,
        P: Judges<F::Output>,
    {
        self.start(Some(name), future)
    }

    /// Asks the children to end by themselves: [`is_asked_to_end`](super::is_asked_to_end) tells
    /// them, and those of scopes nested in them.
    ///
    /// # Examples
    /// ```
    /// use creel::time::{Duration, interval};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let beats = creel::scope(async |s| {
    ///     let heart = s.spawn(async {
    ///         let mut beat = interval(Duration::from_millis(1));
    ///         let mut count = 0;
    ///         while !creel::scope::is_asked_to_end() {
    ///             beat.tick().await;
    ///             count += 1;
    ///         }
    ///         count
    ///     });
    ///     creel::time::sleep(Duration::from_millis(5)).await;
    ///     s.ask_to_end();
    ///     heart.await
    /// });
    /// assert!(beats.await.unwrap() > 0);
    /// # }
    /// ```
    pub fn ask_to_end(&self) {
        self.shared.children.asked.cancel();
    }

    /// Cancels the children: each is dropped where it waits, after its clean-up. The body goes on.
    /// A child that is started after that is cancelled before it begins.
    ///
    /// # Examples
    /// ```
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let answer = creel::scope(async |s| {
    ///     let _lives_as_long_as_the_body = s.spawn(std::future::pending::<()>());
    ///     creel::task::yield_now().await;
    ///     s.cancel();
    ///     42
    /// });
    /// assert_eq!(answer.await, 42);
    /// # }
    /// ```
    pub fn cancel(&self) {
        self.shared.children.cancel();
    }

    /// A token that is cancelled when the children are asked to end, for code that takes one.
    /// Cancelling it does nothing to the scope.
    pub fn token(&self) -> CancellationToken {
        self.shared.children.asked.child_token()
    }

    /// How many children have not ended.
    pub fn len(&self) -> usize {
        self.shared.children.tracker.len()
    }

    /// Whether every child has ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[track_caller]
    fn start<F>(&self, name: Option<&str>, future: F) -> Child<P::Value>
    where
        F: Future + 'env,
        K: Takes<F>,
        P: Judges<F::Output>,
    {
        let child = Judged::<F, P>::new(self.member(name, future));
        // SAFETY: `Takes`, which is ours, asks for what the kind needs: in a nest, that the future
        // lives for `'env`, which whoever made this scope has promised to keep; elsewhere that it
        // is `'static`. Future and output are `Send` unless the kind is local.
        Child::new(unsafe { start_in(&self.home, child, name, <K as sealed::Kind>::LOCAL) })
    }

    fn member<F>(&self, name: Option<&str>, future: F) -> Member<F, P::Error> {
        let entry = self
            .place
            .as_ref()
            .map(|place| place.list(name.unwrap_or_else(|| core::any::type_name::<F>())));
        let place = entry.as_ref().map(|entry| entry.place().clone());
        let frame = Frame::new(self.shared.children.clone(), place);
        Member::new(frame, future, Part::of_child(self.shared.clone()), entry, self.outer())
    }

    /// What counts the child in the scope around this, if it could outlive this one.
    fn outer(&self) -> Option<TaskTrackerToken> {
        match <K as sealed::Kind>::NESTED {
            true => None,
            false => with_frame(|frame| frame.and_then(Frame::tracker).map(|outer| outer.token())),
        }
    }
}

impl<P: Policy> Scope<'static, Parallel, P> {
    /// Starts a child that stays on this thread, so it need not be `Send`; see
    /// [`task::spawn_local`](crate::task::spawn_local).
    ///
    /// # Panics
    /// Where this thread drives no runtime.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> Child<P::Value>
    where
        F: Future + 'static,
        P: Judges<F::Output, Value: 'static> + 'static,
    {
        let child = Judged::<F, P>::new(self.member(None, future));
        Child::new(spawn::start(spawn::local_owner(), child, (), true))
    }

    /// Runs a closure that blocks its thread as a child; see
    /// [`task::spawn_blocking`](crate::task::spawn_blocking). Once begun it cannot be cancelled, and
    /// the scope waits for it.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, function: F) -> Child<P::Value>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
        P: Judges<R, Value: Send + 'static, Error: Send> + Send + 'static,
    {
        let member = self.member(None, Blocking::new(function, &self.home));
        Child::new(start_blocking(&self.home, Judged::<_, P>::new(member), ()))
    }
}

/// # Safety
/// That of [`start_borrowing`].
#[track_caller]
unsafe fn start_in<F: Future>(
    home: &OwnerRef,
    future: F,
    name: Option<&str>,
    local: bool,
) -> JoinHandle<F::Output> {
    // SAFETY: by contract.
    unsafe {
        match name {
            None => start_borrowing(home.clone(), future, (), local),
            Some(name) => start_borrowing(home.clone(), future, Some(Box::from(name)), local),
        }
    }
}

impl<K: Kind, P: Policy> Clone for Scope<'_, K, P> {
    fn clone(&self) -> Self {
        let (home, shared) = (self.home.clone(), self.shared.clone());
        Self { home, shared, place: self.place.clone(), borrows: PhantomData, kind: PhantomData }
    }
}

impl<K: Kind, P: Policy> fmt::Debug for Scope<'_, K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("children", &self.len()).finish_non_exhaustive()
    }
}
