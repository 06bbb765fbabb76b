//! Capacities, values without size, what is left at the end, and drops that panic.

use creel::collections::hazard::Domain;
use creel::collections::{Stack, deque, mpmc, mpsc, run_queue, spsc};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::AtomicPtr;

fn panics<R>(f: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(f()))).expect_err("it must panic");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().expect("a text").to_string(),
    }
}

#[test]
fn no_capacity_is_refused_with_the_reason() {
    let zero = [
        panics(|| mpmc::Queue::<u8>::new(0)),
        panics(|| spsc::ring::<u8>(0)),
        panics(|| run_queue::run_queue::<usize>(0)),
    ];
    assert!(zero.iter().all(|text| text.contains("at least one")), "{zero:?}");
    let huge = [
        panics(|| mpmc::Queue::<()>::new(usize::MAX)),
        panics(|| spsc::ring::<()>(usize::MAX)),
        panics(|| run_queue::run_queue::<usize>(usize::MAX)),
    ];
    assert!(huge.iter().all(|text| text.contains("too large")), "{huge:?}");
}

#[test]
fn capacities_are_exact_or_rounded_up() {
    for capacity in [1, 2, 3, 5, 8] {
        let queue = mpmc::Queue::new(capacity);
        let (mut producer, mut consumer) = spsc::ring(capacity);
        let (worker, stealer) = run_queue::run_queue(capacity);
        for number in 0..capacity {
            assert_eq!(queue.push(number), Ok(()));
            assert_eq!(producer.push(number), Ok(()));
        }
        assert_eq!((queue.push(99), queue.len(), queue.is_full()), (Err(99), capacity, true));
        assert_eq!((producer.push(99), producer.len()), (Err(99), capacity));
        assert!(producer.is_full() && consumer.drain().eq(0..capacity) && consumer.is_empty());
        assert_eq!(worker.capacity(), capacity.next_power_of_two());
        (0..worker.capacity()).for_each(|number| worker.push(number).unwrap());
        assert_eq!((worker.push(99), stealer.len()), (Err(99), worker.capacity()));
    }
}

#[test]
fn values_of_no_size_are_counted() {
    let queue = mpmc::Queue::new(2);
    assert_eq!((queue.push(()), queue.push(()), queue.push(())), (Ok(()), Ok(()), Err(())));
    assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(()), Some(()), None));

    let (mut producer, mut consumer) = spsc::ring(3);
    assert_eq!(producer.push_slice(&[(); 5]), 3);
    assert_eq!(consumer.pop_slice(&mut [(); 2]), 2);
    assert_eq!(consumer.drain().len(), 1);

    let (producer, mut consumer) = mpsc::queue();
    (0..100).for_each(|_| producer.push(()));
    assert_eq!(std::iter::from_fn(|| consumer.pop()).count(), 100);

    let stack: Stack<()> = [(), ()].into_iter().collect();
    assert_eq!((stack.pop(), stack.pop(), stack.pop()), (Some(()), Some(()), None));

    let (worker, stealer) = deque::deque();
    (0..100).for_each(|_| worker.push(Box::new(())));
    assert_eq!((stealer.steal().is_some(), worker.len()), (true, 99));
}

/// Fills each collection with what `make` makes, drops it, and calls `check` after each.
fn each_dropped<T>(mut make: impl FnMut() -> T, mut check: impl FnMut(&str)) {
    let queue = mpmc::Queue::new(3);
    // Once around, so that the values do not begin at the first slot.
    drop((queue.push(make()), queue.pop()));
    (0..3).for_each(|_| drop(queue.push(make())));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(queue))).is_ok() || std::mem::needs_drop::<T>());
    check("mpmc");

    let (mut producer, consumer) = spsc::ring(3);
    producer.push_many(&mut std::iter::repeat_with(&mut make));
    drop(consumer);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(producer)));
    check("spsc");

    let (producer, consumer) = mpsc::queue();
    (0..3).for_each(|_| producer.push(make()));
    drop(consumer);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(producer)));
    check("mpsc");

    let (worker, stealer) = deque::with_capacity(2);
    (0..3).for_each(|_| worker.push(Box::new(make())));
    drop(stealer);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(worker)));
    check("deque");

    let (worker, stealer) = run_queue::run_queue(4);
    (0..3).for_each(|_| drop(worker.push(Box::new(make()))));
    drop(worker);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(stealer)));
    check("run_queue");

    let stack: Stack<T> = std::iter::repeat_with(&mut make).take(3).collect();
    let _ = catch_unwind(AssertUnwindSafe(|| drop(stack)));
    check("stack");
}

