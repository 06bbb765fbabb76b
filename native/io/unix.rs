//! Descriptors that this crate knows nothing else about.

pub use crate::native::driver::{
    AsyncFd, AsyncFdReadyGuard, AsyncFdReadyMutGuard, AsyncFdRegisterError, TryIoError,
};
