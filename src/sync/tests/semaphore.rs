//! The semaphore and the permits below it.

use super::{Bomb, Count, poll_once, poll_with, without_budget};
use crate::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError};
use core::pin::pin;
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn auto_traits_are_as_in_tokio() {
    fn send_sync<T: Send + Sync + Unpin>() {}
    fn value_is_send_sync<T: Send + Sync>(_: T) {}
    send_sync::<Semaphore>();
    send_sync::<SemaphorePermit<'_>>();
    send_sync::<OwnedSemaphorePermit>();
    value_is_send_sync(Semaphore::new(0).acquire());
    value_is_send_sync(Arc::new(Semaphore::new(0)).acquire_many_owned(2));
}

#[test]
fn a_request_for_many_is_not_starved_and_nobody_overtakes() {
    let semaphore = Semaphore::new(0);
    let mut many = pin!(semaphore.acquire_many(3));
    let mut one = pin!(semaphore.acquire());
    assert!(poll_once(many.as_mut()).is_pending());
    assert!(poll_once(one.as_mut()).is_pending());
    for _ in 0..2 {
        semaphore.add_permits(1);
        assert_eq!(semaphore.available_permits(), 0);
        assert_eq!(semaphore.try_acquire().err(), Some(TryAcquireError::NoPermits));
        assert!(poll_once(many.as_mut()).is_pending());
        assert!(poll_once(one.as_mut()).is_pending());
    }
    semaphore.add_permits(1);
    assert!(poll_once(one.as_mut()).is_pending());
    let Poll::Ready(Ok(permit)) = poll_once(many) else { panic!("three permits came") };
    drop(permit);
    assert_eq!(semaphore.available_permits(), 2);
    assert!(poll_once(one).is_ready());
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn a_dropped_waiter_hands_on_what_it_had_collected() {
    let semaphore = Semaphore::new(2);
    let (count, waker) = Count::new();
    let mut many = Box::pin(semaphore.acquire_many(3));
    let mut two = pin!(semaphore.acquire_many(2));
    assert!(poll_once(many.as_mut()).is_pending());
    assert!(poll_with(two.as_mut(), &waker).is_pending());
    assert_eq!(semaphore.available_permits(), 0);
    drop(many);
    assert_eq!(count.get(), 1);
    assert!(poll_once(two).is_ready());
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn a_granted_waiter_that_is_dropped_hands_on() {
    let semaphore = Semaphore::new(0);
    let (count, waker) = Count::new();
    let mut first = Box::pin(semaphore.acquire());
    let mut second = Box::pin(semaphore.acquire());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    semaphore.add_permits(1);
    drop(first);
    assert_eq!(count.get(), 1);
    drop(second);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn dropped_at_every_point_the_queue_stays_whole() {
    // Each of three waiters is dropped: before a poll, waiting, granted, or done.
    for fates in 0..64 {
        let semaphore = Semaphore::new(0);
        let mut waiters: Vec<_> =
            (1..=3).map(|n| Some(Box::pin(semaphore.acquire_many(n)))).collect();
        for step in 0..4 {
            for (i, waiter) in waiters.iter_mut().enumerate() {
                if (fates >> (2 * i)) & 3 == step {
                    *waiter = None;
                }
                if let Some(future) = waiter
                    && step != 2
                    && poll_once(future.as_mut()).is_ready()
                {
                    *waiter = None;
                }
            }
            if step > 0 {
                semaphore.add_permits(2);
            }
        }
        drop(waiters);
        assert_eq!(semaphore.available_permits(), 6, "fates {fates:#b}");
    }
}

#[test]
fn close_fails_those_who_wait_and_takes_their_permits_back() {
    let semaphore = Semaphore::new(1);
    let (count, waker) = Count::new();
    let mut collecting = pin!(semaphore.acquire_many(2));
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(collecting.as_mut(), &waker).is_pending());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    semaphore.close();
    assert_eq!(count.get(), 2);
    assert!(matches!(poll_once(waiting), Poll::Ready(Err(_))));
    assert_eq!(semaphore.available_permits(), 0);
    assert!(matches!(poll_once(collecting), Poll::Ready(Err(_))));
    assert_eq!(semaphore.available_permits(), 1);
    assert_eq!(semaphore.try_acquire().err(), Some(TryAcquireError::Closed));
}

#[test]
fn a_permit_granted_before_the_close_comes_back() {
    for poll in [true, false] {
        let semaphore = Semaphore::new(0);
        let mut waiter = Box::pin(semaphore.acquire());
        assert!(poll_once(waiter.as_mut()).is_pending());
        semaphore.add_permits(1);
        semaphore.close();
        if poll {
            assert!(matches!(poll_once(waiter.as_mut()), Poll::Ready(Err(_))));
        }
        drop(waiter);
        assert_eq!(semaphore.available_permits(), 1);
    }
}

#[test]
fn zero_permits_are_granted_at_once_unless_closed() {
    let semaphore = Semaphore::new(0);
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_once(waiting.as_mut()).is_pending());
    assert!(poll_once(pin!(semaphore.acquire_many(0))).is_ready());
    assert!(semaphore.try_acquire_many(0).is_ok());
    semaphore.close();
    assert!(semaphore.try_acquire_many(0).is_err());
}

#[test]
fn too_many_permits_are_refused_and_change_nothing() {
    assert!(catch_unwind(|| Semaphore::new(Semaphore::MAX_PERMITS + 1)).is_err());
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    for n in [1, Semaphore::MAX_PERMITS, usize::MAX] {
        assert!(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(n))).is_err());
    }
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
    semaphore.add_permits(0);
}

