//! The methods one calls on a stream.
//!
//! Each is the future [`Op`]: a borrowed stream and one [`Operation`] on it. The operations are
//! plain structs next door (`reading`, `writing`); the traits only name and document them.

mod buf_read;
mod op;
mod owned;
mod read;
mod reading;
mod seek;
mod text;
mod write;
mod writing;

pub use buf_read::AsyncBufReadExt;
pub use owned::{AsyncReadOwned, AsyncWriteOwned};
#[allow(unused_imports)] // hosts whose sockets know completion use them
pub(crate) use owned::{read_when_ready, write_when_ready};
pub use read::AsyncReadExt;
pub use seek::AsyncSeekExt;
pub use write::AsyncWriteExt;

pub(super) use op::{Op, Operation, uninterrupted};
pub(super) use reading::poll_read_until;
