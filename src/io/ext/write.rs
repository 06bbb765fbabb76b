use super::Op;
use super::writing::{Flush, Shutdown, Write, WriteAll, WriteNumber, WriteVectored};
#[cfg(feature = "bytes")]
use super::writing::{WriteAllFrom, WriteFrom};
use crate::io::AsyncWrite;
use std::io::IoSlice;

/// Declares the methods that write a number.
macro_rules! write_numbers {
    ($($name:ident: $type:ty, $size:literal bytes, $encode:ident, $what:literal;)*) => {$(
        #[doc = concat!("Writes ", $what, ".")]
        ///
        /// Write numbers to a [`BufWriter`](crate::io::BufWriter), not straight to a socket.
        ///
        /// # Errors
        ///
        /// As [`write_all`](Self::write_all).
        ///
        /// # Cancel safety
        ///
        #[doc = write_numbers!(@cancel $size)]
        ///
        /// # Examples
        ///
        /// ```
        /// use creel::io::AsyncWriteExt;
        ///
        /// # #[creel::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// let mut bytes = Vec::new();
        #[doc = concat!("bytes.", stringify!($name), "(7 as ", stringify!($type), ").await?;")]
        #[doc = concat!("assert_eq!(bytes, (7 as ", stringify!($type), ").", stringify!($encode), "());")]
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        #[track_caller]
        fn $name(&mut self, n: $type) -> Op<'_, Self, WriteNumber<$size>>
        where
            Self: Unpin,
        {
            Op::new(self, WriteNumber::new(n.$encode()))
        }
    )*};
    (@cancel 1) => { "Safe: if the future is dropped, nothing was written." };
    (@cancel $size:literal) => {
        "Not safe: if the future is dropped, some of the bytes may have been written."
    };
}

/// What one does with an [`AsyncWrite`].
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let (mut near, mut far) = io::duplex(64);
/// near.write_all(b"that is all").await?;
/// near.shutdown().await?;
///
/// let mut text = String::new();
/// far.read_to_string(&mut text).await?;
/// assert_eq!(text, "that is all");
/// # Ok(())
/// # }
/// ```
pub trait AsyncWriteExt: AsyncWrite {
    /// Writes a beginning of `src` and says how long it was.
    ///
    /// Zero, from a buffer that is not empty, means that the writer will probably never take more.
    ///
    /// # Errors
    ///
    /// Whatever the destination reports; nothing was written then.
    ///
    /// # Cancel safety
    ///
    /// Safe: if the future is dropped, nothing was written.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{self, AsyncWriteExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> io::Result<()> {
    /// let (mut near, _far) = io::duplex(4);
    /// assert_eq!(near.write(b"hello").await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    #[track_caller]
    fn write<'a>(&'a mut self, src: &'a [u8]) -> Op<'a, Self, Write<'a>>
    where
        Self: Unpin,
    {
        Op::new(self, Write(src))
    }

