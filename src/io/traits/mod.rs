//! The four traits every stream is known by.
//!
//! They are poll-based, so that they can be objects, and forward through `Box`, `&mut` and `Pin`.
//! The methods one calls are in [`ext`](super::ext).

mod buf_read;
mod read;
mod seek;
mod write;

pub use buf_read::AsyncBufRead;
pub use read::AsyncRead;
pub use seek::AsyncSeek;
pub use write::AsyncWrite;