#[test]
fn what_is_left_is_dropped_once() {
    let alive = Rc::new(());
    each_dropped(|| alive.clone(), |name| assert_eq!(Rc::strong_count(&alive), 1, "{name}"));
}

#[test]
fn a_drop_that_panics_costs_no_other_value_its_own() {
    struct Bomb(bool, #[allow(dead_code)] Rc<()>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(!self.0, "a bomb");
        }
    }
    let alive = Rc::new(());
    let mut made = 0;
    let make = || {
        made += 1;
        // The first that is left goes off in each of them, or the last.
        Bomb(made % 3 == 2, alive.clone())
    };
    each_dropped(make, |name| assert_eq!(Rc::strong_count(&alive), 1, "{name}"));
}

#[test]
fn a_batch_whose_source_panics_keeps_what_it_had() {
    let (mut producer, mut consumer) = spsc::ring(4);
    let mut source = (1..).map(|number| if number == 3 { panic!("no more") } else { number });
    assert_eq!(panics(|| producer.push_many(&mut source)), "no more");
    assert!(consumer.drain().eq([1, 2]));
}

#[test]
fn a_drain_that_is_forgotten_gives_nothing_twice() {
    let alive = Rc::new(());
    let (mut producer, mut consumer) = spsc::ring(4);
    producer.push_many(&mut std::iter::repeat_n(alive.clone(), 3));
    let mut drain = consumer.drain();
    drop(drain.next());
    std::mem::forget(drain);
    drop((consumer, producer));
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn who_robs_itself_gets_one() {
    let (worker, stealer) = deque::deque();
    (0..4_usize).for_each(|number| worker.push(number));
    assert_eq!((stealer.steal_into(&worker), worker.len()), (Some(3), 3));
    let (worker, stealer) = run_queue::run_queue(4);
    (0..4_usize).for_each(|number| worker.push(number).unwrap());
    assert_eq!((stealer.steal_into(&worker), worker.len()), (Some(0), 3));
}

#[test]
fn a_guard_keeps_its_object_and_no_other() {
    let domain = Domain::new();
    let alive = Rc::new(());
    // Rc is not Send, so the objects count in another way.
    drop(alive);
    let alive = std::sync::Arc::new(());
    let boxed = || Box::into_raw(Box::new(alive.clone()));
    let source = AtomicPtr::new(boxed());
    let replace = || {
        let old = source.swap(boxed(), std::sync::atomic::Ordering::SeqCst);
        // SAFETY: a box that was replaced.
        unsafe { domain.retire(NonNull::new(old).unwrap()) };
    };
    // SAFETY: boxes only, retired when they were replaced.
    let guards: Vec<_> = (0..20).map(|_| unsafe { domain.protect(&source) }).collect();
    replace();
    assert_eq!(std::sync::Arc::strong_count(&alive), 3, "the first is read, the second current");
    replace();
    assert_eq!(std::sync::Arc::strong_count(&alive), 3, "the second was read by nobody");
    drop(guards);
    domain.free_retired();
    assert_eq!(std::sync::Arc::strong_count(&alive), 2);
    // SAFETY: the last.
    unsafe { domain.retire(NonNull::new(source.into_inner()).unwrap()) };
    assert_eq!(std::sync::Arc::strong_count(&alive), 1);
}
