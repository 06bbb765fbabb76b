//! The events of a Windows console.
//!
//! The system calls a handler in a thread of its own, so it may tell the listeners itself.
//!
//! Why unsafe: the handler is installed by a function of the system.

use super::event::{Event, Listener};
use crate::env::owner::OwnerRef;
use core::future::poll_fn;
use core::task::{Context, Poll};
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT,
    SetConsoleCtrlHandler,
};

static EVENTS: LazyLock<[Event; 7]> = LazyLock::new(Default::default);

/// Listens to an event from now on.
#[track_caller]
fn listen(event: u32) -> io::Result<Listener> {
    drop(OwnerRef::current_or_panic());
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*installed {
        // SAFETY: `handler` is a function, which stays, and may be called from any thread.
        if unsafe { SetConsoleCtrlHandler(Some(handler), 1) } == 0 {
            return Err(io::Error::last_os_error());
        }
        *installed = true;
    }
    Ok(Listener::new(&EVENTS[event as usize]))
}

/// Answers whether somebody takes care of the event.
unsafe extern "system" fn handler(event: u32) -> i32 {
    let told = EVENTS.get(event as usize).is_some_and(Event::tell);
    if told && [CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT].contains(&event) {
        // The process is ended when this returns: the listener has until the system loses patience.
        loop {
            thread::sleep(Duration::from_secs(3600));
        }
    }
    i32::from(told)
}

macro_rules! events {
    ($($make:ident, $listener:ident, $event:ident: $what:literal;)*) => {
        $(
            #[doc = concat!("Listens to ", $what, " from now on.")]
            ///
            /// # Errors
            /// If the system refuses it.
            ///
            /// # Panics
            /// Outside a runtime.
            #[track_caller]
            pub fn $make() -> io::Result<$listener> {
                Ok($listener { listener: listen($event)? })
            }

            #[doc = concat!("Listens to ", $what, ".")]
            #[derive(Debug)]
            #[must_use = "nothing is told unless it is asked"]
            pub struct $listener {
                listener: Listener,
            }

            impl $listener {
                /// Waits for the next event. Never answers `None`.
                ///
                /// # Cancel safety
                /// Dropping the future loses no event.
                pub async fn recv(&mut self) -> Option<()> {
                    poll_fn(|cx| self.poll_recv(cx)).await
                }

                /// Whether there was an event; if not, the task of `cx` is woken when there is
                /// one. The task of the last call only.
                pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
                    self.listener.poll(cx).map(Some)
                }
            }
        )*
    };
}

events! {
    ctrl_c, CtrlC, CTRL_C_EVENT: "ctrl-c";
    ctrl_break, CtrlBreak, CTRL_BREAK_EVENT: "ctrl-break";
    ctrl_close, CtrlClose, CTRL_CLOSE_EVENT: "the closing of the console";
    ctrl_shutdown, CtrlShutdown, CTRL_SHUTDOWN_EVENT: "the shutdown of the system";
    ctrl_logoff, CtrlLogoff, CTRL_LOGOFF_EVENT: "the user's logging off";
}
