//! Streams made of what is not a stream: receivers, task sets, intervals, lines.
//!
//! Each takes over what it wraps and gives it back by `into_inner`, except where noted.

pub mod errors;

mod broadcast;
mod generated;
mod mpsc;
mod task;
mod time;
mod watch;

#[cfg(feature = "std")]
mod io;

pub use broadcast::BroadcastStream;
#[cfg(feature = "std")]
pub use io::{LinesStream, SplitStream};
pub use mpsc::{ReceiverStream, UnboundedReceiverStream};
pub use task::JoinSetStream;
pub use time::IntervalStream;
pub use watch::WatchStream;

/// What all wrappers offer that hold one thing and give it back.
macro_rules! wrapper {
    ($(#[$docs:meta])* $name:ident $([$($generics:tt)+])? ($inner:ty)) => {
        $(#[$docs])*
        #[derive(Debug)]
        #[must_use = "streams do nothing unless polled"]
        pub struct $name $(<$($generics)+>)? {
            inner: $inner,
        }

        impl $(<$($generics)+>)? $name $(<$($generics)+>)? {
            /// Makes a stream of it.
            pub fn new(inner: $inner) -> Self {
                Self { inner }
            }

            /// Gives it back.
            pub fn into_inner(self) -> $inner {
                self.inner
            }
        }

        impl $(<$($generics)+>)? AsRef<$inner> for $name $(<$($generics)+>)? {
            fn as_ref(&self) -> &$inner {
                &self.inner
            }
        }

        impl $(<$($generics)+>)? AsMut<$inner> for $name $(<$($generics)+>)? {
            fn as_mut(&mut self) -> &mut $inner {
                &mut self.inner
            }
        }

        impl $(<$($generics)+>)? From<$inner> for $name $(<$($generics)+>)? {
            fn from(inner: $inner) -> Self {
                Self::new(inner)
            }
        }
    };
}
use wrapper;
