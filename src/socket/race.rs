//! Connecting to a name that stands for several addresses, some of which may not answer: "happy
//! eyeballs", RFC 8305, sections 4 and 5.
//!
//! The addresses are tried in the order that the resolver gave them, except that the versions of the
//! protocol take turns. Each attempt has [`HEAD_START`] before the next begins beside it; if it
//! fails, the next begins at once. The first to succeed wins, and the others are dropped, which
//! ends them.

use super::addr::{Addresses, no_address};
use crate::time::{Duration, Instant, sleep};
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::boxed::Box;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::vec::Vec;

/// The "Connection Attempt Delay" that the RFC recommends.
const HEAD_START: Duration = Duration::from_millis(250);

/// The first success of `attempt` with one of the addresses, or the last failure.
pub(crate) async fn race<T, F: Future<Output = io::Result<T>>>(
    addresses: Addresses,
    attempt: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let mut waiting = taking_turns(addresses);
    let first = waiting.pop_front().ok_or_else(no_address)?;
    if waiting.is_empty() {
        return attempt(first).await;
    }
    let mut under_way = Vec::from([Box::pin(attempt(first))]);
    let mut head_start = pin!(sleep(HEAD_START));
    let mut last_failure = None;
    poll_fn(|cx| {
        loop {
            let failed = match poll_all(&mut under_way, cx) {
                Ok(winner) => return Poll::Ready(Ok(winner)),
                Err(failed) => failed,
            };
            let next_is_due = failed.is_some();
            last_failure = failed.or(last_failure.take());
            if waiting.is_empty() {
                let Some(error) = last_failure.take_if(|_| under_way.is_empty()) else {
                    return Poll::Pending;
                };
                return Poll::Ready(Err(error));
            }
            if !next_is_due && head_start.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            under_way.extend(waiting.pop_front().map(|address| Box::pin(attempt(address))));
            head_start.as_mut().reset(Instant::now() + HEAD_START);
        }
    })
    .await
}

/// The winner; else the failure of one that failed, and is gone, if there is any.
fn poll_all<T, F: Future<Output = io::Result<T>>>(
    attempts: &mut Vec<Pin<Box<F>>>,
    cx: &mut Context<'_>,
) -> Result<T, Option<io::Error>> {
    let (mut failure, mut index) = (None, 0);
    while index < attempts.len() {
        match attempts[index].as_mut().poll(cx) {
            Poll::Ready(Ok(winner)) => return Ok(winner),
            Poll::Ready(Err(error)) => {
                failure = Some(error);
                drop(attempts.remove(index));
            }
            Poll::Pending => index += 1,
        }
    }
    Err(failure)
}

/// The addresses with the versions taking turns, the first one's first.
fn taking_turns(addresses: Addresses) -> VecDeque<SocketAddr> {
    let mut all: VecDeque<SocketAddr> = addresses.collect();
    let Some(first_is_v6) = all.front().map(SocketAddr::is_ipv6) else { return all };
    let (mut own, mut other): (VecDeque<_>, VecDeque<_>) =
        all.drain(..).partition(|address| address.is_ipv6() == first_is_v6);
    while !(own.is_empty() && other.is_empty()) {
        all.extend(own.pop_front().into_iter().chain(other.pop_front()));
    }
    all
}

#[cfg(all(test, feature = "native", not(any(loom, target_family = "wasm"))))]
mod tests {
    use super::{race, taking_turns};
    use crate::runtime::Builder;
    use crate::socket::addr::Addresses;
    use crate::time::{Duration, Instant, sleep};
    use core::cell::{Cell, RefCell};
    use std::io;
    use std::net::SocketAddr;
    use std::vec::Vec;

    fn addresses(ports: &[u16]) -> Addresses {
        // Even ports are of version 4, odd ones of version 6.
        let address = |port: &u16| match port % 2 {
            0 => SocketAddr::from(([127, 0, 0, 1], *port)),
            _ => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], *port)),
        };
        Addresses::Many(ports.iter().map(address).collect::<Vec<_>>().into_iter())
    }

    /// What became of a race between ports, each of which answers after a while, well or not.
    struct Outcome {
        result: Result<u16, u16>,
        took: u64,
        /// When each attempt began.
        began: Vec<(u16, u64)>,
        /// How many attempts were not dropped.
        left: usize,
    }

    fn run(ports: &[(u16, u64, bool)]) -> Outcome {
        struct Alive<'a>(&'a Cell<usize>);
        impl Drop for Alive<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        let (began, alive) = (RefCell::new(Vec::new()), Cell::new(0));
        let all = addresses(&ports.iter().map(|port| port.0).collect::<Vec<_>>());
        let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
        let (result, took) = runtime.block_on(async {
            let start = Instant::now();
            let now = || start.elapsed().as_millis() as u64;
            let attempt = |address: SocketAddr| {
                let (port, after, succeeds) =
                    *ports.iter().find(|port| port.0 == address.port()).unwrap();
                began.borrow_mut().push((port, now()));
                alive.set(alive.get() + 1);
                let alive = Alive(&alive);
                async move {
                    let _alive = alive;
                    sleep(Duration::from_millis(after)).await;
                    if succeeds { Ok(port) } else { Err(io::Error::from_raw_os_error(port.into())) }
                }
            };
            (race(all, attempt).await, now())
        });
        let result = result.map_err(|error| error.raw_os_error().unwrap_or_default() as u16);
        Outcome { result, took, began: began.into_inner(), left: alive.get() }
    }

    #[test]
    fn versions_take_turns() {
        let ports = |all| {
            let turns = taking_turns(addresses(all));
            turns.iter().map(SocketAddr::port).collect::<Vec<_>>()
        };
        assert_eq!(ports(&[1, 3, 5, 2, 4]), [1, 2, 3, 4, 5]);
        assert_eq!(ports(&[2, 1, 3, 5]), [2, 1, 3, 5]);
        assert_eq!(ports(&[2, 4]), [2, 4]);
        assert!(ports(&[]).is_empty());
    }

    #[test]
    fn who_is_silent_delays_the_next_by_a_head_start() {
        let outcome = run(&[(1, 10_000, true), (2, 10_000, true), (3, 30, true)]);
        assert_eq!((outcome.result, outcome.took), (Ok(3), 530));
        assert_eq!(outcome.began, [(1, 0), (2, 250), (3, 500)]);
        assert_eq!(outcome.left, 0, "those who lost are ended");
    }

    #[test]
    fn who_fails_makes_room_at_once() {
        let outcome = run(&[(1, 20, false), (2, 0, false), (3, 100, true), (4, 0, true)]);
        assert_eq!((outcome.result, outcome.took), (Ok(3), 120));
        assert_eq!(outcome.began, [(1, 0), (2, 20), (3, 20)]);
        assert_eq!(outcome.left, 0);
    }

    #[test]
    fn an_early_attempt_may_win_late() {
        let outcome = run(&[(1, 300, true), (2, 10_000, true)]);
        assert_eq!((outcome.result, outcome.took), (Ok(1), 300));
        assert_eq!(outcome.began, [(1, 0), (2, 250)]);
    }

    #[test]
    fn the_last_failure_is_told_when_all_have_failed() {
        let outcome = run(&[(1, 600, false), (2, 10, false)]);
        assert_eq!((outcome.result, outcome.took), (Err(1), 600));
        assert_eq!(outcome.began, [(1, 0), (2, 250)]);
        assert_eq!(outcome.left, 0);
    }
}
