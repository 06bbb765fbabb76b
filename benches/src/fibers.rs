//! Fibers, beside may (whose scheduler has one worker here), generator and the bare switch of
//! corosensei.

use crate::memory::resident_now;
use crate::{Operation, Run, operation, runs};
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};
use creel::fiber;
use generator::{Gn, done};
use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;

/// How many items a channel between fibers holds.
const CAPACITY: usize = 1;

pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "fiber as iterator: an item",
            200_000,
            &[
                ("creel", || {
                    Box::new(|n| {
                        let items = fiber::iter(move |items| (0..n).for_each(|i| items.give(i)));
                        items.for_each(|item| _ = black_box(item));
                    })
                }),
                ("generator", || {
                    Box::new(|n| {
                        let items = Gn::new_scoped(move |mut scope| {
                            (0..n).for_each(|i| scope.yield_with(i));
                            done!()
                        });
                        items.for_each(|item| _ = black_box(item));
                    })
                }),
                ("corosensei", || {
                    Box::new(|n| {
                        let mut items = Coroutine::new(move |yielder, ()| {
                            (0..n).for_each(|i| yielder.suspend(i));
                        });
                        while let CoroutineResult::Yield(item) = items.resume(()) {
                            black_box(item);
                        }
                    })
                }),
            ],
        ),
        operation(
            "fiber: spawn + join",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for _ in 0..n {
                            fiber::spawn_local(|| ()).await.unwrap();
                        }
                    })
                }),
                ("may", || in_may(|n| (0..n).for_each(|_| may_spawn(|| ()).join().unwrap()))),
                ("generator, without a scheduler", || {
                    Box::new(|n| {
                        for _ in 0..n {
                            let mut one = Gn::<()>::new_scoped(|_| 1);
                            black_box(one.resume());
                        }
                    })
                }),
                ("corosensei, without a scheduler", || {
                    let mut kept = Some(DefaultStack::new(256 * 1024).unwrap());
                    Box::new(move |n| {
                        for _ in 0..n {
                            let stack = kept.take().unwrap();
                            let mut one = Coroutine::<(), (), _>::with_stack(stack, |_, ()| ());
                            black_box(one.resume(()));
                            kept = Some(one.into_stack());
                        }
                    })
                }),
            ],
        ),
        operation(
            "fiber: yield, one alone",
            50_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let yields = fiber::spawn_local(move || {
                            (0..n).for_each(|_| fiber::yield_now());
                        });
                        yields.await.unwrap();
                    })
                }),
                ("may", || in_may(|n| (0..n).for_each(|_| may::coroutine::yield_now()))),
            ],
        ),
        operation(
            "fiber: channel ping-pong, round trip",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let (to, mut inbox) = creel::sync::mpsc::channel(CAPACITY);
                        let (back, mut answers) = creel::sync::mpsc::channel(CAPACITY);
                        fiber::spawn_local(move || {
                            while let Some(value) = fiber::wait(inbox.recv()) {
                                fiber::wait(back.send(value)).unwrap();
                            }
                        });
                        let asks = fiber::spawn_local(move || {
                            for i in 0..n {
                                fiber::wait(to.send(i)).unwrap();
                                black_box(fiber::wait(answers.recv()).unwrap());
                            }
                        });
                        asks.await.unwrap();
                    })
                }),
                ("may", || {
                    in_may(|n| {
                        let (to, inbox) = may::sync::mpsc::channel();
                        let (back, answers) = may::sync::mpsc::channel();
                        let echo = may_spawn(move || {
                            inbox.iter().for_each(|value: u64| back.send(value).unwrap());
                        });
                        for i in 0..n {
                            to.send(i).unwrap();
                            black_box(answers.recv().unwrap());
                        }
                        drop(to);
                        echo.join().unwrap();
                    })
                }),
            ],
        ),
    ]
}

/// Runs a program inside of a coroutine of may.
fn in_may(program: fn(u64)) -> Run {
    may::config().set_workers(1);
    Box::new(move |n| may_spawn(move || program(n)).join().unwrap())
}

fn may_spawn<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> may::coroutine::JoinHandle<T> {
    // SAFETY: what runs here touches no thread-local and has small frames.
    unsafe { may::coroutine::spawn(f) }
}

/// Resident bytes a fiber, of `count` that wait at once, and how many mappings the process has then.
/// The stacks of the peers take two mappings each, and the system ends them at 32,754.
pub fn live_fibers(count: usize) -> (usize, usize) {
    let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let before = resident_now();
        let started = Rc::new(Cell::new(0));
        for _ in 0..count {
            let started = started.clone();
            fiber::spawn_local(move || {
                started.set(started.get() + 1);
                fiber::wait(std::future::pending::<()>());
            });
        }
        while started.get() < count {
            creel::task::yield_now().await;
        }
        let mappings =
            std::fs::read_to_string("/proc/self/maps").unwrap_or_default().lines().count();
        ((resident_now() - before) / count, mappings)
    })
}
