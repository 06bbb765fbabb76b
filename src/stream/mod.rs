//! Streams: sequences whose items come one after another, in their time.
//!
//! [`Stream`] is the trait of `futures-core`, so every stream of every crate fits. [`StreamExt`]
//! has the adaptors that are needed daily, under the names they have in `tokio-stream`; beyond
//! them, [`buffered`](StreamExt::buffered), [`buffer_unordered`](StreamExt::buffer_unordered) and
//! [`for_each_concurrent`](StreamExt::for_each_concurrent) work on several items at a time, and
//! poll only what was woken. [`wrappers`] makes streams of receivers, intervals and lines.
//!
//! What is not here is in other crates, which work with creel unchanged: `futures` (its `StreamExt`
//! has many more adaptors, its `Sink` the other direction) and `async-stream` (streams written as
//! `async` blocks). Import one `StreamExt` at a time, for their methods have the same names.
//!
//! ```
//! use creel::stream::{self, StreamExt};
//!
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() {
//! let words: Vec<String> = stream::iter(["a", "stream", "of", "words"])
//!     .filter(|word| word.len() > 1)
//!     .map(str::to_uppercase)
//!     .collect()
//!     .await;
//! assert_eq!(words, ["STREAM", "OF", "WORDS"]);
//! # }
//! ```
#![deny(unsafe_code)]

mod consume;
mod each;
mod ext;
mod part;
mod source;
mod together;

#[cfg(feature = "alloc")]
mod collect;
#[cfg(feature = "alloc")]
mod concurrent;
#[cfg(feature = "alloc")]
mod map;
#[cfg(feature = "alloc")]
mod spawned;
#[cfg(feature = "alloc")]
mod timed;
#[cfg(feature = "alloc")]
pub mod wrappers;

#[cfg(feature = "alloc")]
pub use collect::FromStream;
pub use ext::StreamExt;
#[doc(no_inline)]
pub use futures_core::stream::{FusedStream, Stream};
#[cfg(feature = "alloc")]
pub use map::StreamMap;
pub use source::{Empty, Iter, Once, Pending, empty, iter, once, pending};
#[cfg(feature = "alloc")]
pub use timed::Elapsed;
pub use together::StreamNotifyClose;

/// The types of the streams and futures that the methods of [`StreamExt`] make.
pub mod adapters {
    #[cfg(feature = "alloc")]
    pub use super::collect::Collect;
    #[cfg(feature = "alloc")]
    pub use super::concurrent::{BufferUnordered, Buffered, ForEachConcurrent};
    pub use super::consume::{All, Any, Fold, Next, TryNext};
    pub use super::each::{Enumerate, Filter, FilterMap, Map, MapWhile, Then};
    pub use super::part::{Fuse, Peekable, Skip, SkipWhile, Take, TakeWhile};
    #[cfg(feature = "alloc")]
    pub use super::spawned::SpawnBuffered;
    #[cfg(feature = "alloc")]
    pub use super::timed::{ChunksTimeout, Throttle, Timeout, TimeoutRepeating};
    pub use super::together::{Chain, Merge};
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;

/// Two sizes, one after the other.
fn add_hints(
    (low, high): (usize, Option<usize>),
    (more, at_most): (usize, Option<usize>),
) -> (usize, Option<usize>) {
    (low.saturating_add(more), high.zip(at_most).and_then(|(a, b)| a.checked_add(b)))
}

/// Shows an adaptor by the stream below it; functions have nothing to show.
macro_rules! debug_stream {
    ($($name:ident<$($parameter:ident),+>)+) => {
        $(impl<$($parameter),+> core::fmt::Debug for $name<$($parameter),+>
        where
            S: core::fmt::Debug,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).field("stream", &self.stream).finish_non_exhaustive()
            }
        })+
    };
}
use debug_stream;
