//! Time for hyper.

use crate::time::{self, Instant};
use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use hyper::rt;
use pin_project_lite::pin_project;

/// Measures hyper's timeouts by the clock of the runtime, also when that is paused.
///
/// Waiting panics outside a runtime, as [`time::sleep`] does.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CreelTimer {}

impl CreelTimer {
    /// A timer; it keeps nothing.
    pub const fn new() -> Self {
        Self {}
    }
}

pin_project! {
    /// hyper boxes its waits: it does not know their type.
    struct Sleep {
        #[pin]
        sleep: time::Sleep,
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.poll(cx)
    }
}

impl rt::Sleep for Sleep {}

impl rt::Timer for CreelTimer {
    #[track_caller]
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep { sleep: time::sleep(duration) })
    }

    #[track_caller]
    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep { sleep: time::sleep_until(Instant::from_std(deadline)) })
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    #[track_caller]
    fn reset(&self, sleep: &mut Pin<Box<dyn rt::Sleep>>, deadline: std::time::Instant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep>() {
            Some(ours) => ours.project().sleep.reset(Instant::from_std(deadline)),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}
