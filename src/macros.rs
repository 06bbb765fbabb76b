//! `select!`, `join!`, `try_join!`, `pin!`, and what the expansions of all macros lean on.

mod join;
mod select;

/// Pins values to the stack.
///
/// `pin!(a, b)` shadows variables that hold futures by pinned references to them;
/// `pin! { let a = ..; let b = ..; }` declares and pins in one go. A pinned future can be awaited by
/// reference, for instance in several rounds of [`select!`](crate::select).
///
/// # Examples
///
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let slow = async { 1 };
/// creel::pin!(slow);
/// assert_eq!((&mut slow).await, 1);
///
/// creel::pin! {
///     let one = async { 1 };
///     let two = async { 2 };
/// }
/// assert_eq!(one.await + two.await, 3);
/// # }
/// ```
#[macro_export]
macro_rules! pin {
    ($($name:ident),* $(,)?) => {
        $(
            #[allow(unused_mut)]
            let mut $name = ::core::pin::pin!($name);
        )*
    };
    ($(let $name:ident = $value:expr;)*) => {
        $(
            #[allow(unused_mut)]
            let mut $name = ::core::pin::pin!($value);
        )*
    };
}

/// `()`, once for each token given.
#[doc(hidden)]
#[macro_export]
macro_rules! __unit {
    ($token:tt) => {
        ()
    };
}

/// What expansions of creel's macros name. No part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::future::maybe_done::maybe_done;
    pub use core::default::Default;
    pub use core::future::{Future, IntoFuture, poll_fn};
    pub use core::pin::Pin;
    pub use core::result::Result::{Err, Ok};
    pub use core::task::{Poll, ready};

    use core::task::Context;

    /// `Pending`, with the task woken, if its budget is spent.
    #[inline]
    pub fn poll_budget(cx: &mut Context<'_>) -> Poll<()> {
        crate::env::coop::poll_proceed(cx).map(drop)
    }

    /// The first branch to poll, of `count`.
    #[inline]
    pub fn start_anywhere(count: u32) -> u32 {
        crate::env::rng::below(count)
    }

    /// As [`start_anywhere`], in the order in which the branches are written.
    #[inline]
    pub fn start_in_order(_count: u32) -> u32 {
        0
    }

    /// Starts each poll from the branch behind the one that the last poll started from.
    #[derive(Debug, Default)]
    pub struct InTurn(u32);

    impl InTurn {
        /// The first branch to poll, of `count`.
        #[inline]
        pub fn start(&mut self, count: u32) -> u32 {
            let start = self.0;
            self.0 = if start + 1 == count { 0 } else { start + 1 };
            start
        }
    }

    /// Starts each poll from the first branch.
    #[derive(Debug, Default)]
    pub struct InOrder;

    impl InOrder {
        /// The first branch to poll.
        #[inline]
        pub fn start(&mut self, _count: u32) -> u32 {
            0
        }
    }
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
