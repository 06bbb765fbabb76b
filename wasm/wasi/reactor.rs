//! Waiting with the host: one call for everything that anybody waits for.
//!
//! A source is tried first and waited for only if it would block. So the call lists the sources that
//! somebody waits for, each with what is wanted of it, beside one timer that stands for all those of
//! the runtime. The host may answer for a part of what is ready (wasmtime does, beyond 127); what it
//! leaves out is asked for again the next time. Its answer is the only one that counts: asking a
//! pollable alone may give a no although it is ready.
//!
//! The list is never empty, since a host ends the program for that: see [`Reactor::park`].

mod sources;

use super::poll::{Pollable, poll};
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::owner::{NO_RUNTIME, OwnerRef};
use crate::io::{ReadBuf, Ready};
use crate::lock::Lock;
use crate::platform::{self, Park};
use crate::runtime::RuntimeShutDown;
use crate::socket::Direction;
use crate::socket::slot::Slot;
use core::any::Any;
use core::fmt;
use core::ops::Deref;
use core::task::{Context, Poll};
use sources::{MOMENT, Sources, Whom};
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::time::Duration;
use std::vec::Vec;

/// What is asked of the host costs by the source: with more than this many, a busy runtime looks
/// less often.
const CHEAP: usize = 64;

/// Both halves of a runtime's host: it waits, and it knows the sources to wait for.
#[derive(Default)]
pub(super) struct Reactor {
    sources: Lock<Sources>,
    /// How many times the busy runtime need not look.
    skip: AtomicUsize,
}

/// What the host is asked for one source. They are gone before the source itself is dropped, as the
/// component model wants it.
#[derive(Default)]
pub(crate) struct Pollables {
    pub(super) read: Option<Pollable>,
    pub(super) write: Option<Pollable>,
}

impl Reactor {
    /// The reactor of the runtime that this code runs in.
    #[track_caller]
    fn current() -> io::Result<Arc<Self>> {
        let Some(owner) = OwnerRef::current() else { panic!("{NO_RUNTIME}") };
        let driver: Option<Arc<dyn Any + Send + Sync>> =
            owner.env().driver.clone().map(|driver| driver as _);
        driver.and_then(|driver| driver.downcast().ok()).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                "this runtime has no I/O, since it cannot wait with the host: make it by \
                 `Builder::build`",
            )
        })
    }

    /// Asks the host, and wakes who waits for what is ready. Answers how many it was asked for.
    fn ask(&self, timeout: Option<Duration>) -> usize {
        let mut sources = self.sources.lock();
        let whom = sources.choose();
        let timeout = match whom {
            Whom::All => timeout,
            Whom::Hot => Some(timeout.map_or(MOMENT, |timeout| timeout.min(MOMENT))),
        };
        let mut asked = Vec::new();
        let mut meant = Vec::new();
        sources.wanted(whom, |end, pollable| {
            asked.push(pollable);
            meant.push(end);
        });
        let count = asked.len();
        assert!(
            count > 0 || timeout.is_some(),
            "deadlock: every task waits for another, no timer is armed and no I/O is waited for, so \
             nothing can wake this program"
        );
        let told = poll(asked, timeout);
        let told = || told.iter().filter_map(|index| meant.get(*index as usize)).copied();
        let woken: Vec<(Arc<Slot>, Ready)> =
            told().filter_map(|end| Some((Arc::clone(sources.slot(end)?), end.ready))).collect();
        sources.note(told());
        drop(sources);
        for (slot, ready) in woken {
            slot.set(slot.generation(), ready);
        }
        count
    }
}

impl Park for Reactor {
    /// # Panics
    /// If there is nothing to wait for: nothing else can happen on this single thread while it
    /// waits, so the program would never go on.
    fn park(&self, timeout: Option<Duration>) {
        self.ask(timeout);
    }

    fn look(&self) {
        // Relaxed: there is one thread.
        let skip = self.skip.load(Ordering::Relaxed);
        self.skip.store(skip.saturating_sub(1), Ordering::Relaxed);
        if skip == 0 && !self.sources.lock().is_empty() {
            let count = self.ask(Some(Duration::ZERO));
            self.skip.store(count / CHEAP, Ordering::Relaxed);
        }
    }

    /// Whoever could call this while the thread waits does not exist here.
    fn unpark(&self) {}
}

impl platform::Driver for Reactor {
    #[cfg(all(feature = "net", target_env = "p2"))]
    fn lookup(&self, host: std::string::String, port: u16) -> platform::Lookup {
        // Always so, and yet the compiler leaves out what follows where no name is ever asked for.
        assert!(platform::names_are_asked_for(), "somebody asks for one");
        super::preview2::net::lookup(host, port)
    }

