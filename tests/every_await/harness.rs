//! Cancels a scenario at each of its awaits in turn, under a thousand seeds.
//!
//! A scenario is an async function of a [`World`] that ends by itself when nobody interferes. For
//! every seed the harness runs it undisturbed, then again and again, each time interfering after
//! one more poll of it, in each of the ways of [`Cut`]. What must hold each time:
//!
//! - the tasks that the scenario had started end, given an hour of simulated time, without being
//!   cancelled by the runtime;
//! - every [`World::held`] was dropped, and every allocation given back;
//! - whatever was [acknowledged](World::acknowledge) was also [kept](World::keep).
//!
//! To add a scenario, write such a function in a file of this folder and a test that hands it to
//! [`cancel_everywhere`]. `CREEL_SEEDS` chooses another number of seeds.

use creel::runtime::ShutdownReport;
use creel::scope::race_drain;
use creel::sim::Simulator;
use creel::sync::{CancellationToken, Notify};
use creel::time::Duration;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// How a scenario is interfered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Its future is dropped.
    Drop,
    /// [`World::stop`] is cancelled, and it is polled on until it ends: it must.
    Ask,
    /// It is cancelled as scopes cancel, so it is polled on until its clean-up is done.
    Cancel,
}

const CUTS: [Cut; 3] = [Cut::Drop, Cut::Ask, Cut::Cancel];

/// What a scenario gets, and reports to. Clones are the same world.
#[derive(Clone)]
pub struct World {
    /// Cancelled when the harness asks the scenario to end.
    pub stop: CancellationToken,
    ledger: Arc<Ledger>,
}

#[derive(Default)]
struct Ledger {
    held: Mutex<usize>,
    acknowledged: Mutex<BTreeSet<u64>>,
    kept: Mutex<BTreeSet<u64>>,
}

/// Something that must not be leaked.
pub struct Held(Arc<Ledger>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.held.lock().unwrap() -= 1;
    }
}

impl World {
    fn new() -> Self {
        Self { stop: CancellationToken::new(), ledger: Arc::default() }
    }

    /// Something that must not be leaked; give one to each task, future and message.
    pub fn held(&self) -> Held {
        *self.ledger.held.lock().unwrap() += 1;
        Held(self.ledger.clone())
    }

    /// The scenario was promised that `message` is safe.
    pub fn acknowledge(&self, message: u64) {
        self.ledger.acknowledged.lock().unwrap().insert(message);
    }

    /// `message` arrived where it is safe.
    pub fn keep(&self, message: u64) {
        self.ledger.kept.lock().unwrap().insert(message);
    }

    fn check(&self) {
        let held = *self.ledger.held.lock().unwrap();
        assert_eq!(held, 0, "{held} values that were held are still there");
        let (promised, kept) = (&self.ledger.acknowledged, &self.ledger.kept);
        let lost: Vec<u64> =
            promised.lock().unwrap().difference(&kept.lock().unwrap()).copied().collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}

/// Runs `scenario` under every seed, interfering at every await in every way. Answers how many
/// runs that were.
pub fn cancel_everywhere<Fut>(scenario: impl Fn(World) -> Fut) -> usize
where
    Fut: Future<Output = ()> + 'static,
{
    let seeds = std::env::var("CREEL_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    let mut runs = 0;
    // What is made once and kept for good is made now.
    run(&scenario, 0, usize::MAX, Cut::Drop);
    for seed in 0..seeds.unwrap_or(1000) {
        let polls = guarded(&scenario, seed, usize::MAX, Cut::Drop);
        for cut in CUTS {
            for after in 0..polls {
                guarded(&scenario, seed, after, cut);
            }
        }
        runs += 1 + CUTS.len() * polls;
    }
    runs
}

/// A run that says which one it was if it fails, and gives back what it allocates. Answers how
/// often the scenario was polled.
fn guarded<Fut>(scenario: &impl Fn(World) -> Fut, seed: u64, after: usize, cut: Cut) -> usize
where
    Fut: Future<Output = ()> + 'static,
{
    let before = LIVE.get();
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let polls = run(scenario, seed, after, cut);
        let leaked = LIVE.get() - before;
        assert_eq!(leaked, 0, "{leaked} bytes were leaked");
        polls
    }));
    ran.unwrap_or_else(|payload| {
        eprintln!("fails under seed {seed} with {cut:?} after {after} polls");
        resume_unwind(payload)
    })
}

fn run<Fut>(scenario: &impl Fn(World) -> Fut, seed: u64, after: usize, cut: Cut) -> usize
where
    Fut: Future<Output = ()> + 'static,
{
    let world = World::new();
    let (simulator, polls) = (Simulator::new(seed), Rc::new(Cell::new(0)));
    let cut_short = cut_after(scenario(world.clone()), after, cut, world.clone(), polls.clone());
    simulator.run(cut_short);
    let report: ShutdownReport = simulator.shutdown(Duration::from_secs(3600));
    assert!(report.is_clean(), "{report}");
    world.check();
    polls.get()
}

/// Runs `future` until it ends, or is interfered with after some polls.
async fn cut_after(
    future: impl Future<Output = ()> + 'static,
    after: usize,
    cut: Cut,
    world: World,
    polls: Rc<Cell<usize>>,
) {
    let over = Notify::new();
    let mut future = pin!(async {
        match cut {
            Cut::Cancel => {
                let end: [Pin<Box<dyn Future<Output = ()>>>; 2] =
                    [Box::pin(future), Box::pin(over.notified())];
                race_drain(end).await;
            }
            _ => future.await,
        }
    });
    poll_fn(|cx| {
        if polls.get() == after {
            match cut {
                Cut::Drop => return Poll::Ready(()),
                Cut::Ask => world.stop.cancel(),
                Cut::Cancel => over.notify_one(),
            }
        }
        polls.set(polls.get() + 1);
        let polled = future.as_mut().poll(cx);
        if polls.get() == after {
            // Not when something happens next, but here.
            cx.waker().wake_by_ref();
        }
        polled
    })
    .await;
}

/// The system's allocator, which knows how much of this thread is in use.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.set(LIVE.get() + layout.size() as isize);
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size() as isize);
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
