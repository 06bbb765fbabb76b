//! One kind of signal: how often it was told, and who listens.
//!
//! A [`Listener`] compares the count with the one it saw last. It begins to wait *before* it looks
//! at the count, so what is told in between ends the wait.

use crate::sync::Notify;
use crate::sync::futures::Notified;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::sync::atomic::{AtomicUsize, Ordering};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Event {
    count: AtomicUsize,
    listeners: AtomicUsize,
    told: Notify,
}

impl Event {
    /// Tells every listener. `false`: there is none.
    ///
    /// Who is told may go before this ends, and who comes meanwhile may be told: both count.
    pub(super) fn tell(&self) -> bool {
        let heard = || self.listeners.load(Ordering::Relaxed) > 0;
        let before = heard();
        // Release: a listener that sees the count (Acquire) sees what came before.
        self.count.fetch_add(1, Ordering::Release);
        self.told.notify_waiters();
        before || heard()
    }
}

/// Who is told of an event.
#[derive(Debug)]
pub(super) struct Listener {
    event: &'static Event,
    seen: usize,
    wait: Pin<Box<Notified<'static>>>,
}

impl Listener {
    pub(super) fn new(event: &'static Event) -> Self {
        event.listeners.fetch_add(1, Ordering::Relaxed);
        let wait = Box::pin(event.told.notified());
        Self { event, seen: event.count.load(Ordering::Acquire), wait }
    }

    /// Whether the event was told since this last answered so.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let count = self.event.count.load(Ordering::Acquire);
            if count != self.seen {
                self.seen = count;
                return Poll::Ready(());
            }
            ready!(self.wait.as_mut().poll(cx));
            self.wait.set(self.event.told.notified());
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.event.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Event, Listener};
    use core::task::{Context, Poll, Waker};
    use std::boxed::Box;
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    #[test]
    fn who_goes_as_soon_as_it_is_told_has_listened() {
        struct Goes(Mutex<Option<Listener>>);
        impl Wake for Goes {
            fn wake(self: Arc<Self>) {
                drop(self.0.lock().unwrap().take());
            }
        }
        let event: &Event = Box::leak(Box::default());
        let goes = Arc::new(Goes(Mutex::new(Some(Listener::new(event)))));
        let waker = Waker::from(Arc::clone(&goes));
        let pending =
            goes.0.lock().unwrap().as_mut().unwrap().poll(&mut Context::from_waker(&waker));
        assert_eq!(pending, Poll::Pending);
        assert!(event.tell());
        assert!(goes.0.lock().unwrap().is_none() && !event.tell());
    }

    #[test]
    fn what_is_told_is_gathered_and_never_lost() {
        let event: &Event = Box::leak(Box::default());
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(!event.tell(), "nobody listens");

        let (mut one, mut other) = (Listener::new(event), Listener::new(event));
        assert_eq!(one.poll(cx), Poll::Pending, "what was before is not told");
        assert!(event.tell());
        assert!(event.tell());
        for listener in [&mut one, &mut other] {
            assert_eq!(listener.poll(cx), Poll::Ready(()));
            assert_eq!(listener.poll(cx), Poll::Pending);
        }
        event.tell();
        assert_eq!(one.poll(cx), Poll::Ready(()));
        drop((one, other));
        assert!(!event.tell());
    }
}
