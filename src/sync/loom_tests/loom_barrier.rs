//! The barrier.

use crate::sync::Barrier;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Waker};
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_barrier_two_threads_meet_twice() {
    loom::model(|| {
        let barrier = Arc::new(Barrier::new(2));
        let thread = thread::spawn({
            let barrier = barrier.clone();
            move || [(); 2].map(|()| block_on(barrier.wait()).is_leader())
        });
        let own = [(); 2].map(|()| block_on(barrier.wait()).is_leader());
        let other = thread.join().unwrap();
        assert!(own[0] != other[0] && own[1] != other[1]);
    });
}

fn poll_once(wait: Pin<&mut impl Future>) -> bool {
    wait.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn loom_barrier_a_quitter_counts_for_a_meeting_or_not_at_all() {
    loom::model(|| {
        let barrier = Arc::new(Barrier::new(2));
        let quitter = thread::spawn({
            let barrier = barrier.clone();
            move || poll_once(pin!(barrier.wait()))
        });
        let mut wait = pin!(barrier.wait());
        let met = poll_once(wait.as_mut());
        let quitter_met = quitter.join().unwrap();
        if !met {
            assert!(quitter_met || poll_once(pin!(barrier.wait())));
            assert!(poll_once(wait));
        }
        assert!(!poll_once(pin!(barrier.wait())), "nothing is left of the quitter");
    });
}
