//! What `#[creel::main]` and `#[creel::test]` do on a host that can wait: block.

use crate::runtime::Builder;
use core::future::Future;
use core::pin::Pin;

/// The runtime of a `main` that does not say which: several threads where the host has them.
pub fn main_builder() -> Builder {
    if super::HAS_THREADS { Builder::new_multi_thread() } else { Builder::new_current_thread() }
}

/// Runs the body of a `main` to its end.
///
/// # Panics
/// If the runtime cannot be made; and as the body does.
#[track_caller]
pub fn run_main<F: Future>(builder: &mut Builder, body: F) -> F::Output {
    builder.build().expect("the runtime could not be made").block_on(body)
}

/// Runs the body of a test to its end.
///
/// # Panics
/// If the runtime cannot be made; and as the body does.
#[track_caller]
pub fn run_test<T>(builder: &mut Builder, body: Pin<&mut dyn Future<Output = T>>) -> T {
    run_main(builder, body)
}
