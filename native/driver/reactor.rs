//! Asking the system which sources are ready, and telling who waits for them.
//!
//! One thread at a time waits in the system, or only looks; it hands the [`Edges`] it brought to the
//! slots before another may look. The wakers run while no lock is held.
//!
//! Slots live in pages that are never given back, each twice as large as the one before, so an
//! edge finds its slot without a lock. A token is `generation | index`.

use super::fine;
use super::levels::{Advice, Described, Levels};
use super::ring::{Arrivals, Mode, Ring};
use crate::env::meter::Count;
use crate::env::panics::Panics;
use crate::io::{Interest, Ready};
use crate::lock::Lock;
use crate::native::origin::Origin;
use crate::platform::SourceCounts;
use crate::runtime::{EventLimits, RuntimeShutDown};
use crate::socket::slot::{GENERATION_BITS, Slot};
use core::fmt;
use core::time::Duration;
use mio::event::Source;
use mio::{Events, Poll, Registry, Token, Waker};
use std::boxed::Box;
use std::io;
use std::sync::OnceLock;
use std::vec::Vec;

const INDEX_BITS: u32 = usize::BITS - GENERATION_BITS;
const INDEX_MASK: usize = (1 << INDEX_BITS) - 1;
/// No slot has this index.
const WAKE: Token = Token(INDEX_MASK);
/// The first page has this many slots.
const FIRST_PAGE: usize = 64;
const PAGES: usize = 20;
/// How long to wait for memory to come free.
const BREATH: Duration = Duration::from_millis(1);

/// See the module.
pub(crate) struct Reactor {
    /// For completion, if this is that driver.
    ring: Option<Ring>,
    /// The process that this was made in.
    origin: Origin,
    registry: Registry,
    waker: Waker,
    /// Away while a thread waits or looks.
    selector: Lock<Option<Box<Selector>>>,
    pages: [OnceLock<Box<[Slot]>>; PAGES],
    places: Lock<Places>,
    levels: Levels,
    /// Events that came for sources; counted by whoever has the selector.
    ready: Count,
}

struct Selector {
    poll: Poll,
    events: Events,
    /// For a look while tasks are ready, if it shall bring fewer events.
    few: Option<Events>,
    used_few: bool,
    /// What the ring has answered.
    arrivals: Arrivals,
}

/// Which slots are in use.
#[derive(Default)]
struct Places {
    free: Vec<usize>,
    /// Slots from here on were never used.
    unused: usize,
    shut_down: bool,
    /// How many sources there were, and how many of them are gone.
    registered: usize,
    deregistered: usize,
}

