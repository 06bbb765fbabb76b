//! A module without a `main`, which any embedder of WebAssembly drives from its own loop.
//!
//! [`wasi_reactor!`](crate::wasi_reactor) gives a module of the crate type `cdylib` these:
//!
//! | | | |
//! |---|---|---|
//! | export | `tick(turns: i32) -> i32` | fires timers, gives up to that many tasks a turn; answers what is next: 0 another tick at once, 1 one at the next deadline, 2 none until it is woken, 3 nothing was done, for a tick is under way |
//! | export | `next_deadline_ms() -> f64` | milliseconds until the next timer is due; -1 if none is armed |
//! | import | `creel` `wake()` | called when there is work, at most once until the next tick |
//!
//! The first call of either starts the module's tasks. Exports of one's own may send to channels that
//! tasks receive from, which is how messages come in: the task is woken, and `wake` tells the host.
//! Time is the clock of the host's WASI. If a tick traps, the instance is of no use any more: its host
//! makes another.
//!
//! Why unsafe: exports and imports are declared so.

use crate::runtime::{Builder, LocalOptions, LocalRuntime, Next};
use core::future::Future;
use core::time::Duration;

/// What the exports of a module work on.
#[doc(hidden)]
#[derive(Debug)]
pub struct Module {
    runtime: LocalRuntime,
}

impl Module {
    /// A runtime that tells its host by `wake`, with one task.
    pub fn start<F: Future<Output = ()> + 'static>(wake: fn(), main: impl FnOnce() -> F) -> Self {
        let runtime =
            Builder::new_current_thread().build_local_passive(LocalOptions::default(), wake);
        runtime.spawn_local(main());
        Self { runtime }
    }

    pub fn tick(&self, turns: i32) -> i32 {
        match self.runtime.tick(usize::try_from(turns).unwrap_or(0)) {
            Next::Now => 0,
            Next::At(_) => 1,
            Next::Idle => 2,
            _ => 3,
        }
    }

    pub fn next_deadline_ms(&self) -> f64 {
        let now = crate::time::Instant::now();
        let left = |then: crate::time::Instant| then.saturating_duration_since(now);
        self.runtime.next_deadline().map_or(-1.0, |then| Duration::as_secs_f64(&left(then)) * 1e3)
    }
}

/// Makes the crate a module that its host ticks; the argument is an `async fn()`. See
/// [`module`](crate::wasm::wasi::module).
///
/// # Examples
/// ```ignore
/// async fn start() {
///     creel::time::sleep(std::time::Duration::from_millis(5)).await;
/// }
///
/// creel::wasi_reactor!(start);
/// ```
#[macro_export]
macro_rules! wasi_reactor {
    ($main:path) => {
        const _: () = {
            #[link(wasm_import_module = "creel")]
            unsafe extern "C" {
                #[link_name = "wake"]
                safe fn creel_wake();
            }

            ::std::thread_local! {
                static MODULE: $crate::wasm::wasi::module::Module =
                    $crate::wasm::wasi::module::Module::start(|| creel_wake(), $main);
            }

            #[unsafe(no_mangle)]
            extern "C" fn tick(turns: i32) -> i32 {
                MODULE.with(|module| module.tick(turns))
            }

            #[unsafe(no_mangle)]
            extern "C" fn next_deadline_ms() -> f64 {
                MODULE.with(|module| module.next_deadline_ms())
            }
        };
    };
}
