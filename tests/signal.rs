//! Signals, as far as tokio's own tests of them do not go.
#![cfg(all(feature = "signal", feature = "macros", unix))]

mod alone;

use alone::alone;
use creel::runtime::{Builder, Runtime};
use creel::signal::unix::{Signal, SignalKind, signal};
use creel::time::{Duration, timeout};
use std::process::Command;
use std::task::{Context, Waker};

fn raise(kind: SignalKind) {
    // SAFETY: the test handles the signals it raises.
    assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
}

async fn comes(signal: &mut Signal) {
    timeout(Duration::from_secs(60), signal.recv()).await.expect("a signal").expect("never ends");
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ]
}

#[test]
fn what_came_while_nobody_asked_is_told_once() {
    // Another runtime, or worker of this one, may tell some of them while others are still raised.
    alone("what_came_while_nobody_asked_is_told_once", || {
        Builder::new_current_thread().build().unwrap().block_on(async {
            let mut usr1 = signal(SignalKind::user_defined1()).unwrap();
            (0..1000).for_each(|_| raise(SignalKind::user_defined1()));
            comes(&mut usr1).await;
            let none = timeout(Duration::from_millis(20), usr1.recv()).await;
            assert!(none.is_err(), "signals are gathered");
        });
    });
}

#[test]
fn a_future_that_is_dropped_loses_no_signal() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut usr2 = signal(SignalKind::user_defined2()).unwrap();
            for _ in 0..50 {
                assert!(usr2.poll_recv(&mut Context::from_waker(Waker::noop())).is_pending());
                raise(SignalKind::user_defined2());
                comes(&mut usr2).await;
            }
        });
    }
}

#[test]
fn a_busy_task_without_budget_listens_too() {
    // The budget of the task that makes the first listener must not be the watch's.
    Builder::new_current_thread().build().unwrap().block_on(async {
        let task = creel::spawn(async {
            while creel::task::coop::has_budget_remaining() {
                creel::task::consume_budget().await;
            }
            let mut listener = signal(SignalKind::from_raw(libc::SIGURG)).unwrap();
            raise(SignalKind::from_raw(libc::SIGURG));
            comes(&mut listener).await;
        });
        task.await.unwrap();
    });
}

#[test]
fn what_cannot_be_listened_to_is_an_error_that_says_why() {
    Builder::new_current_thread().build().unwrap().block_on(async {
        for number in [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, 0, -1, 5000] {
            let error = signal(SignalKind::from_raw(number)).expect_err("refused");
            assert!(error.to_string().contains(&format!("signal {number} ")), "{error}");
        }
        // This one only the system can tell.
        assert!(signal(SignalKind::from_raw(127)).is_err());
    });
}

#[test]
fn a_runtime_without_io_says_so() {
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let _inside = runtime.handle().enter();
    let error = signal(SignalKind::hangup()).expect_err("nobody watches");
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
}

/// The handlers of the process outlive runtimes; those of a program in a child do not reach it.
#[test]
fn a_child_has_the_default_again() {
    Builder::new_current_thread().build().unwrap().block_on(async {
        let _term = signal(SignalKind::terminate()).unwrap();
        let status = Command::new("sh").args(["-c", "kill -TERM $$; sleep 60"]).status().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGTERM));
    });
}

#[test]
fn a_listener_outlives_its_runtime() {
    let mut winch = runtimes()[0].block_on(async { signal(SignalKind::window_change()).unwrap() });
    for runtime in runtimes() {
        runtime.block_on(async {
            let raised = creel::spawn(async {
                creel::time::sleep(Duration::from_millis(10)).await;
                raise(SignalKind::window_change());
            });
            comes(&mut winch).await;
            raised.await.unwrap();
        });
    }
}

#[test]
fn ctrl_c_ends_a_tree_of_scopes() {
    use creel::scope::{Shutdown, asked_to_end};
    for runtime in runtimes() {
        let ended = runtime.block_on(async {
            // The listener is there before the signal comes.
            let mut interrupt = signal(SignalKind::interrupt()).unwrap();
            let trigger = async move { interrupt.recv().await };
            let patient = Shutdown::new().grace(Duration::from_millis(20));
            let tree = patient.run(trigger, async |s| {
                s.spawn_named("server", async {
                    creel::scope(async |connections| {
                        connections.spawn_named("polite", asked_to_end());
                        connections.spawn_named("deaf", std::future::pending::<()>());
                    })
                    .await;
                });
                raise(SignalKind::interrupt());
                asked_to_end().await;
                7
            });
            tree.await
        });
        assert!(ended.report.triggered);
        assert_eq!(ended.report.late, ["server", "server > deaf"]);
        assert!(ended.report.stuck.is_empty());
    }
}
