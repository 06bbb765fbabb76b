use super::Op;
#[cfg(feature = "bytes")]
use super::reading::ReadInto;
use super::reading::{BigEndian, LittleEndian};
use super::reading::{Read, ReadExact, ReadNumber, ReadToEnd, ReadToString};
use crate::io::{AsyncRead, Chain, ReadBuf, Take};
use std::string::String;
use std::vec::Vec;

/// Declares the methods that read a number.
macro_rules! read_numbers {
    ($($name:ident: $type:ty, $size:literal bytes, $order:ident, $what:literal;)*) => {$(
        #[doc = concat!("Reads ", $what, ".")]
        ///
        /// Read numbers from a [`BufReader`](crate::io::BufReader), not straight from a socket.
        ///
        /// # Errors
        ///
        /// As [`read_exact`](Self::read_exact).
        ///
        /// # Cancel safety
        ///
        #[doc = read_numbers!(@cancel $size)]
        ///
        /// # Examples
        ///
        /// ```
        /// use creel::io::AsyncReadExt;
        ///
        /// # #[creel::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = concat!("let bytes = (7 as ", stringify!($type), ").", read_numbers!(@encode $order), "();")]
        #[doc = concat!("assert_eq!((&bytes[..]).", stringify!($name), "().await?, 7 as ", stringify!($type), ");")]
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        #[track_caller]
        fn $name(&mut self) -> Op<'_, Self, ReadNumber<$order<$type>, $size>>
        where
            Self: Unpin,
        {
            Op::new(self, ReadNumber::new())
        }
    )*};
    (@cancel 1) => { "Safe: if the future is dropped, nothing was read." };
    (@cancel $size:literal) => {
        "Not safe: if the future is dropped, some of the bytes may have been read, and are lost."
    };
    (@encode BigEndian) => { "to_be_bytes" };
    (@encode LittleEndian) => { "to_le_bytes" };
}

/// What one does with an [`AsyncRead`].
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let (mut near, mut far) = io::duplex(64);
/// near.write_all(b"\x00\x05hello, and more").await?;
///
/// let len = far.read_u16().await?;
/// let mut word = vec![0; len.into()];
/// far.read_exact(&mut word).await?;
/// assert_eq!(word, b"hello");
/// # Ok(())
/// # }
/// ```
pub trait AsyncReadExt: AsyncRead {
    /// Reads what is there into `buf` and says how many bytes that was.
    ///
    /// Zero means that the stream has ended, or that `buf` is empty.
    ///
    /// # Errors
    ///
    /// Whatever the source reports; nothing was read then.
    ///
    /// # Cancel safety
    ///
    /// Safe: if the future is dropped, nothing was read.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut source = &b"hello"[..];
    /// let mut buf = [0; 4];
    /// assert_eq!(source.read(&mut buf).await?, 4);
    /// assert_eq!(source.read(&mut buf).await?, 1);
    /// assert_eq!(source.read(&mut buf).await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    #[track_caller]
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Op<'a, Self, Read<'a>>
    where
        Self: Unpin,
    {
        Op::new(self, Read(buf))
    }

    /// Reads what is there behind what `buf` already holds, and says how many bytes that was.
    ///
    /// The memory need not be initialised. Zero means that the stream has ended, or that `buf` has
    /// no room left. (A `Vec` or `BytesMut` always has: it grows.)
    ///
    /// # Errors
    ///
    /// Whatever the source reports; nothing was read then.
    ///
    /// # Cancel safety
    ///
    /// Safe: if the future is dropped, nothing was read.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut words = Vec::with_capacity(64);
    /// (&b"hello "[..]).read_buf(&mut words).await?;
    /// (&b"world"[..]).read_buf(&mut words).await?;
    /// assert_eq!(words, b"hello world");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    #[inline]
    #[track_caller]
    fn read_buf<'a, B>(&'a mut self, buf: &'a mut B) -> Op<'a, Self, ReadInto<'a, B>>
    where
        Self: Unpin,
        B: bytes::BufMut + ?Sized,
    {
        Op::new(self, ReadInto(buf))
    }

    /// Fills `buf`, however many reads that takes, and returns its length.
    ///
    /// # Errors
    ///
    /// [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) if the stream ends before, or whatever
    /// the source reports, except that interrupted reads are tried again. What has been read by
    /// then is in `buf`, and how much that is, is not told.
    ///
    /// # Cancel safety
    ///
    /// Not safe: if the future is dropped, a beginning of `buf` may have been read, and how much
    /// that is, is lost. A loop around [`read`](Self::read) or `read_buf` is safe.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{AsyncReadExt, ErrorKind};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut source = &b"hello"[..];
    /// let mut buf = [0; 3];
    /// source.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hel");
    /// let error = source.read_exact(&mut buf).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    #[track_caller]
    fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> Op<'a, Self, ReadExact<'a>>
    where
        Self: Unpin,
    {
        Op::new(self, ReadExact(ReadBuf::new(buf)))
    }

