//! Tasks on the native thread host: what the conformance list cannot show without threads.
#![allow(clippy::async_yields_async)] // handles leave their task on purpose

use creel::runtime::Builder;
use creel::task::{self, JoinSet, LocalSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn rt() -> creel::runtime::Runtime {
    Builder::new_current_thread().build().unwrap()
}

#[test]
fn spawn_and_join() {
    let rt = rt();
    assert_eq!(rt.block_on(async { creel::spawn(async { 5 }).await.unwrap() }), 5);
    let h = rt.spawn(async {
        task::yield_now().await;
        7
    });
    assert_eq!(rt.block_on(h).unwrap(), 7);
}
#[test]
fn many() {
    let rt = rt();
    rt.block_on(async {
        let hs: Vec<_> = (0..1000)
            .map(|i| {
                creel::spawn(async move {
                    for _ in 0..i % 7 {
                        task::yield_now().await
                    }
                    i
                })
            })
            .collect();
        let mut s = 0;
        for h in hs {
            s += h.await.unwrap()
        }
        assert_eq!(s, 499500);
    });
}
#[test]
fn panics() {
    let n = Arc::new(AtomicUsize::new(0));
    let m = n.clone();
    let rt = Builder::new_current_thread()
        .on_unhandled_panic(move |p| {
            assert_eq!(p.message(), Some("boo"));
            m.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    rt.block_on(async {
        let e = creel::spawn(async {
            if true {
                panic!("boo")
            }
            1
        })
        .await
        .unwrap_err();
        assert!(e.is_panic());
        drop(creel::spawn(async {
            if true {
                panic!("boo")
            }
            1
        }));
        task::yield_now().await;
        task::yield_now().await;
    });
    assert_eq!(n.load(Ordering::SeqCst), 1);
}
#[test]
fn cancel() {
    let rt = rt();
    rt.block_on(async {
        struct D(Arc<AtomicUsize>);
        impl Drop for D {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let n = Arc::new(AtomicUsize::new(0));
        let d = D(n.clone());
        let h = creel::spawn(async move {
            let _d = d;
            std::future::pending::<()>().await
        });
        task::yield_now().await;
        assert!(h.cancel().await.unwrap_err().is_cancelled());
        assert_eq!(n.load(Ordering::SeqCst), 1);
    });
}
#[test]
fn from_threads() {
    let rt = rt();
    let handle = rt.handle().clone();
    let t: Vec<_> = (0..4)
        .map(|k| {
            let h = handle.clone();
            std::thread::spawn(move || {
                (0..1000)
                    .map(|i| {
                        h.spawn(async move {
                            task::yield_now().await;
                            i + k
                        })
                    })
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    rt.block_on(async {
        let mut n = 0;
        for t in t {
            for h in t.join().unwrap() {
                h.await.unwrap();
                n += 1;
            }
        }
        assert_eq!(n, 4000)
    });
}
#[test]
fn joinset_local() {
    let rt = rt();
    rt.block_on(async {
        let mut set = JoinSet::new();
        for i in 0..100 {
            set.spawn_local({
                let r = Rc::new(i);
                async move {
                    task::yield_now().await;
                    *r
                }
            });
        }
        let mut s = 0;
        while let Some(x) = set.join_next().await {
            s += x.unwrap()
        }
        assert_eq!(s, 4950);
    });
    let ls = LocalSet::new();
    let r = Rc::new(3);
    let r2 = r.clone();
    assert_eq!(
        ls.block_on(&rt, async move { task::spawn_local(async move { *r2 }).await.unwrap() }),
        3
    );
}
#[test]
fn drop_pending_then_wake() {
    let rt = rt();
    let (tx, rx) = std::sync::mpsc::channel::<std::task::Waker>();
    let h = rt.spawn(async move {
        std::future::poll_fn(|cx| {
            tx.send(cx.waker().clone()).unwrap();
            std::task::Poll::<()>::Pending
        })
        .await
    });
    rt.tick(10);
    let w = rx.recv().unwrap();
    drop(rt);
    w.wake_by_ref();
    w.wake();
    assert!(h.is_finished());
    let rt2 = Builder::new_current_thread().build().unwrap();
    assert!(rt2.block_on(h).unwrap_err().is_cancelled());
}
#[test]
fn local_dropped_elsewhere() {
    let rt = rt();
    let h = rt.block_on(async { task::spawn_local(std::future::pending::<()>()) });
    std::thread::spawn(move || drop(rt)).join().unwrap();
    assert!(h.is_finished());
}
#[test]
fn concurrent_block_on() {
    let rt = Arc::new(rt());
    let ts: Vec<_> = (0..4)
        .map(|i| {
            let rt = rt.clone();
            std::thread::spawn(move || {
                for _ in 0..200 {
                    assert_eq!(
                        rt.block_on(async move {
                            creel::spawn(async move {
                                task::yield_now().await;
                                i
                            })
                            .await
                            .unwrap()
                        }),
                        i
                    )
                }
            })
        })
        .collect();
    for t in ts {
        t.join().unwrap()
    }
}
#[test]
fn whoever_waits_to_drive_is_told_that_it_cannot() {
    let rt = Arc::new(rt());
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go, wait) = creel::sync::oneshot::channel::<()>();
    let here = rt.clone();
    let home = std::thread::spawn(move || {
        here.block_on(async move {
            task::spawn_local(std::future::pending::<()>());
            begun.send(()).unwrap();
            wait.await.unwrap();
        });
    });
    has_begun.recv().unwrap();
    let other = rt.clone();
    let waiting = std::thread::spawn(move || other.block_on(std::future::pending::<()>()));
    std::thread::sleep(std::time::Duration::from_millis(20));
    go.send(()).unwrap();
    home.join().unwrap();
    let payload = waiting.join().unwrap_err();
    assert!(payload.downcast_ref::<&str>().unwrap().contains("another thread"));
}
#[test]
fn a_guard_outlives_its_runtime() {
    let rt = rt();
    let _entered = rt.enter();
    rt.shutdown_background();
    // The runtime is gone, and its address still in place.
    assert!(creel::spawn(async {}).is_finished());
}
#[test]
fn guards_dropped_out_of_order_leave_nothing_that_dangles() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let (first, second) = (rt(), rt());
    let outer = first.enter();
    let inner = second.enter();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(outer))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(inner))).is_err());
    drop((first, second));
    if let Ok(handle) = creel::runtime::Handle::try_current() {
        assert!(handle.spawn(async {}).is_finished());
    }
}

#[test]
fn who_is_woken_by_the_end_of_a_task_is_no_part_of_it() {
    /// Notes in which task it is woken.
    #[derive(Default)]
    struct Notes(std::sync::Mutex<Vec<Option<task::Id>>>);

    impl std::task::Wake for Notes {
        fn wake(self: Arc<Self>) {
            // The task may be freed by now, whose id this would be.
            self.0.lock().unwrap().push(task::try_id());
        }
    }

    let notes = Arc::new(Notes::default());
    let waker = notes.clone().into();
    let runtime = rt();
    let mut ended = std::pin::pin!(runtime.spawn(async {}));
    let poll = ended.as_mut().poll(&mut std::task::Context::from_waker(&waker));
    assert!(poll.is_pending());
    runtime.block_on(task::yield_now());
    assert_eq!(*notes.0.lock().unwrap(), [None]);
}
