//! The adaptors as methods.

#[cfg(feature = "alloc")]
use super::FromStream;
#[cfg(feature = "alloc")]
use super::collect::Collect;
#[cfg(feature = "alloc")]
use super::concurrent::{BufferUnordered, Buffered, ForEachConcurrent};
use super::consume::{All, Any, Fold, Next, TryNext};
use super::each::{Enumerate, Filter, FilterMap, Map, MapWhile, Then};
use super::part::{Fuse, Peekable, Skip, SkipWhile, Take, TakeWhile};
#[cfg(feature = "alloc")]
use super::spawned::SpawnBuffered;
#[cfg(feature = "alloc")]
use super::timed::{ChunksTimeout, Throttle, Timeout, TimeoutRepeating};
use super::together::{Chain, Merge};
#[cfg(feature = "alloc")]
use crate::scope::TaskGroup;
#[cfg(feature = "alloc")]
use crate::time::{Duration, Interval};
use core::future::Future;
use futures_core::stream::Stream;

/// The adaptors of every [`Stream`].
///
/// Names and behaviour are those of `tokio-stream`, and of `futures` for what works on several
/// items at a time.
///
/// # Examples
/// ```
/// use creel::stream::{self, StreamExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut squares = stream::iter(1..=10).map(|n| n * n).filter(|n| n % 2 == 1).skip(1);
/// while let Some(square) = squares.next().await {
///     assert!([9, 25, 49, 81].contains(&square));
/// }
/// # }
/// ```
pub trait StreamExt: Stream {
    /// Waits for the next item; `None` when the stream has ended.
    ///
    /// The stream must be [`Unpin`]: pin others with [`pin!`](crate::pin) or `Box::pin` first.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no item.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut stream = stream::iter(1..=2);
    /// while let Some(item) = stream.next().await {
    ///     assert!(item <= 2);
    /// }
    /// # }
    /// ```
    fn next(&mut self) -> Next<'_, Self>
    where
        Self: Unpin,
    {
        Next::new(self)
    }

    /// Waits for the next item of a stream of results, with the error as the error of the whole.
    ///
    /// # Errors
    ///
    /// The error that the stream gives as its item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no item.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut stream = stream::iter([Ok(1), Err("broken")]);
    /// assert_eq!(stream.try_next().await, Ok(Some(1)));
    /// assert_eq!(stream.try_next().await, Err("broken"));
    /// assert_eq!(stream.try_next().await, Ok(None));
    /// # }
    /// ```
    fn try_next<T, E>(&mut self) -> TryNext<'_, Self>
    where
        Self: Stream<Item = Result<T, E>> + Unpin,
    {
        TryNext::new(self)
    }

    /// Turns each item into another.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let doubled: Vec<i32> = stream::iter(1..=3).map(|x| x * 2).collect().await;
    /// assert_eq!(doubled, [2, 4, 6]);
    /// # }
    /// ```
    fn map<T, F>(self, f: F) -> Map<Self, F>
    where
        F: FnMut(Self::Item) -> T,
        Self: Sized,
    {
        Map::new(self, f)
    }

    /// Turns each item into another, and ends with the first for which `f` has none.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let digits = stream::iter("12x4".chars()).map_while(|char| char.to_digit(10));
    /// assert_eq!(digits.collect::<Vec<_>>().await, [1, 2]);
    /// # }
    /// ```
    fn map_while<T, F>(self, f: F) -> MapWhile<Self, F>
    where
        F: FnMut(Self::Item) -> Option<T>,
        Self: Sized,
    {
        MapWhile::new(self, f)
    }

    /// Runs an async function on each item, one after the other, and gives the outputs.
    ///
    /// To run several at a time, map to futures and use [`buffered`](Self::buffered).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// async fn square(x: u32) -> u32 {
    ///     x * x
    /// }
    ///
    /// let squares: Vec<u32> = stream::iter(1..=3).then(square).collect().await;
    /// assert_eq!(squares, [1, 4, 9]);
    /// # }
    /// ```
    fn then<F, Fut>(self, f: F) -> Then<Self, Fut, F>
    where
        F: FnMut(Self::Item) -> Fut,
        Fut: Future,
        Self: Sized,
    {
        Then::new(self, f)
    }

    /// Numbers the items, from zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let numbered: Vec<(usize, char)> = stream::iter("ab".chars()).enumerate().collect().await;
    /// assert_eq!(numbered, [(0, 'a'), (1, 'b')]);
    /// # }
    /// ```
    fn enumerate(self) -> Enumerate<Self>
    where
        Self: Sized,
    {
        Enumerate::new(self)
    }

