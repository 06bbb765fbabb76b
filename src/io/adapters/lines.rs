use crate::io::{AsyncBufRead, ext::poll_read_until};
use core::future::poll_fn;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::io::{self, Error, ErrorKind};
use std::string::String;
use std::vec::Vec;

pin_project! {
    /// The lines of a reader; made by
    /// [`AsyncBufReadExt::lines`](crate::io::AsyncBufReadExt::lines).
    ///
    /// Also a `Stream`.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Lines<R> {
        #[pin]
        reader: R,
        line: Vec<u8>,
        read: usize,
    }
}

impl<R: AsyncBufRead> Lines<R> {
    pub(in crate::io) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), read: 0 }
    }

    /// The next line without its `\n` or `\r\n`, or `None` at the end. Polled with the same meaning
    /// as [`next_line`](Self::next_line).
    ///
    /// # Errors
    ///
    /// As [`next_line`](Self::next_line).
    pub fn poll_next_line(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<String>>> {
        let this = self.project();
        ready!(poll_read_until(this.reader, cx, b'\n', this.line, this.read))?;
        if this.line.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut line = mem::take(this.line);
        if line.pop_if(|byte| *byte == b'\n').is_some() {
            line.pop_if(|byte| *byte == b'\r');
        }
        let line = String::from_utf8(line).map_err(|e| Error::new(ErrorKind::InvalidData, e));
        Poll::Ready(line.map(Some))
    }
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The next line without its `\n` or `\r\n`, or `None` at the end.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](std::io::ErrorKind::InvalidData) if the line is not UTF-8; the next call goes
    /// on behind it. Or whatever the source reports, except that interrupted reads are tried again.
    ///
    /// # Cancel safety
    ///
    /// Safe: a beginning that was read stays here and comes with the next call.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncBufReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut lines = (&b"one\r\n\ntwo"[..]).lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some(""));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
    /// assert_eq!(lines.next_line().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_line(&mut self) -> io::Result<Option<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next_line(cx)).await
    }

    /// The reader inside.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader inside. Reading from it directly may tear a line apart.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader inside. A beginning of a line that was read already is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: AsyncBufRead> Stream for Lines<R> {
    type Item = io::Result<String>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_next_line(cx).map(Result::transpose)
    }
}

pin_project! {
    /// The parts of a reader between delimiters; made by
    /// [`AsyncBufReadExt::split`](crate::io::AsyncBufReadExt::split).
    ///
    /// Also a `Stream`.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Split<R> {
        #[pin]
        reader: R,
        delimiter: u8,
        segment: Vec<u8>,
        read: usize,
    }
}

impl<R: AsyncBufRead> Split<R> {
    pub(in crate::io) fn new(reader: R, delimiter: u8) -> Self {
        Self { reader, delimiter, segment: Vec::new(), read: 0 }
    }

    /// The next part without the delimiter, or `None` at the end. Polled with the same meaning as
    /// [`next_segment`](Self::next_segment).
    ///
    /// # Errors
    ///
    /// As [`next_segment`](Self::next_segment).
    pub fn poll_next_segment(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let this = self.project();
        ready!(poll_read_until(this.reader, cx, *this.delimiter, this.segment, this.read))?;
        if this.segment.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut segment = mem::take(this.segment);
        segment.pop_if(|byte| byte == this.delimiter);
        Poll::Ready(Ok(Some(segment)))
    }
}

impl<R: AsyncBufRead + Unpin> Split<R> {
    /// The next part without the delimiter, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Whatever the source reports, except that interrupted reads are tried again.
    ///
    /// # Cancel safety
    ///
    /// Safe: a beginning that was read stays here and comes with the next call.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncBufReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut words = AsyncBufReadExt::split(&b"one two"[..], b' ');
    /// while let Some(word) = words.next_segment().await? {
    ///     assert_eq!(word.len(), 3);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_segment(&mut self) -> io::Result<Option<Vec<u8>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next_segment(cx)).await
    }
}

impl<R: AsyncBufRead> Stream for Split<R> {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_next_segment(cx).map(Result::transpose)
    }
}
