//! Actors where panics are caught and workers run in parallel; restart storms, and kills at random
//! in the simulator.

use creel::actor::supervisor::{
    Backoff, ChildSpec, EventKind, Failure, Restart, Strategy, Supervisor,
};
use creel::actor::{Actor, Addr, CallError, Context, ExitReason, Mailbox, Registry, ReplyTo};
use creel::runtime::Builder;
use creel::sim::Simulator;
use creel::sync::broadcast;
use creel::task::{JoinSet, spawn, yield_now};
use creel::time::{Duration, sleep};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const MS: Duration = Duration::from_millis(1);

/// Panics where it is told to, and notes its end.
#[derive(Default)]
struct Fragile {
    at: &'static str,
    diary: Arc<Mutex<Vec<String>>>,
}

enum Do {
    Panic(ReplyTo<u32>),
    /// Panics, and catches it.
    Recover(ReplyTo<u32>),
    /// Gives the reply to a task that panics.
    Delegate(ReplyTo<u32>),
    Answer(ReplyTo<u32>),
}

impl Actor for Fragile {
    type Message = Do;

    async fn init(&mut self, _: &mut Context<Self>) -> Result<(), ExitReason> {
        assert!(self.at != "init", "in init");
        Ok(())
    }

    async fn handle(&mut self, message: Do, _: &mut Context<Self>) -> Result<(), ExitReason> {
        match message {
            Do::Panic(_reply) => panic!("as told"),
            Do::Recover(reply) => {
                let caught = creel::future::catch_unwind(std::panic::AssertUnwindSafe(async {
                    let _reply = reply;
                    panic!("as told");
                }));
                assert!(caught.await.is_err());
            }
            Do::Delegate(reply) => {
                spawn(async move {
                    let _reply = reply;
                    panic!("elsewhere");
                });
            }
            Do::Answer(reply) => reply.send(1),
        }
        Ok(())
    }

    async fn terminate(&mut self, reason: &ExitReason, _: &mut Context<Self>) {
        self.diary.lock().unwrap().push(reason.to_string());
        assert!(self.at != "terminate", "in terminate");
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(self.at != "drop" || std::thread::panicking(), "in drop");
    }
}

/// Runs a program on one thread, then on two workers.
fn everywhere<F: Future<Output = ()> + Send + 'static>(program: impl Fn() -> F) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(program());
    let pool = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    pool.block_on(async { spawn(program()).await.unwrap() });
}

#[test]
fn a_panic_ends_the_actor_and_is_told() {
    everywhere(|| async {
        for _ in 0..50 {
            let fragile = Fragile::default();
            let diary = fragile.diary.clone();
            let addr = fragile.start();
            let error = addr.call(Do::Panic).await.unwrap_err();
            assert!(error.exit_reason().is_some_and(ExitReason::is_panic), "{error:?}");
            assert_eq!(addr.wait().await.to_string(), "panicked: as told");
            assert_eq!(*diary.lock().unwrap(), ["panicked: as told"], "terminate runs");
        }
    });
}

#[test]
fn a_panic_anywhere_in_an_actor_is_its_own() {
    everywhere(|| async {
        for (at, reason) in [
            ("init", "panicked: in init"),
            ("terminate", "ended normally"),
            ("drop", "ended normally"),
        ] {
            let mut fragile = Fragile::default();
            fragile.at = at;
            let addr = fragile.start();
            addr.stop();
            assert_eq!(addr.wait().await.to_string(), reason, "in {at}");
        }
    });
}

#[test]
fn a_panic_that_is_caught_or_is_elsewhere_ends_only_the_call() {
    everywhere(|| async {
        for _ in 0..20 {
            let addr = Fragile::default().start();
            assert!(matches!(addr.call(Do::Recover).await, Err(CallError::NoReply)));
            assert!(matches!(addr.call(Do::Delegate).await, Err(CallError::NoReply)));
            assert_eq!(addr.call(Do::Answer).await.unwrap(), 1);
        }
    });
}

