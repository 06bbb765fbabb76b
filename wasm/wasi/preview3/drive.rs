//! A runtime inside an async export.

use super::driver::Driver;
use super::export::{Ear, Export};
use super::single::Single;
use crate::runtime::{Builder, LocalRuntime, Next};
use crate::task::{JoinError, JoinHandle};
use crate::time::Instant;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;
use wasip3::clocks::monotonic_clock::wait_for;

/// How many turns tasks have before the host gets one.
const TURNS: usize = 128;

/// Runs `main` on a new runtime, inside the export that awaits this, and answers what it answers.
/// What it spawned and did not wait for is cancelled then.
///
/// # Cancel safety
/// Dropping the future cancels `main` and every task.
///
/// # Panics
/// If `main` panics, where panics unwind.
pub async fn drive<F>(main: F) -> F::Output
where
    F: Future + 'static,
    F::Output: 'static,
{
    run(Driven::new(), main).await
}

/// [`drive`] for a command, which no other export wakes: if nothing else can either, the bindings end it
/// with a reason.
///
/// # Cancel safety
/// Dropping it cancels the program's tasks.
pub async fn command<F: Future<Output = ()> + 'static>(main: F) {
    run(Driven { ear: None, ..Driven::new() }, main).await;
}

async fn run<F>(mut driven: Driven, main: F) -> F::Output
where
    F: Future + 'static,
    F::Output: 'static,
{
    let task = driven.runtime.spawn_local(main);
    let output = driven.until(task).await;
    output.unwrap_or_else(|error| panic!("{error}"))
}

/// Goes on driving until no task is left, for up to `grace`, then cancels the rest.
pub(super) async fn finish(mut driven: Driven, grace: Duration) {
    if driven.runtime.task_count() == Some(0) {
        return;
    }
    let limit = driven.runtime.spawn_local(async move { crate::time::sleep(grace).await });
    let abort = limit.abort_handle();
    poll_fn(|cx| {
        if driven.poll(cx).is_ready() || limit.is_finished() || driven.has_one_task() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    abort.abort();
}

/// A runtime that is ticked whenever the export is polled.
pub(super) struct Driven {
    pub(super) runtime: LocalRuntime,
    export: Arc<Export>,
    /// The one timer of the host's, and when it is due.
    timer: Option<(Instant, Single<()>)>,
    /// By which other exports reach this one.
    ear: Option<Ear>,
}

impl Driven {
    pub(super) fn new() -> Self {
        let export = Arc::new(Export::default());
        let wake = Arc::clone(&export);
        let runtime =
            Builder::new_current_thread().build_local_ticked(Arc::new(Driver), move || wake.wake());
        Self { runtime, export, timer: None, ear: Some(Ear::default()) }
    }

    /// Drives until a task is done.
    pub(super) async fn until<T>(&mut self, mut task: JoinHandle<T>) -> Result<T, JoinError> {
        poll_fn(|cx| {
            let _ = self.poll(cx);
            Pin::new(&mut task).poll(cx)
        })
        .await
    }

    /// One tick, and the wait for the next; ready when no task is left.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let begun = self.export.begin(cx.waker());
        match self.runtime.tick(TURNS) {
            // The host may have news by now.
            Next::Now | Next::Busy => cx.waker().wake_by_ref(),
            Next::At(then) => self.wait_until(then, cx),
            Next::Idle => self.timer = None,
        }
        if self.runtime.task_count() == Some(0) {
            return Poll::Ready(());
        }
        if let Some(ear) = &mut self.ear {
            ear.listen(&self.export, &begun, cx);
        }
        Poll::Pending
    }

    fn wait_until(&mut self, then: Instant, cx: &mut Context<'_>) {
        let left = then.saturating_duration_since(Instant::now());
        let (_, timer) = match self.timer.take_if(|(due, _)| *due == then) {
            Some(timer) => self.timer.insert(timer),
            None => {
                let left = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
                self.timer.insert((then, Single::new(wait_for(left))))
            }
        };
        if Pin::new(timer).poll(cx).is_ready() {
            self.timer = None;
            cx.waker().wake_by_ref();
        }
    }

    /// Whether the limit of [`finish`] alone is left.
    fn has_one_task(&self) -> bool {
        self.runtime.task_count() == Some(1)
    }
}
