//! Any number of streams as one, each under a key.

use crate::env::rng;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::future::poll_fn;
use core::hash::Hash;
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::stream::Stream;

/// Many streams as one: gives each item with the key of the stream it comes from.
///
/// Streams are added and removed at any time. One that ends is removed by itself; when the last
/// has ended, the map has, until another stream is inserted. Streams that are not [`Unpin`] go in
/// as `Pin<Box<..>>`.
///
/// Each poll asks the streams one after the other, beginning anywhere, so that none can starve the
/// others. It takes time in proportion to their number, and so do inserting and removing: the map
/// is for dozens of streams. For thousands, spawn a task for each that sends into one channel.
///
/// # Examples
///
/// ```
/// use creel::stream::{self, StreamExt, StreamMap};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut map = StreamMap::new();
/// map.insert("small", stream::iter(vec![1, 2]));
/// map.insert("large", stream::iter(vec![1000]));
///
/// let mut items: Vec<(&str, i32)> = map.collect().await;
/// items.sort();
/// assert_eq!(items, [("large", 1000), ("small", 1), ("small", 2)]);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StreamMap<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> StreamMap<K, V> {
    /// A map without streams; allocates nothing.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// A map without streams, with room for `capacity` of them.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity) }
    }

    /// The keys and streams, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.entries.iter()
    }

    /// The keys and streams, in no particular order, to be changed. The keys must stay distinct.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut (K, V)> {
        self.entries.iter_mut()
    }

    /// The keys, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The streams, in no particular order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, stream)| stream)
    }

    /// The streams, in no particular order, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, stream)| stream)
    }

    /// How many streams there is room for without allocating.
    pub fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    /// How many streams there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no streams.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes all streams.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Adds a stream; the answer is the stream that had the same key.
    pub fn insert(&mut self, key: K, stream: V) -> Option<V>
    where
        K: Hash + Eq,
    {
        let replaced = self.remove(&key);
        self.entries.push((key, stream));
        replaced
    }

    /// Takes a stream out.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let index = self.keys().position(|known| known.borrow() == key)?;
        Some(self.entries.swap_remove(index).1)
    }

    /// Whether there is a stream of this key.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.keys().any(|known| known.borrow() == key)
    }
}

impl<K: Clone + Unpin, V: Stream + Unpin> StreamMap<K, V> {
    /// Waits for items and appends up to `limit` of them to `buffer`; the answer is how many.
    ///
    /// Waits only while there is none. Zero means that no stream is left, or that `limit` is zero.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no item: until it is ready, the buffer is untouched.
    pub async fn next_many(&mut self, buffer: &mut Vec<(K, V::Item)>, limit: usize) -> usize {
        poll_fn(|cx| self.poll_next_many(cx, buffer, limit)).await
    }

    /// The polling form of [`next_many`](Self::next_many).
    pub fn poll_next_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<(K, V::Item)>,
        limit: usize,
    ) -> Poll<usize> {
        let before = buffer.len();
        loop {
            let already = buffer.len();
            if already - before == limit {
                return Poll::Ready(limit);
            }
            self.poll_round(cx, |key, item| {
                buffer.push((key, item));
                match buffer.len() - before == limit {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            });
            if buffer.len() == already {
                break;
            }
        }
        match buffer.len() - before {
            0 if !self.is_empty() => Poll::Pending,
            added => Poll::Ready(added),
        }
    }

    /// Polls each stream once, beginning anywhere, and hands out what they give until told to stop.
    fn poll_round<B>(
        &mut self,
        cx: &mut Context<'_>,
        mut give: impl FnMut(K, V::Item) -> ControlFlow<B>,
    ) -> Option<B> {
        let count = self.len();
        let mut index = match u32::try_from(count) {
            Ok(0) => return None,
            Ok(count) => rng::below(count) as usize,
            Err(_) => 0,
        };
        for _ in 0..count {
            if index >= self.len() {
                index = 0;
            }
            let (key, stream) = &mut self.entries[index];
            match Pin::new(stream).poll_next(cx) {
                Poll::Pending => index += 1,
                // The others keep their order, so that each is polled once in this round.
                Poll::Ready(None) => drop(self.entries.remove(index)),
                Poll::Ready(Some(item)) => {
                    if let ControlFlow::Break(answer) = give(key.clone(), item) {
                        return Some(answer);
                    }
                    index += 1;
                }
            }
        }
        None
    }
}

impl<K: Clone + Unpin, V: Stream + Unpin> Stream for StreamMap<K, V> {
    type Item = (K, V::Item);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.poll_round(cx, |key, item| ControlFlow::Break((key, item))) {
            None if !self.is_empty() => Poll::Pending,
            item => Poll::Ready(item),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.values().map(Stream::size_hint).fold((0, Some(0)), super::add_hints)
    }
}

impl<K, V> Default for StreamMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Hash + Eq, V> FromIterator<(K, V)> for StreamMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(streams: I) -> Self {
        let streams = streams.into_iter();
        let mut map = Self::with_capacity(streams.size_hint().0);
        map.extend(streams);
        map
    }
}

impl<K: Hash + Eq, V> Extend<(K, V)> for StreamMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, streams: I) {
        for (key, stream) in streams {
            self.insert(key, stream);
        }
    }
}
