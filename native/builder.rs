//! Building runtimes on threads.

use super::thread::ThreadHost;
use crate::runtime::{Builder, Kind, Runtime};
use std::io;
use std::sync::Arc;

impl Builder {
    /// Makes the runtime.
    ///
    /// # Errors
    /// If its threads cannot be started.
    pub fn build(&mut self) -> io::Result<Runtime> {
        match self.config().kind {
            Kind::CurrentThread => {
                Ok(self.build_parts(Some(Arc::new(ThreadHost::default())), None))
            }
            Kind::MultiThread => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the work-stealing pool is not built yet: use `Builder::new_current_thread`",
            )),
        }
    }
}
