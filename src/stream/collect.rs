//! All items of a stream in one collection.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap, LinkedList, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::stream::Stream;
use pin_project_lite::pin_project;
#[cfg(feature = "std")]
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hash},
};

/// What [`StreamExt::collect`](super::StreamExt::collect) can make of items of type `T`.
///
/// The collections of the standard library, `String` of anything that is text, `()` of `()`, and
/// `Result` of a collection and an error, which ends with the first error. Sealed: the trait may
/// change.
pub trait FromStream<T>: sealed::Build<T> {}

impl<T, C: sealed::Build<T>> FromStream<T> for C {}

mod sealed {
    /// How a collection comes to be.
    pub trait Build<T>: Sized {
        /// What it is until all items are there.
        type Partial;

        /// Begins, with at least `low` items to come.
        fn begin(low: usize) -> Self::Partial;

        /// Adds an item; `false` if no more are wanted.
        fn add(partial: &mut Self::Partial, item: T) -> bool;

        /// All items are there.
        fn finish(partial: Self::Partial) -> Self;
    }
}

use sealed::Build;

/// A collection that is built in place by `$add`.
macro_rules! built_by {
    ($([$($generics:tt)*] $collection:ty, $item:ty: $new:expr, $add:expr;)+) => {
        $(impl<$($generics)*> Build<$item> for $collection {
            type Partial = Self;

            fn begin(low: usize) -> Self {
                let new: fn(usize) -> Self = $new;
                new(low)
            }

            fn add(partial: &mut Self, item: $item) -> bool {
                let add: fn(&mut Self, $item) = $add;
                add(partial, item);
                true
            }

            fn finish(partial: Self) -> Self {
                partial
            }
        })+
    };
}

built_by! {
    [] (), (): |_| (), |(), ()| ();
    [T: AsRef<str>] String, T: |_| String::new(), |text, item| text.push_str(item.as_ref());
    [T] Vec<T>, T: Vec::with_capacity, Vec::push;
    [T] VecDeque<T>, T: VecDeque::with_capacity, VecDeque::push_back;
    [T] LinkedList<T>, T: |_| LinkedList::new(), LinkedList::push_back;
    [T: Ord] BinaryHeap<T>, T: BinaryHeap::with_capacity, BinaryHeap::push;
    [T: Ord] BTreeSet<T>, T: |_| BTreeSet::new(), |set, item| { set.insert(item); };
    [K: Ord, V] BTreeMap<K, V>, (K, V): |_| BTreeMap::new(), |map, (key, value)| {
        map.insert(key, value);
    };
}

#[cfg(feature = "std")]
built_by! {
    [T: Eq + Hash, H: BuildHasher + Default] HashSet<T, H>, T:
        |low| HashSet::with_capacity_and_hasher(low, H::default()),
        |set, item| { set.insert(item); };
    [K: Eq + Hash, V, H: BuildHasher + Default] HashMap<K, V, H>, (K, V):
        |low| HashMap::with_capacity_and_hasher(low, H::default()),
        |map, (key, value)| { map.insert(key, value); };
}

impl<T> Build<T> for Box<[T]> {
    type Partial = Vec<T>;

    fn begin(low: usize) -> Vec<T> {
        Vec::with_capacity(low)
    }

    fn add(partial: &mut Vec<T>, item: T) -> bool {
        partial.push(item);
        true
    }

    fn finish(partial: Vec<T>) -> Self {
        partial.into_boxed_slice()
    }
}

impl<T, E, C: Build<T>> Build<Result<T, E>> for Result<C, E> {
    type Partial = Result<C::Partial, E>;

    fn begin(low: usize) -> Self::Partial {
        Ok(C::begin(low))
    }

    fn add(partial: &mut Self::Partial, item: Result<T, E>) -> bool {
        match (partial.as_mut(), item) {
            (Ok(partial), Ok(item)) => C::add(partial, item),
            (Ok(_), Err(error)) => {
                *partial = Err(error);
                false
            }
            (Err(_), _) => false,
        }
    }

    fn finish(partial: Self::Partial) -> Self {
        partial.map(C::finish)
    }
}

pin_project! {
    /// Future of [`StreamExt::collect`](super::StreamExt::collect).
    ///
    /// # Panics
    ///
    /// When it is polled after completion.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the items collected so far.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Collect<S: Stream, C: FromStream<S::Item>> {
        #[pin]
        stream: S,
        partial: Option<C::Partial>,
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<S: Stream, C: FromStream<S::Item>> Collect<S, C> {
    pub(super) fn new(stream: S) -> Self {
        let partial = Some(C::begin(stream.size_hint().0));
        Self { stream, partial, _pin: PhantomPinned }
    }
}

impl<S: Stream, C: FromStream<S::Item>> Future for Collect<S, C> {
    type Output = C;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C> {
        let mut this = self.project();
        let partial = this.partial.as_mut().expect("`Collect` was polled after it had completed");
        while let Some(item) = ready!(this.stream.as_mut().poll_next(cx)) {
            if !C::add(partial, item) {
                break;
            }
        }
        let whole = this.partial.take().map(C::finish);
        Poll::Ready(whole.expect("it was there above"))
    }
}

impl<S: Stream + fmt::Debug, C: FromStream<S::Item>> fmt::Debug for Collect<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect").field("stream", &self.stream).finish_non_exhaustive()
    }
}