#[test]
fn a_supervisor_restarts_what_panics() {
    everywhere(|| async {
        let registry = Registry::new();
        let names = registry.clone();
        let panics_first = Arc::new(AtomicUsize::new(0));
        let root = Supervisor::new(Strategy::OneForOne)
            .backoff(Backoff::exponential(MS, MS))
            .child(ChildSpec::actor("fragile", move || {
                let addr = Fragile::default().start();
                names.register("fragile", &addr).unwrap();
                addr
            }))
            .child(
                ChildSpec::task("starts badly", move || {
                    assert!(panics_first.fetch_add(1, Ordering::Relaxed) != 1, "a factory panics");
                    async { panic!("a task panics") }
                })
                .restart(Restart::Transient),
            )
            .max_restarts(4, Duration::from_secs(60))
            .start();
        let addr = registry.wait_for::<Fragile>("fragile").await;
        let error = addr.call(Do::Panic).await.unwrap_err();
        assert!(matches!(error, CallError::Exited(ExitReason::Panic(_))), "{error:?}");
        addr.wait().await;
        let again = registry.wait_for::<Fragile>("fragile").await;
        assert!(again != addr && again.call(Do::Answer).await.is_ok());
        let reason = root.wait().await;
        let failure = reason.downcast_ref::<Failure>().expect("it fails at the fifth restart");
        assert!(matches!(failure, Failure::TooManyRestarts { .. }));
    });
}

/// A child that fails at once, with delays and a generous limit, for ten minutes of a clock that
/// jumps: few restarts, and few turns of any task.
#[test]
fn a_restart_storm_does_not_make_the_supervisor_spin() {
    let starts = Arc::new(AtomicUsize::new(0));
    let count = starts.clone();
    let runtime = Builder::new_current_thread().start_paused(true).build_passive(|| ());
    let storm = runtime.spawn(async move {
        let root = Supervisor::new(Strategy::OneForOne)
            .max_restarts(u32::MAX, Duration::from_secs(3600))
            .child(ChildSpec::task("fails", move || {
                count.fetch_add(1, Ordering::Relaxed);
                async { Err::<(), _>(ExitReason::error("at once")) }
            }))
            .start();
        sleep(Duration::from_secs(600)).await;
        let info = &root.which_children().await.unwrap()[0];
        assert_eq!(&*info.id, "fails", "the supervisor still answers");
        root.shutdown().await;
    });
    let mut turns = 0;
    while !storm.is_finished() {
        runtime.tick(1);
        turns += 1;
    }
    // Delays double from 10 ms to 10 s, of which up to a half is left out.
    let starts = starts.load(Ordering::Relaxed);
    assert!((65..=140).contains(&starts), "{starts} starts in ten minutes");
    assert!(turns < 10 * starts, "{turns} turns for {starts} starts");
}

