//! Actors.

mod addr;
mod behaviour;
mod context;
mod error;
mod exit;
mod mailbox;
mod registry;
mod reply;
mod run;
mod signals;

pub use addr::{Addr, WeakAddr};
pub use behaviour::{Actor, LocalActor};
pub use context::{Context, Helper};
pub use error::{CallError, CastError};
pub use exit::ExitReason;
pub use mailbox::{Mailbox, Overflow};
pub use registry::{NameTaken, Registry};
pub use reply::ReplyTo;
pub use signals::{ActorId, Info, Monitor};
