//! Locks, semaphore and notifications.

use creel::sync::{
    MappedMutexGuard, Mutex, MutexGuard, Notify, OwnedMutexGuard, OwnedRwLockReadGuard,
    OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore, TryAcquireError,
};
use creel::task::yield_now;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Polls once, with a waker that does nothing.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

cases! { "sync":

async fn mutex_keeps_others_out_across_an_await() {
    let mutex = Arc::new(Mutex::new(0));
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let mutex = Arc::clone(&mutex);
            creel::spawn(async move {
                let mut value = mutex.lock().await;
                let seen = *value;
                yield_now().await;
                *value = seen + 1;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*mutex.lock().await, 10);
}

async fn mutex_is_fair() {
    let mutex = Mutex::new(Vec::new());
    let guard = mutex.lock().await;
    let mut waiters: Vec<_> = (0..5).map(|_| Box::pin(mutex.lock())).collect();
    for waiter in &mut waiters {
        assert!(poll_once(waiter.as_mut()).is_pending());
    }
    drop(guard);
    // Who comes now does not overtake those who wait.
    assert!(mutex.try_lock().is_err());
    for (i, waiter) in waiters.into_iter().enumerate() {
        waiter.await.push(i);
    }
    assert_eq!(mutex.into_inner(), [0, 1, 2, 3, 4]);
}

async fn mutex_dropped_waiter_hands_the_lock_on() {
    let mutex = Mutex::new(());
    let guard = mutex.lock().await;
    let mut quitter = Box::pin(mutex.lock());
    let mut waiter = pin!(mutex.lock());
    assert!(poll_once(quitter.as_mut()).is_pending());
    assert!(poll_once(waiter.as_mut()).is_pending());
    drop(guard);
    assert!(poll_once(waiter.as_mut()).is_pending());
    drop(quitter);
    drop(waiter.await);
}

async fn mutex_aborted_task_gives_the_lock_back() {
    let mutex = Arc::new(Mutex::new(()));
    let task = creel::spawn({
        let mutex = Arc::clone(&mutex);
        async move {
            let _guard = mutex.lock().await;
            std::future::pending::<()>().await;
        }
    });
    settle().await;
    assert!(mutex.try_lock().is_err());
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(mutex.try_lock().is_ok());
}

async fn mutex_guard_narrows_to_a_part() {
    let mutex = Mutex::new((1, vec![2, 3]));
    let list = MutexGuard::map(mutex.lock().await, |pair| &mut pair.1);
    let mut last = MappedMutexGuard::try_map(list, |list| list.last_mut()).unwrap();
    *last = 4;
    assert!(mutex.try_lock().is_err());
    drop(last);
    let whole = mutex.lock().await;
    assert!(MutexGuard::try_map(whole, |pair| pair.1.get_mut(9)).is_err_and(|whole| whole.1[1] == 4));
    assert_eq!(mutex.into_inner(), (1, vec![2, 4]));
}

async fn mutex_owned_guard_travels_to_another_task() {
    let mutex = Arc::new(Mutex::new(1));
    let mut guard = Arc::clone(&mutex).lock_owned().await;
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    let task = creel::spawn(async move { *guard += 1 });
    assert_eq!(*mutex.lock().await, 2);
    task.await.unwrap();
}

async fn mutex_works_with_values_that_stay_on_their_thread() {
    let mutex = Rc::new(Mutex::new(Rc::new(1)));
    let task = creel::task::spawn_local({
        let mutex = Rc::clone(&mutex);
        async move { *Rc::make_mut(&mut *mutex.lock().await) += 1 }
    });
    task.await.unwrap();
    assert_eq!(**mutex.lock().await, 2);
}

async fn mutex_in_a_static() {
    // Loom's locks cannot stand in a static; the list is not run by it, but checked.
    #[cfg(not(loom))]
    {
        static LOG: Mutex<Vec<u8>> = Mutex::const_new(Vec::new());
        LOG.lock().await.push(7);
        assert_eq!(LOG.lock().await.pop(), Some(7));
    }
}

async fn mutex_tells_when_it_is_locked() {
    let mutex = Mutex::new(1);
    assert_eq!(format!("{mutex:?}"), "Mutex { data: 1 }");
    let _guard = mutex.lock().await;
    assert_eq!(format!("{mutex:?}"), "Mutex { data: <locked> }");
    assert_eq!(mutex.try_lock().unwrap_err().to_string(), "operation would block");
}

async fn rwlock_readers_share() {
    let lock = RwLock::new(1);
    let (one, other) = (lock.read().await, lock.read().await);
    assert_eq!(*one + *other, 2);
    assert!(lock.try_write().is_err());
}

async fn rwlock_writer_is_alone() {
    let lock = RwLock::new(1);
    let mut writing = lock.write().await;
    *writing = 2;
    assert!(lock.try_read().is_err() && lock.try_write().is_err());
    drop(writing);
    assert_eq!(*lock.read().await, 2);
}

async fn rwlock_waiting_writer_holds_back_new_readers() {
    let lock = Arc::new(RwLock::new(0));
    let reading = lock.read().await;
    let writer = creel::spawn({
        let lock = Arc::clone(&lock);
        async move { *lock.write().await += 1 }
    });
    settle().await;
    assert!(lock.try_read().is_err());
    let mut late = pin!(lock.read());
    assert!(poll_once(late.as_mut()).is_pending());
    drop(reading);
    assert_eq!(*late.await, 1);
    writer.await.unwrap();
}

async fn rwlock_writer_that_gives_up_lets_readers_in() {
    let lock = RwLock::new(0);
    let _reading = lock.read().await;
    let mut writer = Box::pin(lock.write());
    let mut late = pin!(lock.read());
    assert!(poll_once(writer.as_mut()).is_pending());
    assert!(poll_once(late.as_mut()).is_pending());
    drop(writer);
    drop(late.await);
}

async fn rwlock_downgrade_lets_no_writer_between() {
    let lock = RwLock::new(0);
    let mut writing = lock.write().await;
    let mut writer = pin!(lock.write());
    assert!(poll_once(writer.as_mut()).is_pending());
    *writing = 5;
    let reading = writing.downgrade();
    assert_eq!(*reading, 5);
    assert!(poll_once(writer.as_mut()).is_pending());
    drop(reading);
    *writer.await = 6;
    assert_eq!(*lock.read().await, 6);
}

async fn rwlock_guards_narrow_to_a_part() {
    let lock = RwLock::new((1, 2));
    *RwLockWriteGuard::map(lock.write().await, |pair| &mut pair.0) = 3;
    assert_eq!(*RwLockReadGuard::map(lock.read().await, |pair| &pair.0), 3);
    let second = RwLockWriteGuard::downgrade_map(lock.write().await, |pair| &pair.1);
    assert_eq!((*second, lock.read().await.0), (2, 3));
}

async fn rwlock_owned_guards_keep_the_lock() {
    let lock = Arc::new(RwLock::new((1, 2)));
    let writing = Arc::clone(&lock).write_owned().await;
    *OwnedRwLockWriteGuard::map(writing, |pair| &mut pair.0) = 3;
    let reading = Arc::clone(&lock).read_owned().await;
    let first = OwnedRwLockReadGuard::map(reading, |pair| &pair.0);
    drop(lock);
    let task = creel::spawn(async move { *first });
    assert_eq!(task.await.unwrap(), 3);
}

async fn rwlock_admits_as_many_readers_as_were_said() {
    let lock = RwLock::with_max_readers((), 2);
    let (one, _other) = (lock.read().await, lock.read().await);
    let mut third = pin!(lock.read());
    assert!(poll_once(third.as_mut()).is_pending());
    drop(one);
    drop(third.await);
}

async fn semaphore_bounds_how_many_are_inside() {
    let semaphore = Arc::new(Semaphore::new(3));
    let inside = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
            creel::spawn(async move {
                let _permit = semaphore.acquire().await.unwrap();
                let now = inside.0.fetch_add(1, Ordering::Relaxed) + 1;
                inside.1.fetch_max(now, Ordering::Relaxed);
                settle().await;
                inside.0.fetch_sub(1, Ordering::Relaxed);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(inside.1.load(Ordering::Relaxed), 3);
    assert_eq!(semaphore.available_permits(), 3);
}

async fn semaphore_does_not_starve_a_large_request() {
    let semaphore = Semaphore::new(2);
    let small = semaphore.acquire().await.unwrap();
    let mut large = pin!(semaphore.acquire_many(2));
    assert!(poll_once(large.as_mut()).is_pending());
    // One permit was free, but it belongs to the one who waits.
    assert_eq!(semaphore.try_acquire().err(), Some(TryAcquireError::NoPermits));
    drop(small);
    assert_eq!(large.await.unwrap().num_permits(), 2);
}

async fn semaphore_dropped_request_returns_what_it_collected() {
    let semaphore = Semaphore::new(2);
    let mut large = Box::pin(semaphore.acquire_many(3));
    assert!(poll_once(large.as_mut()).is_pending());
    assert_eq!(semaphore.available_permits(), 0);
    drop(large);
    assert_eq!(semaphore.available_permits(), 2);
}

async fn semaphore_close_fails_those_who_wait() {
    let semaphore = Arc::new(Semaphore::new(0));
    let task = creel::spawn({
        let semaphore = Arc::clone(&semaphore);
        async move { semaphore.acquire().await.is_err() }
    });
    settle().await;
    semaphore.close();
    assert!(task.await.unwrap());
    assert!(semaphore.is_closed() && semaphore.acquire().await.is_err());
    assert_eq!(semaphore.try_acquire().err(), Some(TryAcquireError::Closed));
}

async fn semaphore_added_permits_reach_those_who_wait_in_order() {
    let semaphore = Arc::new(Semaphore::new(0));
    let order = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<_> = (1..=3)
        .map(|n| {
            let (semaphore, order) = (Arc::clone(&semaphore), Rc::clone(&order));
            let mut acquire = Box::pin(async move { semaphore.acquire_many(n).await.unwrap().forget() });
            assert!(poll_once(acquire.as_mut()).is_pending());
            creel::task::spawn_local(async move {
                acquire.await;
                order.borrow_mut().push(n);
            })
        })
        .collect();
    for _ in 0..6 {
        semaphore.add_permits(1);
        settle().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.borrow(), [1, 2, 3]);
    assert_eq!(semaphore.available_permits(), 0);
}

async fn semaphore_permits_split_merge_and_vanish() {
    let semaphore = Semaphore::new(3);
    let mut all = semaphore.acquire_many(3).await.unwrap();
    let one = all.split(1).unwrap();
    assert!(all.split(3).is_none());
    drop(one);
    all.merge(semaphore.acquire().await.unwrap());
    all.split(2).unwrap().forget();
    drop(all);
    assert_eq!(semaphore.available_permits(), 1);
    assert_eq!(semaphore.forget_permits(5), 1);
}

async fn semaphore_owned_permit_travels_to_another_task() {
    let semaphore = Arc::new(Semaphore::new(1));
    let permit = Arc::clone(&semaphore).acquire_owned().await.unwrap();
    assert!(Arc::clone(&semaphore).try_acquire_owned().is_err());
    creel::spawn(async move { drop(permit) }).await.unwrap();
    assert!(semaphore.try_acquire().is_ok());
}

async fn semaphore_of_zero_permits_waits_and_zero_permits_are_free() {
    let semaphore = Semaphore::new(0);
    assert!(poll_once(pin!(semaphore.acquire())).is_pending());
    assert_eq!(semaphore.acquire_many(0).await.unwrap().num_permits(), 0);
}

async fn semaphore_task_yields_when_its_budget_is_spent() {
    // Without a budget the loop would keep the other task from ever running.
    let other_ran = Rc::new(Cell::new(false));
    let task = creel::task::spawn_local({
        let other_ran = Rc::clone(&other_ran);
        async move { other_ran.set(true) }
    });
    let semaphore = Semaphore::new(1);
    let mut rounds = 0;
    while !other_ran.get() && rounds < 100_000 {
        drop(semaphore.acquire().await.unwrap());
        rounds += 1;
    }
    assert!(other_ran.get());
    task.await.unwrap();
}

async fn notify_before_the_wait_is_kept_once() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    notify.notified().await;
    assert!(poll_once(pin!(notify.notified())).is_pending());
}

async fn notify_one_wakes_in_order() {
    let notify = Notify::new();
    let mut waiters: Vec<_> = (0..3).map(|_| Box::pin(notify.notified())).collect();
    for waiter in &mut waiters {
        assert!(poll_once(waiter.as_mut()).is_pending());
    }
    for mut waiter in waiters {
        assert!(poll_once(waiter.as_mut()).is_pending());
        notify.notify_one();
        waiter.await;
    }
}

async fn notify_last_wakes_the_youngest() {
    let notify = Notify::new();
    let mut first = pin!(notify.notified());
    let mut last = pin!(notify.notified());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(last.as_mut()).is_pending());
    notify.notify_last();
    assert!(poll_once(first.as_mut()).is_pending());
    last.await;
    notify.notify_last();
    first.await;
}

async fn notify_waiters_reaches_all_that_were_made_before() {
    let notify = Arc::new(Notify::new());
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let notified = Arc::clone(&notify).notified_owned();
            creel::spawn(notified)
        })
        .collect();
    settle().await;
    let unpolled = notify.notified();
    notify.notify_waiters();
    assert!(poll_once(pin!(notify.notified())).is_pending());
    unpolled.await;
    for task in tasks {
        task.await.unwrap();
    }
}

