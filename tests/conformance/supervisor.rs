//! Supervisors. `docs/guide/supervision.md` names these cases beside what Erlang's do.

use creel::actor::supervisor::{
    AutoShutdown, Backoff, ChildError, ChildSpec, ChildState, Event, EventKind, Failure, Kind,
    Restart, Shutdown, Strategy, Supervisor, SupervisorRef,
};
use creel::actor::{Actor, Context, ExitReason, Registry};
use creel::sync::{CancellationToken, Notify, broadcast, mpsc};
use creel::task::{spawn_local, yield_now};
use creel::time::{self, Duration, Instant, sleep};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

const MS: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(3600);

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..30 {
        yield_now().await;
    }
}

/// What children do, and the handles to make them end.
#[derive(Clone, Default)]
struct Stage {
    diary: Arc<Mutex<Vec<String>>>,
    cues: Arc<Mutex<BTreeMap<String, mpsc::Sender<Cue>>>>,
}

enum Cue {
    Return,
    Fail,
}

/// Writes that it was dropped.
struct Curtain(Stage, &'static str);

impl Drop for Curtain {
    fn drop(&mut self) {
        self.0.note(format!("-{}", self.1));
    }
}

impl Stage {
    fn note(&self, text: impl Into<String>) {
        self.diary.lock().unwrap().push(text.into());
    }

    /// What was written since the last time.
    fn read(&self) -> String {
        self.diary.lock().unwrap().drain(..).collect::<Vec<_>>().join(" ")
    }

    /// A task that writes `+id` and `-id`, and ends on its cue.
    fn player(&self, id: &'static str) -> ChildSpec {
        let stage = self.clone();
        ChildSpec::task(id, move || stage.clone().play(id))
    }

    async fn play(self, id: &'static str) -> Result<(), ExitReason> {
        self.note(format!("+{id}"));
        let (cue, mut cues) = mpsc::channel(1);
        self.cues.lock().unwrap().insert(id.to_owned(), cue);
        let _curtain = Curtain(self, id);
        match cues.recv().await {
            Some(Cue::Fail) => Err(ExitReason::error("as told")),
            _ => Ok(()),
        }
    }

    /// Gives a child its cue, and lets everybody react.
    async fn cue(&self, id: &str, cue: Cue) {
        let sender = self.cues.lock().unwrap().get(id).cloned().expect("the child plays");
        assert!(sender.send(cue).await.is_ok(), "the child plays");
        settle().await;
    }
}

/// A supervisor that restarts at once, ten times in an hour.
fn brisk(strategy: Strategy) -> Supervisor {
    Supervisor::new(strategy).backoff(Backoff::none()).max_restarts(10, LONG)
}

/// A supervisor of three players.
async fn trio(strategy: Strategy) -> (SupervisorRef, Stage) {
    let stage = Stage::default();
    let children = ["a", "b", "c"].map(|id| stage.player(id));
    let root = children.into_iter().fold(brisk(strategy), Supervisor::child).start();
    root.ready().await.unwrap();
    settle().await;
    stage.read();
    (root, stage)
}

async fn state(root: &SupervisorRef, id: &str) -> Option<ChildState> {
    let children = root.which_children().await.unwrap();
    children.into_iter().find(|child| *child.id == *id).map(|child| child.state)
}

fn failure(reason: &ExitReason) -> &Failure {
    reason.downcast_ref().expect("the supervisor says why it failed")
}

/// An actor that starts and ends slowly, and may refuse to start.
struct Slow {
    stage: Stage,
    id: &'static str,
    refuses: bool,
    ends_after: Duration,
}

impl Actor for Slow {
    type Message = &'static str;

    async fn init(&mut self, _: &mut Context<Self>) -> Result<(), ExitReason> {
        self.stage.note(format!("init-{}", self.id));
        sleep(5 * MS).await;
        self.stage.note(format!("+{}", self.id));
        if self.refuses { Err(ExitReason::error("will not")) } else { Ok(()) }
    }

    async fn handle(
        &mut self,
        text: &'static str,
        _: &mut Context<Self>,
    ) -> Result<(), ExitReason> {
        self.stage.note(text);
        sleep(MS).await;
        Ok(())
    }

    async fn terminate(&mut self, reason: &ExitReason, _: &mut Context<Self>) {
        sleep(self.ends_after).await;
        self.stage.note(format!("-{}: {reason}", self.id));
    }
}

fn slow(stage: &Stage, id: &'static str, refuses: bool, ends_after: Duration) -> ChildSpec {
    let stage = stage.clone();
    ChildSpec::actor(id, move || Slow { stage: stage.clone(), id, refuses, ends_after }.start())
}

cases! { "supervisor":

async fn children_start_in_order_and_end_in_reverse() {
    let stage = Stage::default();
    let root = Supervisor::new(Strategy::OneForOne)
        .child(slow(&stage, "a", false, 3 * MS))
        .child(slow(&stage, "b", false, 2 * MS))
        .child(slow(&stage, "c", false, MS))
        .start();
    root.ready().await.unwrap();
    assert_eq!(stage.read(), "init-a +a init-b +b init-c +c", "each when the one before has started");
    assert!(matches!(root.shutdown().await, ExitReason::Shutdown));
    assert_eq!(stage.read(), "-c: shut down -b: shut down -a: shut down");
}

async fn one_for_one_restarts_the_one() {
    let (root, stage) = trio(Strategy::OneForOne).await;
    stage.cue("b", Cue::Fail).await;
    assert_eq!(stage.read(), "-b +b");
    root.shutdown().await;
    assert_eq!(stage.read(), "-c -b -a");
}

async fn one_for_all_restarts_all() {
    let (root, stage) = trio(Strategy::OneForAll).await;
    stage.cue("b", Cue::Fail).await;
    let restarted = stage.read();
    let (ended, started) = restarted.split_at("-b -c -a ".len());
    assert_eq!(ended, "-b -c -a ", "the others end, the last first");
    let mut started: Vec<_> = started.split(' ').collect();
    started.sort_unstable(); // tasks, not actors: they have started when they are spawned
    assert_eq!(started, ["+a", "+b", "+c"]);
    root.shutdown().await;
}

async fn rest_for_one_restarts_those_after_it() {
    let (root, stage) = trio(Strategy::RestForOne).await;
    stage.cue("b", Cue::Fail).await;
    let restarted = stage.read();
    assert!(["-b -c +b +c", "-b -c +c +b"].contains(&restarted.as_str()), "{restarted}");
    stage.cue("c", Cue::Fail).await;
    assert_eq!(stage.read(), "-c +c");
    root.shutdown().await;
}

async fn restarts_of_siblings_keep_their_order() {
    time::pause();
    let stage = Stage::default();
    let root = brisk(Strategy::OneForAll)
        .child(slow(&stage, "a", false, MS))
        .child(stage.player("b"))
        .child(slow(&stage, "c", false, MS))
        .start();
    root.ready().await.unwrap();
    settle().await;
    stage.read();
    stage.cue("b", Cue::Fail).await;
    sleep(60 * MS).await;
    let diary = stage.read();
    let restarted: Vec<_> = diary.split_whitespace().filter(|entry| *entry != "+b").collect();
    let restarted = restarted.join(" ");
    assert_eq!(restarted, "-b -c: shut down -a: shut down init-a +a init-c +c");
    root.shutdown().await;
}

async fn children_are_dynamic() {
    let stage = Stage::default();
    let root = brisk(Strategy::OneForOne).start();
    for id in ["a", "b"] {
        root.start_child(stage.player(id)).await.unwrap();
    }
    settle().await;
    assert!(matches!(root.start_child(stage.player("a")).await, Err(ChildError::Exists)));
    assert_eq!(stage.cues.lock().unwrap().len(), 2);
    stage.read();
    stage.cue("b", Cue::Fail).await;
    assert_eq!(stage.read(), "-b +b", "they are restarted like others");
    root.shutdown().await;
}

async fn permanent_children_are_always_restarted() {
    let (root, stage) = trio(Strategy::OneForOne).await;
    stage.cue("a", Cue::Return).await;
    stage.cue("a", Cue::Fail).await;
    assert_eq!(stage.read(), "-a +a -a +a");
    root.shutdown().await;
}

async fn transient_children_are_restarted_when_they_fail() {
    let stage = Stage::default();
    let root = brisk(Strategy::OneForOne)
        .child(stage.player("a").restart(Restart::Transient))
        .start();
    settle().await;
    stage.cue("a", Cue::Fail).await;
    assert_eq!(stage.read(), "+a -a +a");
    stage.cue("a", Cue::Return).await;
    assert_eq!(stage.read(), "-a");
    assert_eq!(state(&root, "a").await, Some(ChildState::Stopped), "it stays known");
    root.shutdown().await;
}

async fn temporary_children_are_never_restarted() {
    let stage = Stage::default();
    let root = brisk(Strategy::OneForAll)
        .child(stage.player("a"))
        .child(stage.player("b").restart(Restart::Temporary))
        .child(stage.player("c").restart(Restart::Temporary))
        .start();
    settle().await;
    stage.read();
    stage.cue("b", Cue::Fail).await;
    assert_eq!(stage.read(), "-b");
    assert_eq!(state(&root, "b").await, None, "it is forgotten");
    stage.cue("a", Cue::Fail).await;
    assert_eq!(stage.read(), "-a -c +a", "not with its siblings either");
    assert_eq!(state(&root, "c").await, None);
    root.shutdown().await;
}

async fn shut_down_counts_as_a_normal_end() {
    time::pause();
    struct Leaver;
    impl Actor for Leaver {
        type Message = ();
        async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
            cx.send_after(MS, ());
            Ok(())
        }
        async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), ExitReason> {
            Err(ExitReason::Shutdown)
        }
    }
    let root = brisk(Strategy::OneForOne)
        .child(ChildSpec::actor("a", || Leaver.start()).restart(Restart::Transient))
        .start();
    root.ready().await.unwrap();
    sleep(5 * MS).await;
    assert_eq!(state(&root, "a").await, Some(ChildState::Stopped));
    root.shutdown().await;
}

