//! HTTP on `wasi:http` of preview 2.

mod client;
mod convert;
// The codes of each preview are types of their own.
#[allow(clippy::duplicate_mod)]
#[path = "../../http/error.rs"]
mod error;
mod incoming;
mod outgoing;
mod server;

pub use client::send;
pub use incoming::{Incoming, Unread};
pub use server::serve;
pub use wasip2::exports::http::incoming_handler::Guest;
pub use wasip2::http::types;
