//! The operations that a generator may yield, and how `step` tells them: the operation in the lowest
//! four bits, the id of an object above. What does not fit is asked for with `argument`.

/// The generator has ended.
pub const DONE: i32 = 0;
/// Let the others have a turn.
pub const YIELD: i32 = 1;
/// Wait so many milliseconds (argument).
pub const SLEEP: i32 = 2;
/// Wait for [`resume`](crate::resume).
pub const PARK: i32 = 3;
/// Put a value (argument: its place) into a queue.
pub const SEND: i32 = 4;
/// Take a value out of a queue; the answer is its place.
pub const RECEIVE: i32 = 5;
/// Take permits (argument: how many) from a semaphore.
pub const ACQUIRE: i32 = 6;
/// Wait until a signal is given, or for the end of another task.
pub const WAIT: i32 = 7;
/// Do whichever of several operations (argument: how many) is ready first; each is asked for with
/// `arm`.
pub const SELECT: i32 = 8;

/// The operation was done.
pub const OK: i32 = 0;
/// The queue or the semaphore is closed.
pub const CLOSED: i32 = -1;
/// It cannot be done at once.
pub const WOULD_WAIT: i32 = -2;