async fn too_many_restarts_end_the_supervisor() {
    time::pause();
    let stage = Stage::default();
    let root = Supervisor::new(Strategy::OneForOne)
        .backoff(Backoff::none())
        .max_restarts(2, 10 * MS)
        .child(stage.player("a"))
        .child(stage.player("b"))
        .start();
    settle().await;
    // As many as are allowed, and after the window has passed as many again.
    for _ in 0..3 {
        stage.cue("a", Cue::Fail).await;
        stage.cue("a", Cue::Fail).await;
        sleep(20 * MS).await;
    }
    stage.read();
    let end = root.wait();
    for _ in 0..3 {
        stage.cue("b", Cue::Fail).await;
    }
    let reason = end.await;
    assert!(matches!(failure(&reason), Failure::TooManyRestarts { child, .. } if **child == *"b"));
    assert_eq!(reason.to_string(), "failed: restarted too often; the last to fail was `b`: failed: as told");
    assert_eq!(stage.read(), "-b +b -b +b -b -a", "the others are ended");
}

async fn zero_restarts_are_none() {
    let stage = Stage::default();
    let root = brisk(Strategy::OneForOne).max_restarts(0, LONG).child(stage.player("a")).start();
    settle().await;
    stage.cue("a", Cue::Fail).await;
    assert!(root.wait().await.is_abnormal());
    assert_eq!(stage.read(), "+a -a");
}