    /// Gives the items of two streams as they come, and ends when both have.
    ///
    /// The two take turns in being asked first, so neither starves the other. For streams that come and
    /// go there is [`StreamMap`](super::StreamMap).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut all: Vec<i32> = stream::iter([1, 3]).merge(stream::iter([2])).collect().await;
    /// all.sort();
    /// assert_eq!(all, [1, 2, 3]);
    /// # }
    /// ```
    fn merge<U>(self, other: U) -> Merge<Self, U>
    where
        U: Stream<Item = Self::Item>,
        Self: Sized,
    {
        Merge::new(self, other)
    }

    /// Gives the items of one stream, then those of another.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let all: Vec<i32> = stream::iter([1, 2]).chain(stream::once(3)).collect().await;
    /// assert_eq!(all, [1, 2, 3]);
    /// # }
    /// ```
    fn chain<U>(self, other: U) -> Chain<Self, U>
    where
        U: Stream<Item = Self::Item>,
        Self: Sized,
    {
        Chain::new(self, other)
    }

    /// Gives only the items for which `f` is true.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let even: Vec<i32> = stream::iter(1..=4).filter(|x| x % 2 == 0).collect().await;
    /// assert_eq!(even, [2, 4]);
    /// # }
    /// ```
    fn filter<F>(self, f: F) -> Filter<Self, F>
    where
        F: FnMut(&Self::Item) -> bool,
        Self: Sized,
    {
        Filter::new(self, f)
    }

    /// Turns each item into another, or leaves it out.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let numbers = stream::iter(["1", "two", "3"]).filter_map(|text| text.parse::<u8>().ok());
    /// assert_eq!(numbers.collect::<Vec<_>>().await, [1, 3]);
    /// # }
    /// ```
    fn filter_map<T, F>(self, f: F) -> FilterMap<Self, F>
    where
        F: FnMut(Self::Item) -> Option<T>,
        Self: Sized,
    {
        FilterMap::new(self, f)
    }

    /// Keeps to the end: after the first `None` the stream is dropped and not asked again.
    ///
    /// Without it, what a stream does after its end is its own affair.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut stream = stream::iter([1]).fuse();
    /// assert_eq!(stream.next().await, Some(1));
    /// assert_eq!(stream.next().await, None);
    /// assert_eq!(stream.next().await, None);
    /// # }
    /// ```
    fn fuse(self) -> Fuse<Self>
    where
        Self: Sized,
    {
        Fuse::new(self)
    }

    /// Lets one look at the next item and leave it in the stream: see [`Peekable::peek`].
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut stream = stream::iter([1, 2]).peekable();
    /// assert_eq!(stream.peek().await, Some(&1));
    /// assert_eq!(stream.next().await, Some(1));
    /// # }
    /// ```
    fn peekable(self) -> Peekable<Self>
    where
        Self: Sized,
    {
        Peekable::new(self)
    }

