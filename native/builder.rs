//! Building runtimes on threads.

use super::blocking::BlockingPool;
use super::driver::{Driver, Mode};
use super::pool::Pool;
use super::thread::ThreadHost;
use super::watchdog;
use crate::env::clock::Clock;
use crate::runtime::{Builder, Handle, Kind, Runtime};
use std::boxed::Box;
use std::io;
use std::sync::Arc;
use std::vec;

impl Builder {
    /// Makes the runtime.
    ///
    /// # Errors
    /// If the threads of a multi-threaded runtime cannot be started; none keeps running then. If
    /// a [driver](Self::io_driver) was asked for that is not to be had.
    ///
    /// # Panics
    /// If a multi-threaded runtime shall start with its clock paused: several threads run tasks
    /// by that clock.
    #[track_caller]
    pub fn build(&mut self) -> io::Result<Runtime> {
        let blocking = BlockingPool::new(&self.config().threads);
        match self.config().kind {
            Kind::CurrentThread => {
                let mode = if self.config().bound { Mode::Bound } else { Mode::Moving };
                let driver = Arc::new(Driver::new(self.config(), mode)?);
                let host = Arc::new(ThreadHost::new(Arc::clone(&driver)));
                let mut runtime =
                    self.build_parts(Some(host), Some(blocking.owner()), Some(driver));
                runtime.add_threads(Box::new(blocking));
                let observer = runtime.observer().cloned();
                watchdog::watch(&mut runtime, self.config(), observer)?;
                Ok(runtime)
            }
            Kind::MultiThread => {
                assert!(
                    self.config().start_paused.is_none(),
                    "a paused clock needs a current-thread runtime: several threads cannot stop \
                     the time of each other"
                );
                let driver = Arc::new(Driver::new(self.config(), Mode::Shared)?);
                let clock = Clock::unpausable();
                let env = self.env(clock, Some(blocking.owner()), Some(driver.clone()));
                let pool = Pool::start(self.config(), env, driver)?;
                let handle = Handle::new(pool.owner());
                let observer = pool.observer().cloned();
                let mut runtime =
                    Runtime::on_threads(handle, vec![Box::new(pool), Box::new(blocking)]);
                watchdog::watch(&mut runtime, self.config(), observer)?;
                Ok(runtime)
            }
        }
    }
}
