//! Running a future on each peer's single-threaded runtime.

use crate::Run;
use std::future::Future;
use std::rc::Rc;

/// A program that does its operation so many times, on creel's current-thread runtime.
pub fn creel<F: Future<Output = ()> + 'static>(program: impl Fn(u64) -> F + 'static) -> Run {
    let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    Box::new(move |count| runtime.block_on(program(count)))
}

/// The same, with the driver of one's choice.
pub fn creel_by<F: Future<Output = ()> + 'static>(
    driver: creel::runtime::IoDriver,
    program: impl Fn(u64) -> F + 'static,
) -> Run {
    let mut builder = creel::runtime::Builder::new_current_thread();
    let runtime = builder.io_driver(driver).build().unwrap();
    Box::new(move |count| runtime.block_on(program(count)))
}

/// The same on tokio's.
pub fn tokio<F: Future<Output = ()> + 'static>(program: impl Fn(u64) -> F + 'static) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    Box::new(move |count| runtime.block_on(program(count)))
}

/// The same on actix's.
pub fn actix<F: Future<Output = ()> + 'static>(program: impl Fn(u64) -> F + 'static) -> Run {
    let system = actix::System::new();
    Box::new(move |count| system.block_on(program(count)))
}

/// The executor of smol, for this thread.
pub type Smol = Rc<async_executor::LocalExecutor<'static>>;

/// The same on smol's.
pub fn smol<F: Future<Output = ()> + 'static>(program: impl Fn(Smol, u64) -> F + 'static) -> Run {
    let executor = Smol::default();
    Box::new(move |count| {
        let future = program(executor.clone(), count);
        futures_lite::future::block_on(executor.run(future));
    })
}
