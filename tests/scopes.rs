//! What scopes promise beyond the conformance list: panics, threads, and who may be sent where.

use creel::runtime::{Builder, Runtime};
use creel::scope::{self, ChildError, TaskGroup, finally, race_drain, shield, timeout_drain};
use creel::sim::Simulator;
use creel::stream::{self, Stream, StreamExt};
use creel::sync::{Mutex, oneshot};
use creel::task::yield_now;
use creel::time::{Duration, sleep};
use std::cell::Cell;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.worker_threads(2).build().unwrap())
}

/// What the future panics with.
fn panic_of<F: Future>(runtime: &Runtime, future: F) -> String {
    let ran = catch_unwind(AssertUnwindSafe(|| runtime.block_on(future)));
    let payload = ran.err().expect("this was to panic");
    match payload.downcast_ref::<&str>() {
        Some(text) => text.to_string(),
        None => payload.downcast::<String>().map_or("?".to_owned(), |text| *text),
    }
}

/// Counts down when it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn the_first_panic_goes_on_when_all_have_ended() {
    let left = Arc::new(AtomicUsize::new(0));
    for runtime in runtimes() {
        let concurrent = creel::scope(async |s| {
            for _ in 0..3 {
                let own = Counted::new(&left);
                s.spawn(async move {
                    let _own = own;
                    pending::<()>().await;
                });
            }
            s.spawn(async {
                sleep(Duration::from_millis(1)).await;
                panic!("first");
            });
            // It panics while it is cancelled: too late.
            s.spawn(finally(pending::<()>(), async { panic!("second") }));
            pending::<()>().await
        });
        assert_eq!(panic_of(&runtime, concurrent), "first");
        assert_eq!(left.load(SeqCst), 0);
        let parallel = scope::try_parallel(async |s| {
            let own = Counted::new(&left);
            s.spawn(async move {
                let _own = own;
                pending::<Result<(), u8>>().await
            });
            // An error does not hide a panic.
            let (begin, begun) = oneshot::channel();
            let body = async move {
                begin.send(()).unwrap();
                pending::<Result<(), u8>>().await
            };
            s.spawn(finally(body, async { panic!("in its clean-up") }));
            begun.await.unwrap();
            Err::<(), u8>(1)
        });
        assert_eq!(panic_of(&runtime, parallel), "in its clean-up");
        assert_eq!(left.load(SeqCst), 0);
    }
}

#[test]
fn a_panic_of_the_body_cancels_the_children() {
    let left = Arc::new(AtomicUsize::new(0));
    for runtime in runtimes() {
        let own = Counted::new(&left);
        let scope = scope::parallel(async |s| {
            s.spawn(async move {
                let _own = own;
                pending::<()>().await;
            });
            yield_now().await;
            panic!("body");
        });
        assert_eq!(panic_of(&runtime, scope), "body");
        assert_eq!(left.load(SeqCst), 0);
    }
}

#[test]
fn by_policy_a_panic_cancels_nobody() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let ended = Cell::new(false);
    let scope = scope::Builder::new().keep_going().local().run(async |s| {
        let panics = s.spawn(async { panic!("no") });
        s.spawn(async {
            sleep(Duration::from_millis(1)).await;
            ended.set(true);
        });
        let error: Result<(), _> = panics.await;
        assert_eq!(error, Err(ChildError::Panicked));
    });
    assert_eq!(panic_of(&runtime, scope), "no");
    assert!(ended.get());
}

#[test]
fn a_panic_in_a_drop_is_not_lost() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let runtime = Builder::new_current_thread().build().unwrap();
    let cancelled = creel::scope(async |s| {
        s.spawn(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        yield_now().await;
        s.cancel();
    });
    assert_eq!(panic_of(&runtime, cancelled), "in drop");
    let aborted = creel::scope(async |s| {
        let child = s.spawn(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        yield_now().await;
        child.abort();
    });
    assert_eq!(panic_of(&runtime, aborted), "in drop");
}

#[test]
fn clean_up_follows_a_panic() {
    let count = Arc::new(AtomicUsize::new(0));
    for runtime in runtimes() {
        let cleaned = count.clone();
        let work = finally(async { panic!("work") }, async move {
            yield_now().await;
            cleaned.fetch_add(1, SeqCst);
            panic!("clean-up");
        });
        assert_eq!(panic_of(&runtime, work), "work");
    }
    assert_eq!(count.load(SeqCst), 2);
}

#[test]
fn a_panic_in_a_race_waits_for_the_others() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let cleaned = Arc::new(AtomicUsize::new(0));
    let count = cleaned.clone();
    let late = finally(pending(), async move {
        sleep(Duration::from_millis(1)).await;
        count.fetch_add(1, SeqCst);
    });
    let entrants: [Pin<Box<dyn Future<Output = ()>>>; 2] =
        [Box::pin(late), Box::pin(async { panic!("out") })];
    assert_eq!(panic_of(&runtime, race_drain(entrants)), "out");
    assert_eq!(cleaned.load(SeqCst), 1);
}

