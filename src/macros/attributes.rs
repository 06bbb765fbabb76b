//! The attributes, as they are documented.

/// Runs an async function on a runtime of its own: most often `main`.
///
/// The function loses its `async` and keeps its name, parameters and output. Calling it makes a
/// runtime, runs the body in it to its end, and drops the runtime with whatever tasks are left. In
/// a browser, where nothing may block, `main` schedules the body on the event loop and returns.
///
/// The body is no task: it cannot be aborted, and on a runtime with several threads it stays on the
/// thread that called it. Spawn for the rest.
///
/// # Options
///
/// | option | value | meaning |
/// |---|---|---|
/// | `flavor` | `"multi_thread"` | worker threads; also what you get without the option, where the host has them |
/// | | `"current_thread"` | everything on the thread that calls the function |
/// | | `"local"` | the same: [`spawn_local`](crate::task::spawn_local) works in every runtime |
/// | `worker_threads` | a number | how many workers; for `multi_thread` |
/// | `start_paused` | `true`, `false` | time stands still and jumps when all is idle; not for `multi_thread` |
/// | `name` | a string | the name of the runtime |
/// | `crate` | a path as a string | where to find creel, if not where Cargo.toml says |
///
/// The last is needed only in a macro of another crate that expands to this attribute. A crate that
/// says `tokio = { package = "creel" }` writes `#[tokio::main]` and needs nothing else.
///
/// # Panics
///
/// The function panics if the runtime cannot be made, and as its body does.
///
/// # Examples
///
/// ```
/// #[creel::main]
/// async fn main() -> Result<(), std::num::ParseIntError> {
///     let answer: u32 = creel::spawn(async { "42".parse() }).await.unwrap()?;
///     assert_eq!(answer, 42);
///     Ok(())
/// }
/// ```
///
/// Any function can block on its body:
///
/// ```
/// #[creel::main(flavor = "current_thread", start_paused = true)]
/// async fn minutes(count: u64) -> std::time::Duration {
///     let start = creel::time::Instant::now();
///     creel::time::sleep(std::time::Duration::from_secs(60 * count)).await;
///     start.elapsed()
/// }
///
/// assert!(minutes(3).as_secs() >= 180);
/// ```
pub use creel_macros::main;

/// Runs an async test on a runtime of its own.
///
/// As [`main`](macro@crate::main), with the same options, for functions that the test harness
/// calls. Without `flavor` the runtime is the one on the current thread, so that tests neither
/// start threads nor depend on their speed.
///
/// # Panics
///
/// The test panics, which is to say fails, if the runtime cannot be made, and as its body does.
///
/// # Examples
///
/// ```no_run
/// #[creel::test]
/// async fn adds() {
///     assert_eq!(creel::spawn(async { 1 + 1 }).await.unwrap(), 2);
/// }
///
/// #[creel::test(start_paused = true)]
/// async fn gives_up_after_an_hour() -> Result<(), String> {
///     let hour = std::time::Duration::from_secs(3600);
///     match creel::time::timeout(hour, std::future::pending::<()>()).await {
///         Ok(()) => Err("it ended".into()),
///         Err(_) => Ok(()),
///     }
/// }
/// ```
pub use creel_macros::test;

/// What the attributes refuse. Each of these differs from a program that compiles in one thing.
///
/// ```
/// #[creel::main(flavor = "multi_thread", worker_threads = 2, name = "x", crate = "creel")]
/// async fn run(_: u32) {}
/// #[creel::main(flavor = "local", start_paused = false)]
/// async fn main() {}
/// ```
/// Not async:
/// ```compile_fail
/// #[creel::main]
/// fn main() {}
/// ```
/// Not a function:
/// ```compile_fail
/// #[creel::main]
/// struct Main;
/// fn main() {}
/// ```
/// `main` with parameters:
/// ```compile_fail
/// #[creel::main]
/// async fn main(_: u32) {}
/// ```
/// Unknown flavor, option, value:
/// ```compile_fail
/// #[creel::main(flavor = "threaded")]
/// async fn main() {}
/// ```
/// ```compile_fail
/// #[creel::main(flavour = "current_thread")]
/// async fn main() {}
/// ```
/// ```compile_fail
/// #[creel::main(worker_threads = 0)]
/// async fn main() {}
/// ```
/// ```compile_fail
/// #[creel::main(worker_threads = "2")]
/// async fn main() {}
/// ```
/// ```compile_fail
/// #[creel::main(flavor = "local", start_paused = 1)]
/// async fn main() {}
/// ```
/// ```compile_fail
/// #[creel::main(crate = "not a path")]
/// async fn main() {}
/// ```
/// Without a value, and twice:
/// ```compile_fail
/// #[creel::main(flavor)]
/// async fn main() {}
/// ```
/// ```compile_fail
/// #[creel::main(flavor = "local", flavor = "local")]
/// async fn main() {}
/// ```
/// Options that the flavor has no use for:
/// ```compile_fail
/// #[creel::main(start_paused = true)]
/// async fn main() {}
/// ```
/// ```compile_fail
/// #[creel::main(flavor = "current_thread", worker_threads = 2)]
/// async fn main() {}
/// ```
/// An output that is not what the body gives:
/// ```compile_fail,E0308
/// #[creel::main]
/// async fn main() -> Result<(), String> {
///     let _forgot_the_ok = 1;
/// }
/// ```
/// `select!` without branches, and a branch without a handler:
/// ```compile_fail
/// #[creel::main]
/// async fn main() {
///     creel::select! {}
/// }
/// ```
/// ```compile_fail
/// #[creel::main]
/// async fn main() {
///     creel::select! { _ = async {} }
/// }
/// ```
#[cfg(doctest)]
pub struct Refused;
