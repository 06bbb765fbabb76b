//! Notifications.

use super::{Bomb, Count, poll_once, poll_with, without_budget};
use crate::sync::Notify;
use crate::sync::futures::{Notified, OwnedNotified};
use core::pin::pin;
use core::task::Waker;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn auto_traits_are_as_in_tokio() {
    fn send_sync<T: Send + Sync>() {}
    fn unwind_safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    send_sync::<Notify>();
    send_sync::<Notified<'_>>();
    send_sync::<OwnedNotified>();
    unwind_safe::<Notify>();
}

#[test]
fn a_permit_is_stored_once_and_survives_notify_waiters() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    notify.notify_waiters();
    assert!(poll_once(pin!(notify.notified())).is_ready());
    assert!(poll_once(pin!(notify.notified())).is_pending());
}

#[test]
fn permits_go_to_the_first_or_to_the_last() {
    let notify = Notify::new();
    let mut waiters: Vec<_> = (0..4).map(|_| Box::pin(notify.notified())).collect();
    for waiter in &mut waiters {
        assert!(poll_once(waiter.as_mut()).is_pending());
    }
    notify.notify_one();
    notify.notify_last();
    let ready: Vec<_> =
        waiters.iter_mut().map(|waiter| poll_once(waiter.as_mut()).is_ready()).collect();
    assert_eq!(ready, [true, false, false, true]);
}

#[test]
fn notify_waiters_reaches_futures_made_before_it_only() {
    let notify = Notify::new();
    let mut unpolled = pin!(notify.notified());
    let mut waiting = pin!(notify.notified());
    assert!(poll_once(waiting.as_mut()).is_pending());
    notify.notify_waiters();
    let mut after = pin!(notify.notified());
    assert!(poll_once(after.as_mut()).is_pending());
    assert!(poll_once(unpolled.as_mut()).is_ready());
    assert!(poll_once(waiting.as_mut()).is_ready());
    // Done stays done, and takes no permit.
    notify.notify_one();
    assert!(poll_once(unpolled).is_ready());
    assert!(poll_once(waiting).is_ready());
    assert!(poll_once(after).is_ready());
}

#[test]
fn an_old_future_leaves_the_permit_to_others() {
    let notify = Notify::new();
    let old = pin!(notify.notified());
    notify.notify_waiters();
    notify.notify_one();
    assert!(poll_once(old).is_ready());
    assert!(poll_once(pin!(notify.notified())).is_ready());
}

#[test]
fn a_dropped_permit_goes_on_from_the_same_end() {
    for last in [false, true] {
        let notify = Notify::new();
        let mut waiters: Vec<_> = (0..4).map(|_| Some(Box::pin(notify.notified()))).collect();
        for waiter in waiters.iter_mut().flatten() {
            assert!(poll_once(waiter.as_mut()).is_pending());
        }
        let (got, heir) = if last { (3, 2) } else { (0, 1) };
        if last {
            notify.notify_last()
        } else {
            notify.notify_one()
        }
        waiters[got] = None;
        for (i, waiter) in waiters.iter_mut().enumerate() {
            if let Some(waiter) = waiter {
                assert_eq!(poll_once(waiter.as_mut()).is_ready(), i == heir);
            }
        }
        drop(waiters);
        assert!(poll_once(pin!(notify.notified())).is_pending());
    }
}

#[test]
fn a_dropped_permit_is_stored_if_nobody_waits() {
    let notify = Notify::new();
    let mut waiter = Box::pin(notify.notified());
    assert!(poll_once(waiter.as_mut()).is_pending());
    notify.notify_one();
    notify.notify_waiters();
    drop(waiter);
    assert!(poll_once(pin!(notify.notified())).is_ready());
}

#[test]
fn the_last_waiter_that_leaves_ends_the_waiting() {
    let notify = Notify::new();
    let mut waiter = Box::pin(notify.notified());
    assert!(poll_once(waiter.as_mut()).is_pending());
    drop(waiter);
    notify.notify_one();
    assert!(poll_once(pin!(notify.notified())).is_ready());
}

#[test]
fn an_enabled_future_waits_without_a_waker() {
    let notify = Arc::new(Notify::new());
    let mut waiter = pin!(notify.clone().notified_owned());
    assert!(!waiter.as_mut().enable());
    notify.notify_one();
    assert!(poll_once(pin!(notify.notified())).is_pending());
    assert!(waiter.as_mut().enable());
    assert!(poll_once(waiter).is_ready());
}

#[test]
fn an_enabled_future_is_woken_once_it_was_polled() {
    let notify = Notify::new();
    let (count, waker) = Count::new();
    let mut waiter = pin!(notify.notified());
    assert!(!waiter.as_mut().enable());
    assert!(poll_with(waiter.as_mut(), &waker).is_pending());
    notify.notify_waiters();
    assert_eq!(count.get(), 1);
    assert!(poll_once(waiter).is_ready());
}

#[test]
fn a_waker_that_notifies_meets_no_lock_and_no_one_who_was_notified() {
    struct Again(Arc<Notify>);
    impl std::task::Wake for Again {
        fn wake(self: Arc<Self>) {
            self.0.notify_one();
        }
    }
    let notify = Arc::new(Notify::new());
    let again = Waker::from(Arc::new(Again(notify.clone())));
    let mut waiters: Vec<_> = (0..100).map(|_| Box::pin(notify.notified())).collect();
    for waiter in &mut waiters {
        assert!(poll_with(waiter.as_mut(), &again).is_pending());
    }
    notify.notify_waiters();
    assert!(waiters.iter_mut().all(|waiter| poll_once(waiter.as_mut()).is_ready()));
    // None of those who were notified anyway has swallowed the permit.
    assert!(poll_once(pin!(notify.notified())).is_ready());
}

