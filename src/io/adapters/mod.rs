//! Streams made of other streams.

mod chain;
mod join;
mod lines;
mod split;
mod take;

pub use chain::Chain;
pub use join::{Join, join};
pub use lines::{Lines, Split};
pub use split::{ReadHalf, WriteHalf, split};
pub use take::Take;
