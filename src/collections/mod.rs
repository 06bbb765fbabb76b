//! Data structures that know nothing of futures.

#[cfg(feature = "alloc")]
pub(crate) mod blocks;
pub(crate) mod list;
#[cfg(feature = "alloc")]
pub(crate) mod pinned;
#[cfg(feature = "alloc")]
pub(crate) mod wide;

/// One turn of waiting for another thread that is a few instructions away from what is needed.
#[cfg(feature = "alloc")]
#[cold]
pub(crate) fn pause(turn: usize) {
    #[cfg(all(feature = "std", not(loom)))]
    if turn > 64 {
        // It may have been put to sleep there.
        return std::thread::yield_now();
    }
    let _ = turn;
    crate::atomic::spin();
}