    #[cfg(all(feature = "net", feature = "wasip3", target_env = "p2"))]
    fn sockets(&self) -> Option<&'static (dyn Any + Send + Sync)> {
        Some(&super::net::host::PREVIEW2)
    }

    fn shut_down(&self) {
        let mut sources = self.sources.lock();
        sources.shut_down = true;
        let slots: Vec<_> = sources.slots().cloned().collect();
        drop(sources);
        slots.iter().for_each(|slot| slot.shut_down());
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").finish_non_exhaustive()
    }
}

/// The slot of a source, and its place.
#[derive(Debug)]
pub(crate) struct Registration {
    slot: Arc<Slot>,
    /// `None` if the host tells of it without being asked.
    place: Option<(Arc<Reactor>, usize)>,
}

impl Registration {
    /// Registers a source with the reactor of the runtime that this code runs in.
    ///
    /// # Errors
    /// If the runtime is shut down or has no I/O.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    fn new(pollables: Pollables) -> io::Result<Self> {
        let reactor = Reactor::current()?;
        let slot = Arc::new(Slot::new());
        let mut sources = reactor.sources.lock();
        if sources.shut_down {
            return Err(RuntimeShutDown::error());
        }
        let index = sources.insert(Arc::clone(&slot), pollables);
        drop(sources);
        Ok(Self { slot, place: Some((reactor, index)) })
    }

    /// Replaces what the host is asked.
    #[cfg(all(feature = "net", target_env = "p2"))]
    pub(crate) fn replace(&self, pollables: Pollables) {
        if let Some((reactor, index)) = &self.place {
            reactor.sources.lock().replace(*index, pollables);
        }
    }
}

impl Deref for Registration {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        &self.slot
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some((reactor, index)) = &self.place {
            reactor.sources.lock().remove(*index);
        }
        self.slot.renew();
    }
}

/// The host's side of something that can be waited for.
pub(crate) trait System {
    /// What the host is asked when somebody waits for it.
    fn pollables(&self) -> Pollables;
}

/// A source of the host's with its registration.
pub(crate) struct Source<E> {
    // Ends before `system`.
    registration: Registration,
    system: E,
}

impl<E: System> Source<E> {
    /// Registers `system`.
    #[track_caller]
    pub(crate) fn new(system: E) -> io::Result<Self> {
        Ok(Self { registration: Registration::new(system.pollables())?, system })
    }

    /// Takes the new source for ready, though the host has not said so yet: trying costs less than
    /// asking.
    pub(crate) fn assuming(self, ready: Ready) -> Self {
        self.registration.assume(ready);
        self
    }
}

impl<E> Source<E> {
    /// A source whose host sets the slot by itself.
    #[cfg(all(feature = "net", feature = "wasip3", target_env = "p2"))]
    pub(crate) fn told(system: E, slot: Arc<Slot>) -> Self {
        Self { registration: Registration { slot, place: None }, system }
    }

    /// The same source as something else.
    #[cfg(all(feature = "net", feature = "wasip3", target_env = "p2"))]
    pub(crate) fn map<T>(self, change: impl FnOnce(E) -> T) -> Source<T> {
        Source { registration: self.registration, system: change(self.system) }
    }

    #[inline]
    pub(crate) fn registration(&self) -> &Registration {
        &self.registration
    }

    /// Takes the source back.
    pub(crate) fn into_inner(self) -> E {
        drop(self.registration);
        self.system
    }
}

impl<E> Source<E> {
    /// Reads what is there into `buf`.
    pub(crate) fn poll_read<'a>(
        &'a self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>
    where
        &'a E: Read,
    {
        self.registration.poll_read(cx, buf, |free| (&self.system).read(free), || false)
    }

    /// Writes a beginning of `buf`.
    pub(crate) fn poll_write<'a>(
        &'a self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>
    where
        &'a E: Write,
    {
        let write = || (&self.system).write(buf);
        self.registration.poll_transfer(cx, Direction::Write, buf.len(), write)
    }

    /// Writes a beginning of `bufs`.
    pub(crate) fn poll_write_vectored<'a>(
        &'a self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>
    where
        &'a E: Write,
    {
        // Only a beginning is written of more than one buffer holds, whatever room there is.
        let write = || (&self.system).write_vectored(bufs);
        self.registration.poll_transfer(cx, Direction::Write, 0, write)
    }

    /// Several buffers are better put together before they are written.
    pub(crate) fn is_write_vectored(&self) -> bool {
        false
    }
}

impl<E> Deref for Source<E> {
    type Target = E;

    #[inline]
    fn deref(&self) -> &E {
        &self.system
    }
}

impl<E: fmt::Debug> fmt::Debug for Source<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.system.fmt(f)
    }
}
