//! What actors cost in allocations and bytes.

mod counting;

use counting::{count, live};
use creel::actor::{Actor, Addr, Context, ExitReason, Mailbox, ReplyTo};
use creel::runtime::Builder;
use creel::task::yield_now;

/// How many allocations `f` makes, and how many bytes more there are after it.
async fn cost<R>(f: impl AsyncFnOnce() -> R) -> (usize, isize, R) {
    let before = (count(), live());
    let result = f().await;
    (count() - before.0, live() - before.1, result)
}

struct Counter(u64);

enum Message {
    Add(u64),
    Get(ReplyTo<u64>),
}

impl Actor for Counter {
    type Message = Message;

    fn mailbox(&self) -> Mailbox {
        Mailbox::bounded(8)
    }

    async fn handle(&mut self, message: Message, _: &mut Context<Self>) -> Result<(), ExitReason> {
        match message {
            Message::Add(n) => self.0 += n,
            Message::Get(reply) => reply.send(self.0),
        }
        Ok(())
    }
}

fn run<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().build().unwrap().block_on(future)
}

async fn idle() -> Addr<Counter> {
    let addr = Counter(0).start();
    yield_now().await;
    addr
}

#[test]
fn an_actor_costs_two_allocations() {
    run(async {
        drop(idle().await);
        yield_now().await;
        for _ in 0..3 {
            let (count, bytes, addr) = cost(idle).await;
            assert_eq!(count, 2, "the task, and what it shares with its addresses");
            // Its task, and each of its waits, tell a dump more; spans are as large as their crate makes them.
            #[cfg(all(target_pointer_width = "64", not(feature = "tracing")))]
            assert!(
                bytes <= if cfg!(feature = "dump") { 424 } else { 400 },
                "{bytes} bytes an idle actor"
            );
            println!("{bytes} bytes an idle actor");
            drop(addr);
            yield_now().await;
        }
    });
}

#[test]
fn an_actor_that_has_ended_leaves_nothing() {
    run(async {
        drop(idle().await);
        yield_now().await;
        let (_, bytes, ()) = cost(async || {
            let addr = idle().await;
            addr.call(Message::Get).await.unwrap();
            addr.stop();
            addr.wait().await;
            // What the address still holds is small: the task is gone already.
            drop(addr);
            yield_now().await;
        })
        .await;
        assert_eq!(bytes, 0);
    });
}

#[test]
fn a_cast_costs_nothing_and_a_call_one() {
    run(async {
        let addr = idle().await;
        // The queue of the mailbox comes with the first message.
        addr.cast(Message::Add(1)).await.unwrap();
        yield_now().await;
        let (count, bytes, ()) = cost(async || {
            for n in 0..100 {
                addr.cast(Message::Add(n)).await.unwrap();
                yield_now().await;
            }
        })
        .await;
        assert_eq!((count, bytes), (0, 0), "casts");
        let (count, bytes, ()) = cost(async || {
            for _ in 0..100 {
                addr.call(Message::Get).await.unwrap();
            }
        })
        .await;
        assert_eq!((count, bytes), (100, 0), "calls");
    });
}
