//! The lines and segments of a reader.

use crate::io::{AsyncBufRead, Lines, Split};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::stream::Stream;
use pin_project_lite::pin_project;
use std::io;
use std::string::String;
use std::vec::Vec;

pin_project! {
    /// The lines of a reader, from [`AsyncBufReadExt::lines`](crate::io::AsyncBufReadExt::lines).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncBufReadExt;
    /// use creel::stream::{StreamExt, wrappers::LinesStream};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let text: &[u8] = b"one\ntwo";
    /// let lines: Vec<String> = LinesStream::new(text.lines()).collect::<Result<_, _>>().await?;
    /// assert_eq!(lines, ["one", "two"]);
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct LinesStream<R> {
        #[pin]
        inner: Lines<R>,
    }
}

pin_project! {
    /// The segments of a reader, from [`AsyncBufReadExt::split`](crate::io::AsyncBufReadExt::split).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncBufReadExt;
    /// use creel::stream::{StreamExt, wrappers::SplitStream};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let text: &[u8] = b"one,two";
    /// let parts = SplitStream::new(AsyncBufReadExt::split(text, b','));
    /// let parts: Vec<_> = parts.collect::<Result<_, _>>().await?;
    /// assert_eq!(parts, [b"one", b"two"]);
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct SplitStream<R> {
        #[pin]
        inner: Split<R>,
    }
}

macro_rules! reads {
    ($name:ident, $inner:ident: $poll:ident -> $item:ty) => {
        impl<R> $name<R> {
            /// Makes a stream of it.
            pub fn new(inner: $inner<R>) -> Self {
                Self { inner }
            }

            /// Gives it back.
            pub fn into_inner(self) -> $inner<R> {
                self.inner
            }

            /// What is wrapped, still pinned.
            pub fn as_pin_mut(self: Pin<&mut Self>) -> Pin<&mut $inner<R>> {
                self.project().inner
            }
        }

        impl<R: AsyncBufRead> Stream for $name<R> {
            type Item = io::Result<$item>;

            fn poll_next(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<io::Result<$item>>> {
                self.project().inner.$poll(cx).map(Result::transpose)
            }
        }

        impl<R> AsRef<$inner<R>> for $name<R> {
            fn as_ref(&self) -> &$inner<R> {
                &self.inner
            }
        }

        impl<R> AsMut<$inner<R>> for $name<R> {
            fn as_mut(&mut self) -> &mut $inner<R> {
                &mut self.inner
            }
        }
    };
}

reads!(LinesStream, Lines: poll_next_line -> String);
reads!(SplitStream, Split: poll_next_segment -> Vec<u8>);
