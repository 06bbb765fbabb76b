//! Waiting as exactly as the system's selector does.

use core::time::Duration;
use mio::{Events, Poll};
use std::io;

pub(super) fn wait(
    poll: &mut Poll,
    events: &mut Events,
    timeout: Option<Duration>,
) -> io::Result<()> {
    poll.poll(events, timeout)
}