#[test]
fn a_group_lets_the_first_panic_go_on() {
    for runtime in runtimes() {
        let joined = async {
            let group = TaskGroup::new();
            group.spawn(async { panic!("one") });
            group.spawn(pending::<()>());
            group.join_all().await
        };
        assert_eq!(panic_of(&runtime, joined), "one");
        let error = runtime.block_on(async {
            let mut group = TaskGroup::new();
            group.spawn(async { panic!("two") });
            let joined: Result<(), _> = group.join_next().await.unwrap();
            joined.unwrap_err()
        });
        assert!(error.is_panic());
    }
}

#[test]
fn a_scope_that_is_dropped_lets_its_children_clean_up() {
    for runtime in runtimes() {
        let cleaned = Arc::new(AtomicUsize::new(0));
        for parallel in [false, true] {
            let count = cleaned.clone();
            let work = finally(pending::<()>(), async move {
                yield_now().await;
                count.fetch_add(1, SeqCst);
            });
            runtime.block_on(async {
                let waiting: Pin<Box<dyn Future<Output = ()> + Send>> = match parallel {
                    true => Box::pin(scope::parallel(async |s| {
                        s.spawn(work);
                        pending().await
                    })),
                    false => Box::pin(creel::scope(async |s| {
                        s.spawn(work);
                        pending().await
                    })),
                };
                creel::time::timeout(Duration::from_millis(5), waiting).await.unwrap_err();
            });
        }
        let report = runtime.shutdown(Duration::from_secs(60));
        assert!(report.is_clean(), "{report}");
        assert_eq!(cleaned.load(SeqCst), 2);
    }
}

#[test]
fn a_late_clean_up_is_named_by_the_runtime() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let work = finally(pending::<()>(), pending::<()>());
        creel::time::timeout(Duration::from_millis(1), work).await.unwrap_err();
    });
    let report = runtime.shutdown(Duration::from_millis(1));
    assert_eq!(report.survivors[0].name.as_deref(), Some("clean-up"));
}

/// What a forgotten scope borrowed is never touched again, whoever wakes its children.
#[test]
fn a_scope_that_is_forgotten_touches_nothing() {
    let mut wakers: Vec<Waker> = Vec::new();
    let mut value = Box::new(1);
    let seen = std::sync::Mutex::new(Vec::new());
    {
        let (borrowed, wakers) = (&mut value, std::sync::Mutex::new(&mut wakers));
        let (seen, wakers) = (&seen, &wakers);
        let mut scope = Box::pin(creel::scope(async move |s| {
            s.spawn(async move {
                poll_fn(|cx| {
                    wakers.lock().unwrap().push(cx.waker().clone());
                    **borrowed += 1;
                    seen.lock().unwrap().push(**borrowed);
                    Poll::<()>::Pending
                })
                .await;
            });
            pending::<()>().await;
        }));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(scope.as_mut().poll(&mut cx).is_pending());
        std::mem::forget(scope);
    }
    drop(value);
    wakers.iter().for_each(Waker::wake_by_ref);
    assert_eq!(*seen.lock().unwrap(), [2]);
}

