//! What a host may bring to wait for other things than time and wakes.

use core::any::Any;
use core::fmt;

/// The I/O of one runtime. The core only carries it to the host's own rooms, which know its type,
/// and tells it of the end.
pub(crate) trait Driver: Any + fmt::Debug + Send + Sync {
    /// The runtime ends: whoever waits for I/O gets an error, as does whoever asks for more.
    fn shut_down(&self);
}
