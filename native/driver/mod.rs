//! Waiting for the operating system: one reactor a runtime, made when the first source is
//! registered.
//!
//! [`Driver`] is what a runtime has from the start; until somebody registers a source it costs
//! nothing, and the host waits by its thread alone. [`reactor`] asks the system, [`source`] is a
//! registered source, and its [`Slot`](crate::socket::slot::Slot) keeps what it is ready for and who
//! waits.

#[cfg(unix)]
mod async_fd;
mod choice;
#[cfg(not(all(feature = "io-uring", target_os = "linux")))]
#[path = "files_none.rs"]
mod files;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod fine;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "coarse.rs"]
mod fine;
#[cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]
mod levels;
#[cfg(not(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64")))]
#[path = "levels_none.rs"]
mod levels;
mod reactor;
#[cfg(all(feature = "io-uring", target_os = "linux"))]
mod ring;
#[cfg(not(all(feature = "io-uring", target_os = "linux")))]
#[path = "ring_none.rs"]
mod ring;
mod source;
mod stream;

use crate::env::owner::OwnerRef;
use crate::lock::Lock;
use crate::native::origin::Origin;
use crate::platform;
use crate::runtime::{Config, DriverFallback, EventLimits, IoDriver, RuntimeShutDown};
#[cfg(unix)]
pub use async_fd::{
    AsyncFd, AsyncFdReadyGuard, AsyncFdReadyMutGuard, AsyncFdRegisterError, TryIoError,
};
#[cfg(not(all(feature = "io-uring", target_os = "linux")))]
pub(crate) use files::{Files, Flush};
pub(super) use reactor::{Edges, Reactor};
pub(super) use ring::Mode;
use ring::Ring;
#[cfg(all(feature = "io-uring", target_os = "linux"))]
pub(crate) use ring::files::{Files, Flush};
pub(crate) use source::Source;
use std::boxed::Box;
use std::io;
use std::net::ToSocketAddrs;
use std::string::String;
use std::sync::{Arc, OnceLock};
use std::vec::Vec;
pub(crate) use stream::Stream;

/// The I/O of one runtime.
#[derive(Debug)]
pub(super) struct Driver {
    reactor: OnceLock<Arc<Reactor>>,
    limits: EventLimits,
    choice: IoDriver,
    mode: Mode,
    origin: Origin,
    on_fallback: Option<DriverFallback>,
    /// Held while the reactor is made; tells whether the runtime is shut down.
    closed: Lock<bool>,
    /// Whether the runtime watches for signals; held while it begins to.
    #[cfg(all(unix, feature = "signal"))]
    watches_signals: std::sync::Mutex<bool>,
}

impl Driver {
    /// The I/O of a runtime that is driven as `mode` says.
    ///
    /// # Errors
    /// If a driver was asked for by name, and is not to be had.
    pub(super) fn new(config: &Config, mode: Mode) -> io::Result<Self> {
        let driver = Self {
            reactor: OnceLock::new(),
            limits: config.events,
            choice: choice::of(config.io_driver)?,
            mode,
            origin: Origin::here(),
            on_fallback: config.on_driver_fallback.clone(),
            closed: Lock::new(false),
            #[cfg(all(unix, feature = "signal"))]
            watches_signals: std::sync::Mutex::new(false),
        };
        if driver.choice == IoDriver::Completion {
            driver.start()?;
        }
        Ok(driver)
    }

    /// The reactor, if anything was ever registered.
    #[inline]
    pub(super) fn reactor(&self) -> Option<&Arc<Reactor>> {
        self.reactor.get()
    }

    /// The reactor, made if need be.
    #[cfg(unix)]
    pub(super) fn started(&self) -> io::Result<Arc<Reactor>> {
        self.reactor().map_or_else(|| self.start(), |reactor| Ok(Arc::clone(reactor)))
    }