impl Reactor {
    pub(super) fn new(limits: EventLimits, ring: Option<Ring>, mode: Mode) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, WAKE)?;
        let events = Events::with_capacity(limits.waited);
        let few = (limits.busy < limits.waited).then(|| Events::with_capacity(limits.busy));
        let arrivals = Arrivals::default();
        let selector = Box::new(Selector { poll, events, few, used_few: false, arrivals });
        Ok(Self {
            ring,
            origin: Origin::here(),
            registry,
            waker,
            selector: Lock::new(Some(selector)),
            pages: [const { OnceLock::new() }; PAGES],
            places: Lock::default(),
            levels: Levels::new(mode),
            ready: Count::default(),
        })
    }

    /// Waits until a source is ready, [`wake`](Self::wake) is called or `timeout` is over; without
    /// one, as long as it takes. The edges are handed on by [`Edges::dispatch`].
    ///
    /// Returns at once if another thread waits or looks.
    pub(in crate::native) fn wait(&self, timeout: Option<Duration>) -> Edges<'_> {
        if self.is_inherited() {
            self.give_up();
            return Edges { reactor: self, selector: None };
        }
        let mut selector = self.selector.lock().take();
        if let Some(selector) = &mut selector {
            selector.wait(self.ring.as_ref(), timeout);
        }
        Edges { reactor: self, selector }
    }

    /// A descriptor of its own that is readable when a look would bring something.
    ///
    /// # Errors
    /// If the system has no descriptor to give, or a thread waits.
    #[cfg(unix)]
    pub(in crate::native) fn descriptor(&self) -> io::Result<std::os::fd::OwnedFd> {
        use std::os::fd::{AsRawFd, BorrowedFd};
        let selector = self.selector.lock();
        let selector = selector.as_ref().ok_or(io::ErrorKind::ResourceBusy)?;
        // SAFETY: the selector keeps its descriptor open during the call.
        unsafe { BorrowedFd::borrow_raw(selector.poll.as_raw_fd()) }.try_clone_to_owned()
    }

    /// Ends the current wait, or the next.
    pub(in crate::native) fn wake(&self) {
        // A failure means that the counter behind it is full: there is a wake under way.
        let _ = self.waker.wake();
    }

    #[allow(dead_code)] // elsewhere there never is one
    /// The ring, if this is the completion driver.
    #[inline]
    pub(super) fn ring(&self) -> Option<&Ring> {
        self.ring.as_ref()
    }

    /// Takes a slot, and has the system report edges of `source` to it.
    pub(super) fn register(
        &self,
        source: &mut impl Source,
        interest: Interest,
    ) -> io::Result<usize> {
        let index = self.take_place()?;
        let token = self.token(index);
        self.registry.register(source, token, to_mio(interest)).inspect_err(|_| {
            self.free_place(index);
        })?;
        self.places.lock().registered += 1;
        Ok(index)
    }

    fn token(&self, index: usize) -> Token {
        Token(self.slot(index).generation() << INDEX_BITS | index)
    }

    /// Ends the reports of `source`.
    pub(super) fn deregister(&self, index: usize, source: &mut impl Source) -> io::Result<()> {
        if self.slot(index).repeats() {
            self.levels.forget(self.slot(index), self.token(index));
        }
        if self.is_inherited() {
            // It would end those of the parent.
            return Ok(());
        }
        self.registry.deregister(source)
    }

    /// Changes how a source is told of.
    #[cold]
    pub(super) fn follow(&self, advice: Advice, index: usize, source: &impl Described) {
        if !self.is_inherited() {
            let (slot, token) = (self.slot(index), self.token(index));
            self.levels.follow(advice, &self.registry, slot, token, source);
        }
    }

    /// Has edges of a source told, all of them.
    #[cold]
    pub(super) fn tell_edges(&self, index: usize) {
        if !self.is_inherited() {
            self.levels.end(&self.registry, self.slot(index), self.token(index));
        }
    }

    /// What was counted since it was made.
    pub(super) fn counts(&self) -> SourceCounts {
        let places = self.places.lock();
        SourceCounts {
            registered: places.registered,
            deregistered: places.deregistered,
            ready: self.ready.get(),
        }
    }

    /// Has the system report no edges of a descriptor for a while.
    #[cfg(all(feature = "io-uring", target_os = "linux"))]
    pub(super) fn detach(&self, fd: std::os::fd::RawFd) {
        // What the system does not know needs not be forgotten.
        let _ = self.registry.deregister(&mut mio::unix::SourceFd(&fd));
    }

    /// Has the system report edges of it again.
    #[cfg(all(feature = "io-uring", target_os = "linux"))]
    pub(super) fn attach(&self, fd: std::os::fd::RawFd, index: usize) {
        let both = mio::Interest::READABLE | mio::Interest::WRITABLE;
        let slot = self.slot(index);
        // Should it have gone over to levels while it was taken out.
        self.tell_edges(index);
        let token = self.token(index);
        if self.registry.register(&mut mio::unix::SourceFd(&fd), token, both).is_err() {
            // Without memory for it: a stream that is always said to be ready is slow, not stuck.
            slot.assume(Ready::ALL);
        }
    }

    fn take_place(&self) -> io::Result<usize> {
        let mut places = self.places.lock();
        if places.shut_down {
            return Err(RuntimeShutDown::error());
        }
        if let Some(index) = places.free.pop() {
            return Ok(index);
        }
        let (page, _) = place(places.unused);
        if page == PAGES {
            return Err(io::Error::other("too many sources are registered"));
        }
        self.pages[page].get_or_init(|| (0..FIRST_PAGE << page).map(|_| Slot::new()).collect());
        places.unused += 1;
        Ok(places.unused - 1)
    }

    /// Gives a slot back whose source is gone.
    pub(super) fn give_place(&self, index: usize) {
        self.free_place(index);
        self.places.lock().deregistered += 1;
    }

    fn free_place(&self, index: usize) {
        self.slot(index).renew();
        self.places.lock().free.push(index);
    }

    /// The slot of a registered source.
    #[inline]
    pub(super) fn slot(&self, index: usize) -> &Slot {
        let (page, offset) = place(index);
        &self.pages[page].get().expect("the page was made for the index")[offset]
    }

    /// Whether this process is a fork of the one that the reactor is of.
    #[inline]
    pub(super) fn is_inherited(&self) -> bool {
        self.origin.is_inherited()
    }

    /// Makes every wait end, and refuses new sources.
    pub(super) fn shut_down(&self) {
        self.give_up();
        if self.is_inherited() {
            return;
        }
        self.ring.iter().for_each(Ring::shut_down);
        self.wake();
    }

    /// Ends every wait for readiness with an error.
    fn give_up(&self) {
        let mut places = self.places.lock();
        places.shut_down = true;
        let used = places.unused;
        drop(places);
        (0..used).for_each(|index| self.slot(index).shut_down());
    }
}

