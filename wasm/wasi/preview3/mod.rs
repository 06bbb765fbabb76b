//! Preview 3: the host drives, and a component only ever waits by returning to it.
//!
//! There is no loop to write and nothing to block on. An export of the component is an async function
//! of `wit-bindgen`'s, which the host polls when something has happened that it waits for. Inside of
//! it [`drive`] runs a runtime of creel's: its tasks may use everything of creel's core, and every
//! future of the crate `wasip3`, whose waits end in the same export. All timers of the runtime are one
//! `wait-for` of the host's.
//!
//! Each export has a runtime of its own, made when it is called. So an instance may serve many calls,
//! also at the same time, as preview 3 allows.
//!
//! Built for `wasm32-wasip2` with the feature `wasip3`, as crate type `cdylib`:
//!
//! ```no_run
//! use creel::wasm::wasi::preview3;
//! use std::time::Duration;
//!
//! async fn run() {
//!     let tasks = [3, 1, 2].map(|n| {
//!         creel::spawn(async move { creel::time::sleep(Duration::from_millis(n)).await })
//!     });
//!     for task in tasks {
//!         task.await.unwrap();
//!     }
//! }
//!
//! creel::wasip3_command!(run);
//! # fn main() {}
//! ```
//!
//! `Builder::build` and `block_on` still mean preview 2, which every host of preview 3 has beside it.

mod drive;
mod driver;
mod export;
#[cfg(feature = "wasi-http")]
pub mod http;
#[cfg(feature = "net")]
mod net;
mod single;
mod streams;

pub use drive::drive;

/// What the macros expand to.
#[doc(hidden)]
pub mod __private {
    pub use super::drive::command;
    pub use wasip3;
}

/// Makes a function the command of the component: `wasi:cli/run` of preview 3. The argument is an
/// `async fn()`. Use it once, in a crate of the type `cdylib`.
#[macro_export]
macro_rules! wasip3_command {
    ($main:path) => {
        const _: () = {
            use $crate::wasm::wasi::preview3::__private::{command, wasip3};

            struct Command;

            impl wasip3::exports::cli::run::Guest for Command {
                async fn run() -> Result<(), ()> {
                    command($main()).await;
                    Ok(())
                }
            }

    wasip3::cli::command::export!(Command with_types_in wasip3);
        };
    };
}
