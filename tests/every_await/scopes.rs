//! Scopes, groups, clean-up and the draining forms.

use crate::harness::{World, cancel_everywhere};
use creel::scope::{
    self, ChildError, Shutdown, TaskGroup, asked_to_end, finally, race_drain, shield, timeout_drain,
};
use creel::stream::{self, StreamExt};
use creel::sync::{Mutex, mpsc, oneshot};
use creel::task::yield_now;
use creel::time::{Duration, sleep, timeout};
use std::sync::Arc;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Waits a little, and is asked to end meanwhile.
async fn work(world: World, steps: u64) -> u64 {
    let _held = world.held();
    for step in 0..steps {
        if world.stop.is_cancelled() {
            break;
        }
        sleep(ms(step)).await;
        yield_now().await;
    }
    steps
}

#[test]
fn children_that_borrow() {
    cancel_everywhere(|world| async move {
        let outside = [world.held(), world.held()];
        let total = creel::scope(async |s| {
            let first = s.spawn(async {
                let _borrowed = &outside[0];
                work(world.clone(), 2).await
            });
            let nested = s.spawn(async {
                creel::scope(async |inner| {
                    let _borrowed = &outside[1];
                    let twins = [1, 2].map(|steps| inner.spawn(work(world.clone(), steps)));
                    let mut sum = 0;
                    for twin in twins {
                        sum += twin.await.unwrap();
                    }
                    sum
                })
                .await
            });
            first.await.unwrap() + nested.await.unwrap()
        });
        assert_eq!(total.await, 5);
    });
}

#[test]
fn children_on_their_own() {
    cancel_everywhere(|world| async move {
        let sum = scope::parallel(async |s| {
            let siblings = s.clone();
            let other = world.clone();
            let first = s.spawn(async move {
                let late = siblings.spawn(work(other.clone(), 2));
                work(other, 1).await + late.await.unwrap_or(2)
            });
            let own = world.held();
            let local = s.spawn_local(async move {
                let _held = (own, std::rc::Rc::new(1));
                yield_now().await;
                1
            });
            first.await.unwrap() + local.await.unwrap()
        });
        assert_eq!(sum.await, 4);
    });
}

#[test]
fn the_first_error_ends_all() {
    cancel_everywhere(|world| async move {
        let outcome: Result<(), u8> = scope::try_scope(async |s| {
            let failing = s.spawn(async {
                work(world.clone(), 2).await;
                Err::<(), _>(7)
            });
            let _waits = s.spawn(async {
                let _held = world.held();
                std::future::pending::<Result<(), u8>>().await
            });
            assert_ne!(failing.await, Ok(()), "it fails");
            Ok(())
        })
        .await;
        assert_eq!(outcome, Err(7));
    });
}

/// A message whose sending was acknowledged arrives although the sender is cancelled: the receiver
/// empties its inbox in its clean-up.
#[test]
fn clean_up_loses_nothing() {
    cancel_everywhere(|world| async move {
        let (send, receive) = mpsc::channel::<u64>(2);
        let receive = Arc::new(Mutex::new(receive));
        scope::parallel(async |s| {
            let (inbox, rest, keep, own) =
                (receive.clone(), receive.clone(), world.clone(), world.clone());
            let (begin, begun) = oneshot::channel();
            let receiver = async move {
                let _held = keep.held();
                let mut inbox = inbox.lock().await;
                begin.send(()).unwrap();
                while let Some(message) = inbox.recv().await {
                    keep.keep(message);
                    yield_now().await;
                }
            };
            let empty = async move {
                let mut inbox = rest.lock().await;
                inbox.close();
                sleep(ms(1)).await;
                while let Some(message) = inbox.recv().await {
                    own.keep(message);
                }
            };
            s.spawn(finally(receiver, empty));
            // From now on clean-up is owed.
            begun.await.unwrap();
            let sender = world.clone();
            s.spawn(async move {
                for message in 0..4 {
                    if sender.stop.is_cancelled() || send.send(message).await.is_err() {
                        return;
                    }
                    sender.acknowledge(message);
                }
            });
        })
        .await;
    });
}

#[test]
fn clean_up_is_done_once_whatever_happens() {
    cancel_everywhere(|world| async move {
        let (mine, theirs) = (world.clone(), world.clone());
        let account = Arc::new(std::sync::Mutex::new(0));
        let (open, close) = (account.clone(), account.clone());
        // `keep` and `acknowledge` hold the clean-up to account: opened means closed.
        let body = async move {
            *open.lock().unwrap() += 1;
            mine.acknowledge(1);
            work(mine.clone(), 3).await;
        };
        let cleanup = async move {
            let _held = theirs.held();
            sleep(ms(1)).await;
            yield_now().await;
            theirs.keep(1);
            *close.lock().unwrap() -= 1;
        };
        finally(finally(body, cleanup), sleep(ms(2))).within(ms(100)).await;
        assert_eq!(*account.lock().unwrap(), 0);
    });
}