#[test]
fn a_child_moves_between_threads_with_its_parent() {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            runtime.spawn(async {
                let words = [1_usize; 10];
                creel::scope(async |s| {
                    let sums = [0, 1].map(|half| {
                        let part = &words[half * 5..half * 5 + 5];
                        s.spawn(async move {
                            for _ in 0..20 {
                                yield_now().await;
                            }
                            part.iter().sum::<usize>()
                        })
                    });
                    let mut total = 0;
                    for sum in sums {
                        total += sum.await.unwrap();
                    }
                    total
                })
                .await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(runtime.block_on(task).unwrap(), 10);
    }
}

/// A consumer that waits for what an item holds that stands still because the consumer waits.
async fn consume<S>(jobs: impl FnOnce(Arc<Mutex<u32>>) -> S)
where
    S: Stream<Item = u32>,
{
    let shared = Arc::new(Mutex::new(0));
    let mut done = pin!(jobs(shared.clone()));
    let mut count = 0;
    while done.next().await.is_some() {
        count += 1;
        *shared.lock().await += 1;
    }
    assert_eq!((count, *shared.lock().await), (4, 8));
}

fn jobs(shared: Arc<Mutex<u32>>) -> impl Iterator<Item = impl Future<Output = u32> + Send> {
    (0..4).map(move |number| {
        let shared = shared.clone();
        async move {
            let mut sum = shared.lock().await;
            yield_now().await;
            *sum += 1;
            number
        }
    })
}

#[test]
#[should_panic(expected = "stuck")]
fn a_stream_that_runs_only_when_polled_deadlocks() {
    Simulator::new(0).run(consume(|shared| stream::iter(jobs(shared)).buffered(2)));
}

#[test]
fn a_stream_whose_items_are_tasks_does_not() {
    for seed in 0..100 {
        let simulator = Simulator::new(seed);
        simulator.run(consume(|shared| stream::iter(jobs(shared)).spawn_buffered(2)));
        simulator.run(consume(|shared| stream::iter(jobs(shared)).spawn_buffer_unordered(2)));
    }
}

#[test]
fn items_keep_their_order_and_end_with_the_stream() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let nap = |ms: u64| async move {
            sleep(Duration::from_millis(ms)).await;
            ms
        };
        let inputs = || stream::iter([20, 1, 10]).map(nap);
        let ordered: Vec<u64> = inputs().spawn_buffered(3).collect().await;
        assert_eq!(ordered, [20, 1, 10]);
        let unordered: Vec<u64> = inputs().spawn_buffer_unordered(3).collect().await;
        assert_eq!(unordered, [1, 10, 20]);
        let left = Arc::new(AtomicUsize::new(0));
        let items = (0..3).map(|_| {
            let own = Counted::new(&left);
            async move {
                let _own = own;
                pending::<()>().await;
            }
        });
        let mut waiting = stream::iter(items).spawn_buffered(2);
        assert!(poll_fn(|cx| Poll::Ready(Pin::new(&mut waiting).poll_next(cx))).await.is_pending());
        drop(waiting);
        while left.load(SeqCst) > 0 {
            yield_now().await;
        }
    });
}

#[test]
fn losers_of_a_select_have_cleaned_up() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let cleaned = Arc::new(AtomicUsize::new(0));
        for biased in [false, true] {
            let branch = |after| {
                let cleaned = cleaned.clone();
                finally(sleep(Duration::from_millis(after)), async move {
                    sleep(Duration::from_millis(1)).await;
                    cleaned.fetch_add(1, SeqCst);
                })
            };
            let won = if biased {
                creel::select_drain! {
                    biased;
                    () = branch(60_000) => 1,
                    () = branch(1) => { cleaned.load(SeqCst) }
                    () = branch(0), if false => 3,
                }
            } else {
                creel::select_drain! {
                    () = branch(60_000) => 1,
                    () = branch(1) => cleaned.load(SeqCst),
                }
            };
            assert_eq!(won, 2 + 2 * usize::from(biased));
        }
        // Cancelled from outside, none wins.
        let last = cleaned.clone();
        creel::scope(async |s| {
            s.spawn(async {
                let late = finally(pending::<()>(), async move {
                    yield_now().await;
                    last.store(9, SeqCst);
                });
                creel::select_drain! { () = late => unreachable!("it was cancelled") }
            });
            yield_now().await;
            s.cancel();
        })
        .await;
        assert_eq!(cleaned.load(SeqCst), 9);
    });
}

#[test]
fn futures_are_send_where_their_parts_are() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    drop(send(creel::scope(async |s| s.spawn(async { 1 }).await)));
    drop(send(scope::try_parallel(async |s| {
        s.spawn(async { Ok::<_, u8>(1) }).await.map_err(|_| 1)
    })));
    drop(send(shield(async {})));
    drop(send(finally(async {}, async {})));
    drop(send(timeout_drain(Duration::ZERO, async {})));
    drop(send(race_drain([async {}])));
    fn both<T: Send + Sync>() {}
    both::<TaskGroup<Cell<u8>>>();
    both::<scope::ConcurrentScope<'static>>();
    both::<scope::TryParallelScope<Cell<u8>>>();
}

#[test]
fn what_was_cancelled_and_is_awaited_elsewhere_says_so() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let elsewhere = async {
        let mut scope = pin!(creel::scope(async |s| s.spawn(pending::<()>()).await));
        timeout_drain(Duration::from_millis(1), scope.as_mut()).await.unwrap_err();
        let _ = scope.await;
    };
    assert!(panic_of(&runtime, elsewhere).contains("awaited outside of it"));
    let elsewhere = async {
        let mut work = pin!(finally(pending::<()>(), async {}));
        timeout_drain(Duration::from_millis(1), work.as_mut()).await.unwrap_err();
        work.await;
    };
    assert!(panic_of(&runtime, elsewhere).contains("awaited outside of it"));
}
