//! The one call of preview 1 that waits.
//!
//! The timeout is relative, since some hosts (Node's) never answer an absolute one.
//!
//! Why unsafe: the bindings of preview 1 take bare pointers.

use std::time::Duration;
use std::vec::Vec;
use wasip1::{
    CLOCKID_MONOTONIC, EVENTTYPE_CLOCK, EVENTTYPE_FD_READ, EVENTTYPE_FD_WRITE, Event, Subscription,
    SubscriptionClock, SubscriptionFdReadwrite, SubscriptionU, SubscriptionUU,
};

/// Reading from or writing to a descriptor.
pub(crate) enum Pollable {
    #[cfg_attr(not(feature = "io-std"), allow(dead_code))]
    Read(wasip1::Fd),
    #[cfg_attr(not(feature = "io-std"), allow(dead_code))]
    Write(wasip1::Fd),
}

impl Pollable {
    fn subscription(&self, index: usize) -> Subscription {
        let (tag, file_descriptor) = match self {
            Self::Read(fd) => (EVENTTYPE_FD_READ, *fd),
            Self::Write(fd) => (EVENTTYPE_FD_WRITE, *fd),
        };
        let file = SubscriptionFdReadwrite { file_descriptor };
        // Both kinds have the same contents.
        let u = SubscriptionUU { fd_read: file };
        Subscription { userdata: index as u64, u: SubscriptionU { tag: tag.raw(), u } }
    }
}

/// Waits until one of `pollables` is ready, for `timeout` at most; answers the indices of some that
/// are.
pub(crate) fn poll(pollables: Vec<&Pollable>, timeout: Option<Duration>) -> Vec<u32> {
    let mut subscriptions: Vec<Subscription> = pollables
        .iter()
        .enumerate()
        .map(|(index, pollable)| pollable.subscription(index))
        .collect();
    subscriptions.extend(timeout.map(|time| timer(time, pollables.len())));
    let mut events: Vec<Event> = Vec::with_capacity(subscriptions.len());
    // SAFETY: both point to as many elements as are promised, and events are written only.
    let count = unsafe {
        wasip1::poll_oneoff(subscriptions.as_ptr(), events.as_mut_ptr(), subscriptions.len())
    };
    // A host that refuses the call has found nothing ready; trying again tells why.
    let Ok(count) = count else { return (0..pollables.len() as u32).collect() };
    // SAFETY: the host has written that many.
    unsafe { events.set_len(count) };
    let is_clock = |event: &Event| event.type_ == EVENTTYPE_CLOCK;
    events.iter().filter(|event| !is_clock(event)).map(|event| event.userdata as u32).collect()
}

fn timer(time: Duration, index: usize) -> Subscription {
    let timeout = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let clock = SubscriptionClock { id: CLOCKID_MONOTONIC, timeout, precision: 0, flags: 0 };
    let u = SubscriptionUU { clock };
    Subscription { userdata: index as u64, u: SubscriptionU { tag: EVENTTYPE_CLOCK.raw(), u } }
}
