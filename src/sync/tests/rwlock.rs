//! The reader-writer lock and its guards.

use super::{Count, poll_once, poll_with};
use crate::sync::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
use core::pin::pin;
use core::task::Poll;
use std::boxed::Box;
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec;

#[test]
fn auto_traits_are_as_in_tokio() {
    fn send_sync<T: Send + Sync + Unpin>() {}
    fn value_is_send_sync<T: Send + Sync>(_: T) {}
    send_sync::<RwLock<u8>>();
    send_sync::<RwLockReadGuard<'_, u8>>();
    send_sync::<RwLockWriteGuard<'_, u8>>();
    send_sync::<RwLockMappedWriteGuard<'_, u8>>();
    send_sync::<OwnedRwLockReadGuard<u8, u16>>();
    send_sync::<OwnedRwLockWriteGuard<u8>>();
    send_sync::<OwnedRwLockMappedWriteGuard<u8, u16>>();
    value_is_send_sync(RwLock::new(1).write());
    value_is_send_sync(Arc::new(RwLock::new(1)).read_owned());
}

#[test]
fn readers_share_and_writers_do_not() {
    let lock = RwLock::new(1);
    let (one, other) = (lock.try_read().unwrap(), lock.try_read().unwrap());
    assert!(lock.try_write().is_err());
    drop(one);
    assert!(lock.try_write().is_err());
    drop(other);
    let writing = lock.try_write().unwrap();
    assert!(lock.try_read().is_err() && lock.try_write().is_err());
    drop(writing);
    assert!(lock.try_read().is_ok());
}

