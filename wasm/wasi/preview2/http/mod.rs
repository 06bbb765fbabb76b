//! HTTP on `wasi:http` of preview 2.

mod client;
mod convert;
mod incoming;
mod outgoing;
mod server;

pub use client::send;
pub use incoming::{Incoming, Unread};
pub use server::serve;
pub use wasip2::exports::http::incoming_handler::Guest;
pub use wasip2::http::types;
