//! Cancellation as a tree of tokens: cancelling one cancels all below it.
//!
//! - [`token`]: what a program holds, the guards that cancel on drop, the futures that wait.
//! - [`tree`]: the nodes behind the tokens.
//!
//! Names and behaviour are those of `tokio_util::sync`.

mod guard;
mod token;
mod tree;

pub use guard::{DropGuard, DropGuardRef};
pub use token::{CancellationToken, WaitForCancellationFuture, WaitForCancellationFutureOwned};