async fn notify_permit_of_a_dropped_waiter_goes_on() {
    let notify = Notify::new();
    let mut quitter = Box::pin(notify.notified());
    let mut waiter = pin!(notify.notified());
    assert!(poll_once(quitter.as_mut()).is_pending());
    assert!(poll_once(waiter.as_mut()).is_pending());
    notify.notify_one();
    assert!(poll_once(waiter.as_mut()).is_pending());
    drop(quitter);
    waiter.await;
}

async fn notify_permit_of_the_last_dropped_waiter_is_kept() {
    let notify = Notify::new();
    let mut quitter = Box::pin(notify.notified());
    assert!(poll_once(quitter.as_mut()).is_pending());
    notify.notify_one();
    drop(quitter);
    notify.notified().await;
}

async fn notify_enable_takes_a_place_without_waiting() {
    let notify = Notify::new();
    let mut enabled = pin!(notify.notified());
    assert!(!enabled.as_mut().enable());
    notify.notify_one();
    assert!(poll_once(pin!(notify.notified())).is_pending());
    assert!(enabled.as_mut().enable());
    enabled.await;
}

async fn notify_between_look_and_wait_is_not_missed() {
    let (notify, ready) = (Notify::new(), Cell::new(false));
    let notified = notify.notified();
    assert!(!ready.get());
    // It happens here, after the look and before the wait.
    ready.set(true);
    notify.notify_waiters();
    notified.await;
}

