//! A listener rests when the system has no descriptor or memory to give for a connection.
//!
//! The connection stays in the queue, and the listener ready, so a loop that accepts would do
//! nothing but fail. The error is told each time, but the next wait for a connection begins with a
//! rest: 5 ms after the first failure, twice as long after each other, 100 ms at most. A connection
//! that is accepted ends it.

use crate::lock::Lock;
use crate::time::{Duration, Instant, Sleep, sleep_until};
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io;

const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Whether there is one, so that it costs nothing if not. Only a hint: the state is locked.
    begun: AtomicBool,
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    length: Duration,
    /// For who polls: one task at a time.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Rest {
    /// Waits until the rest is over.
    pub(super) async fn over(&self) {
        if self.begun.load(Ordering::Relaxed) {
            let until = self.state.lock().until;
            if let Some(until) = until {
                sleep_until(until).await;
            }
        }
    }

    /// As [`over`](Self::over), for one task at a time.
    pub(super) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.begun.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        let (until, timer) = {
            let mut state = self.state.lock();
            (state.until, state.timer.take())
        };
        let Some(until) = until else { return Poll::Ready(()) };
        let mut timer = timer
            .filter(|timer| timer.deadline() == until)
            .unwrap_or_else(|| Box::pin(sleep_until(until)));
        let over = timer.as_mut().poll(cx);
        let stale = if over.is_pending() { self.state.lock().timer.replace(timer) } else { None };
        drop(stale);
        over
    }

    /// Takes note of what an attempt to accept came to.
    pub(super) fn after<T>(&self, accepted: io::Result<T>) -> io::Result<T> {
        match &accepted {
            Ok(_) if !self.begun.load(Ordering::Relaxed) => {}
            Ok(_) => {
                self.begun.store(false, Ordering::Relaxed);
                let old = core::mem::take(&mut *self.state.lock());
                drop(old);
            }
            Err(error) if is_exhausted(error) => {
                let mut state = self.state.lock();
                state.length = (state.length * 2).clamp(SHORTEST, LONGEST);
                state.until = Some(Instant::now() + state.length);
                drop(state);
                self.begun.store(true, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        accepted
    }
}

/// Whether the system has nothing to give, rather than something against this connection.
fn is_exhausted(error: &io::Error) -> bool {
    #[cfg(unix)]
    const CODES: [i32; 4] = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    // WSAEMFILE and WSAENOBUFS.
    #[cfg(not(unix))]
    const CODES: [i32; 2] = [10024, 10055];
    error.raw_os_error().is_some_and(|code| CODES.contains(&code))
}

#[cfg(all(test, unix, not(loom)))]
mod tests {
    use super::Rest;
    use crate::runtime::Builder;
    use crate::time::Instant;
    use core::future::poll_fn;
    use std::io;

    #[test]
    fn rests_become_longer_until_there_is_a_connection() {
        let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let rest = Rest::default();
            let fails = || rest.after::<()>(Err(io::Error::from_raw_os_error(libc::EMFILE)));
            let start = Instant::now();
            let now = || start.elapsed().as_millis();
            rest.over().await;
            assert_eq!(now(), 0);
            let mut total = 0;
            for expected in [5, 10, 20, 40, 80, 100, 100] {
                fails().unwrap_err();
                // Both kinds of waiting rest equally long.
                if expected == 20 {
                    rest.over().await
                } else {
                    poll_fn(|cx| rest.poll_over(cx)).await
                }
                total += expected;
                assert_eq!(now(), total);
            }
            rest.after(Err::<(), _>(io::ErrorKind::ConnectionAborted.into())).unwrap_err();
            rest.over().await;
            assert_eq!(now(), total, "this connection was bad, the next may be good");
            fails().unwrap_err();
            rest.after(Ok(())).unwrap();
            rest.over().await;
            assert_eq!(now(), total);
            fails().unwrap_err();
            rest.over().await;
            assert_eq!(now(), total + 5);
        });
    }
}