#[test]
fn readers_wait_behind_a_writer_that_waits() {
    let lock = RwLock::new(1);
    let reading = lock.try_read().unwrap();
    let mut writer = Box::pin(lock.write());
    let mut reader = pin!(lock.read());
    let (count, waker) = Count::new();
    assert!(poll_once(writer.as_mut()).is_pending());
    assert!(poll_with(reader.as_mut(), &waker).is_pending());
    assert!(lock.try_read().is_err());
    // Without the writer the reader may come in beside the first.
    drop(writer);
    assert_eq!(count.get(), 1);
    assert!(poll_once(reader).is_ready());
    drop(reading);
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_writer_waits_for_every_reader() {
    let lock = RwLock::new(1);
    let mut readings = vec![lock.try_read().unwrap(), lock.try_read().unwrap()];
    let mut writer = pin!(lock.write());
    assert!(poll_once(writer.as_mut()).is_pending());
    readings.pop();
    assert!(poll_once(writer.as_mut()).is_pending());
    readings.pop();
    let Poll::Ready(mut writing) = poll_once(writer) else { panic!("nobody reads") };
    *writing = 2;
    drop(writing);
    assert_eq!(*lock.try_read().unwrap(), 2);
}

#[test]
fn downgrading_lets_readers_in_and_no_writer() {
    let lock = RwLock::new(1);
    let mut writing = lock.try_write().unwrap();
    let mut reader = pin!(lock.read());
    let mut writer = pin!(lock.write());
    assert!(poll_once(reader.as_mut()).is_pending());
    assert!(poll_once(writer.as_mut()).is_pending());
    *writing = 2;
    let reading = writing.downgrade();
    let Poll::Ready(beside) = poll_once(reader) else { panic!("readers share") };
    assert_eq!((*reading, *beside), (2, 2));
    assert!(poll_once(writer.as_mut()).is_pending());
    drop(reading);
    drop(beside);
    assert!(poll_once(writer).is_ready());
}

#[test]
fn as_many_readers_as_are_allowed() {
    let lock = RwLock::with_max_readers(1, 2);
    let (_one, other) = (lock.try_read().unwrap(), lock.try_read().unwrap());
    let mut third = pin!(lock.read());
    assert!(poll_once(third.as_mut()).is_pending());
    drop(other);
    assert!(poll_once(third).is_ready());
    for wrong in [0, (u32::MAX >> 3) + 1] {
        assert!(catch_unwind(|| RwLock::with_max_readers(1, wrong)).is_err());
    }
}

#[test]
fn guards_narrow() {
    let lock = RwLock::new((vec![1, 2], 'a'));
    let writing = lock.try_write().unwrap();
    let Err(writing) = RwLockWriteGuard::try_map(writing, |_| None::<&mut u8>) else { panic!() };
    let list = RwLockWriteGuard::map(writing, |pair| &mut pair.0);
    let Err(list) = RwLockMappedWriteGuard::try_map(list, |list| list.get_mut(2)) else { panic!() };
    *RwLockMappedWriteGuard::map(list, |list| &mut list[1]) = 3;

    let writing = lock.try_write().unwrap();
    let Err(writing) = RwLockWriteGuard::try_downgrade_map(writing, |_| None::<&u8>) else {
        panic!()
    };
    let reading = RwLockWriteGuard::downgrade_map(writing, |pair| &pair.0);
    assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    let Err(reading) = RwLockReadGuard::try_map(reading, |list| list.get(2)) else { panic!() };
    let second = RwLockReadGuard::map(reading, |list| &list[1]);
    assert_eq!(*second, 3);
    drop(second);
    drop(RwLockWriteGuard::into_mapped(lock.try_write().unwrap()));
    assert!(lock.try_write().is_ok());
}

#[test]
fn owned_guards_narrow_and_keep_the_lock() {
    type Writing<T> = OwnedRwLockWriteGuard<T>;
    let lock = Arc::new(RwLock::new((vec![1, 2], 'a')));
    let write = || lock.clone().try_write_owned().unwrap();
    let Err(writing) = Writing::try_map(write(), |_| None::<&mut u8>) else { panic!() };
    assert!(Arc::ptr_eq(Writing::rwlock(&writing), &lock));
    let list = Writing::map(writing, |pair| &mut pair.0);
    let Err(list) = OwnedRwLockMappedWriteGuard::try_map(list, |list| list.get_mut(2)) else {
        panic!()
    };
    let mut second = OwnedRwLockMappedWriteGuard::map(list, |list| &mut list[1]);
    assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&second), &lock));
    *second = 3;
    drop(second);

    let Err(writing) = Writing::try_downgrade_map(write(), |_| None::<&u8>) else { panic!() };
    let reading = Writing::downgrade_map(writing, |pair| &pair.0);
    assert!(lock.clone().try_read_owned().is_ok() && lock.clone().try_write_owned().is_err());
    let Err(reading) = OwnedRwLockReadGuard::try_map(reading, |list| list.get(2)) else { panic!() };
    let second = OwnedRwLockReadGuard::map(reading, |list| &list[1]);
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&second), &lock));
    assert_eq!(*second, 3);
    drop(second);
    drop(Writing::into_mapped(write()));
    assert_eq!(write().downgrade().1, 'a');
    assert_eq!(Arc::strong_count(&lock), 1);
}

#[test]
fn a_panic_while_narrowing_gives_the_lock_back() {
    let lock = RwLock::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = RwLockWriteGuard::map(lock.try_write().unwrap(), |_| -> &mut u8 { panic!("map") });
    }));
    assert!(panicked.is_err());
    assert!(lock.try_write().is_ok());
}

#[test]
fn shows_its_value_or_that_it_is_locked() {
    let mut lock = RwLock::from(1);
    *lock.get_mut() = 2;
    assert_eq!(format!("{lock:?} {}", lock.try_read().unwrap()), "RwLock { data: 2 } 2");
    let writing = lock.try_write().unwrap();
    assert_eq!(format!("{writing:?} {lock:?}"), "2 RwLock { data: <locked> }");
    assert_eq!(RwLock::<u8>::default().into_inner(), 0);
}

#[test]
fn blocks_the_thread_until_it_is_free() {
    let lock = RwLock::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..100 {
                    *lock.blocking_write() += 1;
                    assert!(*lock.blocking_read() > 0);
                }
            });
        }
    });
    assert_eq!(*lock.blocking_read(), 300);
}
