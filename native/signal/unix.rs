//! The signals of Unix.
//!
//! A handler may do next to nothing. Ours says which signal came and writes a byte into a pipe of
//! the process. Every runtime that has listened to a signal watches the pipe ([`watch`]); whichever
//! comes first empties it and tells the listeners, of other runtimes too.
//!
//! Why unsafe: what a handler may do is promised, not checked.

mod watch;

use super::event::{Event, Listener};
use crate::env::owner::OwnerRef;
use crate::native::driver::Driver;
use core::task::{Context, Poll};
use libc::c_int;
use std::boxed::Box;
use std::format;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Wake;
use watch::Watch;

/// A kind of signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(c_int);

macro_rules! kinds {
    ($($(#[$cfg:meta])* $name:ident, $signal:ident: $what:literal;)*) => {
        $(
            #[doc = concat!(stringify!($signal), ": ", $what, ".")]
            $(#[$cfg])*
            pub const fn $name() -> Self {
                Self(libc::$signal)
            }
        )*
    };
}

impl SignalKind {
    kinds! {
        alarm, SIGALRM: "a timer of the process is over; ends the process if nobody listens";
        child, SIGCHLD: "a child has ended or stopped; ignored if nobody listens";
        hangup, SIGHUP: "the terminal is gone, by custom `read the configuration again`; ends the \
            process if nobody listens";
        #[cfg(any(
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "macos",
            target_os = "netbsd",
            target_os = "openbsd",
            target_os = "illumos"
        ))]
        info, SIGINFO: "the user asks how far the process is; ignored if nobody listens";
        interrupt, SIGINT: "the user pressed ctrl-c; ends the process if nobody listens";
        io, SIGIO: "a descriptor is ready, for who asked for it";
        pipe, SIGPIPE: "the other end of a pipe is closed; programs in Rust ignore it";
        quit, SIGQUIT: "the user pressed ctrl-\\; ends the process if nobody listens";
        terminate, SIGTERM: "the process is to end; ends it if nobody listens";
        user_defined1, SIGUSR1: "whatever the program wants; ends the process if nobody listens";
        user_defined2, SIGUSR2: "whatever the program wants; ends the process if nobody listens";
        window_change, SIGWINCH: "the terminal has another size; ignored if nobody listens";
    }

    /// The kind of this number. That the system knows it is found out by [`signal`].
    pub const fn from_raw(signum: c_int) -> Self {
        Self(signum)
    }

    /// The number that the system knows it by.
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }
}

impl From<c_int> for SignalKind {
    fn from(signum: c_int) -> Self {
        Self::from_raw(signum)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> Self {
        kind.as_raw_value()
    }
}

/// Listens to a kind of signal; made by [`signal`].
#[derive(Debug)]
#[must_use = "nothing is told unless it is asked"]
pub struct Signal {
    listener: Listener,
}

/// Listens to a kind of signal from now on.
///
/// The listener is told while the runtime that it was made in is driven, or any other that has
/// waited for a signal. It outlives its runtime.
///
/// # Errors
/// If the kind is one that cannot be handled (SIGKILL, SIGSTOP, SIGSEGV, SIGILL, SIGFPE) or that
/// the system does not know; if the runtime is shut down or has no I/O.
///
/// # Panics
/// Outside a runtime.
///
/// # Examples
/// ```no_run
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::signal::unix::{SignalKind, signal};
///
/// let mut hangups = signal(SignalKind::hangup())?;
/// while hangups.recv().await.is_some() {
///     println!("reading the configuration again");
/// }
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let hub = Hub::get()?;
    hub.watch()?;
    hub.listen(kind)
}

impl Signal {
    /// Waits for the next signal. Never answers `None`.
    ///
    /// # Cancel safety
    /// Dropping the future loses no signal.
    pub async fn recv(&mut self) -> Option<()> {
        core::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Whether there was a signal; if not, the task of `cx` is woken when there is one. The task
    /// of the last call only.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let came = self.listener.poll(cx).map(Some);
        if came.is_pending() && OwnerRef::current().is_some() {
            // The runtime it was made in may be gone. One without I/O cannot help.
            let _ = Hub::get().and_then(Hub::watch);
        }
        came
    }
}

/// More than any system has.
const KINDS: usize = 129;

/// What the handlers, the watching runtimes and the listeners of the process share. Made by the
/// first listener, and never given back, as the handlers are not.
#[derive(Debug)]
struct Hub {
    kinds: Box<[Kind]>,
    sender: UnixStream,
    receiver: UnixStream,
}

#[derive(Debug, Default)]
struct Kind {
    /// It came and was not told yet.
    pending: AtomicBool,
    event: Event,
    /// Whether the handler is there.
    handled: Mutex<bool>,
}

impl Hub {
    fn get() -> io::Result<&'static Self> {
        static HUB: Mutex<Option<&'static Hub>> = Mutex::new(None);
        let mut hub = HUB.lock().unwrap_or_else(PoisonError::into_inner);
        match *hub {
            Some(hub) => Ok(hub),
            None => Ok(*hub.insert(Box::leak(Box::new(Self::new()?)))),
        }
    }

    fn new() -> io::Result<Self> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok(Self { kinds: (0..KINDS).map(|_| Kind::default()).collect(), sender, receiver })
    }

    /// Has the runtime that this thread is in tell what comes.
    #[track_caller]
    fn watch(&'static self) -> io::Result<()> {
        Driver::watch_signals(|| Watch::new(self))?.into_iter().for_each(Wake::wake);
        Ok(())
    }

    fn listen(&'static self, kind: SignalKind) -> io::Result<Signal> {
        let number = kind.as_raw_value();
        let refusal = |why| {
            let what = format!("signal {number} cannot be listened to: {why}");
            Err(io::Error::new(io::ErrorKind::InvalidInput, what))
        };
        if signal_hook_registry::FORBIDDEN.contains(&number) {
            return refusal("the system or the program itself depends on what it does");
        }
        // No signal has the number zero.
        let known = usize::try_from(number).ok().filter(|number| *number > 0);
        let Some(kind) = known.and_then(|number| self.kinds.get(number)) else {
            return refusal("no system has it");
        };
        let mut handled = kind.handled.lock().unwrap_or_else(PoisonError::into_inner);
        if !*handled {
            let handler = move || self.came(kind);
            // SAFETY: the handler stores into an atomic and sends a byte on a non-blocking socket,
            // both of which a handler may; the registry restores `errno`.
            unsafe { signal_hook_registry::register(number, handler)? };
            *handled = true;
        }
        drop(handled);
        Ok(Signal { listener: Listener::new(&kind.event) })
    }

    /// What the handler does.
    fn came(&self, kind: &Kind) {
        // Release: who finds it set (AcqRel in `tell`) was written to; and it is set before the
        // byte is there, so who reads the byte finds it.
        kind.pending.store(true, Ordering::Release);
        // If there is no room, the pipe is readable anyhow.
        let _ = (&self.sender).write(&[0]);
    }

    /// Empties the pipe, then tells the listeners of what came.
    fn tell(&self, mut pipe: &UnixStream) -> io::Result<()> {
        let mut bytes = [0; 128];
        let emptied = loop {
            match pipe.read(&mut bytes) {
                Ok(0) => break Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
                Ok(_) => {}
            }
        };
        for kind in &self.kinds {
            if kind.pending.load(Ordering::Relaxed) && kind.pending.swap(false, Ordering::AcqRel) {
                kind.event.tell();
            }
        }
        emptied
    }
}
