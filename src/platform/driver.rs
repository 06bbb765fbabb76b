//! What a host may bring to wait for other things than time and wakes.

use core::any::Any;
use core::fmt;
#[cfg(feature = "std")]
use {
    core::future::{Future, ready},
    core::pin::Pin,
    core::sync::atomic::{AtomicBool, Ordering},
    std::{boxed::Box, io, net::SocketAddr, string::String, vec::Vec},
};

/// The I/O of one runtime. The core only carries it to the host's own rooms, which know its type,
/// asks it for the addresses of a name, and tells it of the end.
pub(crate) trait Driver: Any + fmt::Debug + Send + Sync {
    /// Asks the host's resolver for the addresses of `host`, and gives each this port.
    #[cfg(feature = "std")]
    fn lookup(&self, _host: String, _port: u16) -> Lookup {
        let none = "this host looks up no names: give an address";
        Box::pin(ready(Err(io::Error::new(io::ErrorKind::Unsupported, none))))
    }

    /// How the sockets of this host are made, for a room that knows several kinds of hosts.
    #[cfg(all(feature = "wasip3", feature = "net"))]
    #[allow(dead_code)] // WASI alone does
    fn sockets(&self) -> Option<&'static (dyn Any + Send + Sync)> {
        None
    }

    /// How many sources were registered and deregistered, and how many events came for them.
    fn counts(&self) -> SourceCounts {
        SourceCounts::default()
    }

    /// The runtime ends: whoever waits for I/O gets an error, as does whoever asks for more.
    fn shut_down(&self);
}

/// Whether anybody in this program asks for the addresses of a name: where nobody does, nothing sets it, and
/// what it guards is left out. Not `crate::atomic`: loom has no statics.
#[cfg(feature = "std")]
static NAMES_ARE_ASKED_FOR: AtomicBool = AtomicBool::new(false);

/// Asks a driver for the addresses of `host`.
#[cfg(feature = "std")]
pub(crate) fn lookup(driver: &dyn Driver, host: String, port: u16) -> Lookup {
    // Relaxed, as below: it is always set before it is read.
    NAMES_ARE_ASKED_FOR.store(true, Ordering::Relaxed);
    driver.lookup(host, port)
}

/// Always true inside [`Driver::lookup`].
#[cfg(feature = "std")]
#[allow(dead_code)] // where a lookup is a large part of a program
pub(crate) fn names_are_asked_for() -> bool {
    NAMES_ARE_ASKED_FOR.load(Ordering::Relaxed)
}

/// What a driver counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SourceCounts {
    pub(crate) registered: usize,
    pub(crate) deregistered: usize,
    pub(crate) ready: usize,
}

/// A question to a resolver. Dropping it abandons the question.
#[cfg(feature = "std")]
pub(crate) type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + Sync>>;