impl Selector {
    /// Waits in the ring if something is under way there, else in the selector.
    fn wait(&mut self, ring: Option<&Ring>, timeout: Option<Duration>) {
        let Some(ring) = ring else { return self.select(timeout) };
        let waited = ring.wait(timeout, &self.poll);
        if waited.is_none() {
            self.select(timeout);
        }
        let readable = ring.fetch(&mut self.arrivals);
        match waited {
            None => {}
            Some(true) => self.select(Some(BREATH)),
            Some(false) if readable => self.select(Some(Duration::ZERO)),
            Some(false) => self.select_nothing(),
        }
    }

    fn select_nothing(&mut self) {
        self.used_few = false;
        self.events.clear();
    }

    fn select(&mut self, timeout: Option<Duration>) {
        self.used_few = timeout == Some(Duration::ZERO) && self.few.is_some();
        let events = self.few.as_mut().filter(|_| self.used_few).unwrap_or(&mut self.events);
        // Interrupted by a signal, or refused: there are no events then, and the host looks again.
        if fine::wait(&mut self.poll, events, timeout).is_err() {
            events.clear();
        }
    }

    fn events(&self) -> &Events {
        self.few.as_ref().filter(|_| self.used_few).unwrap_or(&self.events)
    }
}

/// The edges that a thread has brought, and the right to look for more.
pub(in crate::native) struct Edges<'a> {
    reactor: &'a Reactor,
    /// `None` if another thread was there first.
    selector: Option<Box<Selector>>,
}

impl Edges<'_> {
    /// Wakes who waits for the edges.
    pub(in crate::native) fn dispatch(mut self) {
        let Some(selector) = &mut self.selector else { return };
        let mut panics = Panics::new();
        selector.arrivals.dispatch(&mut panics);
        let mut ready = 0;
        for event in selector.events() {
            let token = event.token();
            if token != WAKE {
                ready += 1;
                let (token, by_level) = Levels::unmarked(token);
                let slot = self.reactor.slot(token.0 & INDEX_MASK);
                if by_level && slot.is_unread() {
                    // Nobody is about to read, or somebody is slow to: once is enough.
                    self.reactor.levels.end(&self.reactor.registry, slot, token);
                }
                panics.guard(|| slot.set(token.0 >> INDEX_BITS, from_mio(event)));
            }
        }
        // Whoever has the selector is alone.
        self.reactor.ready.add(ready);
        drop(self);
        panics.resume();
    }
}

impl Drop for Edges<'_> {
    fn drop(&mut self) {
        if let Some(selector) = self.selector.take() {
            *self.reactor.selector.lock() = Some(selector);
        }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").finish_non_exhaustive()
    }
}

/// Why a fork has no I/O.
#[cold]
pub(super) fn inherited() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this process is a fork of the one that the runtime was made in, whose threads and events it \
         does not have: make a runtime in the child",
    )
}

/// The page of an index, and the place in it.
#[inline]
fn place(index: usize) -> (usize, usize) {
    let page = (index / FIRST_PAGE + 1).ilog2() as usize;
    (page, index - FIRST_PAGE * ((1 << page) - 1))
}

fn to_mio(interest: Interest) -> mio::Interest {
    let parts = [
        (interest.is_readable(), Some(mio::Interest::READABLE)),
        (interest.is_writable(), Some(mio::Interest::WRITABLE)),
        (interest.is_priority(), PRIORITY),
    ];
    let asked = parts.into_iter().filter_map(|(asked, interest)| interest.filter(|_| asked));
    // Errors are reported anyhow, but there is no such thing as an empty interest.
    asked.reduce(|all, one| all | one).unwrap_or(mio::Interest::READABLE)
}

#[inline]
fn from_mio(event: &mio::event::Event) -> Ready {
    let only = |is: bool, ready: Ready| if is { ready } else { Ready::EMPTY };
    only(event.is_readable(), Ready::READABLE)
        | only(event.is_writable(), Ready::WRITABLE)
        | only(event.is_read_closed(), Ready::READ_CLOSED)
        | only(event.is_write_closed(), Ready::WRITE_CLOSED)
        | only(event.is_priority(), Ready::PRIORITY)
        | only(event.is_error(), Ready::ERROR)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const PRIORITY: Option<mio::Interest> = Some(mio::Interest::PRIORITY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const PRIORITY: Option<mio::Interest> = None;

#[cfg(test)]
mod tests {
    use super::{FIRST_PAGE, place};

    #[test]
    fn places_follow_each_other() {
        let mut expected = (0, 0);
        for index in 0..FIRST_PAGE * 40 {
            assert_eq!(place(index), expected, "{index}");
            expected.1 += 1;
            if expected.1 == FIRST_PAGE << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
    }
}