    /// Reads until the stream ends, appends everything to `buf`, and says how many bytes that was.
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
    /// use creel::io::AsyncReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut all = b"say ".to_vec();
    /// assert_eq!((&b"hello"[..]).read_to_end(&mut all).await?, 5);
    /// assert_eq!(all, b"say hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    fn read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>) -> Op<'a, Self, ReadToEnd<'a>>
    where
        Self: Unpin,
    {
        Op::new(self, ReadToEnd::new(buf))
    }

    /// Reads until the stream ends, appends everything to `dst` as text, and says how many bytes
    /// that was.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](std::io::ErrorKind::InvalidData) if what was read is not UTF-8, or whatever
    /// the source reports, except that interrupted reads are tried again. `dst` is then what it was
    /// before.
    ///
    /// # Cancel safety
    ///
    /// Not safe: if the future is dropped, `dst` keeps what was read if that is UTF-8 as it stands;
    /// else what was read is lost. [`read_to_end`](Self::read_to_end) is safe.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut text = String::new();
    /// "grüezi".as_bytes().read_to_string(&mut text).await?;
    /// assert_eq!(text, "grüezi");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    fn read_to_string<'a>(&'a mut self, dst: &'a mut String) -> Op<'a, Self, ReadToString<'a>>
    where
        Self: Unpin,
    {
        Op::new(self, ReadToString::new(dst))
    }

    /// A reader of all that this one has, and then of all that `next` has.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut text = String::new();
    /// b"hello ".chain(&b"world"[..]).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello world");
    /// # Ok(())
    /// # }
    /// ```
    fn chain<R>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
        R: AsyncRead,
    {
        Chain::new(self, next)
    }

    /// A reader of the next `limit` bytes at most.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut text = String::new();
    /// b"hello world".take(5).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }

    /// A borrow of this reader, for an adapter that would consume it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::AsyncReadExt;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut source = &b"hello world"[..];
    /// let (mut first, mut rest) = (String::new(), String::new());
    /// AsyncReadExt::by_ref(&mut source).take(5).read_to_string(&mut first).await?;
    /// source.read_to_string(&mut rest).await?;
    /// assert_eq!((&*first, &*rest), ("hello", " world"));
    /// # Ok(())
    /// # }
    /// ```
    fn by_ref(&mut self) -> &mut Self
    where
        Self: Sized,
    {
        self
    }

    read_numbers! {
        read_u8: u8, 1 bytes, BigEndian, "one byte";
        read_i8: i8, 1 bytes, BigEndian, "one byte as a signed number";
        read_u16: u16, 2 bytes, BigEndian, "a big-endian `u16`";
        read_i16: i16, 2 bytes, BigEndian, "a big-endian `i16`";
        read_u32: u32, 4 bytes, BigEndian, "a big-endian `u32`";
        read_i32: i32, 4 bytes, BigEndian, "a big-endian `i32`";
        read_u64: u64, 8 bytes, BigEndian, "a big-endian `u64`";
        read_i64: i64, 8 bytes, BigEndian, "a big-endian `i64`";
        read_u128: u128, 16 bytes, BigEndian, "a big-endian `u128`";
        read_i128: i128, 16 bytes, BigEndian, "a big-endian `i128`";
        read_f32: f32, 4 bytes, BigEndian, "a big-endian `f32`";
        read_f64: f64, 8 bytes, BigEndian, "a big-endian `f64`";
        read_u16_le: u16, 2 bytes, LittleEndian, "a little-endian `u16`";
        read_i16_le: i16, 2 bytes, LittleEndian, "a little-endian `i16`";
        read_u32_le: u32, 4 bytes, LittleEndian, "a little-endian `u32`";
        read_i32_le: i32, 4 bytes, LittleEndian, "a little-endian `i32`";
        read_u64_le: u64, 8 bytes, LittleEndian, "a little-endian `u64`";
        read_i64_le: i64, 8 bytes, LittleEndian, "a little-endian `i64`";
        read_u128_le: u128, 16 bytes, LittleEndian, "a little-endian `u128`";
        read_i128_le: i128, 16 bytes, LittleEndian, "a little-endian `i128`";
        read_f32_le: f32, 4 bytes, LittleEndian, "a little-endian `f32`";
        read_f64_le: f64, 8 bytes, LittleEndian, "a little-endian `f64`";
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}
