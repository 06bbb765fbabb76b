//! Actors: messages, calls, mailboxes, ends, monitors and links, timers and streams, names.

use creel::actor::{
    Actor, Addr, CallError, Context, ExitReason, Info, LocalActor, Mailbox, Monitor, Overflow,
    Registry, ReplyTo, WeakAddr,
};
use creel::future::join_all;
use creel::stream::{self, StreamExt};
use creel::sync::{Notify, mpsc};
use creel::task::{spawn, yield_now};
use creel::time::{self, Duration, Instant, sleep};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

const MS: Duration = Duration::from_millis(1);

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// An actor that does what it is told, and keeps a diary.
#[derive(Default)]
struct Puppet {
    mailbox: Mailbox,
    diary: Diary,
    init: Option<ExitReason>,
    /// Who watches whom, and how.
    friend: Option<Addr<Puppet>>,
    bond: Bond,
    monitor: Option<Monitor>,
    kept: Vec<ReplyTo<u32>>,
}

#[derive(Default)]
enum Bond {
    #[default]
    None,
    Monitor,
    Link,
    Trap,
}

#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn read(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

enum Do {
    Note(u32),
    /// Wait until the bell is rung.
    Wait(Arc<Notify>),
    Answer(u32, ReplyTo<u32>),
    /// Answer only at `AnswerAll`.
    Keep(ReplyTo<u32>),
    AnswerAll,
    /// Drop the reply.
    Forget(ReplyTo<u32>),
    CallSelf(ReplyTo<Result<u32, CallError>>),
    CastSelf(u32),
    Fail(&'static str),
    Exit(ExitReason),
    Stop,
    CancelMonitor,
    Unlink,
    Panic(ReplyTo<u32>),
    CatchPanic(ReplyTo<u32>),
}

/// Notes when it is dropped.
struct Bye(Diary);

impl Drop for Bye {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

impl Actor for Puppet {
    type Message = Do;

    fn mailbox(&self) -> Mailbox {
        self.mailbox
    }

    async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        self.diary.note("init");
        if let Some(friend) = &self.friend {
            match self.bond {
                Bond::None => {}
                Bond::Monitor => self.monitor = Some(cx.monitor(friend)),
                Bond::Link => cx.link(friend),
                Bond::Trap => {
                    cx.trap_exit(true);
                    cx.link(friend);
                }
            }
        }
        self.init.take().map_or(Ok(()), Err)
    }

    async fn handle(&mut self, message: Do, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        match message {
            Do::Note(n) => self.diary.note(n.to_string()),
            Do::Wait(bell) => bell.notified().await,
            Do::Answer(n, reply) => reply.send(n),
            Do::Keep(reply) => self.kept.push(reply),
            Do::AnswerAll => {
                (1..).zip(self.kept.drain(..)).for_each(|(n, reply)| reply.send(n));
            }
            Do::Forget(reply) => drop(reply),
            Do::CallSelf(reply) => {
                reply.send(cx.addr().call(|reply| Do::Answer(1, reply)).await);
            }
            Do::CastSelf(n) => {
                for n in 0..n {
                    let sent = cx.addr().cast(Do::Note(n)).await;
                    self.diary.note(if sent.is_ok() { "sent" } else { "refused" });
                }
            }
            Do::Fail(text) => return Err(ExitReason::error(text)),
            Do::Exit(reason) => cx.exit(reason),
            Do::Stop => cx.stop(),
            Do::CancelMonitor => self.monitor.take().unwrap().cancel(),
            Do::Unlink => cx.unlink(self.friend.as_ref().unwrap()),
            Do::Panic(_reply) => panic!("as told"),
            Do::CatchPanic(reply) => {
                let caught = creel::future::catch_unwind(std::panic::AssertUnwindSafe(async {
                    let _reply = reply;
                    panic!("as told");
                }));
                assert!(caught.await.is_err());
            }
        }
        Ok(())
    }

    async fn info(&mut self, info: Info, _: &mut Context<Self>) -> Result<(), ExitReason> {
        let friend = self.friend.as_ref().map(Addr::id);
        match info {
            Info::Down { monitor, actor, reason } => {
                assert!(Some(actor) == friend && Some(monitor) == self.monitor);
                self.diary.note(format!("down: {reason}"));
            }
            Info::Exit { actor, reason } => {
                assert_eq!(Some(actor), friend);
                self.diary.note(format!("exit: {reason}"));
            }
            other => panic!("news that nobody asked for: {other:?}"),
        }
        Ok(())
    }

