//! What the sockets of every host share: names and addresses, readiness and who waits for it, the
//! operations that wait, and the methods of streams and datagrams, as macros.
//!
//! A host brings the system's side of a socket, non-blocking, in a field `io` that also has the
//! [`Slot`](slot::Slot) of its registration. It sets the slot to what the system says it is ready
//! for; everything else is here.

#[macro_use]
mod readiness;
#[macro_use]
mod datagram;
#[macro_use]
mod stream;
pub(crate) mod addr;
mod fill;
mod race;
pub(crate) mod slot;

pub(crate) use fill::fill;
#[cfg(feature = "bytes")]
pub(crate) use fill::fill_buf;
pub(crate) use race::race;
pub(crate) use slot::Direction;

/// Whether a read or write of less than was asked for means that the next one would block. Where
/// edges are reported, or readiness is asked for anew each time, one learns when that changes.
const PARTIAL_IS_LAST: bool = !cfg!(windows);
