//! Scopes, groups, clean-up, the draining forms, shutdown.

use creel::scope::{
    self, ChildError, Shutdown, TaskGroup, asked_to_end, finally, is_asked_to_end, race_drain,
    shield, timeout_drain,
};
use creel::stream::{self, StreamExt};
use creel::sync::{CancellationToken, Mutex, Semaphore, mpsc, oneshot};
use creel::task::yield_now;
use creel::time::{self, Duration, Instant, sleep, timeout};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

cases! {
    "scope":

    async fn children_borrow_and_all_have_ended() {
        let words = ["to", "be", "or"].map(String::from);
        let ended = AtomicUsize::new(0);
        let first = creel::scope(async |s| {
            for word in &words[1..] {
                let ended = &ended;
                s.spawn(async move {
                    sleep(ms(1)).await;
                    ended.fetch_add(word.len(), SeqCst);
                });
            }
            s.spawn(async { words[0].clone() }).await.unwrap()
        })
        .await;
        assert_eq!((first.as_str(), ended.into_inner()), ("to", 4));
    }

    async fn a_scope_needs_no_more_than_it_has() {
        assert_eq!(creel::scope(async |_| 1).await, 1);
        assert_eq!(scope::parallel(async |_| 1).await, 1);
        assert_eq!(scope::try_scope(async |_| Err::<(), _>(1)).await, Err(1));
    }

    async fn children_start_siblings_that_are_waited_for() {
        let count = Arc::new(AtomicUsize::new(0));
        for parallel in [false, true] {
            count.store(0, SeqCst);
            let last = count.clone();
            let grow = async move || {
                yield_now().await;
                last.fetch_add(1, SeqCst);
            };
            if parallel {
                scope::parallel(async |s| {
                    let siblings = s.clone();
                    s.spawn(async move {
                        let grandchild = siblings.clone();
                        siblings.spawn(async move {
                            grandchild.spawn(async move { grow().await });
                        });
                    });
                })
                .await;
            } else {
                creel::scope(async |s| {
                    let siblings = s.clone();
                    s.spawn(async move {
                        let grandchild = siblings.clone();
                        siblings.spawn(async move {
                            grandchild.spawn(async move { grow().await });
                        });
                    });
                })
                .await;
            }
            assert_eq!(count.load(SeqCst), 1);
        }
    }

    async fn local_children_share_what_is_not_send() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        scope::scope_local(async |s| {
            for number in 0..3 {
                let seen = seen.clone();
                s.spawn(async move { seen.borrow_mut().push(number) });
            }
        })
        .await;
        assert_eq!(*seen.borrow(), [0, 1, 2]);
        let value = scope::parallel(async |s| {
            let own = Rc::new(5);
            s.spawn_local(async move { *own }).await.unwrap()
                + s.spawn_blocking(|| 2).await.unwrap()
        });
        assert_eq!(value.await, 7);
    }

    async fn the_first_error_cancels_the_others() {
        let (dropped, told) = oneshot::channel::<()>();
        let outcome: Result<(), _> = scope::try_scope(async |s| {
            let waits = s.spawn(async {
                let _dropped = dropped;
                pending::<Result<(), &str>>().await
            });
            s.spawn(async {
                sleep(ms(1)).await;
                Err::<(), _>("no")
            });
            let _ = waits.await;
            unreachable!("the body is cancelled too");
        })
        .await;
        assert_eq!(outcome, Err("no"));
        assert!(told.await.is_err());
        let outcome: Result<(), _> = scope::try_parallel(async |s| {
            s.spawn(pending::<Result<(), &str>>());
            s.spawn(async { Err::<(), _>("no") }).await.map_err(|_| "the child").unwrap_err();
            pending().await
        })
        .await;
        assert_eq!(outcome, Err("no"));
    }

    async fn by_policy_an_error_cancels_nobody() {
        let ended = Cell::new(false);
        let outcome = scope::Builder::new().local().keep_going().try_run(async |s| {
            let fails = s.spawn(async { Err::<(), _>(1) });
            s.spawn(async {
                sleep(ms(1)).await;
                ended.set(true);
                Err::<(), _>(2)
            });
            assert_eq!(fails.await, Err(ChildError::Failed));
            Ok(())
        });
        assert_eq!(outcome.await, Err(1));
        assert!(ended.get());
    }

    async fn cancelling_goes_down_and_not_up() {
        let (inner_gone, told) = oneshot::channel::<()>();
        creel::scope(async |s| {
            s.spawn(creel::scope(async |inner| {
                inner.spawn(async move {
                    let _gone = inner_gone;
                    pending::<()>().await;
                });
                pending::<()>().await;
            }));
            creel::scope(async |inner| {
                let child = inner.spawn(pending::<()>());
                inner.cancel();
                assert_eq!(child.await, Err(ChildError::Cancelled));
                assert_eq!(inner.spawn(async {}).await, Err(ChildError::Cancelled));
            })
            .await;
            let fine = s.spawn(async { sleep(ms(1)).await });
            assert_eq!(fine.await, Ok(()));
            s.cancel();
        })
        .await;
        assert!(told.await.is_err());
    }

    async fn those_who_are_asked_end_by_themselves() {
        let sum = creel::scope(async |s| {
            let token = s.token();
            let loops = s.spawn(async {
                let mut turns = 0;
                while !is_asked_to_end() {
                    sleep(ms(1)).await;
                    turns += 1;
                }
                turns.min(1)
            });
            let nested = s.spawn(creel::scope(async |inner| {
                inner.spawn(async {
                    asked_to_end().await;
                    10
                })
                .await
                .unwrap()
            }));
            let by_token = s.spawn(async move {
                token.cancelled().await;
                100
            });
            sleep(ms(3)).await;
            assert!(!is_asked_to_end(), "the body goes on");
            s.ask_to_end();
            loops.await.unwrap() + nested.await.unwrap() + by_token.await.unwrap()
        });
        assert_eq!(sum.await, 111);
        assert!(!is_asked_to_end());
    }

    async fn a_deadline_is_inherited_and_kept_from_shields() {
        assert_eq!(scope::deadline(), None);
        let began = Instant::now();
        timeout_drain(ms(1000), async {
            let outer = scope::deadline().unwrap();
            assert!(outer >= began + ms(1000));
            timeout_drain(ms(50_000), async {
                let inner = creel::scope(async |s| s.spawn(async { scope::deadline() }).await);
                assert_eq!(inner.await.unwrap(), Some(outer));
            })
            .await
            .unwrap();
            assert_eq!(shield(async { scope::deadline() }).await, None);
        })
        .await
        .unwrap();
    }

    async fn a_handle_that_outlives_its_scope_starts_nothing() {
        let s = scope::parallel(async |s| s).await;
        assert_eq!(s.spawn(async {}).await, Err(ChildError::Cancelled));
        let s = creel::scope(async |s| s).await;
        assert_eq!(s.spawn(async {}).await, Err(ChildError::Cancelled));
    }

    async fn clean_up_follows_every_end() {
        let (log, mut lines) = mpsc::unbounded_channel();
        let note = |line: &'static str| {
            let log = log.clone();
            async move {
                yield_now().await;
                log.send(line).unwrap();
            }
        };
        assert_eq!(finally(async { 1 }, note("output")).await, 1);
        assert_eq!(lines.try_recv(), Ok("output"));
        creel::scope(async |s| {
            s.spawn(finally(pending::<()>(), note("cancelled")));
            yield_now().await;
            s.cancel();
        })
        .await;
        assert_eq!(lines.try_recv(), Ok("cancelled"));
        // Dropped, inside of a scope: the scope waits for the task that it becomes.
        creel::scope(async |s| {
            s.spawn(async {
                timeout(ms(1), finally(pending::<()>(), note("dropped"))).await.unwrap_err();
            });
        })
        .await;
        assert_eq!(lines.try_recv(), Ok("dropped"));
        // Outside of scopes.
        timeout(ms(1), finally(pending::<()>(), note("alone"))).await.unwrap_err();
        assert_eq!(lines.recv().await, Some("alone"));
        // Never begun.
        drop(finally(pending::<()>(), note("never")));
        yield_now().await;
        assert!(lines.try_recv().is_err());
    }

    async fn clean_up_has_a_deadline() {
        let began = Instant::now();
        finally(async {}, pending::<()>()).within(ms(2)).await;
        assert!(began.elapsed() >= ms(2));
        let held = Rc::new(());
        let inside = held.clone();
        creel::scope::scope_local(async |s| {
            let late = async move {
                let _inside = inside;
                pending::<()>().await;
            };
            s.spawn(scope::finally_local(pending::<()>(), late).within(ms(2)));
            yield_now().await;
            s.cancel();
        })
        .await;
        assert_eq!(Rc::strong_count(&held), 1);
    }

    async fn a_shield_runs_to_its_end() {
        let steps = Cell::new(0);
        scope::scope_local(async |s| {
            s.spawn(async {
                shield(async {
                    for _ in 0..3 {
                        sleep(ms(1)).await;
                        steps.set(steps.get() + 1);
                    }
                    assert!(!is_asked_to_end());
                })
                .await;
                yield_now().await;
                unreachable!("it was cancelled");
            });
            yield_now().await;
            s.cancel();
        })
        .await;
        assert_eq!(steps.get(), 3);
    }

    async fn the_losers_of_a_race_have_cleaned_up() {
        let cleaned = Arc::new(AtomicUsize::new(0));
        let entrant = |after| {
            let cleaned = cleaned.clone();
            finally(sleep(ms(after)), async move {
                sleep(ms(2)).await;
                cleaned.fetch_add(1, SeqCst);
            })
        };
        race_drain([entrant(1), entrant(60_000), entrant(120_000)]).await;
        assert_eq!(cleaned.load(SeqCst), 3);
        timeout_drain(ms(1), entrant(60_000)).await.unwrap_err();
        assert_eq!(cleaned.load(SeqCst), 4);
        assert_eq!(timeout_drain(ms(60_000), entrant(1)).await, Ok(()));
        assert_eq!(cleaned.load(SeqCst), 5);
    }

    async fn a_select_waits_for_its_losers() {
        let cleaned = Arc::new(AtomicUsize::new(0));
        let branch = |after| {
            let cleaned = cleaned.clone();
            finally(sleep(ms(after)), async move {
                sleep(ms(1)).await;
                cleaned.fetch_add(1, SeqCst);
            })
        };
        let won = creel::select_drain! {
            () = branch(60_000) => unreachable!("it is slow"),
            () = branch(1) => cleaned.load(SeqCst),
            () = branch(0), if false => unreachable!("it is disabled"),
        };
        assert_eq!(won, 2);
    }

    async fn items_that_are_tasks_go_on_while_the_consumer_waits() {
        let shared = Arc::new(Mutex::new(0));
        let jobs = (0..4).map(|number| {
            let shared = shared.clone();
            async move {
                let mut sum = shared.lock().await;
                yield_now().await;
                *sum += 1;
                number
            }
        });
        let mut done = stream::iter(jobs).spawn_buffered(2);
        let mut count = 0;
        while let Some(number) = done.next().await {
            assert_eq!(number, count);
            count += 1;
            *shared.lock().await += 1; // an item that stood still would hold it for ever
        }
        assert_eq!((count, *shared.lock().await), (4, 8));
    }

    async fn a_race_inside_of_a_scope_is_cancelled_with_it() {
        let cleaned = Arc::new(AtomicUsize::new(0));
        let count = cleaned.clone();
        creel::scope(async |s| {
            s.spawn(async move {
                let late = finally(pending::<()>(), async move {
                    sleep(ms(1)).await;
                    count.fetch_add(1, SeqCst);
                });
                race_drain([late]).await;
                unreachable!("nobody won");
            });
            yield_now().await;
            s.cancel();
        })
        .await;
        assert_eq!(cleaned.load(SeqCst), 1);
    }

    async fn a_group_keeps_its_limit_and_order() {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let group = TaskGroup::new().limit(3).in_order();
        for number in 0..10_u64 {
            let (running, most) = (running.clone(), most.clone());
            group.spawn(async move {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                sleep(ms(10 - number)).await;
                running.fetch_sub(1, SeqCst);
                number
            });
        }
        assert_eq!(group.join_all().await, Vec::from_iter(0..10));
        assert_eq!(most.load(SeqCst), 3);
        let (mut group, turn) = (TaskGroup::new(), Arc::new(AtomicUsize::new(3)));
        for number in 0..3 {
            let turn = turn.clone();
            group.spawn(async move {
                while turn.load(SeqCst) != number {
                    yield_now().await;
                }
                number
            });
        }
        for number in [2, 1] {
            turn.store(number, SeqCst);
            assert_eq!(group.join_next().await.unwrap().unwrap(), number, "as they end");
        }
        turn.store(0, SeqCst);
        assert_eq!(group.join_all().await, [0]);
    }

    async fn a_group_ends_with_its_scope_or_its_error() {
        let (gone, told) = oneshot::channel::<()>();
        creel::scope(async |s| {
            s.spawn(async {
                let mut group = TaskGroup::new();
                group.spawn(async move {
                    let _gone = gone;
                    pending::<()>().await;
                });
                group.join_next().await;
            });
            yield_now().await;
            s.cancel();
        })
        .await;
        assert!(told.await.is_err());
        let group = TaskGroup::new();
        group.spawn(async { Ok(1) });
        group.spawn(async { Err("no") });
        group.spawn(pending());
        assert_eq!(group.try_join_all().await, Err("no"));
        let mut group = TaskGroup::<()>::new();
        group.spawn(pending());
        group.shutdown().await;
        assert!(group.is_empty());
    }

    async fn tasks_of_a_group_start_others() {
        let mut group = TaskGroup::new();
        let spawner = group.spawner();
        group.spawn(async move {
            spawner.spawn(async { 2 });
            1
        });
        let mut sum = 0;
        while let Some(joined) = group.join_next().await {
            sum += joined.unwrap();
        }
        assert_eq!(sum, 3);
        let spawner = group.spawner();
        drop(group);
        let held = Arc::new(());
        let inside = held.clone();
        spawner.spawn(async move {
            drop(inside);
            1
        });
        while Arc::strong_count(&held) > 1 {
            yield_now().await;
        }
    }

    async fn a_shutdown_names_who_is_late() {
        time::pause();
        let trigger = CancellationToken::new();
        let pull = trigger.clone();
        let ended = Shutdown::new()
            .grace(ms(20))
            .patience(ms(20))
            .run(trigger.cancelled(), async move |s| {
                s.spawn_named("polite", asked_to_end());
                s.spawn_named("deaf", creel::scope(async |inner| {
                    inner.spawn_named("nested", pending::<()>());
                }));
                s.spawn_named("stubborn", shield(sleep(ms(200))));
                yield_now().await;
                pull.cancel();
                asked_to_end().await;
                7
            })
            .await;
        assert!(ended.report.triggered && !ended.report.is_clean());
        assert_eq!(ended.report.late, ["deaf", "stubborn", "deaf > nested"]);
        assert_eq!(ended.report.stuck, ["stubborn"]);
        let ended = Shutdown::new().run(pending::<()>(), async |_| 7).await;
        assert_eq!((ended.output, ended.report.is_clean()), (Some(7), true));
        let ended = Shutdown::new().grace(ms(1)).run(async {}, async |_| pending::<()>().await);
        assert_eq!(ended.await.report.late, ["main"]);
    }

    async fn a_child_that_yields_lets_its_parent_on() {
        let turns = Cell::new(0);
        scope::scope_local(async |s| {
            s.spawn(async {
                for _ in 0..1000 {
                    turns.set(turns.get() + 1);
                    yield_now().await;
                }
            });
            yield_now().await;
            yield_now().await;
            assert!(turns.get() < 10, "{} turns", turns.get());
        })
        .await;
        assert_eq!(turns.get(), 1000);
    }

    async fn only_children_that_were_woken_are_polled() {
        let polls = Cell::new(0);
        let gate = Semaphore::new(0);
        scope::scope_local(async |s| {
            for _ in 0..100 {
                s.spawn(async {
                    let mut acquire = Box::pin(gate.acquire());
                    std::future::poll_fn(|cx| {
                        polls.set(polls.get() + 1);
                        acquire.as_mut().poll(cx)
                    })
                    .await
                    .unwrap()
                    .forget();
                });
            }
            while polls.get() < 100 {
                yield_now().await;
            }
            for woken in 1..=100 {
                gate.add_permits(1);
                while s.len() > 100 - woken {
                    yield_now().await;
                }
            }
        })
        .await;
        assert_eq!(polls.get(), 200);
    }
}