    async fn terminate(&mut self, reason: &ExitReason, _: &mut Context<Self>) {
        yield_now().await;
        self.diary.note(format!("terminate: {reason}"));
    }
}

/// A puppet, its diary and its mailbox.
fn puppet(mailbox: Mailbox) -> (Addr<Puppet>, Diary) {
    let diary = Diary::default();
    let puppet = Puppet { mailbox, diary: diary.clone(), ..Puppet::default() };
    (puppet.start(), diary)
}

/// A puppet that is bound to another.
fn bound(friend: &Addr<Puppet>, bond: Bond) -> (Addr<Puppet>, Diary) {
    let diary = Diary::default();
    let friend = Some(friend.clone());
    let puppet = Puppet { diary: diary.clone(), friend, bond, ..Puppet::default() };
    (puppet.start(), diary)
}

/// Waits for the end without keeping the actor alive.
async fn end(addr: Addr<Puppet>) -> ExitReason {
    let weak = addr.downgrade();
    drop(addr);
    weak.wait().await
}

cases! { "actor":

async fn messages_are_handled_in_order() {
    let (addr, diary) = puppet(Mailbox::bounded(2));
    for n in 0..10 {
        addr.cast(Do::Note(n)).await.unwrap();
    }
    assert!(end(addr).await.is_normal());
    let mut expected = vec!["init".to_owned()];
    expected.extend((0..10).map(|n| n.to_string()));
    expected.push("terminate: ended normally".to_owned());
    assert_eq!(diary.read(), expected);
}

async fn calls_are_answered_to_whom_they_belong() {
    let (addr, _) = puppet(Mailbox::bounded(3));
    let calls = (0..50).map(|n| {
        let addr = addr.clone();
        spawn(async move { addr.call(|reply| Do::Answer(n, reply)).await.unwrap() })
    });
    let answers = join_all(calls.collect::<Vec<_>>()).await;
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), n as u32);
    }
}

async fn a_reply_may_come_later() {
    let (addr, _) = puppet(Mailbox::default());
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let addr = addr.clone();
            spawn(async move { addr.call(Do::Keep).await.unwrap() })
        })
        .collect();
    settle().await;
    assert!(calls.iter().all(|call| !call.is_finished()));
    assert_eq!(addr.call(|reply| Do::Answer(9, reply)).await.unwrap(), 9, "it goes on meanwhile");
    addr.cast(Do::AnswerAll).await.unwrap();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers, [1, 2, 3]);
}

async fn a_reply_that_is_dropped_is_an_error() {
    let (addr, _) = puppet(Mailbox::default());
    assert!(matches!(addr.call(Do::Forget).await, Err(CallError::NoReply)));
    assert_eq!(addr.call(|reply| Do::Answer(1, reply)).await.unwrap(), 1, "the actor lives");
}

async fn a_call_that_waits_learns_why_the_actor_ended() {
    let (addr, _) = puppet(Mailbox::default());
    let bell = Arc::new(Notify::new());
    // One is kept by the actor, one waits in the mailbox behind the failure, one is killed.
    let kept = { let addr = addr.clone(); spawn(async move { addr.call(Do::Keep).await }) };
    settle().await;
    addr.cast(Do::Wait(bell.clone())).await.unwrap();
    addr.cast(Do::Fail("no more")).await.unwrap();
    let queued = { let addr = addr.clone(); spawn(async move { addr.call(Do::Keep).await }) };
    settle().await;
    bell.notify_one();
    for call in [kept, queued] {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.exit_reason().unwrap().to_string(), "failed: no more");
    }
    let late = addr.call(Do::Keep).await.unwrap_err();
    assert_eq!(late.to_string(), "the actor ended before it answered: failed: no more");
    assert!(addr.try_cast(Do::Note(1)).unwrap_err().is_closed());
}

async fn a_call_has_a_timeout_and_leaves_nothing() {
    let (addr, _) = puppet(Mailbox::bounded(1));
    let bell = Arc::new(Notify::new());
    addr.cast(Do::Wait(bell.clone())).await.unwrap();
    settle().await;
    // In the mailbox, and waiting for room.
    for _ in 0..2 {
        let late = addr.call_timeout(10 * MS, |reply| Do::Answer(1, reply)).await;
        assert!(matches!(late, Err(CallError::Timeout)));
    }
    assert_eq!(addr.len(), 1);
    bell.notify_one();
    assert_eq!(addr.call_timeout(1000 * MS, |reply| Do::Answer(2, reply)).await.unwrap(), 2);
    assert!(addr.is_empty());
}

