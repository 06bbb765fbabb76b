//! Actors: tasks that own their state and handle messages one at a time; and
//! [supervisors](supervisor), which start them again.
//!
//! An actor is a type that implements [`Actor`]. Its messages are of one type, most often an enum; a
//! message that asks for an answer holds a [`ReplyTo`]. [`Actor::start`] answers its [`Addr`]:
//!
//! - [`Addr::cast`] sends a message, [`Addr::call`] sends one and waits for the answer,
//!   [`Addr::try_cast`] sends one if there is room at once.
//! - [`Addr::stop`] ends the actor when it has handled what is in its mailbox, [`Addr::kill`] at once.
//!   It also ends when its last `Addr` is dropped; a [`WeakAddr`] does not keep it alive.
//! - The actor's own side is its [`Context`]: it watches others ([`monitor`](Context::monitor),
//!   [`link`](Context::link)), and sends itself messages later ([`send_after`](Context::send_after),
//!   [`send_interval`](Context::send_interval), [`attach_stream`](Context::attach_stream)).
//! - A [`Registry`] gives actors names.
//!
//! # Which promises hold
//!
//! - **A call never hangs because of an actor's end.** If the actor ends, for whatever reason, before
//!   it answers, the caller gets [`CallError::Exited`] with that reason; if it drops the `ReplyTo`,
//!   [`CallError::NoReply`]; if it calls itself, [`CallError::CallsItself`]. Two actors that call each
//!   other wait for each other: use [`Addr::call_timeout`], or answer later.
//! - **Nothing is lost unsaid.** A message that `cast` accepted is handled, unless the actor ends
//!   before its turn, or its mailbox [drops](Overflow). A message that was refused comes back.
//! - **Mailboxes are bounded** unless asked for, and senders wait: a flood meets back-pressure.
//! - **An end is told when it is complete**: when [`Addr::wait`] answers, or a monitor tells, the
//!   actor's value is gone, with all that it held.
//! - **A panic ends the one actor** where the target unwinds. See [`supervisor`] for where it does not.
//!   It is told as [`ExitReason::Panic`], not as a panic that nobody waited for.
//!
//! # Costs
//!
//! An actor is one task, and allocates twice: the task with the actor's value in it, and what it
//! shares with its addresses. The mailbox's queue is allocated with the first message. Handling a
//! message allocates nothing, a call one cell for the answer.
//!
//! # Hosts
//!
//! The same everywhere, `no_std` with `alloc` included: an actor is nothing but a task. [`Actor`] is
//! for futures that are `Send`, which the pool may move; [`LocalActor`] for those that stay.
//!
//! # Examples
//! ```
//! use creel::actor::{Actor, Context, ExitReason, ReplyTo};
//! use std::collections::BTreeMap;
//!
//! #[derive(Default)]
//! struct Words {
//!     counts: BTreeMap<String, usize>,
//! }
//!
//! enum Request {
//!     Read(String),
//!     Count { word: &'static str, reply: ReplyTo<usize> },
//! }
//!
//! impl Actor for Words {
//!     type Message = Request;
//!
//!     async fn handle(&mut self, request: Request, _: &mut Context<Self>) -> Result<(), ExitReason> {
//!         match request {
//!             Request::Read(text) => {
//!                 for word in text.split_whitespace() {
//!                     *self.counts.entry(word.to_owned()).or_default() += 1;
//!                 }
//!             }
//!             Request::Count { word, reply } => {
//!                 reply.send(self.counts.get(word).copied().unwrap_or(0));
//!             }
//!         }
//!         Ok(())
//!     }
//! }
//!
//! #[creel::main]
//! async fn main() {
//!     let words = Words::default().start();
//!     words.cast(Request::Read("a rose is a rose".into())).await.unwrap();
//!     let count = words.call(|reply| Request::Count { word: "rose", reply }).await.unwrap();
//!     assert_eq!(count, 2);
//! }
//! ```

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
pub mod supervisor;

pub use addr::{Addr, WeakAddr};
pub use behaviour::{Actor, LocalActor};
pub use context::{Context, Helper};
pub use error::{CallError, CastError};
pub use exit::ExitReason;
pub use mailbox::{Mailbox, Overflow};
pub use registry::{NameTaken, Registry};
pub use reply::ReplyTo;
pub use signals::{ActorId, Info, Monitor};

#[cfg(all(test, loom))]
mod loom_tests;
