//! Preview 2: the component model's streams, sockets and pollables.

mod error;
#[cfg(feature = "wasi-http")]
pub(super) mod http;
#[cfg(feature = "net")]
pub(super) mod net;
pub(super) mod poll;
#[cfg(feature = "io-std")]
pub(crate) mod standard;
mod stream;