async fn notify_passes_messages_between_tasks() {
    let pair = Rc::new((Notify::new(), Notify::new(), Cell::new(0)));
    let task = creel::task::spawn_local({
        let pair = Rc::clone(&pair);
        async move {
            for _ in 0..100 {
                pair.0.notified().await;
                pair.2.set(pair.2.get() + 1);
                pair.1.notify_one();
            }
        }
    });
    for n in 1..=100 {
        pair.0.notify_one();
        pair.1.notified().await;
        assert_eq!(pair.2.get(), n);
    }
    task.await.unwrap();
}

async fn waiters_use_the_waker_of_their_last_poll() {
    let mutex = Mutex::new(());
    let guard = mutex.lock().await;
    let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut waiter = pin!(mutex.lock());
    for count in [&old, &new, &new] {
        let waker = Waker::from(Arc::clone(count));
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&old), 1);
    drop(guard);
    assert_eq!((old.0.load(Ordering::Relaxed), new.0.load(Ordering::Relaxed)), (0, 1));
    drop(waiter.await);
}

async fn waiters_dropped_while_many_wait_leave_the_queue_whole() {
    let semaphore = Semaphore::new(0);
    let mut waiters: Vec<_> = (0..50).map(|_| Some(Box::pin(semaphore.acquire()))).collect();
    for waiter in waiters.iter_mut().flatten() {
        assert!(poll_once(waiter.as_mut()).is_pending());
    }
    for i in (0..50).step_by(3) {
        waiters[i] = None;
    }
    semaphore.add_permits(20);
    for i in (1..50).step_by(3) {
        waiters[i] = None;
    }
    for waiter in waiters.into_iter().flatten() {
        drop(waiter.await.unwrap());
    }
    assert_eq!(semaphore.available_permits(), 20);
}

}
