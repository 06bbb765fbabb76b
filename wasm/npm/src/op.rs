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
/// Wait for the end of another task.
pub const JOIN: i32 = 4;
/// Put a value (argument: its place) into a queue.
pub const SEND: i32 = 5;
/// Take a value out of a queue; the answer is its place.
pub const RECEIVE: i32 = 6;
/// Take permits (argument: how many) from a semaphore.
pub const ACQUIRE: i32 = 7;
/// Wait until a signal is given.
pub const WAIT: i32 = 8;
/// Wait for the others at a barrier; the answer is 1 for one of them.
pub const MEET: i32 = 9;
/// Do whichever of several operations (argument: how many) is ready first; each is asked for with
/// `arm`.
pub const SELECT: i32 = 10;

/// The operation was done.
pub const OK: i32 = 0;
/// The queue or the semaphore is closed.
pub const CLOSED: i32 = -1;
