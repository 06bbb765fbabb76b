//! What `#[creel::main]` and `#[creel::test]` do where nothing can block: `main` is scheduled, and a
//! test runs as far as it need not wait.
//!
//! This file stands for `src/macros/entry.rs` on this host.

use crate::runtime::Builder;
use crate::wasm::web::{EventLoop, report_failure, with_ambient};
use std::fmt::{Debug, Write};
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::string::String;

/// The runtime of a `main` that does not say which.
pub fn main_builder() -> Builder {
    Builder::new_current_thread()
}

/// Schedules the body of a `main` on this thread's runtime, which `builder` makes if there is none
/// yet.
///
/// The answer is that of a program that went well. If the body ends otherwise, the console hears of
/// it, and in Node the exit code is 1.
pub fn run_main<F>(builder: &mut Builder, body: F) -> F::Output
where
    F: Future + 'static,
    F::Output: Outcome,
{
    let program = async {
        if let Some(failure) = body.await.failure() {
            report_failure(&failure);
        }
    };
    with_ambient(|| EventLoop::new(builder), |ambient| drop(ambient.spawn_local(program)));
    F::Output::scheduled()
}

/// Runs the body of a test to its end, as long as it need not wait.
///
/// # Panics
/// If the body has to wait; if the runtime cannot be made; and as the body does.
#[track_caller]
pub fn run_test<T>(builder: &mut Builder, body: Pin<&mut dyn Future<Output = T>>) -> T {
    builder.build().expect("the runtime could not be made").block_on(body)
}

/// What an async `main` may answer.
pub trait Outcome {
    /// The answer before the body has run.
    fn scheduled() -> Self;

    /// What to say if the body failed.
    fn failure(self) -> Option<String>;
}

impl Outcome for () {
    fn scheduled() -> Self {}

    fn failure(self) -> Option<String> {
        None
    }
}

impl Outcome for ExitCode {
    fn scheduled() -> Self {
        Self::SUCCESS
    }

    fn failure(self) -> Option<String> {
        (self != Self::SUCCESS).then(|| "main failed".into())
    }
}

impl<T: Outcome, E: Debug> Outcome for Result<T, E> {
    fn scheduled() -> Self {
        Ok(T::scheduled())
    }

    fn failure(self) -> Option<String> {
        match self {
            Ok(answer) => answer.failure(),
            Err(error) => {
                let mut message = String::from("Error: ");
                // Writing to a string fails only if `Debug` does, and then the rest still helps.
                let _ = write!(message, "{error:?}");
                Some(message)
            }
        }
    }
}
