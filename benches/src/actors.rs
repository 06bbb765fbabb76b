//! Actors: a counter that is told and asked, and many that only live.

use crate::memory::{BYTES, counted};
use crate::{Operation, operation, runs};
use std::sync::atomic::Ordering;

/// How many messages are sent before the actor has its turn.
const BATCH: u64 = 64;

pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "actor: call and answer",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let counter = on_creel::start();
                        creel::spawn(async move {
                            for _ in 0..n {
                                counter.call(on_creel::Message::Get).await.unwrap();
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("ractor", || {
                    runs::tokio(|n| async move {
                        let counter = on_ractor::start().await;
                        tokio::spawn(async move {
                            for _ in 0..n {
                                counter.call(on_ractor::Message::Get, None).await.unwrap().unwrap();
                            }
                            counter.stop(None);
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("actix", || {
                    runs::actix(|n| async move {
                        let counter = on_actix::start();
                        actix::spawn(async move {
                            for _ in 0..n {
                                counter.send(on_actix::Get).await.unwrap();
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("kameo", || {
                    runs::tokio(|n| async move {
                        let counter = on_kameo::start();
                        tokio::spawn(async move {
                            for _ in 0..n {
                                counter.ask(on_kameo::Get).await.unwrap();
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
            ],
        ),
        operation(
            "actor: cast, a message",
            64_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let counter = on_creel::start();
                        creel::spawn(async move {
                            for _ in 0..n / BATCH {
                                for i in 0..BATCH {
                                    counter.try_cast(on_creel::Message::Add(i)).unwrap();
                                }
                                creel::task::yield_now().await;
                            }
                            counter.call(on_creel::Message::Get).await.unwrap();
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("ractor", || {
                    runs::tokio(|n| async move {
                        let counter = on_ractor::start().await;
                        tokio::spawn(async move {
                            for _ in 0..n / BATCH {
                                for i in 0..BATCH {
                                    counter.cast(on_ractor::Message::Add(i)).unwrap();
                                }
                                tokio::task::yield_now().await;
                            }
                            counter.call(on_ractor::Message::Get, None).await.unwrap().unwrap();
                            counter.stop(None);
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("actix", || {
                    runs::actix(|n| async move {
                        let counter = on_actix::start();
                        actix::spawn(async move {
                            for _ in 0..n / BATCH {
                                for i in 0..BATCH {
                                    counter.do_send(on_actix::Add(i));
                                }
                                tokio::task::yield_now().await;
                            }
                            counter.send(on_actix::Get).await.unwrap();
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("kameo", || {
                    runs::tokio(|n| async move {
                        let counter = on_kameo::start();
                        tokio::spawn(async move {
                            for _ in 0..n / BATCH {
                                for i in 0..BATCH {
                                    counter.tell(on_kameo::Add(i)).try_send().unwrap();
                                }
                                tokio::task::yield_now().await;
                            }
                            counter.ask(on_kameo::Get).await.unwrap();
                        })
                        .await
                        .unwrap();
                    })
                }),
            ],
        ),
    ]
}

/// Heap bytes an actor, of `count` that live, by peer. Each has answered a call and waits.
pub fn idle_actors(count: usize) -> Vec<(&'static str, usize)> {
    counted(|| bytes_of_idle_actors(count))
}

fn bytes_of_idle_actors(count: usize) -> Vec<(&'static str, usize)> {
    let per_actor = |before: usize| BYTES.load(Ordering::Relaxed).wrapping_sub(before) / count;
    let creel = {
        let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut alive = Vec::with_capacity(count);
            let before = BYTES.load(Ordering::Relaxed);
            for _ in 0..count {
                let actor = on_creel::start();
                actor.call(on_creel::Message::Get).await.unwrap();
                alive.push(actor);
            }
            per_actor(before)
        })
    };
    let ractor = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut alive = Vec::with_capacity(count);
            let before = BYTES.load(Ordering::Relaxed);
            for _ in 0..count {
                let actor = on_ractor::start().await;
                actor.call(on_ractor::Message::Get, None).await.unwrap().unwrap();
                alive.push(actor);
            }
            per_actor(before)
        })
    };
    let actix = actix::System::new().block_on(async {
        let mut alive = Vec::with_capacity(count);
        let before = BYTES.load(Ordering::Relaxed);
        for _ in 0..count {
            let actor = on_actix::start();
            actor.send(on_actix::Get).await.unwrap();
            alive.push(actor);
        }
        per_actor(before)
    });
    let kameo = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut alive = Vec::with_capacity(count);
            let before = BYTES.load(Ordering::Relaxed);
            for _ in 0..count {
                let actor = on_kameo::start();
                actor.ask(on_kameo::Get).await.unwrap();
                alive.push(actor);
            }
            per_actor(before)
        })
    };
    vec![("creel", creel), ("ractor", ractor), ("actix", actix), ("kameo", kameo)]
}

mod on_creel {
    use creel::actor::{Actor, Addr, Context, ExitReason, Mailbox, ReplyTo};

    pub struct Counter(u64);

    pub enum Message {
        Add(u64),
        Get(ReplyTo<u64>),
    }

    impl Actor for Counter {
        type Message = Message;

        fn mailbox(&self) -> Mailbox {
            Mailbox::unbounded()
        }

        async fn handle(
            &mut self,
            message: Message,
            _: &mut Context<Self>,
        ) -> Result<(), ExitReason> {
            match message {
                Message::Add(n) => self.0 += n,
                Message::Get(reply) => reply.send(self.0),
            }
            Ok(())
        }
    }

    pub fn start() -> Addr<Counter> {
        Counter(0).start()
    }
}

mod on_ractor {
    use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

    pub struct Counter;

    pub enum Message {
        Add(u64),
        Get(RpcReplyPort<u64>),
    }

    impl Actor for Counter {
        type Msg = Message;
        type State = u64;
        type Arguments = ();

        async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<u64, ActorProcessingErr> {
            Ok(0)
        }

        async fn handle(
            &self,
            _: ActorRef<Message>,
            message: Message,
            state: &mut u64,
        ) -> Result<(), ActorProcessingErr> {
            match message {
                Message::Add(n) => *state += n,
                Message::Get(reply) => reply.send(*state)?,
            }
            Ok(())
        }
    }

    pub async fn start() -> ActorRef<Message> {
        Actor::spawn(None, Counter, ()).await.unwrap().0
    }
}

mod on_actix {
    use actix::{Actor, Addr, Context, Handler, Message};

    pub struct Counter(u64);

    pub struct Add(pub u64);

    pub struct Get;

    impl Message for Add {
        type Result = ();
    }

    impl Message for Get {
        type Result = u64;
    }

    impl Actor for Counter {
        type Context = Context<Self>;
    }

    impl Handler<Add> for Counter {
        type Result = ();

        fn handle(&mut self, Add(n): Add, _: &mut Context<Self>) {
            self.0 += n;
        }
    }

    impl Handler<Get> for Counter {
        type Result = u64;

        fn handle(&mut self, Get: Get, _: &mut Context<Self>) -> u64 {
            self.0
        }
    }

    pub fn start() -> Addr<Counter> {
        Counter(0).start()
    }
}

mod on_kameo {
    use kameo::Actor;
    use kameo::actor::{ActorRef, Spawn};
    use kameo::message::{Context, Message};

    pub struct Counter(u64);

    pub struct Add(pub u64);

    pub struct Get;

    impl Actor for Counter {
        type Args = Self;
        type Error = std::convert::Infallible;

        async fn on_start(counter: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
            Ok(counter)
        }
    }

    impl Message<Add> for Counter {
        type Reply = ();

        async fn handle(&mut self, Add(n): Add, _: &mut Context<Self, ()>) {
            self.0 += n;
        }
    }

    impl Message<Get> for Counter {
        type Reply = u64;

        async fn handle(&mut self, Get: Get, _: &mut Context<Self, u64>) -> u64 {
            self.0
        }
    }

    pub fn start() -> ActorRef<Counter> {
        Counter::spawn_with_mailbox(Counter(0), kameo::mailbox::unbounded())
    }
}