    /// Ends after `n` items.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert_eq!(stream::iter(1..).take(2).collect::<Vec<_>>().await, [1, 2]);
    /// # }
    /// ```
    fn take(self, n: usize) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, n)
    }

    /// Ends before the first item for which `f` is false; that item is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let low: Vec<i32> = stream::iter([1, 2, 9, 3]).take_while(|x| *x < 5).collect().await;
    /// assert_eq!(low, [1, 2]);
    /// # }
    /// ```
    fn take_while<F>(self, f: F) -> TakeWhile<Self, F>
    where
        F: FnMut(&Self::Item) -> bool,
        Self: Sized,
    {
        TakeWhile::new(self, f)
    }

    /// Drops the first `n` items.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert_eq!(stream::iter(1..=4).skip(2).collect::<Vec<_>>().await, [3, 4]);
    /// # }
    /// ```
    fn skip(self, n: usize) -> Skip<Self>
    where
        Self: Sized,
    {
        Skip::new(self, n)
    }

    /// Drops items up to the first for which `f` is false.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let rest: Vec<i32> = stream::iter([1, 2, 9, 3]).skip_while(|x| *x < 5).collect().await;
    /// assert_eq!(rest, [9, 3]);
    /// # }
    /// ```
    fn skip_while<F>(self, f: F) -> SkipWhile<Self, F>
    where
        F: FnMut(&Self::Item) -> bool,
        Self: Sized,
    {
        SkipWhile::new(self, f)
    }

    /// Waits until `f` is false for an item, or the stream has ended: whether it was true for all.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the items that were judged; the rest stays in the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert!(stream::iter(1..=3).all(|x| x > 0).await);
    /// assert!(!stream::iter(1..).all(|x| x < 100).await);
    /// # }
    /// ```
    fn all<F>(&mut self, f: F) -> All<'_, Self, F>
    where
        Self: Unpin,
        F: FnMut(Self::Item) -> bool,
    {
        All::new(self, f)
    }

    /// Waits until `f` is true for an item, or the stream has ended: whether it was true for any.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the items that were judged; the rest stays in the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert!(stream::iter(1..).any(|x| x > 100).await);
    /// assert!(!stream::iter(1..=3).any(|x| x > 100).await);
    /// # }
    /// ```
    fn any<F>(&mut self, f: F) -> Any<'_, Self, F>
    where
        Self: Unpin,
        F: FnMut(Self::Item) -> bool,
    {
        Any::new(self, f)
    }

    /// Waits for the end, and makes one value of all items.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops what was folded so far.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert_eq!(stream::iter(1..=4).fold(0, |sum, x| sum + x).await, 10);
    /// # }
    /// ```
    fn fold<B, F>(self, init: B, f: F) -> Fold<Self, B, F>
    where
        F: FnMut(B, Self::Item) -> B,
        Self: Sized,
    {
        Fold::new(self, init, f)
    }

    /// Waits for the end, and collects the items.
    ///
    /// Into a `Vec`, a map, a `String`, `()`, ...: see [`FromStream`](super::FromStream). A stream of
    /// results can be collected into a result, which ends with the first error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the items collected so far.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let words: Vec<&str> = stream::iter(["a", "b"]).collect().await;
    /// assert_eq!(words, ["a", "b"]);
    ///
    /// let parse = |text: &str| text.parse::<u8>();
    /// let numbers: Result<Vec<u8>, _> = stream::iter(["1", "two"]).map(parse).collect().await;
    /// assert!(numbers.is_err());
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    fn collect<T>(self) -> Collect<Self, T>
    where
        T: FromStream<Self::Item>,
        Self: Sized,
    {
        Collect::new(self)
    }

    /// Runs up to `limit` futures of a stream of futures at a time, and gives their outputs in the
    /// order of the stream.
    ///
    /// At most `limit` futures and outputs are held. They run in the task that polls the stream, and
    /// only while it does; each is polled only when it was woken.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// async fn square(x: u64) -> u64 {
    ///     creel::time::sleep(std::time::Duration::from_millis(9 - 3 * x)).await;
    ///     x * x
    /// }
    ///
    /// let squares: Vec<u64> = stream::iter(1..=3).map(square).buffered(3).collect().await;
    /// assert_eq!(squares, [1, 4, 9]);
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    #[track_caller]
    fn buffered(self, limit: usize) -> Buffered<Self>
    where
        Self::Item: Future,
        Self: Sized,
    {
        assert!(limit > 0, "a stream that may run no future would never give one's output");
        Buffered::new(self, limit)
    }

    /// Runs up to `limit` futures of a stream of futures at a time, and gives their outputs as they
    /// come.
    ///
    /// They run in the task that polls the stream, and only while it does; each is polled only when
    /// it was woken. With `usize::MAX` there is no limit.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// async fn sleep_sort(ms: u64) -> u64 {
    ///     creel::time::sleep(std::time::Duration::from_millis(ms)).await;
    ///     ms
    /// }
    ///
    /// let sorted: Vec<u64> =
    ///     stream::iter([30, 1, 15]).map(sleep_sort).buffer_unordered(3).collect().await;
    /// assert_eq!(sorted, [1, 15, 30]);
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    #[track_caller]
    fn buffer_unordered(self, limit: usize) -> BufferUnordered<Self>
    where
        Self::Item: Future,
        Self: Sized,
    {
        assert!(limit > 0, "a stream that may run no future would never give one's output");
        BufferUnordered::new(self, limit)
    }

    /// [`buffered`](Self::buffered) whose futures are tasks: they run in parallel, and they go on
    /// while the consumer of the stream does something else.
    ///
    /// A future of `buffered` stands still unless the stream is polled. If it holds what its consumer
    /// waits for, a lock or a connection, both wait for ever. Here they do not.
    ///
    /// Dropping the stream cancels the tasks, as a [`TaskGroup`](crate::scope::TaskGroup) does.
    ///
    /// # Panics
    ///
    /// If `limit` is zero. Polled, outside a runtime, and with what a task panicked with.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    /// use creel::sync::Mutex;
    /// use std::sync::Arc;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let shared = Arc::new(Mutex::new(0));
    /// let jobs = (1..=3).map(|number| {
    ///     let shared = shared.clone();
    ///     async move {
    ///         let mut sum = shared.lock().await;
    ///         creel::task::yield_now().await;
    ///         *sum += number;
    ///         number
    ///     }
    /// });
    /// let mut done = stream::iter(jobs).spawn_buffered(2);
    /// while let Some(_number) = done.next().await {
    ///     assert!(*shared.lock().await > 0); // with `buffered`: for ever
    /// }
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    #[track_caller]
    fn spawn_buffered(self, limit: usize) -> SpawnBuffered<Self>
    where
        Self::Item: Future<Output: Send + 'static> + Send + 'static,
        Self: Sized,
    {
        assert!(limit > 0, "a stream that may run no future would never give one's output");
        SpawnBuffered::new(self, TaskGroup::new().in_order(), limit)
    }

    /// [`buffer_unordered`](Self::buffer_unordered) whose futures are tasks, as those of
    /// [`spawn_buffered`](Self::spawn_buffered).
    ///
    /// # Panics
    ///
    /// As `spawn_buffered`.
    #[cfg(feature = "alloc")]
    #[track_caller]
    fn spawn_buffer_unordered(self, limit: usize) -> SpawnBuffered<Self>
    where
        Self::Item: Future<Output: Send + 'static> + Send + 'static,
        Self: Sized,
    {
        assert!(limit > 0, "a stream that may run no future would never give one's output");
        SpawnBuffered::new(self, TaskGroup::new(), limit)
    }

    /// Runs an async function on each item, up to `limit` at a time, until all are through.
    ///
    /// `None` is no limit. They run in the task that awaits; each is polled only when it was woken.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops those that are under way, with the items they took.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::cell::Cell;
    ///
    /// let sum = Cell::new(0);
    /// stream::iter(1..=10)
    ///     .for_each_concurrent(4, async |x| {
    ///         creel::task::yield_now().await;
    ///         sum.set(sum.get() + x);
    ///     })
    ///     .await;
    /// assert_eq!(sum.get(), 55);
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    #[track_caller]
    fn for_each_concurrent<F, Fut>(
        self,
        limit: impl Into<Option<usize>>,
        f: F,
    ) -> ForEachConcurrent<Self, Fut, F>
    where
        F: FnMut(Self::Item) -> Fut,
        Fut: Future<Output = ()>,
        Self: Sized,
    {
        let limit = limit.into().unwrap_or(usize::MAX);
        assert!(limit > 0, "with no future at a time, no item would ever be through");
        ForEachConcurrent::new(self, limit, f)
    }

    /// Gives `Err(Elapsed)` when an item takes longer than `duration`.
    ///
    /// The time runs from now, and again from each item on. After a timeout the stream goes on, without
    /// another timeout until the next item; see also
    /// [`timeout_repeating`](Self::timeout_repeating).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    /// use std::time::Duration;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let stream = stream::pending::<u8>().timeout(Duration::from_millis(2));
    /// creel::pin!(stream);
    /// assert!(stream.next().await.unwrap().is_err());
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    fn timeout(self, duration: Duration) -> Timeout<Self>
    where
        Self: Sized,
    {
        Timeout::new(self, duration)
    }

    /// Gives `Err(Elapsed)` at each tick of `interval` that no item preceded; an item resets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    /// use creel::time::{Duration, Instant};
    ///
    /// const MS: Duration = Duration::from_millis(1);
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let ticks = creel::time::interval_at(Instant::now() + MS, MS);
    /// let stream = stream::pending::<u8>().timeout_repeating(ticks);
    /// creel::pin!(stream);
    /// assert!(stream.next().await.unwrap().is_err());
    /// assert!(stream.next().await.unwrap().is_err());
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    fn timeout_repeating(self, interval: Interval) -> TimeoutRepeating<Self>
    where
        Self: Sized,
    {
        TimeoutRepeating::new(self, interval)
    }

    /// Leaves at least `duration` between an item and the next.
    ///
    /// An item that the stream has ready waits in it, not here.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    /// use creel::time::{Duration, Instant};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let start = Instant::now();
    /// let stream = stream::iter([1, 2, 3]).throttle(Duration::from_millis(2));
    /// assert_eq!(stream.collect::<Vec<_>>().await, [1, 2, 3]);
    /// assert!(start.elapsed() >= Duration::from_millis(4));
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    fn throttle(self, duration: Duration) -> Throttle<Self>
    where
        Self: Sized,
    {
        Throttle::new(self, duration)
    }

    /// Gives items in chunks: of `max_size`, or of those that came within `duration` of the first.
    ///
    /// A chunk is never empty; the last may be short.
    ///
    /// # Panics
    ///
    /// If `max_size` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt};
    /// use std::time::Duration;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let chunks = stream::iter(1..=5).chunks_timeout(2, Duration::from_millis(50));
    /// assert_eq!(chunks.collect::<Vec<_>>().await, [vec![1, 2], vec![3, 4], vec![5]]);
    /// # }
    /// ```
    #[cfg(feature = "alloc")]
    #[track_caller]
    fn chunks_timeout(self, max_size: usize, duration: Duration) -> ChunksTimeout<Self>
    where
        Self: Sized,
    {
        assert!(max_size > 0, "`max_size` must be non-zero");
        ChunksTimeout::new(self, max_size, duration)
    }
}

impl<S: Stream + ?Sized> StreamExt for S {}