/// Without delays it is the limit that ends a storm, and others have their turn meanwhile.
#[test]
fn a_storm_without_delays_ends_at_the_limit() {
    let simulator = Simulator::new(7);
    simulator.run(async {
        let turns = Arc::new(AtomicUsize::new(0));
        let others = turns.clone();
        let other = spawn(async move {
            loop {
                others.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
        });
        let root = Supervisor::new(Strategy::OneForAll)
            .backoff(Backoff::none())
            .max_restarts(1_000, Duration::from_secs(1))
            .child(ChildSpec::task("fails", || async {
                Err::<(), _>(ExitReason::error("at once"))
            }))
            .start();
        assert!(root.wait().await.is_abnormal());
        assert!(turns.load(Ordering::Relaxed) > 1_000, "the supervisor lets others run");
        other.abort();
    });
}

/// A ledger that outlives the actors that write it.
type Ledger = Arc<Mutex<BTreeSet<u64>>>;

struct Clerk {
    ledger: Ledger,
    /// Taken, not yet written.
    taken: Vec<(u64, ReplyTo<()>)>,
}

enum Job {
    Write(u64, ReplyTo<()>),
    Flush,
}

impl Actor for Clerk {
    type Message = Job;

    fn mailbox(&self) -> Mailbox {
        Mailbox::bounded(4)
    }

    async fn handle(&mut self, job: Job, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        match job {
            Job::Write(entry, reply) if entry % 3 == 0 => {
                self.taken.push((entry, reply));
                cx.send_after(MS, Job::Flush);
            }
            Job::Write(entry, reply) => {
                sleep(Duration::from_micros(entry % 700)).await;
                self.ledger.lock().unwrap().insert(entry);
                yield_now().await;
                reply.send(());
            }
            Job::Flush => {
                for (entry, reply) in self.taken.drain(..) {
                    self.ledger.lock().unwrap().insert(entry);
                    reply.send(());
                }
            }
        }
        Ok(())
    }
}

/// A number from a seed, the next one each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Clients write through clerks that are killed, stopped or made to fail at random moments.
async fn kills_at_random(seed: u64) {
    let (registry, ledger) = (Registry::new(), Ledger::default());
    let (reports, mut news) = broadcast::channel(4_096);
    let mut root = Supervisor::new(Strategy::OneForOne)
        .backoff(Backoff::exponential(MS, 4 * MS))
        .max_restarts(u32::MAX, Duration::from_secs(1))
        .report_to(&reports);
    for name in ["a", "b", "c"] {
        let (names, ledger) = (registry.clone(), ledger.clone());
        root = root.child(ChildSpec::actor(name, move || {
            let clerk = Clerk { ledger: ledger.clone(), taken: vec![] }.start();
            names.register(name, &clerk).unwrap();
            clerk
        }));
    }
    let root = root.start();
    root.ready().await.unwrap();
    let mut clients = JoinSet::new();
    for client in 0..6_u64 {
        let (registry, ledger) = (registry.clone(), ledger.clone());
        clients.spawn(async move {
            let mut acknowledged = 0;
            for entry in client * 100..client * 100 + 20 {
                let name = ["a", "b", "c"][entry as usize % 3];
                // Until it is acknowledged: what failed is tried again at the next clerk.
                loop {
                    let clerk: Addr<Clerk> = registry.wait_for(name).await;
                    match clerk.call(|reply| Job::Write(entry, reply)).await {
                        Ok(()) => break,
                        Err(CallError::Exited(_) | CallError::Stopping) => yield_now().await,
                        Err(error) => panic!("neither answered nor ended: {error}"),
                    }
                }
                assert!(ledger.lock().unwrap().contains(&entry), "acknowledged and lost: {entry}");
                acknowledged += 1;
            }
            acknowledged
        });
    }
    let mut dice = Dice(seed * 2 + 1);
    let mut ends = 0;
    while !clients.is_empty() {
        sleep(Duration::from_micros(dice.below(3_000))).await;
        if let Some(clerk) = registry.get::<Clerk>(["a", "b", "c"][dice.below(3) as usize]) {
            ends += 1;
            match dice.below(3) {
                0 => clerk.kill(),
                1 => clerk.stop(),
                _ => clerk.stop_with(ExitReason::error("at random")),
            }
        }
        while let Some(client) = clients.try_join_next() {
            assert_eq!(client.unwrap(), 20);
        }
        // Clients must get a chance.
        if ends > 200 {
            sleep(20 * MS).await;
        }
    }
    // The supervisor restores what there was: every clerk works.
    for name in ["a", "b", "c"] {
        let clerk: Addr<Clerk> = registry.wait_for(name).await;
        let answer = clerk.call(|reply| Job::Write(1_000, reply)).await;
        if answer.is_err() {
            let clerk: Addr<Clerk> = registry.wait_for(name).await;
            clerk.call(|reply| Job::Write(1_000, reply)).await.unwrap();
        }
    }
    root.shutdown().await;
    drop((root, reports));
    assert!(registry.names().is_empty());
    let (mut started, mut exited) = (0, 0);
    while let Ok(event) = news.recv().await {
        match event.kind {
            EventKind::Started { .. } => started += 1,
            EventKind::Exited { .. } => exited += 1,
            _ => {}
        }
    }
    assert_eq!(started, exited, "whatever was started has ended");
    assert!(ends == 0 || started > 3);
}

#[test]
fn kills_at_random_lose_nothing_that_was_acknowledged() {
    let seeds = std::env::var("CREEL_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    for seed in 0..seeds.unwrap_or(300) {
        let (simulator, again) = (Simulator::new(seed), Simulator::new(seed));
        simulator.run(kills_at_random(seed));
        if seed % 10 == 0 {
            again.run(kills_at_random(seed));
            assert_eq!(simulator.trace(), again.trace(), "seed {seed}: delays are replayed");
        }
    }
}

/// The same on two workers, with what chance the machine brings.
#[test]
fn kills_at_random_on_a_pool() {
    let pool = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for seed in 0..5 {
        pool.block_on(async { spawn(kills_at_random(seed)).await.unwrap() });
    }
}

/// Many threads' worth of senders, mailboxes that are full all the time, and an end in the middle:
/// each message is handled, or its sender knows that it was not.
#[test]
fn messages_are_counted_on_a_pool() {
    struct Counter(Arc<AtomicUsize>);
    impl Actor for Counter {
        type Message = ();
        fn mailbox(&self) -> Mailbox {
            Mailbox::bounded(2)
        }
        async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), ExitReason> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }
    let pool = Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    pool.block_on(async {
        for round in 0..30 {
            let handled = Arc::new(AtomicUsize::new(0));
            let addr = Counter(handled.clone()).start();
            let senders: Vec<_> = (0..8)
                .map(|n| {
                    let addr = if n % 2 == 0 { addr.clone() } else { addr.high() };
                    spawn(async move {
                        let mut accepted = 0;
                        while accepted < 500 && addr.cast(()).await.is_ok() {
                            accepted += 1;
                        }
                        accepted
                    })
                })
                .collect();
            if round % 2 == 0 {
                yield_now().await;
                addr.stop();
            }
            let weak = addr.downgrade();
            drop(addr);
            let mut accepted = 0;
            for sender in senders {
                accepted += sender.await.unwrap();
            }
            assert!(weak.wait().await.is_normal());
            assert_eq!(handled.load(Ordering::Relaxed), accepted);
        }
    });
}

