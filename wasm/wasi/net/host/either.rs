//! The sockets of preview 2 or 3, whichever the runtime waits by: a program may have a command of the one and
//! an export of the other.
//!
//! The driver of a runtime names its sockets ([`Driver::sockets`](crate::platform::Driver::sockets)), and
//! nothing else does. So a component whose runtimes are all of preview 3 holds no code for the other's.

use super::system::{Datagram, Listen, Stream, Unbound, Wait};
use crate::env::owner::{NO_RUNTIME, OwnerRef};
use crate::wasm::wasi::preview2::net as preview2;
use crate::wasm::wasi::reactor::Source;
use core::sync::atomic::{AtomicBool, Ordering};
use std::boxed::Box;
use std::io;
use std::net::SocketAddr;

pub(crate) type Connection = Box<dyn Stream>;
pub(crate) type Listener = Box<dyn Listen>;
pub(crate) type Datagrams = Box<dyn Datagram>;

/// How a host's sockets are made.
pub(crate) struct Sockets {
    pub(crate) connect: fn(SocketAddr) -> Wait<Source<Connection>>,
    pub(crate) listen: fn(SocketAddr) -> Wait<Source<Listener>>,
    pub(crate) datagrams: fn(SocketAddr) -> io::Result<Source<Datagrams>>,
    pub(crate) socket: fn(SocketAddr) -> io::Result<Box<dyn Unbound>>,
}

/// Whether anybody in this program makes this kind of socket: where nobody does, nothing sets it, and what it
/// guards is left out.
pub(crate) struct Kind(AtomicBool);

/// Connections of one's own.
pub(crate) static CONNECTIONS: Kind = Kind(AtomicBool::new(false));

/// Sockets that listen.
pub(crate) static LISTENERS: Kind = Kind(AtomicBool::new(false));

/// Sockets for datagrams.
pub(crate) static DATAGRAMS: Kind = Kind(AtomicBool::new(false));

/// Sockets that are configured first.
pub(crate) static UNBOUND: Kind = Kind(AtomicBool::new(false));

impl Kind {
    /// Somebody makes one. Inlined, for what is lent is not left out. Relaxed, as below: it is always set before it is read.
    #[inline(always)]
    fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Always so where one is made.
    #[inline(always)]
    pub(crate) fn check(&self) {
        assert!(self.0.load(Ordering::Relaxed), "somebody asks for one");
    }
}

/// Those of preview 2.
pub(crate) static PREVIEW2: Sockets = Sockets {
    connect: |address| {
        CONNECTIONS.check();
        Box::pin(async move { preview2::connect(address).await })
    },
    listen: |address| {
        LISTENERS.check();
        Box::pin(async move { preview2::listen(address).await })
    },
    datagrams: |address| {
        DATAGRAMS.check();
        preview2::datagrams(address)
    },
    socket: |like| {
        UNBOUND.check();
        preview2::socket(like)
    },
};

impl Sockets {
    /// Those of the runtime that this code runs in; `None` outside.
    #[track_caller]
    fn current() -> Option<io::Result<&'static Self>> {
        let owner = OwnerRef::current()?;
        let sockets = owner.env().driver.as_ref().and_then(|driver| driver.sockets());
        Some(sockets.and_then(|sockets| sockets.downcast_ref()).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                "this runtime has no I/O, since it cannot wait with the host: make it by \
                 `Builder::build`, or drive it by `preview3::drive`",
            )
        }))
    }

    #[track_caller]
    fn here() -> io::Result<&'static Self> {
        Self::current().unwrap_or_else(|| panic!("{NO_RUNTIME}"))
    }
}

/// Connects to an address.
pub(super) async fn connect(address: SocketAddr) -> io::Result<Source<Connection>> {
    CONNECTIONS.ask();
    (Sockets::here()?.connect)(address).await
}

/// Listens on an address.
pub(super) async fn listen(address: SocketAddr) -> io::Result<Source<Listener>> {
    LISTENERS.ask();
    (Sockets::here()?.listen)(address).await
}

/// Binds a socket for datagrams.
#[track_caller]
pub(super) fn datagrams(address: SocketAddr) -> io::Result<Source<Datagrams>> {
    DATAGRAMS.ask();
    (Sockets::here()?.datagrams)(address)
}

/// A socket for TCP, for addresses like this; outside a runtime one of preview 2.
pub(super) fn socket(like: SocketAddr) -> io::Result<Box<dyn Unbound>> {
    UNBOUND.ask();
    (Sockets::current().unwrap_or(Ok(&PREVIEW2))?.socket)(like)
}

/// As the sockets of either host.
pub(crate) fn of_connection<S: Stream + 'static>(source: Source<S>) -> Source<Connection> {
    source.map(|system| Box::new(system) as Connection)
}

/// As above.
pub(crate) fn of_listener<S: Listen + 'static>(source: Source<S>) -> Source<Listener> {
    source.map(|system| Box::new(system) as Listener)
}

/// As above.
pub(crate) fn of_datagrams<S: Datagram + 'static>(source: Source<S>) -> Source<Datagrams> {
    source.map(|system| Box::new(system) as Datagrams)
}