    /// As [`write`](Self::write), from several buffers in turn.
    ///
    /// # Errors
    ///
    /// Whatever the destination reports; nothing was written then.
    ///
    /// # Cancel safety
    ///
    /// Safe: if the future is dropped, nothing was written.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncWriteExt;
    /// use std::io::IoSlice;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut sink = Vec::new();
    /// let n = sink.write_vectored(&[IoSlice::new(b"head"), IoSlice::new(b"body")]).await?;
    /// assert_eq!((n, &*sink), (8, &b"headbody"[..]));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    #[track_caller]
    fn write_vectored<'a, 'b>(
        &'a mut self,
        bufs: &'a [IoSlice<'b>],
    ) -> Op<'a, Self, WriteVectored<'a, 'b>>
    where
        Self: Unpin,
    {
        Op::new(self, WriteVectored(bufs))
    }

    /// Writes a beginning of what remains in `src`, advances `src` past it, and says how long it
    /// was.
    ///
    /// A buffer in several pieces goes out in one vectored write where the writer
    /// [likes that](AsyncWrite::is_write_vectored).
    ///
    /// # Errors
    ///
    /// Whatever the destination reports; nothing was written then.
    ///
    /// # Cancel safety
    ///
    /// Safe: if the future is dropped, nothing was written and `src` has not moved.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{self, AsyncWriteExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> io::Result<()> {
    /// let (mut near, _far) = io::duplex(4);
    /// let mut src = &b"hello"[..];
    /// assert_eq!(near.write_buf(&mut src).await?, 4);
    /// assert_eq!(src, b"o");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    #[inline]
    #[track_caller]
    fn write_buf<'a, B>(&'a mut self, src: &'a mut B) -> Op<'a, Self, WriteFrom<'a, B>>
    where
        Self: Sized + Unpin,
        B: bytes::Buf,
    {
        Op::new(self, WriteFrom(src))
    }

    /// Writes all that remains in `src`, and advances `src` past it as it goes.
    ///
    /// # Errors
    ///
    /// [`WriteZero`](std::io::ErrorKind::WriteZero) if the writer takes no more, or whatever the
    /// destination reports, except that interrupted writes are tried again. `src` then stands
    /// behind what was written.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: if the future is dropped, `src` stands behind what was written, and another
    /// call with the same `src` goes on from there.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::{Buf, Bytes};
    /// use creel::io::AsyncWriteExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut sink = Vec::new();
    /// sink.write_all_buf(&mut Bytes::from("head").chain(Bytes::from("body"))).await?;
    /// assert_eq!(sink, b"headbody");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    #[inline]
    #[track_caller]
    fn write_all_buf<'a, B>(&'a mut self, src: &'a mut B) -> Op<'a, Self, WriteAllFrom<'a, B>>
    where
        Self: Sized + Unpin,
        B: bytes::Buf,
    {
        Op::new(self, WriteAllFrom(src))
    }

    /// Writes all of `src`, however many writes that takes.
    ///
    /// # Errors
    ///
    /// [`WriteZero`](std::io::ErrorKind::WriteZero) if the writer takes no more, or whatever the
    /// destination reports, except that interrupted writes are tried again. How much was written by
    /// then is not told.
    ///
    /// # Cancel safety
    ///
    /// Not safe: if the future is dropped, a beginning of `src` may have been written, and how much
    /// that is, is lost. `write_all_buf` (feature `bytes`) keeps count.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncWriteExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut sink = Vec::new();
    /// sink.write_all(b"hello").await?;
    /// assert_eq!(sink, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    #[track_caller]
    fn write_all<'a>(&'a mut self, src: &'a [u8]) -> Op<'a, Self, WriteAll<'a>>
    where
        Self: Unpin,
    {
        Op::new(self, WriteAll(src))
    }

    /// Sees to it that everything written so far reaches its destination.
    ///
    /// # Errors
    ///
    /// Whatever the destination reports.
    ///
    /// # Cancel safety
    ///
    /// Safe: if the future is dropped, some may have been flushed already, and another call flushes
    /// the rest.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{AsyncWriteExt, BufWriter};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"hello").await?;
    /// assert_eq!(writer.get_ref(), b"");
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    #[track_caller]
    fn flush(&mut self) -> Op<'_, Self, Flush>
    where
        Self: Unpin,
    {
        Op::new(self, Flush)
    }

    /// Flushes, and ends the stream: the other side reads its end.
    ///
    /// # Errors
    ///
    /// Whatever the destination reports.
    ///
    /// # Cancel safety
    ///
    /// Safe: if the future is dropped, the end may not have been sent yet, and another call goes
    /// on. Nothing else may be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{self, AsyncReadExt, AsyncWriteExt};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> io::Result<()> {
    /// let (mut near, mut far) = io::duplex(64);
    /// near.shutdown().await?;
    /// assert_eq!(far.read(&mut [0; 8]).await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    #[track_caller]
    fn shutdown(&mut self) -> Op<'_, Self, Shutdown>
    where
        Self: Unpin,
    {
        Op::new(self, Shutdown)
    }

    write_numbers! {
        write_u8: u8, 1 bytes, to_be_bytes, "one byte";
        write_i8: i8, 1 bytes, to_be_bytes, "a signed number as one byte";
        write_u16: u16, 2 bytes, to_be_bytes, "a big-endian `u16`";
        write_i16: i16, 2 bytes, to_be_bytes, "a big-endian `i16`";
        write_u32: u32, 4 bytes, to_be_bytes, "a big-endian `u32`";
        write_i32: i32, 4 bytes, to_be_bytes, "a big-endian `i32`";
        write_u64: u64, 8 bytes, to_be_bytes, "a big-endian `u64`";
        write_i64: i64, 8 bytes, to_be_bytes, "a big-endian `i64`";
        write_u128: u128, 16 bytes, to_be_bytes, "a big-endian `u128`";
        write_i128: i128, 16 bytes, to_be_bytes, "a big-endian `i128`";
        write_f32: f32, 4 bytes, to_be_bytes, "a big-endian `f32`";
        write_f64: f64, 8 bytes, to_be_bytes, "a big-endian `f64`";
        write_u16_le: u16, 2 bytes, to_le_bytes, "a little-endian `u16`";
        write_i16_le: i16, 2 bytes, to_le_bytes, "a little-endian `i16`";
        write_u32_le: u32, 4 bytes, to_le_bytes, "a little-endian `u32`";
        write_i32_le: i32, 4 bytes, to_le_bytes, "a little-endian `i32`";
        write_u64_le: u64, 8 bytes, to_le_bytes, "a little-endian `u64`";
        write_i64_le: i64, 8 bytes, to_le_bytes, "a little-endian `i64`";
        write_u128_le: u128, 16 bytes, to_le_bytes, "a little-endian `u128`";
        write_i128_le: i128, 16 bytes, to_le_bytes, "a little-endian `i128`";
        write_f32_le: f32, 4 bytes, to_le_bytes, "a little-endian `f32`";
        write_f64_le: f64, 8 bytes, to_le_bytes, "a little-endian `f64`";
    }
}

impl<W: AsyncWrite + ?Sized> AsyncWriteExt for W {}
