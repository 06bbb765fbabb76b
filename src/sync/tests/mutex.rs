//! The mutex and its guards.

use super::{Count, poll_once, poll_with};
use crate::sync::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};
use core::cell::Cell;
use core::pin::pin;
use core::task::Poll;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::ToString;
use std::sync::Arc;
use std::vec::Vec;
use std::{format, vec};

#[test]
fn auto_traits_are_as_in_tokio() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    fn value_is_send_sync<T: Send + Sync + 'static>(_: T) {}
    send::<Mutex<Cell<u8>>>();
    sync::<Mutex<Cell<u8>>>();
    send::<MutexGuard<'_, Cell<u8>>>();
    sync::<MutexGuard<'_, u8>>();
    send::<OwnedMutexGuard<Cell<u8>>>();
    sync::<OwnedMutexGuard<u8>>();
    send::<MappedMutexGuard<'_, Cell<u8>>>();
    sync::<MappedMutexGuard<'_, u8>>();
    send::<OwnedMappedMutexGuard<Cell<u8>, Cell<u8>>>();
    sync::<OwnedMappedMutexGuard<u8>>();
    value_is_send_sync(Arc::new(Mutex::new(1)).lock_owned());
}

#[test]
fn the_lock_goes_round_in_order() {
    let mutex = Mutex::new(Vec::new());
    let mut guard = mutex.try_lock().ok();
    let mut waiters: Vec<_> = (0..3).map(|_| Box::pin(mutex.lock())).collect();
    for waiter in &mut waiters {
        assert!(poll_once(waiter.as_mut()).is_pending());
    }
    for i in 0..3 {
        drop(guard.take());
        assert!(mutex.try_lock().is_err(), "the first in the queue has it");
        for waiter in &mut waiters[i + 1..] {
            assert!(poll_once(waiter.as_mut()).is_pending());
        }
        let Poll::Ready(mut next) = poll_once(waiters[i].as_mut()) else { panic!("{i} waits") };
        next.push(i);
        guard = Some(next);
    }
    drop(guard);
    drop(waiters);
    assert_eq!(mutex.into_inner(), [0, 1, 2]);
}

#[test]
fn a_waiter_that_got_the_lock_and_is_dropped_hands_it_on() {
    let mutex = Mutex::new(());
    let (count, waker) = Count::new();
    let guard = mutex.try_lock().unwrap();
    let mut first = Box::pin(mutex.lock());
    let mut second = pin!(mutex.lock());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    drop(guard);
    assert_eq!(count.get(), 0);
    drop(first);
    assert_eq!(count.get(), 1);
    assert!(poll_once(second).is_ready());
}

#[test]
fn a_panic_with_the_guard_in_hand_unlocks() {
    let mutex = Mutex::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = mutex.try_lock().unwrap();
        *guard = 2;
        panic!("with the guard in hand");
    }));
    assert!(panicked.is_err());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = MutexGuard::map(mutex.try_lock().unwrap(), |_| -> &mut u8 { panic!("in map") });
    }));
    assert!(panicked.is_err());
    assert_eq!(*mutex.try_lock().unwrap(), 2);
}

#[test]
fn guards_narrow_and_unlock_when_the_last_goes() {
    let mutex = Mutex::new((vec![1, 2], 'a'));
    let guard = mutex.try_lock().unwrap();
    assert!(core::ptr::eq(MutexGuard::mutex(&guard), &mutex));
    let guard = MutexGuard::map(guard, |pair| &mut pair.0);
    let Err(guard) = MappedMutexGuard::try_map(guard, |list| list.get_mut(2)) else {
        panic!("there is no third")
    };
    let mut second = MappedMutexGuard::map(guard, |list| &mut list[1]);
    *second = 3;
    assert!(mutex.try_lock().is_err());
    drop(second);
    let Err(guard) = MutexGuard::try_map(mutex.try_lock().unwrap(), |_| None::<&mut u8>) else {
        panic!("there is none")
    };
    assert_eq!(guard.0, [1, 3]);
}

#[test]
fn owned_guards_narrow_and_keep_the_mutex() {
    let mutex = Arc::new(Mutex::new(vec![1, 2]));
    let guard = mutex.clone().try_lock_owned().unwrap();
    assert!(mutex.clone().try_lock_owned().is_err());
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    let slice = OwnedMutexGuard::map(guard, |list| &mut list[..]);
    let Err(slice) = OwnedMappedMutexGuard::try_map(slice, |slice| slice.get_mut(2)) else {
        panic!("there is no third")
    };
    let mut second = OwnedMappedMutexGuard::map(slice, |slice| &mut slice[1]);
    *second = 3;
    assert_eq!(Arc::strong_count(&mutex), 2);
    drop(second);
    assert_eq!(Arc::into_inner(mutex).unwrap().into_inner(), [1, 3]);
}

#[test]
fn shows_its_value_or_that_it_is_locked() {
    let mut mutex = Mutex::from(1);
    *mutex.get_mut() = 2;
    assert_eq!(format!("{mutex:?}"), "Mutex { data: 2 }");
    let guard = mutex.try_lock().unwrap();
    assert_eq!(format!("{guard:?} {guard}"), "2 2");
    assert_eq!(format!("{mutex:?}"), "Mutex { data: <locked> }");
    assert_eq!(mutex.try_lock().unwrap_err().to_string(), "operation would block");
    assert_eq!(Mutex::<u8>::default().into_inner(), 0);
}

#[test]
fn guards_an_unsized_value() {
    let mutex: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2, 3]));
    mutex.clone().try_lock_owned().unwrap()[0] = 9;
    assert_eq!(*mutex.try_lock().unwrap(), [9, 2, 3]);
}

#[test]
fn blocks_the_thread_until_it_is_unlocked() {
    let mutex = Arc::new(Mutex::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    *mutex.blocking_lock() += 1;
                    *mutex.clone().blocking_lock_owned() += 1;
                }
            });
        }
    });
    assert_eq!(*mutex.blocking_lock(), 800);
}
