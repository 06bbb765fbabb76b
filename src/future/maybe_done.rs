//! A future, then its output, then nothing: the place of one branch of `join!`.

use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

pin_project! {
    // `repr(C)` keeps the discriminant outside of the future: reading it must not touch bytes that
    // the future may have borrowed from itself.
    #[derive(Debug)]
    #[project = Projected]
    #[project_replace = Replaced]
    #[repr(C)]
    pub enum MaybeDone<F: Future> {
        Running { #[pin] future: F },
        Done { output: F::Output },
        Taken,
    }
}

/// Wraps a future.
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    MaybeDone::Running { future: future.into_future() }
}

impl<F: Future> Future for MaybeDone<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Projected::Running { future } = self.as_mut().project() {
            let output = ready!(future.poll(cx));
            self.set(Self::Done { output });
        }
        Poll::Ready(())
    }
}

impl<F: Future> MaybeDone<F> {
    /// The output.
    ///
    /// # Panics
    /// If the future is still running or the output was taken before.
    pub fn take_output(self: Pin<&mut Self>) -> F::Output {
        match self.project_replace(Self::Taken) {
            Replaced::Done { output } => output,
            Replaced::Running { .. } | Replaced::Taken => {
                panic!("there is no output, or no longer")
            }
        }
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> MaybeDone<F> {
    /// Ready when the future has given `Ok`, which stays here, or an error, which does not.
    pub fn poll_ok(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        if let Projected::Running { future } = self.as_mut().project() {
            match ready!(future.poll(cx)) {
                Ok(value) => self.set(Self::Done { output: Ok(value) }),
                Err(error) => {
                    self.set(Self::Taken);
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What the future gave as `Ok`.
    ///
    /// # Panics
    /// If the future is still running, has failed, or the output was taken before.
    pub fn take_ok(self: Pin<&mut Self>) -> T {
        match self.take_output() {
            Ok(value) => value,
            Err(_) => unreachable!("an error never stays here"),
        }
    }
}