    /// Whether this process is a fork of the one that the runtime was made in.
    pub(super) fn is_inherited(&self) -> bool {
        self.origin.is_inherited()
    }

    /// The driver of the runtime that this thread is in.
    #[track_caller]
    fn of(owner: &OwnerRef) -> io::Result<Arc<Self>> {
        let driver = owner.env().driver.clone().ok_or_else(|| {
            io::Error::new(io::ErrorKind::Unsupported, "the host of this runtime has no I/O")
        })?;
        let driver: Arc<dyn core::any::Any + Send + Sync> = driver;
        Ok(driver.downcast::<Self>().expect("native runtimes have this driver"))
    }

    /// The watch for signals that `make` makes, for the runtime that this thread is in to begin;
    /// `None` if it has one.
    #[cfg(all(unix, feature = "signal"))]
    #[track_caller]
    pub(super) fn watch_signals<T>(make: impl FnOnce() -> io::Result<T>) -> io::Result<Option<T>> {
        let driver = Self::of(&OwnerRef::current_or_panic())?;
        let mut watches =
            driver.watches_signals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let watch = if *watches { None } else { Some(make()?) };
        *watches = true;
        Ok(watch)
    }

    /// The reactor of the runtime that this thread is in, made if need be.
    #[track_caller]
    fn current_reactor() -> io::Result<Arc<Reactor>> {
        let owner = OwnerRef::current_or_panic();
        let driver = Self::of(&owner)?;
        if let Some(reactor) = driver.reactor() {
            return if reactor.is_inherited() {
                Err(reactor::inherited())
            } else {
                Ok(Arc::clone(reactor))
            };
        }
        let reactor = driver.start()?;
        // Whoever waits by its thread alone must wait in the reactor from now on.
        owner.unpark();
        Ok(reactor)
    }

    /// Has the reactor of the runtime that this thread is in look at the world, for what the system
    /// keeps until then. Nothing happens if another thread looks, or waits.
    #[cfg(windows)]
    pub(super) fn look_for_what_is_kept() {
        if let Ok(reactor) = Self::current_reactor() {
            crate::task::guard(|| reactor.wait(Some(core::time::Duration::ZERO)).dispatch());
        }
    }

    fn start(&self) -> io::Result<Arc<Reactor>> {
        if self.is_inherited() {
            return Err(reactor::inherited());
        }
        // Before the lock, for it may call the program; of two that are opened at once one is closed.
        let ring = self.ring()?;
        let closed = self.closed.lock();
        if *closed {
            return Err(RuntimeShutDown::error());
        }
        if let Some(reactor) = self.reactor() {
            return Ok(Arc::clone(reactor));
        }
        let reactor = Arc::new(Reactor::new(self.limits, ring, self.mode)?);
        Ok(Arc::clone(self.reactor.get_or_init(|| reactor)))
    }

    /// The ring, if there shall be one.
    fn ring(&self) -> io::Result<Option<Ring>> {
        match self.choice {
            IoDriver::Readiness => Ok(None),
            IoDriver::Completion => Ring::open(self.mode).map(Some),
            IoDriver::Auto => Ok(Ring::open(self.mode).map_or_else(
                |error| {
                    choice::fall_back(self.on_fallback.as_ref(), &error);
                    None
                },
                Some,
            )),
        }
    }
}

impl platform::Driver for Driver {
    /// On the blocking pool, by the resolver of the system.
    fn lookup(&self, host: String, port: u16) -> platform::Lookup {
        let ask = crate::task::spawn_blocking(move || {
            Ok((host, port).to_socket_addrs()?.collect::<Vec<_>>())
        });
        Box::pin(async { ask.await? })
    }

    fn counts(&self) -> platform::SourceCounts {
        self.reactor().map_or_else(Default::default, |reactor| reactor.counts())
    }

    fn shut_down(&self) {
        *self.closed.lock() = true;
        if let Some(reactor) = self.reactor() {
            reactor.shut_down();
        }
    }
}