async fn a_supervisor_that_gives_up_is_restarted_by_its_own() {
    let stage = Stage::default();
    let inner = stage.clone();
    let root = brisk(Strategy::OneForOne)
        .child(ChildSpec::supervisor("inner", move || {
            brisk(Strategy::OneForOne)
                .max_restarts(1, LONG)
                .child(inner.player("x"))
                .child(inner.player("y"))
        }))
        .start();
    root.ready().await.unwrap();
    settle().await;
    stage.read();
    stage.cue("y", Cue::Fail).await;
    assert_eq!(stage.read(), "-y +y");
    stage.cue("y", Cue::Fail).await;
    settle().await;
    let restarted = stage.read();
    assert!(["-y -x +x +y", "-y -x +y +x"].contains(&restarted.as_str()), "{restarted}");
    let children = root.which_children().await.unwrap();
    assert_eq!(children[0].kind, Kind::Supervisor);
    root.shutdown().await;
    assert_eq!(stage.read(), "-y -x", "the whole tree ends, the last first");
}

async fn a_failed_start_ends_those_before_it() {
    let stage = Stage::default();
    let root = Supervisor::new(Strategy::OneForOne)
        .child(slow(&stage, "a", false, MS))
        .child(slow(&stage, "b", true, MS))
        .child(slow(&stage, "c", false, MS))
        .start();
    let reason = root.ready().await.unwrap_err();
    assert!(matches!(failure(&reason), Failure::StartFailed { child, .. } if **child == *"b"));
    root.wait().await;
    assert_eq!(stage.read(), "init-a +a init-b +b -a: shut down");
}

