//! What tokio's `Builder` has behind `tokio_unstable`, for programs that were built with it.

use super::builder::{Builder, Kind};
use crate::task::LocalSet;

/// What a runtime does when a task of it panics; see [`Builder::unhandled_panic`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnhandledPanic {
    /// The panic stays in its task: its `JoinHandle` tells of it, and if there is none
    /// [`Builder::on_unhandled_panic`].
    #[default]
    Ignore,
    /// The runtime shuts down at once: all tasks are cancelled, and whoever drives it panics. The
    /// `JoinHandle` of the task tells of its panic all the same.
    ShutdownRuntime,
}

/// Where the randomness of a runtime starts; see [`Builder::rng_seed`].
#[derive(Clone, Debug)]
pub struct RngSeed(u64);

impl RngSeed {
    /// A seed made of any bytes, the same on every platform.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        // FNV-1a.
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix))
    }
}

impl Builder {
    /// What happens when a task panics.
    ///
    /// # Panics
    /// If a multi-threaded runtime is asked to shut down: what other threads poll cannot be ended.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::{Builder, UnhandledPanic};
    /// let runtime = Builder::new_current_thread()
    ///     .unhandled_panic(UnhandledPanic::ShutdownRuntime)
    ///     .build()?;
    /// let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
    ///     runtime.block_on(async {
    ///         creel::spawn(async { panic!("no bread") });
    ///         std::future::pending::<()>().await
    ///     })
    /// }));
    /// assert!(ended.is_err());
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn unhandled_panic(&mut self, behavior: UnhandledPanic) -> &mut Self {
        let fatal = behavior == UnhandledPanic::ShutdownRuntime;
        assert!(
            !fatal || self.config.kind == Kind::CurrentThread,
            "UnhandledPanic::ShutdownRuntime is only supported in current thread runtime"
        );
        self.config.hooks.panic_is_fatal = fatal;
        self
    }

    /// Has the workers of a multi-threaded runtime run their tasks in turn. Else a worker runs next
    /// what it woke or spawned last, at most three times in a row, which is quicker for tasks that
    /// answer each other.
    pub fn disable_lifo_slot(&mut self) -> &mut Self {
        self.config.lifo_slot = false;
        self
    }

    /// Does nothing: there is one kind of timers. For programs written for tokio.
    pub fn enable_alt_timer(&mut self) -> &mut Self {
        self
    }

    /// Does nothing: a pool sees to it that timers and I/O are not left alone for long. For programs
    /// written for tokio.
    pub fn enable_eager_driver_handoff(&mut self) -> &mut Self {
        self
    }

    /// Does nothing: the blocking pool has one queue. For programs written for tokio.
    pub fn enable_sharded_blocking_queue(&mut self) -> &mut Self {
        self
    }

    /// Does nothing: io_uring is used where the kernel allows it, see
    /// [`io_driver`](Self::io_driver). For programs written for tokio.
    pub fn enable_io_uring(&mut self) -> &mut Self {
        self
    }

    /// [`seed`](Self::seed) by bytes.
    pub fn rng_seed(&mut self, seed: RngSeed) -> &mut Self {
        self.seed(seed.0)
    }
}

impl LocalSet {
    /// What happens when a task of the set panics: nothing to the others unless told, or all are
    /// cancelled, and whoever polls the set panics.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::UnhandledPanic;
    /// use creel::task::LocalSet;
    /// let runtime = creel::runtime::Builder::new_current_thread().build()?;
    /// let mut set = LocalSet::new();
    /// set.unhandled_panic(UnhandledPanic::ShutdownRuntime);
    /// set.spawn_local(async { panic!("no bread") });
    /// let polled = std::panic::AssertUnwindSafe(|| set.block_on(&runtime, std::future::pending::<()>()));
    /// assert!(std::panic::catch_unwind(polled).is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn unhandled_panic(&mut self, behavior: UnhandledPanic) -> &mut Self {
        self.end_at_panic(behavior == UnhandledPanic::ShutdownRuntime);
        self
    }
}

/// What whoever drives a runtime panics with when a task's panic has ended it.
pub(super) const ENDED_BY_PANIC: &str =
    "a spawned task panicked and the runtime is configured to shut down on unhandled panic";