#[test]
fn a_panicking_waker_costs_nobody_a_permit() {
    let semaphore = Semaphore::new(0);
    let (count, waker) = Count::new();
    let bomb = Waker::from(Arc::new(Bomb));
    let mut waiters: Vec<_> = (0..70).map(|_| Box::pin(semaphore.acquire())).collect();
    for (i, waiter) in waiters.iter_mut().enumerate() {
        let waker = if i == 5 { &bomb } else { &waker };
        assert!(poll_with(waiter.as_mut(), waker).is_pending());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(71))).is_err());
    assert_eq!(count.get(), 69);
    drop(waiters);
    assert_eq!(semaphore.available_permits(), 71);
}

#[test]
fn permits_merge_split_and_vanish() {
    let semaphore = Arc::new(Semaphore::new(4));
    let mut all = semaphore.clone().try_acquire_many_owned(4).unwrap();
    let mut two = all.split(2).unwrap();
    assert!(all.split(3).is_none());
    two.split(1).unwrap().forget();
    all.merge(two);
    assert_eq!(all.num_permits(), 3);
    drop(all);
    assert_eq!(semaphore.available_permits(), 3);
    let stranger = Arc::new(Semaphore::new(1));
    let merge = || {
        let mut one = semaphore.try_acquire().unwrap();
        one.merge(stranger.try_acquire().unwrap());
    };
    assert!(catch_unwind(AssertUnwindSafe(merge)).is_err());
    assert_eq!((semaphore.available_permits(), stranger.available_permits()), (3, 1));
}

#[test]
fn blocks_the_thread_until_a_permit_comes() {
    let semaphore = Semaphore::new(0);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| semaphore.blocking_acquire_many(2).unwrap().forget());
        semaphore.add_permits(1);
        semaphore.add_permits(1);
        waiting.join().unwrap();
    });
    assert_eq!(semaphore.available_permits(), 0);
}