async fn a_failed_restart_is_tried_again_and_counts() {
    time::pause();
    let stage = Stage::default();
    let refuses = Arc::new(Mutex::new(vec![false, true, true, false]));
    let (diary, plan) = (stage.clone(), refuses.clone());
    let moody = ChildSpec::actor("moody", move || {
        let refuses = plan.lock().unwrap().remove(0);
        Slow { stage: diary.clone(), id: "moody", refuses, ends_after: MS }.start()
    });
    let root = brisk(Strategy::RestForOne)
        .max_restarts(3, LONG)
        .child(stage.player("a"))
        .child(moody)
        .start();
    root.ready().await.unwrap();
    settle().await;
    stage.read();
    stage.cue("a", Cue::Fail).await;
    sleep(60 * MS).await;
    let last = stage.read();
    assert!(last.ends_with("init-moody +moody") && refuses.lock().unwrap().is_empty(), "{last}");
    // One restart and two that failed: the limit is reached.
    stage.cue("a", Cue::Fail).await;
    assert!(root.wait().await.is_abnormal());
}

async fn significant_children_shut_the_supervisor_down() {
    for (auto, ends_at) in [(AutoShutdown::AnySignificant, 1), (AutoShutdown::AllSignificant, 2)] {
        let stage = Stage::default();
        let root = brisk(Strategy::OneForOne)
            .auto_shutdown(auto)
            .child(stage.player("a").restart(Restart::Transient).significant())
            .child(stage.player("b").restart(Restart::Temporary).significant())
            .child(stage.player("c").restart(Restart::Transient))
            .start();
        root.ready().await.unwrap();
        settle().await;
        let end = root.wait();
        // Restarted, or not significant: that does not count.
        stage.cue("a", Cue::Fail).await;
        stage.cue("c", Cue::Return).await;
        assert!(root.which_children().await.is_ok());
        stage.cue("b", Cue::Fail).await;
        assert_eq!(root.which_children().await.is_err(), ends_at == 1);
        if ends_at == 2 {
            stage.cue("a", Cue::Return).await;
        }
        assert!(matches!(end.await, ExitReason::Shutdown));
        assert_eq!(stage.cues.lock().unwrap().len(), 3);
    }
}

async fn significant_children_must_make_sense() {
    let stage = Stage::default();
    let root = brisk(Strategy::OneForOne)
        .child(stage.player("a").restart(Restart::Transient).significant())
        .start();
    let reason = root.ready().await.unwrap_err();
    assert!(matches!(failure(&reason), Failure::InvalidSpec { .. }));
    let root = brisk(Strategy::OneForOne).auto_shutdown(AutoShutdown::AnySignificant).start();
    let refused = root.start_child(stage.player("a").significant()).await;
    assert!(matches!(refused, Err(ChildError::InvalidSpec(_))));
    assert_eq!(stage.read(), "");
    root.shutdown().await;
}

async fn ids_are_unique() {
    let stage = Stage::default();
    let root = brisk(Strategy::OneForOne).child(stage.player("a")).child(stage.player("a")).start();
    let reason = root.ready().await.unwrap_err();
    assert!(matches!(failure(&reason), Failure::InvalidSpec { .. }));
    root.wait().await;
}

async fn brutal_shutdown_does_not_ask() {
    let stage = Stage::default();
    let root = Supervisor::new(Strategy::OneForOne)
        .child(slow(&stage, "a", false, LONG).shutdown(Shutdown::Brutal))
        .start();
    root.ready().await.unwrap();
    stage.read();
    let begin = Instant::now();
    root.shutdown().await;
    assert!(begin.elapsed() < LONG && stage.read().is_empty(), "terminate does not run");
}

async fn a_deadline_ends_what_does_not_end() {
    let stage = Stage::default();
    let (reports, mut news) = broadcast::channel(16);
    let root = Supervisor::new(Strategy::OneForOne)
        .report_to(&reports)
        .child(slow(&stage, "quick", false, MS).shutdown(Shutdown::Timeout(LONG)))
        .child(slow(&stage, "late", false, LONG).shutdown(Shutdown::Timeout(20 * MS)))
        .start();
    root.ready().await.unwrap();
    stage.read();
    let begin = Instant::now();
    root.shutdown().await;
    assert!(begin.elapsed() >= 20 * MS);
    assert_eq!(stage.read(), "-quick: shut down");
    let mut told = Vec::new();
    while let Ok(event) = news.try_recv() {
        told.push(event);
    }
    let overdue = |event: &Event| matches!(event.kind, EventKind::Overdue) && *event.child == *"late";
    assert!(told.iter().any(overdue));
    let killed = |event: &Event| matches!(&event.kind, EventKind::Exited { reason } if reason.is_killed());
    assert!(told.iter().any(killed));
}

