//! No clock: time stands still until the host brings one.

#[inline]
pub(crate) fn now_ns() -> u64 {
    0
}
