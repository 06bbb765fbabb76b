//! Systems that end waits as they do.

pub(super) fn get() -> i64 {
    0
}

pub(super) fn set(_nanoseconds: i64) {}