async fn infinite_shutdown_waits() {
    let stage = Stage::default();
    let root = Supervisor::new(Strategy::OneForOne)
        .child(slow(&stage, "a", false, 50 * MS).shutdown(Shutdown::Infinite))
        .start();
    root.ready().await.unwrap();
    stage.read();
    root.shutdown().await;
    assert_eq!(stage.read(), "-a: shut down");
}

async fn an_actor_handles_what_it_has_before_it_ends() {
    let stage = Stage::default();
    let registry = Registry::new();
    let (diary, names) = (stage.clone(), registry.clone());
    let root = Supervisor::new(Strategy::OneForOne)
        .child(ChildSpec::actor("a", move || {
            let addr = Slow { stage: diary.clone(), id: "a", refuses: false, ends_after: MS }.start();
            names.register("a", &addr).unwrap();
            addr
        }))
        .start();
    let addr = registry.wait_for::<Slow>("a").await;
    for text in ["one", "two"] {
        addr.cast(text).await.unwrap();
    }
    drop(addr);
    root.ready().await.unwrap();
    root.shutdown().await;
    assert_eq!(stage.read(), "init-a +a one two -a: shut down");
    assert!(registry.names().is_empty());
}

async fn tasks_may_be_asked_to_end() {
    let stage = Stage::default();
    let diary = stage.clone();
    let tidy = move |token: CancellationToken| {
        let diary = diary.clone();
        async move {
            token.cancelled().await;
            sleep(2 * MS).await;
            diary.note("tidied");
        }
    };
    let root = Supervisor::new(Strategy::OneForOne).child(ChildSpec::task_with_token("a", tidy)).start();
    root.ready().await.unwrap();
    root.shutdown().await;
    assert_eq!(stage.read(), "tidied");
}

async fn children_may_stay_on_their_thread() {
    let (done, mut is_done) = mpsc::channel(4);
    let local = ChildSpec::local_task("local", move |token| {
        let (shared, done) = (Rc::new(Cell::new(0)), done.clone());
        async move {
            let other = shared.clone();
            spawn_local(async move { other.set(1) }).await?;
            done.send(shared.get()).await?;
            token.cancelled().await;
            Ok::<(), ExitReason>(())
        }
    });
    let root = Supervisor::new(Strategy::OneForOne).child(local).start();
    assert_eq!(is_done.recv().await, Some(1));
    root.shutdown().await;
}

async fn children_are_managed_by_hand() {
    let (root, stage) = trio(Strategy::OneForOne).await;
    root.terminate_child("b").await.unwrap();
    assert_eq!(stage.read(), "-b");
    assert_eq!(state(&root, "b").await, Some(ChildState::Stopped), "it is not restarted");
    assert!(matches!(root.delete_child("a").await, Err(ChildError::Running)));
    assert!(matches!(root.restart_child("a").await, Err(ChildError::Running)));
    root.restart_child("b").await.unwrap();
    settle().await;
    assert_eq!(stage.read(), "+b");
    root.terminate_child("b").await.unwrap();
    root.delete_child("b").await.unwrap();
    for unknown in [root.terminate_child("b").await, root.delete_child("b").await] {
        assert!(matches!(unknown, Err(ChildError::Unknown)));
    }
    assert!(matches!(root.restart_child("b").await, Err(ChildError::Unknown)));
    root.shutdown().await;
}

