//! Combining futures: all of several, the first of several, and promises.
//!
//! | | a fixed few, of any types | as many as a collection holds |
//! |---|---|---|
//! | all | [`join!`](crate::join) | [`join_all`] |
//! | all, or the first error | [`try_join!`](crate::try_join) | [`try_join_all`] |
//! | all, also when one panics | | [`all_settled`] |
//! | the first | [`select!`](crate::select) | [`race`] |
//! | the first that is `Ok` | `select!` with the pattern `Ok(..)` | [`any`] |
//!
//! A [`Promise`] is a value that somebody else gives once, through its [`Deferred`], and that many
//! may await.
//!
//! Everything else here runs its futures in the task it is awaited in. It needs no runtime, and dropping
//! it drops them. What else there is for futures and streams in the crate `futures` works with
//! creel unchanged.
#![deny(unsafe_code)]

#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod blocking;
#[cfg(feature = "std")]
mod catch_unwind;
#[cfg(feature = "alloc")]
pub(crate) mod children;
#[cfg(feature = "alloc")]
mod collections;
#[cfg(feature = "alloc")]
pub(crate) mod group;
mod lazy;
pub(crate) mod maybe_done;
#[cfg(feature = "alloc")]
mod promise;

#[cfg(feature = "std")]
pub use catch_unwind::{CatchUnwind, catch_unwind};
#[cfg(feature = "alloc")]
pub use collections::{
    AllSettled, Any, JoinAll, Race, TryJoinAll, all_settled, any, join_all, race, try_join_all,
};
#[doc(inline)]
pub use core::future::{Future, IntoFuture, Pending, PollFn, Ready, pending, poll_fn, ready};
pub use lazy::{Lazy, lazy};
#[cfg(feature = "alloc")]
pub use promise::{Deferred, Promise, PromiseError, Settled};

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
