use super::Op;
use super::reading::{FillBuf, ReadLine, ReadUntil};
use crate::io::{AsyncBufRead, Lines, Split};
use core::pin::Pin;
use std::string::String;
use std::vec::Vec;

/// What one does with an [`AsyncBufRead`].
///
/// # Examples
///
/// ```
/// use creel::io::{AsyncBufReadExt, BufReader};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut lines = BufReader::new(&b"one\ntwo\r\nthree"[..]).lines();
/// let mut seen = Vec::new();
/// while let Some(line) = lines.next_line().await? {
///     seen.push(line);
/// }
/// assert_eq!(seen, ["one", "two", "three"]);
/// # Ok(())
/// # }
/// ```
pub trait AsyncBufReadExt: AsyncBufRead {
    /// Reads up to the next `byte`, appends everything and `byte` itself to `buf`, and says how
    /// many bytes that was.
    ///
    /// Where the stream ends without another `byte`, what came before is appended; zero means that
    /// nothing did.
    ///
    /// # Errors
    ///
    /// Whatever the source reports, except that interrupted reads are tried again. `buf` keeps what
    /// was read by then.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: `buf` holds all that was read, and another call goes on from there (its
    /// count starts anew).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncBufReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut source = &b"a=1;b=2"[..];
    /// let mut pair = Vec::new();
    /// assert_eq!(source.read_until(b';', &mut pair).await?, 4);
    /// assert_eq!(pair, b"a=1;");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    fn read_until<'a>(&'a mut self, byte: u8, buf: &'a mut Vec<u8>) -> Op<'a, Self, ReadUntil<'a>>
    where
        Self: Unpin,
    {
        Op::new(self, ReadUntil { delimiter: byte, into: buf, read: 0 })
    }

    /// Reads a line, appends it with its `\n` to `buf`, and says how many bytes that was.
    ///
    /// The last line may lack its `\n`; zero means that there was no further line.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](std::io::ErrorKind::InvalidData) if the line is not UTF-8; it is lost, and
    /// `buf` is what it was before. Or whatever the source reports, except that interrupted reads
    /// are tried again; `buf` keeps what was read by then if that is UTF-8.
    ///
    /// # Cancel safety
    ///
    /// Not safe: if the future is dropped, `buf` keeps what was read if that is UTF-8 as it stands;
    /// else what was read is lost. [`lines`](Self::lines) and [`read_until`](Self::read_until) are
    /// safe.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncBufReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut source = &b"one\ntwo"[..];
    /// let mut line = String::new();
    /// assert_eq!(source.read_line(&mut line).await?, 4);
    /// assert_eq!(source.read_line(&mut line).await?, 3);
    /// assert_eq!(source.read_line(&mut line).await?, 0);
    /// assert_eq!(line, "one\ntwo");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    fn read_line<'a>(&'a mut self, buf: &'a mut String) -> Op<'a, Self, ReadLine<'a>>
    where
        Self: Unpin,
    {
        Op::new(self, ReadLine::new(buf))
    }

    /// The parts between one `byte` and the next, without it, as a stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncBufReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut pairs = AsyncBufReadExt::split(&b"a=1;b=2"[..], b';');
    /// assert_eq!(pairs.next_segment().await?, Some(b"a=1".to_vec()));
    /// assert_eq!(pairs.next_segment().await?, Some(b"b=2".to_vec()));
    /// assert_eq!(pairs.next_segment().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized + Unpin,
    {
        Split::new(self, byte)
    }

    /// What is in the reader's buffer, after reading some more if it was empty.
    ///
    /// An empty slice means that the stream has ended. Report what has been used with
    /// [`consume`](Self::consume), else it comes again.
    ///
    /// # Errors
    ///
    /// Whatever the source reports.
    ///
    /// # Cancel safety
    ///
    /// Safe: what may have been read into the buffer stays there.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{AsyncBufReadExt, BufReader};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut reader = BufReader::new(&b"hello"[..]);
    /// assert_eq!(reader.fill_buf().await?, b"hello");
    /// reader.consume(4);
    /// assert_eq!(reader.fill_buf().await?, b"o");
    /// # Ok(())
    /// # }
    /// ```
    fn fill_buf(&mut self) -> FillBuf<'_, Self>
    where
        Self: Unpin,
    {
        FillBuf::new(self)
    }

    /// Drops the first `amt` bytes of the reader's buffer; at most as many as
    /// [`fill_buf`](Self::fill_buf) has shown.
    fn consume(&mut self, amt: usize)
    where
        Self: Unpin,
    {
        Pin::new(self).consume(amt);
    }

    /// The lines, without their `\n` or `\r\n`, as a stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncBufReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut lines = (&b"one\ntwo"[..]).lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
    /// # Ok(())
    /// # }
    /// ```
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self)
    }
}

impl<R: AsyncBufRead + ?Sized> AsyncBufReadExt for R {}
