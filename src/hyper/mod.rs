//! What hyper 1 asks of a runtime (feature `hyper`): streams, tasks, time.
//!
//! hyper speaks HTTP over whatever implements the traits of its module `rt`. [`CreelIo`] makes a
//! stream of this crate such a stream, [`CreelExecutor`] starts hyper's tasks, and [`CreelTimer`]
//! measures its timeouts. Where hyper-util says `TokioIo`, `TokioExecutor` and `TokioTimer`, these
//! take their places. The folder `examples/http` serves axum with them.
//!
//! # Examples
//! ```
//! use creel::hyper::{CreelExecutor, CreelIo, CreelTimer};
//! use hyper::rt::{Executor, Timer};
//! use std::time::Duration;
//!
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() {
//! let (near, _far) = creel::io::duplex(1024);
//! let _io = CreelIo::new(near); // for `hyper::server::conn::http1::Builder::serve_connection`
//! let (done, finished) = creel::sync::oneshot::channel();
//! CreelExecutor::new().execute(async move {
//!     CreelTimer::new().sleep(Duration::from_millis(1)).await;
//!     done.send(()).unwrap();
//! });
//! finished.await.unwrap();
//! # }
//! ```

mod executor;
mod stream;
mod timer;

pub use executor::{CreelExecutor, CreelLocalExecutor};
pub use stream::CreelIo;
pub use timer::CreelTimer;