async fn a_reply_knows_that_nobody_waits() {
    let (addr, _) = puppet(Mailbox::default());
    let (kept_tx, mut kept) = mpsc::channel(1);
    struct Keeper(mpsc::Sender<ReplyTo<u32>>);
    impl Actor for Keeper {
        type Message = ReplyTo<u32>;
        async fn handle(&mut self, reply: ReplyTo<u32>, _: &mut Context<Self>) -> Result<(), ExitReason> {
            self.0.send(reply).await?;
            Ok(())
        }
    }
    drop(addr);
    let keeper = Keeper(kept_tx).start();
    let call = { let keeper = keeper.clone(); spawn(async move { keeper.call(|reply| reply).await }) };
    let mut reply = kept.recv().await.unwrap();
    assert!(!reply.is_closed());
    call.abort();
    reply.closed().await;
    assert!(reply.is_closed());
    assert_eq!(reply.try_send(1), Err(1));
}

async fn an_actor_cannot_wait_for_itself() {
    let (addr, diary) = puppet(Mailbox::bounded(2));
    let answer = addr.call(Do::CallSelf).await.unwrap();
    assert!(matches!(answer, Err(CallError::CallsItself)));
    addr.cast(Do::CastSelf(3)).await.unwrap();
    while diary.read().len() < 6 {
        yield_now().await;
    }
    assert!(end(addr).await.is_normal());
    let sent: Vec<_> = diary.read().into_iter().skip(1).take(5).collect();
    assert_eq!(sent, ["sent", "sent", "refused", "0", "1"]);
}

async fn high_priority_overtakes_and_has_its_own_room() {
    let (addr, diary) = puppet(Mailbox::bounded(2));
    let bell = Arc::new(Notify::new());
    addr.cast(Do::Wait(bell.clone())).await.unwrap();
    settle().await;
    for n in 1..=2 {
        addr.try_cast(Do::Note(n)).unwrap();
        addr.high().try_cast(Do::Note(n * 10)).unwrap();
    }
    assert!(addr.try_cast(Do::Note(3)).unwrap_err().is_full());
    assert!(addr.high().try_cast(Do::Note(30)).unwrap_err().is_full());
    bell.notify_one();
    assert!(end(addr).await.is_normal());
    assert_eq!(diary.read()[1..5], ["10", "20", "1", "2"]);
}

async fn a_full_mailbox_makes_senders_wait_in_turn() {
    time::pause();
    let (addr, diary) = puppet(Mailbox::bounded(1));
    let bell = Arc::new(Notify::new());
    addr.cast(Do::Wait(bell.clone())).await.unwrap();
    settle().await;
    let senders: Vec<_> = (0..5)
        .map(|n| {
            let addr = addr.clone();
            spawn(async move {
                sleep(MS * n * 2).await;
                addr.cast(Do::Note(n)).await.unwrap();
            })
        })
        .collect();
    sleep(20 * MS).await;
    assert_eq!((addr.len(), senders.iter().filter(|sender| sender.is_finished()).count()), (1, 1));
    // One that gives up gives its place up.
    senders[2].abort();
    settle().await;
    bell.notify_one();
    join_all(senders).await;
    assert!(end(addr).await.is_normal());
    assert_eq!(diary.read()[1..5], ["0", "1", "3", "4"]);
}

async fn a_full_mailbox_may_refuse_or_drop() {
    for (overflow, expected, dropped) in [
        (Overflow::Fail, ["0", "1"], 0),
        (Overflow::DropOldest, ["2", "3"], 2),
        (Overflow::DropNewest, ["0", "1"], 2),
    ] {
        let (addr, diary) = puppet(Mailbox::bounded(2).overflow(overflow));
        addr.ready().await.unwrap();
        settle().await;
        let refused = (0..4).filter(|n| addr.try_cast(Do::Note(*n)).is_err()).count();
        assert_eq!((refused, addr.dropped()), (2 - dropped, dropped), "{overflow:?}");
        let call = addr.call(|reply| Do::Answer(5, reply)).await;
        match overflow {
            Overflow::Fail => assert!(matches!(call, Err(CallError::Full))),
            Overflow::DropOldest => assert_eq!(call.unwrap(), 5),
            _ => assert!(matches!(call, Err(CallError::NoReply))),
        }
        assert!(end(addr).await.is_normal());
        let notes: Vec<_> = diary.read().into_iter().skip(1).collect();
        let expected = if overflow == Overflow::DropOldest { &expected[1..] } else { &expected[..] };
        assert_eq!(notes[..notes.len() - 1], *expected, "{overflow:?}");
    }
}