/// The end of the runtime is an end like others.
#[test]
fn the_end_of_the_runtime_is_told() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (addr, call) = runtime.block_on(async {
        let addr = Fragile::default().start();
        yield_now().await;
        let waits = addr.clone();
        (addr, spawn(async move { waits.call(Do::Answer).await }))
    });
    drop((call, runtime));
    let other = Builder::new_current_thread().build().unwrap();
    assert!(other.block_on(addr.wait()).is_killed());
    assert!(addr.try_cast(Do::Answer(lost_reply())).unwrap_err().is_closed());
}

/// A reply for which nobody waits.
fn lost_reply() -> ReplyTo<u32> {
    let kept = Arc::new(Mutex::new(None));
    let runtime = Builder::new_current_thread().build().unwrap();
    let addr = runtime.block_on(async {
        struct Thief(Arc<Mutex<Option<ReplyTo<u32>>>>);
        impl Actor for Thief {
            type Message = ReplyTo<u32>;
            async fn handle(
                &mut self,
                reply: ReplyTo<u32>,
                _: &mut Context<Self>,
            ) -> Result<(), ExitReason> {
                *self.0.lock().unwrap() = Some(reply);
                Ok(())
            }
        }
        let addr = Thief(kept.clone()).start();
        let late = addr.call_timeout(MS, |reply| reply).await;
        assert!(matches!(late, Err(CallError::Timeout)));
        addr
    });
    drop((addr, runtime));
    kept.lock().unwrap().take().expect("the thief has it")
}

/// Addresses work without a runtime, from any thread.
#[test]
fn messages_come_from_other_threads() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let addr = runtime.block_on(async { Fragile::default().start() });
    let sender = addr.clone();
    let thread = std::thread::spawn(move || {
        let other = Builder::new_current_thread().build().unwrap();
        other.block_on(sender.call(Do::Answer)).unwrap()
    });
    runtime.block_on(async {
        while !thread.is_finished() {
            sleep(MS).await;
        }
    });
    assert_eq!(thread.join().unwrap(), 1);
    drop(addr);
}

/// The answer is gone long before the actor knows why it ends; the caller, on a thread of its own,
/// hears the reason all the same.
#[test]
fn a_caller_waits_for_the_reason_of_a_panic() {
    struct SlowDrop;
    impl Drop for SlowDrop {
        fn drop(&mut self) {
            std::thread::sleep(20 * MS);
        }
    }
    struct Dies;
    impl Actor for Dies {
        type Message = ReplyTo<()>;
        async fn handle(
            &mut self,
            reply: ReplyTo<()>,
            _: &mut Context<Self>,
        ) -> Result<(), ExitReason> {
            // Dropped in the reverse order.
            let (_slow, _reply) = (SlowDrop, reply);
            panic!("as told");
        }
    }
    let pool = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    pool.block_on(async {
        let error = Dies.start().call(|reply| reply).await.unwrap_err();
        assert!(error.exit_reason().is_some_and(ExitReason::is_panic), "{error:?}");
    });
}