#[test]
fn a_panicking_waker_keeps_nobody_asleep() {
    let notify = Notify::new();
    let (count, waker) = Count::new();
    let bomb = Waker::from(Arc::new(Bomb));
    let mut waiters: Vec<_> = (0..70).map(|_| Box::pin(notify.notified())).collect();
    for (i, waiter) in waiters.iter_mut().enumerate() {
        let waker = if i % 30 == 3 { &bomb } else { &waker };
        assert!(poll_with(waiter.as_mut(), waker).is_pending());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| notify.notify_waiters())).is_err());
    assert_eq!(count.get(), 67);
    assert!(waiters.iter_mut().all(|waiter| poll_once(waiter.as_mut()).is_ready()));
    notify.notify_one();
    assert!(poll_once(pin!(notify.notified())).is_ready());
}

#[test]
fn without_budget_a_permit_is_kept_and_handed_on_if_dropped() {
    let notify = Notify::new();
    notify.notify_one();
    let mut first = Box::pin(notify.notified());
    assert!(without_budget(|| poll_once(first.as_mut())).is_pending());
    assert!(poll_once(pin!(notify.notified())).is_pending());
    drop(first);
    let mut second = pin!(notify.notified());
    assert!(without_budget(|| poll_once(second.as_mut())).is_pending());
    assert!(poll_once(second).is_ready());
    assert!(poll_once(pin!(notify.notified())).is_pending());
}

#[test]
fn without_budget_a_waiter_keeps_its_place() {
    let notify = Notify::new();
    let mut first = pin!(notify.notified());
    let mut second = pin!(notify.notified());
    assert!(without_budget(|| poll_once(first.as_mut())).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    notify.notify_one();
    assert!(poll_once(second).is_pending());
    assert!(poll_once(first).is_ready());
}

/// What a notification should do, in the plainest words.
#[derive(Default)]
struct Model {
    permit: bool,
    /// Who waits, oldest first.
    waiting: Vec<usize>,
    /// Who was notified and was not polled since: by which end, or with everybody.
    notified: Vec<(usize, Option<bool>)>,
}

impl Model {
    fn notify(&mut self, last: bool) {
        if self.waiting.is_empty() {
            self.permit = true;
        } else {
            let at = if last { self.waiting.len() - 1 } else { 0 };
            self.notified.push((self.waiting.remove(at), Some(last)));
        }
    }
}

#[test]
fn random_histories_match_a_naive_queue() {
    for seed in 0..300 {
        let mut rng = crate::env::rng::Rng::new(seed);
        let notify = Notify::new();
        let mut model = Model::default();
        let mut futures: Vec<(usize, core::pin::Pin<Box<Notified<'_>>>)> = Vec::new();
        for id in 0..200 {
            match rng.below(8) {
                0..=2 => {
                    let mut future = Box::pin(notify.notified());
                    let ready = poll_once(future.as_mut()).is_ready();
                    assert_eq!(ready, model.permit, "seed {seed}");
                    model.permit = false;
                    if !ready {
                        model.waiting.push(id);
                        futures.push((id, future));
                    }
                }
                3 => {
                    notify.notify_one();
                    model.notify(false);
                }
                4 => {
                    notify.notify_last();
                    model.notify(true);
                }
                5 if rng.below(4) == 0 => {
                    notify.notify_waiters();
                    model.notified.extend(model.waiting.drain(..).map(|id| (id, None)));
                }
                6 if !futures.is_empty() => {
                    let (id, _) = futures.remove(rng.below(futures.len() as u32) as usize);
                    model.waiting.retain(|other| *other != id);
                    if let Some(at) = model.notified.iter().position(|entry| entry.0 == id)
                        && let (_, Some(last)) = model.notified.remove(at)
                    {
                        model.notify(last);
                    }
                }
                _ if !futures.is_empty() => {
                    let at = rng.below(futures.len() as u32) as usize;
                    let (id, future) = &mut futures[at];
                    let notified = model.notified.iter().position(|entry| entry.0 == *id);
                    let ready = poll_once(future.as_mut()).is_ready();
                    assert_eq!(ready, notified.is_some(), "seed {seed}: {id}");
                    if let Some(entry) = notified {
                        model.notified.remove(entry);
                        drop(futures.remove(at));
                    }
                }
                _ => {}
            }
        }
    }
}

#[test]
fn threads_that_give_up_at_random_lose_no_permit() {
    let notify = Notify::new();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let notify = &notify;
            scope.spawn(move || {
                let mut rng = crate::env::rng::Rng::new(seed);
                for _ in 0..2_000 {
                    let mut notified = Box::pin(notify.notified());
                    if poll_once(notified.as_mut()).is_pending() {
                        if rng.below(2) == 0 {
                            continue;
                        }
                        crate::sync::block::block_on(notified);
                    }
                    // There is one permit in the world.
                    notify.notify_one();
                }
            });
        }
        notify.notify_one();
    });
    assert!(poll_once(pin!(notify.notified())).is_ready());
    assert!(poll_once(pin!(notify.notified())).is_pending());
}
