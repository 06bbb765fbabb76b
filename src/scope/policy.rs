//! Where the children of a scope run, and what their outputs mean to it.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;

/// Where children run: in the parent's task or in tasks of their own.
pub trait Kind: sealed::Kind {}

/// A [`Kind`] whose children may be such futures.
///
/// The bounds are those of the kind: children that run in the parent's task may borrow, and those
/// that run in tasks of their own may not.
#[diagnostic::on_unimplemented(
    message = "`{F}` cannot be a child of this scope",
    label = "not a child for a scope that is `{Self}`",
    note = "children of `scope` are `Send`; those of `scope_local` need not be; those of `parallel` \
            are `Send` and own what they use (`'static`)"
)]
pub trait Takes<F>: Kind {}

/// Children run in the parent's task, one at a time, and may borrow from outside of the scope.
/// They are `Send`, so that the parent may be.
#[derive(Debug)]
pub enum Concurrent {}

/// As [`Concurrent`], with children that need not be `Send`.
#[derive(Debug)]
pub struct ConcurrentLocal(PhantomData<*const ()>);

/// Children run in tasks of their own, on as many threads as the runtime has, and own what they
/// use.
#[derive(Debug)]
pub enum Parallel {}

impl Kind for Concurrent {}
impl Kind for ConcurrentLocal {}
impl Kind for Parallel {}

impl<F: Future<Output: Send> + Send> Takes<F> for Concurrent {}
impl<F: Future> Takes<F> for ConcurrentLocal {}
impl<F: Future<Output: Send + 'static> + Send + 'static> Takes<F> for Parallel {}

/// What an error of a child means.
pub trait Policy: sealed::Policy {
    /// What makes a scope fail.
    type Error;
}

/// A [`Policy`] for children with this output.
#[diagnostic::on_unimplemented(
    message = "a child of a fallible scope gives a `Result` with the error of the scope, not `{R}`"
)]
pub trait Judges<R>: Policy {
    /// What the child's handle gives.
    type Value;

    #[doc(hidden)]
    fn judge(output: R) -> Result<Self::Value, Self::Error>;
}

/// Outputs are values, errors among them, and go to whoever has the child's handle.
#[derive(Debug)]
pub enum Plain {}

/// Children give a `Result`: an error makes the scope fail.
pub struct Fallible<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for Fallible<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fallible")
    }
}

impl Policy for Plain {
    type Error = Infallible;
}

impl<T> Judges<T> for Plain {
    type Value = T;

    fn judge(output: T) -> Result<T, Infallible> {
        Ok(output)
    }
}

impl<E> Policy for Fallible<E> {
    type Error = E;
}

impl<T, E> Judges<Result<T, E>> for Fallible<E> {
    type Value = T;

    fn judge(output: Result<T, E>) -> Result<T, E> {
        output
    }
}

pub(super) mod sealed {
    //! What keeps the traits ours: their implementations are promises that unsafe code leans on.

    use super::{Concurrent, ConcurrentLocal, Fallible, Parallel, Plain};

    pub trait Kind {
        /// Children are polled by the parent, in a nest.
        const NESTED: bool = true;
        /// Children stay on the thread.
        const LOCAL: bool = false;
    }

    impl Kind for Concurrent {}

    impl Kind for ConcurrentLocal {
        const LOCAL: bool = true;
    }

    impl Kind for Parallel {
        const NESTED: bool = false;
    }

    pub trait Policy {}

    impl Policy for Plain {}
    impl<E> Policy for Fallible<E> {}
}
