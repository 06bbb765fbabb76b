//! `select!`, `join!`, `try_join!`, `pin!`, `#[main]` and `#[test]`, and what their expansions lean
//! on.

// An event loop cannot be blocked: there, `main` is scheduled.
#[cfg(feature = "std")]
#[cfg_attr(
    all(feature = "web", target_family = "wasm", target_os = "unknown"),
    path = "../../wasm/web/entry.rs"
)]
mod entry;
mod join;
mod order;
mod select;

#[cfg(feature = "macros")]
pub use attributes::{main, test};
#[cfg(feature = "macros")]
mod attributes;

/// Whether this build can start worker threads.
#[cfg(feature = "std")]
const HAS_THREADS: bool = cfg!(all(feature = "native", not(target_family = "wasm")));

/// What expansions of creel's macros name. No part of the public interface.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "std")]
    pub use super::entry::{main_builder, run_main, run_test};
    /// tokio's name for [`start_anywhere`], which its tests use.
    pub use super::order::start_anywhere as thread_rng_n;
    pub use super::order::{InOrder, InTurn, poll_budget, start_anywhere, start_in_order};
    pub use crate::future::maybe_done::maybe_done;
    #[cfg(feature = "alloc")]
    pub use crate::scope::Contest;
    pub use core::default::Default;
    pub use core::future::{Future, IntoFuture, poll_fn};
    pub use core::pin::Pin;
    pub use core::result::Result::{Err, Ok};
    pub use core::task::{Poll, ready};
}

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

// Where tokio has it.
#[doc(hidden)]
pub use __private as support;

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
