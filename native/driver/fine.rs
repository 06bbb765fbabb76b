//! Waiting to the microsecond: epoll counts in milliseconds and rounds up, ppoll does not.
//!
//! A short wait is ppoll's, on the descriptor of epoll. A long one is epoll's, ends a little early,
//! and the host waits for the short rest.

use super::super::thread::in_time;
use core::ptr;
use core::time::Duration;
use mio::{Events, Poll};
use std::io;
use std::os::fd::AsRawFd;

/// Waits shorter than this take a second system call to be exact.
const SHORT: Duration = Duration::from_millis(4);
const MARGIN: Duration = Duration::from_millis(1);

pub(super) fn wait(
    poll: &mut Poll,
    events: &mut Events,
    timeout: Option<Duration>,
) -> io::Result<()> {
    match timeout {
        Some(timeout) if timeout.is_zero() => poll.poll(events, Some(timeout)),
        Some(timeout) if timeout < SHORT => {
            wait_shortly(poll, timeout);
            poll.poll(events, Some(Duration::ZERO))
        }
        Some(timeout) => {
            let whole = Duration::from_secs(timeout.as_secs())
                + Duration::from_millis(timeout.subsec_millis().into());
            poll.poll(events, Some(whole - MARGIN))
        }
        None => poll.poll(events, None),
    }
}

/// Waits until there is an event, a signal, or `timeout` is over.
fn wait_shortly(poll: &Poll, timeout: Duration) {
    let mut asked = libc::pollfd { fd: poll.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: all zero is a valid time.
    let mut limit: libc::timespec = unsafe { core::mem::zeroed() };
    limit.tv_nsec = timeout.subsec_nanos() as _;
    // SAFETY: one entry and a time, both valid during the call; no signal mask.
    // Whatever the answer, the caller looks at the events.
    in_time(|| unsafe { libc::ppoll(&raw mut asked, 1, &raw const limit, ptr::null()) });
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{SHORT, wait};
    use mio::{Events, Poll};
    use std::time::{Duration, Instant};

    #[test]
    fn a_short_wait_is_exact_and_a_long_one_early() {
        let mut poll = Poll::new().unwrap();
        let mut events = Events::with_capacity(1);
        let mut took = |timeout| {
            let start = Instant::now();
            wait(&mut poll, &mut events, Some(timeout)).unwrap();
            start.elapsed()
        };
        assert!(took(Duration::from_micros(300)) >= Duration::from_micros(300));
        assert!(took(SHORT + Duration::from_micros(700)) >= SHORT - Duration::from_millis(1));
        let least = (0..20).map(|_| took(Duration::from_micros(100))).min();
        assert!(least < Some(Duration::from_millis(1)), "{least:?}");
    }
}