#[test]
fn a_shield_is_whole() {
    cancel_everywhere(|world| async move {
        let books = Arc::new(std::sync::Mutex::new((0, 0)));
        let child = books.clone();
        creel::scope(async |s| {
            s.spawn(async {
                for _ in 0..2 {
                    let section = async {
                        child.lock().unwrap().0 += 1;
                        work(world.clone(), 2).await;
                        child.lock().unwrap().1 += 1;
                    };
                    shield(section).await;
                    yield_now().await;
                }
            });
            sleep(ms(1)).await;
            s.cancel();
        })
        .await;
        let (begun, done) = *books.lock().unwrap();
        assert_eq!(begun, done);
    });
}

#[test]
fn losers_clean_up() {
    cancel_everywhere(|world| async move {
        let entrant = |after: u64| {
            let (inside, outside) = (world.clone(), world.clone());
            let body = async move {
                let _held = inside.held();
                sleep(ms(after)).await;
                after
            };
            finally(body, async move {
                let _held = outside.held();
                sleep(ms(1)).await;
            })
        };
        assert_eq!(race_drain([entrant(1), entrant(3), entrant(5)]).await, 1);
        assert!(timeout_drain(ms(1), entrant(3)).await.is_err());
        assert_eq!(timeout_drain(ms(10), entrant(1)).await, Ok(1));
    });
}

#[test]
fn a_group_with_a_limit() {
    cancel_everywhere(|world| async move {
        let mut group = TaskGroup::new().limit(2).in_order();
        let spawner = group.spawner();
        let inner = world.clone();
        group.spawn(async move {
            spawner.spawn(finally(work(inner.clone(), 2), sleep(ms(1))));
            work(inner, 1).await
        });
        group.spawn(work(world.clone(), 2));
        let mut outputs = Vec::new();
        while let Some(joined) = group.join_next().await {
            outputs.push(joined.unwrap());
        }
        assert_eq!(outputs, [1, 2, 2]);
    });
}

#[test]
fn a_child_is_aborted_alone() {
    cancel_everywhere(|world| async move {
        let outcome = creel::scope(async |s| {
            let child = s.spawn(finally(work(world.clone(), 9), sleep(ms(1))));
            yield_now().await;
            child.abort();
            child.await
        });
        assert_eq!(outcome.await, Err(ChildError::Cancelled));
    });
}

#[test]
fn a_select_that_waits_for_its_losers() {
    cancel_everywhere(|world| async move {
        for _ in 0..2 {
            let [slow, fast] = [5, 1].map(|after| {
                let (inside, outside) = (world.clone(), world.clone());
                let body = async move {
                    let _held = inside.held();
                    outside_scope(&inside, after).await;
                };
                finally(body, async move {
                    let _held = outside.held();
                    sleep(ms(1)).await;
                })
            });
            let won = creel::select_drain! {
                () = slow => 5,
                () = fast => 1,
            };
            assert_eq!(won, 1);
        }
    });
}

/// Children of a nested parallel scope, which outlive it if it is dropped.
async fn outside_scope(world: &World, after: u64) {
    let held = world.held();
    scope::parallel(async |s| {
        s.spawn(finally(
            async move {
                let _held = held;
                sleep(ms(after)).await;
            },
            sleep(ms(1)),
        ));
    })
    .await;
}

#[test]
fn a_stream_of_tasks() {
    cancel_everywhere(|world| async move {
        let items = (0..4).map(|number| {
            let held = world.held();
            async move {
                let _held = held;
                sleep(ms(number % 2)).await;
                number
            }
        });
        let mut done = stream::iter(items.collect::<Vec<_>>()).spawn_buffered(2);
        let mut next = 0;
        while let Some(number) = done.next().await {
            assert_eq!(number, next);
            next += 1;
            yield_now().await;
        }
        assert_eq!(next, 4);
    });
}

#[test]
fn a_shutdown() {
    cancel_everywhere(|world| async move {
        let stop = world.stop.clone();
        let (polite, deaf, stubborn) = (world.clone(), world.clone(), world.clone());
        let trigger = async move { race_drain([stop.cancelled_owned()]).await };
        let ended = Shutdown::new().grace(ms(5)).patience(ms(5)).run(trigger, async move |s| {
            s.spawn_named("polite", async move {
                let _held = polite.held();
                timeout(ms(3), asked_to_end()).await.is_ok()
            });
            s.spawn_named("deaf", async move {
                let held = deaf.held();
                finally(sleep(ms(7)), async move { drop(held) }).await;
                true
            });
            let held = stubborn.held();
            s.spawn_named("stubborn", async move {
                shield(sleep(ms(20))).await;
                drop(held);
                true
            });
        });
        let report = ended.await.report;
        // Polled on for its clean-up alone, it is over before the trigger is.
        if report.triggered {
            assert!(report.late.len() >= report.stuck.len());
        }
    });
}
