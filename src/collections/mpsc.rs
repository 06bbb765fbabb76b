//! An unbounded queue for many who put in and one who takes.
//!
//! Numbered slots in linked blocks, which are reused: the queue under
//! [`sync::mpsc`](crate::sync::mpsc), without the channel. One atomic addition gives a producer its
//! number, and so its slot; nobody else writes there. The source of `collections::blocks` tells the
//! protocol; its relatives are the queues of crossbeam and tokio, which link blocks as well.

use super::blocks::{Blocks, Reader, Wrap};
use super::drop_each;
use crate::atomic::{AtomicUsize, Ordering, UnsafeCell};
use alloc::sync::Arc;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

/// An unbounded queue, first in first out. [`Producer`]s can be cloned.
///
/// *Progress:* `pop` is wait-free. `push` is too, but for the allocation of a block every 32
/// values (none while blocks come back from the consumer) and for the walk to it, which is as long
/// as others got ahead since the number was given. A thread put to sleep in the middle of `push`
/// keeps what is behind it from being taken until it goes on, and disturbs no other push.
///
/// # Examples
/// ```
/// let (producer, mut consumer) = creel::collections::mpsc::queue();
/// std::thread::scope(|scope| {
///     for number in 0..4 {
///         let producer = producer.clone();
///         scope.spawn(move || producer.push(number));
///     }
/// });
/// let mut all: Vec<u32> = std::iter::from_fn(|| consumer.pop()).collect();
/// all.sort();
/// assert_eq!(all, [0, 1, 2, 3]);
/// ```
pub fn queue<T>() -> (Producer<T>, Consumer<T>) {
    let (blocks, reader) = Blocks::new();
    let reader = UnsafeCell::new(reader);
    let queue = Arc::new(Queue { given: AtomicUsize::new(0), blocks, reader });
    (Producer { queue: Arc::clone(&queue) }, Consumer { queue })
}

struct Queue<T> {
    /// The claim word of the blocks: the number to be given out next.
    given: AtomicUsize,
    blocks: Blocks<T, Numbers>,
    /// The consumer's.
    reader: UnsafeCell<Reader<T>>,
}

/// Numbers wrap with the word. Half of all numbers cannot be under way: each takes a byte.
#[derive(Debug)]
enum Numbers {}

impl Wrap for Numbers {
    const MASK: u64 = usize::MAX as u64;
}

// SAFETY: the blocks hand each value from one producer to the one consumer, which `T: Send` allows;
// `reader` is the consumer's alone.
unsafe impl<T: Send> Send for Queue<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Queue<T> {}

/// The end of a [`queue`] where values go in.
pub struct Producer<T> {
    queue: Arc<Queue<T>>,
}

/// The end of a [`queue`] where values come out.
pub struct Consumer<T> {
    queue: Arc<Queue<T>>,
}

impl<T> UnwindSafe for Producer<T> {}
impl<T> RefUnwindSafe for Producer<T> {}
impl<T> UnwindSafe for Consumer<T> {}
impl<T> RefUnwindSafe for Consumer<T> {}

impl<T> Producer<T> {
    /// Appends a value.
    #[inline]
    pub fn push(&self, value: T) {
        let queue = &*self.queue;
        // Acquire: the blocks ask for it; pairs with the Release below.
        let number = queue.given.fetch_add(1, Ordering::Acquire) as u64;
        // Release: what was done with the blocks before is seen by later claims.
        let given = || queue.given.fetch_or(0, Ordering::AcqRel) as u64;
        // SAFETY: the number is ours alone, by an Acquire, and is used up here.
        unsafe { queue.blocks.write(number, value, given) };
    }

    /// Whether the consumer and all other producers are gone.
    pub fn is_alone(&self) -> bool {
        Arc::strong_count(&self.queue) == 1
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest value.
    ///
    /// `None` if there is none, or if the push whose turn it is has not come to its end: what that
    /// puts in, and what is behind it, comes with a later call. So a producer that rings a bell
    /// after its push loses nothing.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        // SAFETY: this is the one consumer, borrowed exclusively.
        self.queue.reader.with_mut(|reader| unsafe { self.queue.blocks.read(&mut *reader) })
    }

    /// How many values are in it, those included that are just being put in.
    pub fn len(&self) -> usize {
        // SAFETY: the consumer is borrowed, so it takes nothing meanwhile.
        let next = self.queue.reader.with(|reader| unsafe { (*reader).next() });
        // Relaxed: a number, by which nothing is read.
        self.queue.given.load(Ordering::Relaxed).wrapping_sub(next as usize)
    }

    /// Whether it is empty: then no push has begun that is not taken yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all producers are gone. Everything that they put in is seen by looks after this.
    pub fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.queue) == 1 && {
            // Acquire pairs with the Release by which they gave their references up.
            crate::atomic::fence(Ordering::Acquire);
            true
        }
    }
}

impl<T> Clone for Producer<T> {
    fn clone(&self) -> Self {
        Self { queue: Arc::clone(&self.queue) }
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        struct Free<'a, T>(&'a Queue<T>);
        impl<T> Drop for Free<'_, T> {
            fn drop(&mut self) {
                // SAFETY: nobody else is there, and nobody uses the queue after its drop.
                self.0.reader.with_mut(|reader| unsafe { self.0.blocks.free(&mut *reader) });
            }
        }
        let free = Free(self);
        // SAFETY: nobody else is there; no push is half done.
        let next = || free.0.reader.with_mut(|reader| unsafe { free.0.blocks.read(&mut *reader) });
        drop_each(next);
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("len", &self.len()).finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
