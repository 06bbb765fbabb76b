//! What a runtime tells a program of its tasks.

use super::{Builder, SlowPoll, TaskMeta, TaskPanic};
use crate::env::hooks::SlowPollHook;
use alloc::sync::Arc;
use core::time::Duration;

/// What to call when something happens to a task. The hooks run on the thread on which it happens,
/// must not block it, and must not spawn; a panic of theirs is reported by the panic hook and goes no
/// further. Each costs the runtime a few nanoseconds a task or a poll, and one that is not set
/// nothing. The tasks of a [`LocalSet`](crate::task::LocalSet), children of a scope that borrow and
/// closures on the blocking pool are not told of.
impl Builder {
    /// What to call when a task was spawned, before it first runs.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    /// let (sender, told) = mpsc::channel();
    /// let runtime = creel::runtime::Builder::new_current_thread()
    ///     .on_task_spawn(move |task| sender.send(task.id()).unwrap())
    ///     .build()?;
    /// let task = runtime.spawn(async {});
    /// assert_eq!(told.try_recv(), Ok(task.id()));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn on_task_spawn<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.hooks_mut().spawn = Some(Arc::new(f));
        self
    }

    /// What to call before each poll of a task.
    pub fn on_before_task_poll<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.hooks_mut().before_poll = Some(Arc::new(f));
        self
    }

    /// What to call after each poll of a task.
    pub fn on_after_task_poll<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.hooks_mut().after_poll = Some(Arc::new(f));
        self
    }

    /// What to call when a task has ended, by itself, by a panic or because it was cancelled. Whoever
    /// awaits its handle hears of it later.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    /// let (sender, told) = mpsc::channel();
    /// let runtime = creel::runtime::Builder::new_current_thread()
    ///     .on_task_terminate(move |task| sender.send(task.id()).unwrap())
    ///     .build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// task.abort();
    /// let id = task.id();
    /// assert!(runtime.block_on(task).is_err());
    /// assert_eq!(told.try_recv(), Ok(id));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn on_task_terminate<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.hooks_mut().terminate = Some(Arc::new(f));
        self
    }

    /// What to call when a task panicked and nobody waits for its outcome.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    /// let (sender, heard) = mpsc::channel();
    /// let runtime = creel::runtime::Builder::new_current_thread()
    ///     .on_unhandled_panic(move |panic| {
    ///         sender.send(panic.message().unwrap_or("no message").to_owned()).unwrap();
    ///     })
    ///     .build()?;
    /// runtime.block_on(async {
    ///     drop(creel::spawn(async { panic!("no bread") }));
    ///     creel::task::yield_now().await;
    /// });
    /// assert_eq!(heard.try_recv().unwrap(), "no bread");
    /// # std::io::Result::Ok(())
    /// ```
    pub fn on_unhandled_panic<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskPanic<'_>) + Send + Sync + 'static,
    {
        self.config.hooks.unhandled_panic = Some(Arc::new(f));
        self
    }

    /// What to call when a task kept its thread for `threshold` or longer in one poll. Costs two
    /// readings of the clock a poll.
    ///
    /// It is told when the poll is over; `watchdog`, natively, tells it while it lasts.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    /// let (sender, heard) = mpsc::channel();
    /// let runtime = creel::runtime::Builder::new_current_thread()
    ///     .on_slow_poll(Duration::from_millis(2), move |slow| sender.send(slow.took).unwrap())
    ///     .build()?;
    /// let task = runtime.spawn(async { std::thread::sleep(Duration::from_millis(5)) });
    /// runtime.block_on(task).unwrap();
    /// assert!(heard.try_recv().unwrap() >= Duration::from_millis(2));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn on_slow_poll<F>(&mut self, threshold: Duration, f: F) -> &mut Self
    where
        F: Fn(&SlowPoll<'_>) + Send + Sync + 'static,
    {
        self.hooks_mut().slow_poll = Some(SlowPollHook { threshold, call: Arc::new(f) });
        self
    }
}