async fn an_unbounded_mailbox_takes_all() {
    let (addr, diary) = puppet(Mailbox::unbounded());
    for n in 0..1000 {
        addr.try_cast(Do::Note(n)).unwrap();
    }
    assert!(end(addr).await.is_normal());
    assert_eq!(diary.read().len(), 1002);
}

async fn stop_drains_and_refuses() {
    let (addr, diary) = puppet(Mailbox::bounded(2));
    addr.ready().await.unwrap();
    addr.cast(Do::Note(1)).await.unwrap();
    let answer = { let addr = addr.clone(); spawn(async move { addr.call(|r| Do::Answer(7, r)).await }) };
    while addr.len() < 2 && !answer.is_finished() {
        yield_now().await;
    }
    addr.stop();
    assert!(addr.is_closed() && addr.try_cast(Do::Note(2)).unwrap_err().is_closed());
    assert_eq!(answer.await.unwrap().unwrap(), 7, "what was accepted is handled");
    assert!(addr.wait().await.is_normal());
    assert_eq!(diary.read(), ["init", "1", "terminate: ended normally"]);
}

async fn stop_ends_the_wait_for_room() {
    let (addr, _) = puppet(Mailbox::bounded(1));
    let bell = Arc::new(Notify::new());
    addr.cast(Do::Wait(bell.clone())).await.unwrap();
    settle().await;
    addr.cast(Do::Note(1)).await.unwrap();
    let waits = { let addr = addr.clone(); spawn(async move { addr.cast(Do::Note(2)).await }) };
    settle().await;
    addr.stop();
    assert!(waits.await.unwrap().unwrap_err().is_closed());
    bell.notify_one();
    addr.wait().await;
}

async fn stop_takes_a_reason_and_the_first_counts() {
    let (addr, _) = puppet(Mailbox::default());
    addr.stop_with(ExitReason::Shutdown);
    addr.stop();
    assert!(matches!(addr.wait().await, ExitReason::Shutdown));
}

async fn kill_drops_the_actor_where_it_stands() {
    let (addr, diary) = puppet(Mailbox::default());
    let bye = Bye(diary.clone());
    let handled = spawn({
        let addr = addr.clone();
        async move { addr.call(Do::Keep).await }
    });
    settle().await;
    addr.cast(Do::Wait(Arc::new(Notify::new()))).await.unwrap();
    let queued = { let addr = addr.clone(); spawn(async move { addr.call(Do::Keep).await }) };
    settle().await;
    addr.kill();
    assert!(addr.wait().await.is_killed());
    for call in [handled, queued] {
        assert!(matches!(call.await.unwrap(), Err(CallError::Exited(ExitReason::Killed))));
    }
    drop(bye);
    assert_eq!(diary.read(), ["init", "dropped"], "terminate does not run");
    let (unborn, _) = puppet(Mailbox::default());
    unborn.kill();
    assert!(unborn.wait().await.is_killed());
}

async fn an_actor_ends_when_its_last_address_goes() {
    let (addr, diary) = puppet(Mailbox::default());
    let weak: WeakAddr<Puppet> = addr.downgrade();
    let other = addr.clone();
    assert_eq!(addr.strong_count(), 2);
    addr.cast(Do::Note(1)).await.unwrap();
    drop(addr);
    settle().await;
    assert!(weak.upgrade().is_some_and(|addr| addr == other));
    other.cast(Do::Note(2)).await.unwrap();
    drop(other);
    assert!(weak.upgrade().is_none());
    assert!(weak.wait().await.is_normal());
    assert_eq!(diary.read(), ["init", "1", "2", "terminate: ended normally"]);
}

