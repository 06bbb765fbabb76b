//! Asynchronous reading and writing.
//!
//! * The traits [`AsyncRead`], [`AsyncWrite`], [`AsyncBufRead`] and [`AsyncSeek`] are what a stream
//!   implements. They are poll-based and dyn compatible.
//! * Their extensions [`AsyncReadExt`], [`AsyncWriteExt`], [`AsyncBufReadExt`] and [`AsyncSeekExt`]
//!   are what one calls. Each method says what becomes of the data if its future is dropped.
//! * [`AsyncReadOwned`] and [`AsyncWriteOwned`] hand a buffer over instead of lending it, for
//!   drivers by completion.
//! * [`BufReader`], [`BufWriter`] and [`BufStream`] save trips to the operating system;
//!   [`split`] and [`join`] take streams apart and put them together; [`copy`],
//!   [`copy_buf`] and [`copy_bidirectional`] connect them; [`duplex`] and [`simplex`] are pipes in
//!   memory; [`empty`], [`sink`] and [`repeat`] need no memory at all.
//! * `compat` makes the streams of other crates ours, and ours theirs (features `futures-io` and
//!   `tokio-io`).
//!
//! Names and meaning are those of `tokio::io`. Absent on purpose: anything with a handle of the
//! operating system, which belongs to `net` and to the native host.

mod adapters;
#[cfg(all(
    any(feature = "io-std", all(feature = "process", windows)),
    not(target_family = "wasm")
))]
#[path = "../../native/io/blocking.rs"]
pub(crate) mod blocking;
mod buffered;
#[cfg(any(feature = "futures-io", feature = "tokio-io"))]
pub mod compat;
mod copy;
mod ext;
mod pipe;
mod read_buf;
#[cfg(any(feature = "net", feature = "wasi"))]
mod readiness;
#[cfg(all(feature = "io-std", not(target_family = "wasm")))]
#[path = "../../native/io/stdio.rs"]
mod stdio;
#[cfg(all(feature = "io-std", feature = "wasi", target_os = "wasi"))]
#[path = "../../wasm/wasi/stdio.rs"]
mod stdio;
#[cfg(all(test, not(loom)))]
mod tests;
mod traits;
mod trivial;
#[cfg(all(feature = "net", unix))]
#[path = "../../native/io/unix.rs"]
pub mod unix;

pub use adapters::{Chain, Join, Lines, ReadHalf, Split, Take, WriteHalf, join, split};
pub use buffered::{BufReader, BufStream, BufWriter};
pub use copy::{copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf};
pub use ext::{
    AsyncBufReadExt, AsyncReadExt, AsyncReadOwned, AsyncSeekExt, AsyncWriteExt, AsyncWriteOwned,
};
#[allow(unused_imports)] // hosts whose sockets know completion use them
pub(crate) use ext::{read_when_ready, write_when_ready};
pub use pipe::{DuplexStream, SimplexStream, duplex, simplex};
pub use read_buf::ReadBuf;
#[cfg(any(feature = "net", feature = "wasi"))]
pub use readiness::{Interest, Ready};
#[cfg(all(
    feature = "io-std",
    any(not(target_family = "wasm"), all(feature = "wasi", target_os = "wasi"))
))]
pub use stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
pub use traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
pub use trivial::{Empty, Repeat, Sink, empty, repeat, sink};

/// From the standard library, so that one `use` serves for both.
#[doc(no_inline)]
pub use std::io::{Error, ErrorKind, Result, SeekFrom};

/// The size of a buffer where nobody asks for another.
const DEFAULT_BUF_SIZE: usize = 8 * 1024;
