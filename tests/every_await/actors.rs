//! Actors and supervisors.

use crate::harness::{Held, World, cancel_everywhere};
use creel::actor::supervisor::{Backoff, ChildSpec, Strategy, Supervisor};
use creel::actor::{Actor, Addr, CallError, Context, ExitReason, Info, Mailbox, Registry, ReplyTo};
use creel::stream;
use creel::task::{JoinSet, yield_now};
use creel::time::{Duration, sleep};

const MS: Duration = Duration::from_millis(1);

/// Keeps what it is given, at once or after a while.
struct Keeper {
    world: World,
    late: Vec<(u64, ReplyTo<()>)>,
    friend: Option<Addr<Keeper>>,
    _held: Held,
}

enum Request {
    Keep { message: u64, reply: ReplyTo<()>, _held: Held },
    KeepLater { message: u64, reply: ReplyTo<()>, _held: Held },
    Flush { _held: Held },
    Fail,
}

impl Keeper {
    fn new(world: &World) -> Self {
        Self { world: world.clone(), late: vec![], friend: None, _held: world.held() }
    }
}

impl Actor for Keeper {
    type Message = Request;

    fn mailbox(&self) -> Mailbox {
        Mailbox::bounded(1)
    }

    async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        if let Some(friend) = &self.friend {
            cx.monitor(friend);
            cx.link(friend);
        }
        yield_now().await;
        Ok(())
    }

    async fn handle(&mut self, request: Request, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        match request {
            Request::Keep { message, reply, .. } => {
                yield_now().await;
                self.world.keep(message);
                reply.send(());
            }
            Request::KeepLater { message, reply, .. } => {
                self.late.push((message, reply));
                let world = self.world.clone();
                cx.attach_stream(stream::iter([Request::Flush { _held: world.held() }]));
                cx.send_after(MS, Request::Flush { _held: world.held() });
            }
            Request::Flush { .. } => {
                for (message, reply) in self.late.drain(..) {
                    self.world.keep(message);
                    reply.send(());
                }
            }
            Request::Fail => return Err(ExitReason::error("as told")),
        }
        Ok(())
    }

    async fn info(&mut self, info: Info, _: &mut Context<Self>) -> Result<(), ExitReason> {
        assert!(matches!(info, Info::Down { .. }));
        Ok(())
    }

    async fn terminate(&mut self, _: &ExitReason, _: &mut Context<Self>) {
        yield_now().await;
    }
}

/// Asks for a message to be kept; if there is an answer, it must have been.
async fn ask(world: &World, keeper: &Addr<Keeper>, message: u64) -> Result<(), CallError> {
    let held = world.held();
    let kept = match message % 2 {
        0 => keeper.call(|reply| Request::Keep { message, reply, _held: held }).await,
        _ => {
            let later = |reply| Request::KeepLater { message, reply, _held: held };
            keeper.call_timeout(2 * MS, later).await
        }
    };
    if kept.is_ok() {
        world.acknowledge(message);
    }
    kept
}

#[test]
fn calls_to_an_actor() {
    cancel_everywhere(|world| async move {
        let keeper = Keeper::new(&world).start();
        let mut clients = JoinSet::new();
        for client in 0..2 {
            let (world, keeper) = (world.clone(), keeper.clone());
            clients.spawn(async move {
                for message in [client, client + 10, client + 21] {
                    assert!(ask(&world, &keeper, message).await.is_ok());
                }
            });
        }
        assert!(ask(&world, &keeper.high(), 100).await.is_ok());
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
        keeper.stop();
        assert!(keeper.wait().await.is_normal());
    });
}

#[test]
fn an_actor_that_ends_among_calls() {
    cancel_everywhere(|world| async move {
        let friend = Keeper::new(&world).start();
        let keeper = Keeper { friend: Some(friend.clone()), ..Keeper::new(&world) }.start();
        let mut clients = JoinSet::new();
        for message in 0..4 {
            let (world, keeper) = (world.clone(), keeper.clone());
            clients.spawn(async move { ask(&world, &keeper, message).await });
        }
        // Links take the keeper down with its friend.
        keeper.ready().await.unwrap();
        drop(friend.cast(Request::Fail).await);
        while let Some(answer) = clients.join_next().await {
            let known = matches!(answer.unwrap(), Ok(()) | Err(CallError::Exited(_)));
            assert!(known, "a call is answered, or knows why not");
        }
        assert_eq!(keeper.wait().await.to_string(), "failed: as told");
    });
}

#[test]
fn an_actor_that_is_killed_among_calls() {
    cancel_everywhere(|world| async move {
        let keeper = Keeper::new(&world).start();
        let mut clients = JoinSet::new();
        for message in 0..4 {
            let (world, keeper) = (world.clone(), keeper.clone());
            clients.spawn(async move { ask(&world, &keeper, message).await });
        }
        yield_now().await;
        keeper.kill();
        while let Some(answer) = clients.join_next().await {
            let known =
                matches!(answer.unwrap(), Ok(()) | Err(CallError::Exited(ExitReason::Killed)));
            assert!(known, "a call is answered, or knows why not");
        }
        assert!(keeper.wait().await.is_killed());
    });
}

#[test]
fn a_tree_of_supervisors() {
    cancel_everywhere(|world| async move {
        let registry = Registry::new();
        let (names, outer, inner) = (registry.clone(), world.clone(), world.clone());
        let root = Supervisor::new(Strategy::RestForOne)
            .backoff(Backoff::exponential(MS, MS))
            .child(ChildSpec::actor("keeper", move || {
                let keeper = Keeper::new(&outer).start();
                names.register("keeper", &keeper).unwrap();
                keeper
            }))
            .child(ChildSpec::supervisor("inner", move || {
                let world = inner.clone();
                Supervisor::new(Strategy::OneForOne).child(ChildSpec::task_with_token(
                    "idler",
                    move |token| {
                        let held = world.held();
                        async move {
                            let _held = held;
                            token.cancelled().await;
                            sleep(MS).await;
                        }
                    },
                ))
            }))
            .start();
        root.ready().await.unwrap();
        let keeper = registry.wait_for::<Keeper>("keeper").await;
        drop(keeper.cast(Request::Fail).await);
        keeper.wait().await;
        drop(keeper);
        let keeper = registry.wait_for::<Keeper>("keeper").await;
        assert!(ask(&world, &keeper, 2).await.is_ok());
        let held = world.held();
        let late = ChildSpec::task("late", move || {
            let _held = &held;
            async {}
        });
        assert!(root.start_child(late).await.is_ok());
        drop(keeper);
        assert!(matches!(root.shutdown().await, ExitReason::Shutdown));
    });
}