async fn an_actor_ends_by_its_own_wish() {
    let (addr, diary) = puppet(Mailbox::default());
    addr.cast(Do::Exit(ExitReason::Shutdown)).await.unwrap();
    addr.cast(Do::Note(1)).await.unwrap();
    assert!(matches!(addr.wait().await, ExitReason::Shutdown));
    assert_eq!(diary.read(), ["init", "terminate: shut down"], "exit does not drain");
    let (addr, diary) = puppet(Mailbox::default());
    addr.cast(Do::Stop).await.unwrap();
    addr.cast(Do::Note(1)).await.unwrap();
    assert!(addr.wait().await.is_normal());
    assert_eq!(diary.read(), ["init", "1", "terminate: ended normally"], "stop does");
}

async fn a_failed_init_is_what_callers_hear() {
    let init = Some(ExitReason::error("no database"));
    let puppet = Puppet { init, ..Puppet::default() };
    let diary = puppet.diary.clone();
    let addr = puppet.start();
    let call = addr.call(|reply| Do::Answer(1, reply)).await.unwrap_err();
    assert_eq!(call.exit_reason().unwrap().to_string(), "failed: no database");
    assert!(addr.ready().await.is_err());
    assert_eq!(diary.read(), ["init"], "terminate does not run");
    assert_eq!(addr.wait().await.to_string(), "failed: no database");
}

async fn messages_wait_for_init() {
    let (addr, _) = puppet(Mailbox::bounded(1));
    addr.try_cast(Do::Note(1)).unwrap();
    addr.ready().await.unwrap();
    addr.ready().await.unwrap();
}

async fn a_monitor_tells_once_and_why() {
    let (friend, _) = puppet(Mailbox::default());
    let (addr, diary) = bound(&friend, Bond::Monitor);
    addr.ready().await.unwrap();
    friend.cast(Do::Fail("tired")).await.unwrap();
    friend.wait().await;
    settle().await;
    assert_eq!(diary.read(), ["init", "down: failed: tired"]);
    // Of one that has ended already it tells at once.
    let (_late, diary) = bound(&friend, Bond::Monitor);
    settle().await;
    assert_eq!(diary.read(), ["init", "down: failed: tired"]);
}

async fn a_monitor_can_be_taken_back() {
    let (friend, _) = puppet(Mailbox::default());
    let (addr, diary) = bound(&friend, Bond::Monitor);
    addr.cast(Do::CancelMonitor).await.unwrap();
    settle().await;
    friend.stop();
    friend.wait().await;
    settle().await;
    assert_eq!(diary.read(), ["init"]);
}

async fn a_link_ends_both() {
    for from_the_linked in [true, false] {
        let (friend, friends) = puppet(Mailbox::default());
        let (addr, diary) = bound(&friend, Bond::Link);
        addr.ready().await.unwrap();
        friend.ready().await.unwrap();
        let first = if from_the_linked { &friend } else { &addr };
        first.cast(Do::Fail("together")).await.unwrap();
        for end in [&friend, &addr] {
            assert_eq!(end.wait().await.to_string(), "failed: together");
        }
        for diary in [friends, diary] {
            assert_eq!(diary.read(), ["init", "terminate: failed: together"]);
        }
    }
}

async fn a_link_ignores_a_normal_end() {
    let (friend, _) = puppet(Mailbox::default());
    let (addr, diary) = bound(&friend, Bond::Link);
    addr.ready().await.unwrap();
    friend.stop();
    friend.wait().await;
    addr.cast(Do::Note(1)).await.unwrap();
    settle().await;
    assert_eq!(diary.read(), ["init", "1"]);
}

async fn a_trapped_exit_is_news() {
    let (friend, _) = puppet(Mailbox::default());
    let (addr, diary) = bound(&friend, Bond::Trap);
    addr.ready().await.unwrap();
    friend.kill();
    friend.wait().await;
    settle().await;
    assert_eq!(diary.read(), ["init", "exit: killed"]);
    // Linked to one that has ended already, it hears of it as well.
    let (_late, diary) = bound(&friend, Bond::Trap);
    settle().await;
    assert_eq!(diary.read(), ["init", "exit: killed"]);
    let (late, _) = bound(&friend, Bond::Link);
    assert!(late.wait().await.is_killed());
}

async fn a_link_can_be_undone() {
    let (friend, _) = puppet(Mailbox::default());
    let (addr, diary) = bound(&friend, Bond::Link);
    addr.cast(Do::Unlink).await.unwrap();
    settle().await;
    friend.kill();
    friend.wait().await;
    settle().await;
    assert!(!addr.is_closed());
    assert_eq!(diary.read(), ["init"]);
}

