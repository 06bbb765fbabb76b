//! Ending a whole tree of scopes in good order, and saying what did not end.

use super::drain::Contest;
use super::frame::until_dropped;
use super::handle::ParallelScope;
use super::policy::{Parallel, Plain};
use super::roster::{Place, Roster};
use super::run::{Ending, run};
use crate::time::{Duration, sleep};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, IntoFuture, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

/// Runs a program until it ends or a trigger says so, and then ends it in good order.
///
/// 1. When the trigger is ready, the whole tree of scopes below is asked to end: servers stop
///    accepting, loops that look at [`is_asked_to_end`](super::is_asked_to_end) return.
/// 2. Who has not ended when the [`grace`](Self::grace) is over is cancelled, and has the
///    [`patience`](Self::patience) for its clean-up.
/// 3. Who has not ended then is left behind: sections that are shielded, closures that block. They
///    are named in the report, with all who were late.
///
/// The trigger is any future: Ctrl-C, the `pagehide` of a page, a message.
///
/// # Examples
/// ```
/// use creel::scope::{Shutdown, asked_to_end};
/// use creel::time::{Duration, sleep};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let signal = sleep(Duration::from_millis(5)); // say, creel::signal::ctrl_c()
/// let ended = Shutdown::new()
///     .grace(Duration::from_millis(20))
///     .run(signal, async |s| {
///         s.spawn_named("polite", asked_to_end());
///         s.spawn_named("deaf", std::future::pending::<()>());
///     })
///     .await;
/// assert_eq!(ended.report.late, ["deaf"]);
/// assert!(ended.report.stuck.is_empty());
/// println!("{}", ended.report);
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a shutdown does nothing until it runs something"]
pub struct Shutdown {
    grace: Duration,
    patience: Duration,
}

impl Shutdown {
    /// Ten seconds of grace, and two for clean-up.
    pub fn new() -> Self {
        Self { grace: Duration::from_secs(10), patience: Duration::from_secs(2) }
    }

    /// How long the program may take to end by itself, once it is asked to.
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// How long those that were cancelled may take to clean up.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Runs `body` and its children, as [`parallel`](super::parallel) does, until they have ended or
    /// had to be left behind.
    ///
    /// # Cancel safety
    /// That of [`parallel`](super::parallel).
    ///
    /// # Panics
    /// If the body or a child panics. Outside a runtime.
    pub async fn run<B, Fut>(self, trigger: impl IntoFuture, body: B) -> Ended<Fut::Output>
    where
        B: FnOnce(ParallelScope) -> Fut,
        Fut: Future,
    {
        let roster = Arc::new(Roster::default());
        let place = Place::root(roster.clone());
        let main = place.list("main");
        let contest = Contest::new(None);
        let tree = run::<Parallel, Plain, Fut>(false, Some(main), body);
        let mut tree = pin!(contest.enter_at(place, tree));
        // Once it has ended it is not polled again.
        let mut output = None;
        let mut tree = poll_fn(|cx: &mut Context<'_>| {
            if output.is_none()
                && let Poll::Ready(ending) = tree.as_mut().poll_end(cx)
            {
                output = Some(ending);
            }
            if output.is_some() { Poll::Ready(()) } else { Poll::Pending }
        });
        let mut report = Report::default();
        if first(&mut tree, pin!(trigger.into_future())).await {
            report.triggered = true;
            contest.ask();
            if first(&mut tree, pin!(sleep(self.grace))).await {
                report.late = roster.names();
                contest.end();
                if first(&mut tree, pin!(sleep(self.patience))).await {
                    report.stuck = roster.names();
                }
            }
        }
        let output = match output {
            Some(Some(Ending::Value(value) | Ending::Cancelled(Some(value)))) => Some(value),
            Some(_) if !report.triggered => until_dropped().await,
            _ => None,
        };
        Ended { output, report }
    }
}

/// Whether `other` was ready before the tree.
async fn first(
    mut tree: impl Future<Output = ()> + Unpin,
    mut other: Pin<&mut impl Future>,
) -> bool {
    poll_fn(|cx| match Pin::new(&mut tree).poll(cx) {
        Poll::Ready(()) => Poll::Ready(false),
        Poll::Pending => other.as_mut().poll(cx).map(|_| true),
    })
    .await
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

/// How a program under a [`Shutdown`] ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended<T> {
    /// What its body gave, unless it was cancelled.
    pub output: Option<T>,
    /// Who was late.
    pub report: Report,
}

/// Who did not end in time.
///
/// Children of nested scopes are named with those that they are nested in: `server > connection`.
/// Who was given no name by `spawn_named` is named by the type of its future. The body is `main`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Whether the program was asked to end, and had not ended before.
    pub triggered: bool,
    /// Who had not ended when the grace was over, and was cancelled; oldest first.
    pub late: Vec<String>,
    /// Who had not even ended when the patience was over, and was left behind.
    pub stuck: Vec<String>,
}

impl Report {
    /// Whether everybody ended by itself.
    pub fn is_clean(&self) -> bool {
        self.late.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("everything ended by itself");
        }
        write!(f, "{} had to be cancelled:", self.late.len())?;
        self.late.iter().try_for_each(|name| {
            let left = if self.stuck.contains(name) { ", and was left behind" } else { "" };
            write!(f, "\n  {name}{left}")
        })
    }
}
