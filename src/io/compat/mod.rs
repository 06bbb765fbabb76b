//! Streams of other crates as ours, and ours as theirs.
//!
//! Each adapter is a transparent wrapper that works in both directions and buffers nothing:
//!
//! * [`FuturesIo`] (feature `futures-io`) for the traits of `futures-io`;
//! * [`TokioIo`] (feature `tokio-io`) for the traits of `tokio::io`.

#[cfg(feature = "futures-io")]
mod futures;
#[cfg(feature = "tokio-io")]
mod tokio;

#[cfg(feature = "futures-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "futures-io")))]
pub use futures::FuturesIo;
#[cfg(feature = "tokio-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio-io")))]
pub use tokio::TokioIo;
