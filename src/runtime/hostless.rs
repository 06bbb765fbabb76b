//! Building a runtime where no host is compiled in: it can be driven but not waited on.

use super::{Builder, Kind, Runtime};
use std::io;

impl Builder {
    /// Makes the runtime.
    ///
    /// No host is compiled into this build, so drive the runtime by [`Runtime::tick`], or enable
    /// the feature of a host: `native`, `web` or `wasi`.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] for a multi-threaded runtime.
    pub fn build(&mut self) -> io::Result<Runtime> {
        match self.config().kind {
            Kind::CurrentThread => Ok(self.build_passive(|| {})),
            Kind::MultiThread => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this build has no threads: use a current-thread runtime, or the feature `native`",
            )),
        }
    }
}