#[test]
fn without_budget_a_waiter_keeps_its_place() {
    let semaphore = Semaphore::new(0);
    let mut first = pin!(semaphore.acquire());
    let mut second = pin!(semaphore.acquire());
    assert!(without_budget(|| poll_once(first.as_mut())).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    semaphore.add_permits(1);
    assert!(without_budget(|| poll_once(first.as_mut())).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    assert!(poll_once(first).is_ready());
}

#[test]
fn without_budget_a_permit_is_kept_and_handed_on_if_dropped() {
    let semaphore = Semaphore::new(0);
    for handed_on in [true, false] {
        let mut first = Box::pin(semaphore.acquire_many(2));
        assert!(poll_once(first.as_mut()).is_pending());
        semaphore.add_permits(2);
        assert!(without_budget(|| poll_once(first.as_mut())).is_pending());
        assert_eq!(semaphore.available_permits(), 0);
        if handed_on {
            drop(first);
            assert_eq!(semaphore.available_permits(), 2);
            semaphore.forget_permits(2);
        } else {
            assert!(poll_once(first.as_mut()).is_ready(), "it has its permits");
        }
    }
}

#[test]
fn without_budget_what_is_free_is_left_to_others() {
    let semaphore = Semaphore::new(2);
    let mut first = pin!(semaphore.acquire_many(2));
    // It would have them while it gives way to those who want them.
    assert!(without_budget(|| poll_once(first.as_mut())).is_pending());
    let other = semaphore.try_acquire_many(2).expect("they are free");
    assert!(poll_once(first.as_mut()).is_pending());
    drop(other);
    let Poll::Ready(Ok(permit)) = poll_once(first) else { panic!("it has its permits") };
    drop(permit);
    semaphore.close();
    let mut third = pin!(semaphore.acquire());
    assert!(without_budget(|| poll_once(third.as_mut())).is_ready(), "an error is no progress");
    assert_eq!(semaphore.available_permits(), 2);
}

/// What the semaphore should do, in the plainest words: who asks waits in a queue, and its head
/// collects.
#[derive(Default)]
struct Model {
    free: usize,
    held: usize,
    /// Who waits, with what they want and have; of those granted, too, until they are polled.
    queue: Vec<(usize, usize, usize)>,
}

impl Model {
    fn settle(&mut self) {
        for (_, wanted, got) in &mut self.queue {
            let given = self.free.min(*wanted - *got);
            *got += given;
            self.free -= given;
        }
    }
}

#[test]
fn random_histories_match_a_naive_queue() {
    for seed in 0..300 {
        let mut rng = crate::env::rng::Rng::new(seed);
        let semaphore = Semaphore::new(2);
        let mut model = Model { free: 2, ..Model::default() };
        let mut waiters = Vec::new();
        let mut permits = Vec::new();
        for id in 0..200 {
            match rng.below(6) {
                0 | 1 => {
                    let wanted = rng.below(4) as usize + 1;
                    waiters.push((id, Box::pin(semaphore.acquire_many(wanted as u32))));
                    model.queue.push((id, wanted, 0));
                }
                2 if !waiters.is_empty() => {
                    let (id, _) = waiters.remove(rng.below(waiters.len() as u32) as usize);
                    let place = model.queue.iter().position(|entry| entry.0 == id).unwrap();
                    model.free += model.queue.remove(place).2;
                }
                3 if !permits.is_empty() => {
                    let permit: SemaphorePermit<'_> =
                        permits.remove(rng.below(permits.len() as u32) as usize);
                    model.held -= permit.num_permits();
                    model.free += permit.num_permits();
                }
                4 => {
                    semaphore.add_permits(1);
                    model.free += 1;
                }
                _ => {
                    let n = rng.below(3) as usize;
                    let gone = semaphore.forget_permits(n);
                    assert_eq!(gone, n.min(model.free), "seed {seed}");
                    model.free -= gone;
                }
            }
            // Those who are new take their place, in order, before anything else happens.
            model.settle();
            for (id, mut waiter) in core::mem::take(&mut waiters) {
                let place = model.queue.iter().position(|entry| entry.0 == id).unwrap();
                let (_, wanted, got) = model.queue[place];
                match poll_once(waiter.as_mut()) {
                    Poll::Pending => {
                        assert!(got < wanted, "seed {seed}: {id} should have its permits");
                        waiters.push((id, waiter));
                    }
                    Poll::Ready(permit) => {
                        assert_eq!(got, wanted, "seed {seed}: {id} overtook");
                        permits.push(permit.unwrap());
                        model.queue.remove(place);
                        model.held += wanted;
                    }
                }
            }
            assert_eq!(semaphore.available_permits(), model.free, "seed {seed}");
        }
        let collected: usize = model.queue.iter().map(|entry| entry.2).sum();
        drop((waiters, permits));
        let all = model.free + model.held + collected;
        assert_eq!(semaphore.available_permits(), all, "seed {seed}");
    }
}

#[test]
fn threads_that_give_up_at_random_lose_no_permit() {
    let semaphore = Semaphore::new(3);
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let semaphore = &semaphore;
            scope.spawn(move || {
                let mut rng = crate::env::rng::Rng::new(seed);
                for _ in 0..2_000 {
                    let n = rng.below(3) + 1;
                    let mut acquire = Box::pin(semaphore.acquire_many(n));
                    let permit = match poll_once(acquire.as_mut()) {
                        Poll::Ready(permit) => permit,
                        Poll::Pending if rng.below(2) == 0 => continue,
                        Poll::Pending => crate::sync::block::block_on(acquire),
                    };
                    drop(permit.unwrap());
                }
            });
        }
    });
    assert_eq!(semaphore.available_permits(), 3);
}