async fn children_are_counted() {
    let (root, stage) = trio(Strategy::OneForOne).await;
    let nested = ChildSpec::supervisor("d", || Supervisor::new(Strategy::OneForOne));
    root.start_child(nested).await.unwrap();
    root.terminate_child("a").await.unwrap();
    let count = root.count_children().await.unwrap();
    assert_eq!((count.specs, count.active, count.supervisors, count.workers), (4, 3, 1, 3));
    let ids: Vec<_> = root.which_children().await.unwrap().into_iter().map(|child| child.id).collect();
    assert_eq!(ids.iter().map(|id| &**id).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    root.shutdown().await;
    assert!(matches!(root.count_children().await, Err(ChildError::Supervisor(_))));
    drop(stage);
}

async fn a_delayed_restart_can_be_called_off() {
    time::pause();
    let stage = Stage::default();
    let root = Supervisor::new(Strategy::OneForOne)
        .backoff(Backoff::exponential(50 * MS, 50 * MS).jitter(0))
        .child(stage.player("a"))
        .start();
    root.ready().await.unwrap();
    settle().await;
    stage.cue("a", Cue::Fail).await;
    assert_eq!(state(&root, "a").await, Some(ChildState::Restarting));
    assert!(matches!(root.restart_child("a").await, Err(ChildError::Restarting)));
    assert!(matches!(root.delete_child("a").await, Err(ChildError::Restarting)));
    root.terminate_child("a").await.unwrap();
    sleep(100 * MS).await;
    assert_eq!(stage.read(), "+a -a");
    root.shutdown().await;
}

async fn a_killed_supervisor_takes_its_tree_with_it() {
    let stage = Stage::default();
    let inner = stage.clone();
    let root = brisk(Strategy::OneForOne)
        .child(stage.player("a"))
        .child(ChildSpec::supervisor("inner", move || {
            brisk(Strategy::OneForOne).child(inner.player("x"))
        }))
        .start();
    root.ready().await.unwrap();
    settle().await;
    root.kill();
    assert!(root.wait().await.is_killed());
    settle().await;
    let mut ended: Vec<_> = stage.read().split(' ').map(str::to_owned).collect();
    ended.sort_unstable();
    assert_eq!(ended, ["+a", "+x", "-a", "-x"]);
}

async fn a_supervisor_ends_when_nobody_knows_it() {
    let (root, stage) = trio(Strategy::OneForOne).await;
    let end = root.wait();
    drop(root);
    assert!(end.await.is_normal());
    assert_eq!(stage.read(), "-c -b -a");
}

async fn everything_is_reported() {
    let stage = Stage::default();
    let (reports, mut news) = broadcast::channel(16);
    let root = brisk(Strategy::OneForOne)
        .name("root")
        .report_to(&reports)
        .max_restarts(1, LONG)
        .child(stage.player("a"))
        .start();
    root.ready().await.unwrap();
    settle().await;
    stage.cue("a", Cue::Fail).await;
    stage.cue("a", Cue::Fail).await;
    root.wait().await;
    drop((root, reports));
    let mut told = Vec::new();
    while let Ok(event) = news.recv().await {
        assert_eq!((&*event.supervisor, &*event.child), ("root", "a"));
        told.push(match event.kind {
            EventKind::Started { .. } => "started",
            EventKind::Exited { .. } => "exited",
            EventKind::Restarting { failures: 1, .. } => "restarting",
            EventKind::GaveUp => "gave up",
            _ => "?",
        });
    }
    assert_eq!(told, ["started", "exited", "restarting", "started", "exited", "gave up"]);
}

async fn delays_grow_and_begin_anew() {
    time::pause();
    let (reports, mut news) = broadcast::channel(64);
    let ends = Arc::new(Notify::new());
    let end = ends.clone();
    let root = Supervisor::new(Strategy::OneForOne)
        .report_to(&reports)
        .max_restarts(100, LONG)
        .backoff(Backoff::exponential(2 * MS, 16 * MS).jitter(0))
        .child(ChildSpec::task("a", move || {
            let end = end.clone();
            async move { end.notified().await }
        }))
        .start();
    let mut delays = Vec::new();
    while delays.len() < 6 {
        match news.recv().await.unwrap().kind {
            EventKind::Restarting { delay, .. } => delays.push(delay.as_millis()),
            EventKind::Started { .. } => {
                if delays.len() == 5 {
                    sleep(40 * MS).await; // long enough to count as well
                }
                ends.notify_one();
            }
            _ => {}
        }
    }
    assert_eq!(delays, [2, 4, 8, 16, 16, 2]);
    root.shutdown().await;
}

async fn a_child_may_wait_for_ever() {
    let root = brisk(Strategy::OneForOne).child(ChildSpec::task("a", pending::<()>)).start();
    root.ready().await.unwrap();
    assert!(matches!(root.shutdown().await, ExitReason::Shutdown));
}

}
