//! What a host may bring to wait for other things than time and wakes.

use core::any::Any;
use core::fmt;
#[cfg(feature = "net")]
use {
    core::future::Future,
    core::pin::Pin,
    std::{boxed::Box, io, net::SocketAddr, string::String, vec::Vec},
};

/// The I/O of one runtime. The core only carries it to the host's own rooms, which know its type,
/// asks it for the addresses of a name, and tells it of the end.
pub(crate) trait Driver: Any + fmt::Debug + Send + Sync {
    /// Asks the host's resolver for the addresses of `host`, and gives each this port.
    #[cfg(feature = "net")]
    fn lookup(&self, host: String, port: u16) -> Lookup;

    /// The runtime ends: whoever waits for I/O gets an error, as does whoever asks for more.
    fn shut_down(&self);
}

/// A question to a resolver. Dropping it abandons the question.
#[cfg(feature = "net")]
pub(crate) type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + Sync>>;
