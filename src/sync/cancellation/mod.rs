//! Cancellation as a tree of tokens: cancelling one cancels all below it.
//!
//! Names and behaviour are those of `tokio_util::sync`.

// Guards that cancel on drop.
mod guard;
// What a program holds, and the futures that wait.
mod token;
// The nodes behind the tokens.
mod tree;

pub use guard::{DropGuard, DropGuardRef};
pub use token::{CancellationToken, WaitForCancellationFuture, WaitForCancellationFutureOwned};