async fn timers_and_streams_end_with_the_actor() {
    struct Clock(Diary, Arc<()>);
    impl Actor for Clock {
        type Message = u32;
        async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
            let (every, held) = (self.1.clone(), self.1.clone());
            cx.send_after(35 * MS, 100_u32);
            cx.send_after(5 * MS, 13_u32).cancel();
            cx.send_interval(10 * MS, move || u32::from(Arc::strong_count(&every) > 1));
            let items = stream::iter([7_u32, 8]).chain(stream::pending());
            cx.attach_stream(items.map(move |n| n * u32::from(Arc::strong_count(&held) > 1)));
            Ok(())
        }
        async fn handle(&mut self, n: u32, cx: &mut Context<Self>) -> Result<(), ExitReason> {
            self.0.note(n.to_string());
            // On a slow host the interval may come late.
            let noted = |n: &str| self.0.read().iter().any(|note| note == n);
            if noted("1") && noted("100") {
                cx.exit(ExitReason::Normal);
            }
            Ok(())
        }
    }
    let (diary, token) = (Diary::default(), Arc::new(()));
    let begin = Instant::now();
    let addr = Clock(diary.clone(), token.clone()).start();
    assert!(addr.wait().await.is_normal());
    assert!(begin.elapsed() >= 35 * MS);
    let notes = diary.read();
    assert_eq!(notes[..2], ["7", "8"]);
    assert!(!notes.contains(&"13".to_owned()), "{notes:?}");
    settle().await;
    assert_eq!(Arc::strong_count(&token), 1, "the tasks of timers are gone");
}

async fn timers_do_not_keep_an_actor_alive() {
    struct Tired;
    impl Actor for Tired {
        type Message = ();
        async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
            cx.send_interval(MS, || ());
            Ok(())
        }
        async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), ExitReason> {
            Ok(())
        }
    }
    let weak = Tired.start().downgrade();
    assert!(weak.wait().await.is_normal());
}

async fn names_follow_their_actors() {
    let registry = Registry::new();
    let waits = { let registry = registry.clone(); spawn(async move { registry.wait_for::<Puppet>("a").await }) };
    settle().await;
    let (addr, _) = puppet(Mailbox::default());
    registry.register("a", &addr).unwrap();
    registry.register("b", &addr).unwrap();
    registry.register_type(&addr).unwrap();
    assert!(waits.await.unwrap() == addr);
    assert_eq!(registry.names(), ["a", "b"]);
    let (other, _) = puppet(Mailbox::default());
    assert_eq!(registry.register("a", &other).unwrap_err().0, addr.id());
    assert!(registry.register_type(&other).is_err() && registry.register("a", &addr).is_ok());
    assert!(registry.unregister("b") && !registry.unregister("b"));
    // A name is free as soon as its actor accepts no more, and forgotten when it has ended.
    addr.stop();
    assert!(registry.get::<Puppet>("a").is_none() && registry.names().is_empty());
    registry.register("a", &other).unwrap();
    addr.wait().await;
    settle().await;
    assert!(registry.get::<Puppet>("a").is_some_and(|found| found == other));
    assert!(registry.get_type::<Puppet>().is_none() && !registry.unregister_type::<Puppet>());
    assert_eq!(other.strong_count(), 1, "a registry keeps nobody alive");
}

async fn local_actors_keep_what_is_not_send() {
    struct Local(Rc<RefCell<Vec<u32>>>);
    impl LocalActor for Local {
        type Message = Rc<u32>;
        async fn handle(&mut self, n: Rc<u32>, cx: &mut Context<Self>) -> Result<(), ExitReason> {
            yield_now().await;
            self.0.borrow_mut().push(*n);
            if *n == 1 {
                cx.attach_stream_local(stream::iter([Rc::new(2), Rc::new(3)]));
            }
            if *n == 3 {
                cx.exit(ExitReason::Normal);
            }
            Ok(())
        }
    }
    let seen = Rc::new(RefCell::new(vec![]));
    let addr = Local(seen.clone()).start_local();
    addr.cast(Rc::new(1)).await.unwrap();
    assert!(addr.wait().await.is_normal());
    assert_eq!(*seen.borrow(), [1, 2, 3]);
}

}
