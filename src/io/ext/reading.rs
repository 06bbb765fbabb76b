//! What [`AsyncReadExt`](super::AsyncReadExt) and [`AsyncBufReadExt`](super::AsyncBufReadExt) do.
//!
//! Why unsafe: vectors are read into without clearing them first, and a loan that the borrow checker
//! cannot follow.

use super::text::Text;
use super::{Operation, uninterrupted};
use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};
use core::future::Future;
use core::marker::{PhantomData, PhantomPinned};
use core::mem::{self, MaybeUninit, size_of};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;
use std::io::{self, BufRead, Error, ErrorKind};
use std::string::String;
use std::vec::Vec;

fn early_end() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the stream ended early")
}

#[derive(Debug)]
pub struct Read<'a>(pub(super) &'a mut [u8]);

impl<R: AsyncRead + ?Sized> Operation<R> for Read<'_> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(&mut self, reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut buf = ReadBuf::new(self.0);
        ready!(reader.poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

#[cfg(feature = "bytes")]
#[derive(Debug)]
pub struct ReadInto<'a, B: ?Sized>(pub(super) &'a mut B);

#[cfg(feature = "bytes")]
impl<R, B> Operation<R> for ReadInto<'_, B>
where
    R: AsyncRead + ?Sized,
    B: bytes::BufMut + ?Sized,
{
    type Output = io::Result<usize>;

    fn poll(&mut self, reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.0.has_remaining_mut() {
            return Poll::Ready(Ok(0));
        }
        // SAFETY: `ReadBuf` never de-initialises.
        let chunk = unsafe { self.0.chunk_mut().as_uninit_slice_mut() };
        let n = ready!(poll_read_uninit(reader, cx, chunk, &mut 0))?;
        // SAFETY: `n` bytes of the chunk have been filled.
        unsafe { self.0.advance_mut(n) };
        Poll::Ready(Ok(n))
    }
}

#[derive(Debug)]
pub struct ReadExact<'a>(pub(super) ReadBuf<'a>);

impl<R: AsyncRead + ?Sized> Operation<R> for ReadExact<'_> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(&mut self, mut reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let remaining = self.0.remaining();
            if remaining == 0 {
                return Poll::Ready(Ok(self.0.capacity()));
            }
            ready!(uninterrupted(|| reader.as_mut().poll_read(cx, &mut self.0)))?;
            if self.0.remaining() == remaining {
                return Poll::Ready(Err(early_end()));
            }
        }
    }
}

/// A number of `N` bytes, decoded by `D`.
#[derive(Debug)]
pub struct ReadNumber<D, const N: usize> {
    bytes: [u8; N],
    read: u8,
    _decoder: PhantomData<fn() -> D>,
}

impl<D, const N: usize> ReadNumber<D, N> {
    #[inline]
    pub(super) fn new() -> Self {
        Self { bytes: [0; N], read: 0, _decoder: PhantomData }
    }
}

impl<R: AsyncRead + ?Sized, D: Decode<N>, const N: usize> Operation<R> for ReadNumber<D, N> {
    type Output = io::Result<D::Number>;

    #[inline]
    fn poll(&mut self, mut reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        while (self.read as usize) < N {
            let mut buf = ReadBuf::new(&mut self.bytes[self.read as usize..]);
            ready!(uninterrupted(|| reader.as_mut().poll_read(cx, &mut buf)))?;
            match buf.filled().len() {
                0 => return Poll::Ready(Err(early_end())),
                n => self.read += n as u8,
            }
        }
        Poll::Ready(Ok(D::decode(self.bytes)))
    }
}

/// How `N` bytes become a number.
pub trait Decode<const N: usize> {
    type Number;

    fn decode(bytes: [u8; N]) -> Self::Number;
}

/// Decodes with the first byte weighing most.
#[derive(Debug)]
pub struct BigEndian<T>(T);

/// Decodes with the last byte weighing most.
#[derive(Debug)]
pub struct LittleEndian<T>(T);

macro_rules! decode {
    ($($type:ty),*) => {$(
        impl Decode<{ size_of::<$type>() }> for BigEndian<$type> {
            type Number = $type;
            #[inline]
            fn decode(bytes: [u8; size_of::<$type>()]) -> $type {
                <$type>::from_be_bytes(bytes)
            }
        }

        impl Decode<{ size_of::<$type>() }> for LittleEndian<$type> {
            type Number = $type;
            #[inline]
            fn decode(bytes: [u8; size_of::<$type>()]) -> $type {
                <$type>::from_le_bytes(bytes)
            }
        }
    )*};
}

decode!(u8, i8, u16, i16, u32, i32, u64, i64, u128, i128, f32, f64);

#[derive(Debug)]
pub struct ReadToEnd<'a> {
    into: &'a mut Vec<u8>,
    progress: Progress,
}

impl<'a> ReadToEnd<'a> {
    pub(super) fn new(into: &'a mut Vec<u8>) -> Self {
        Self { progress: Progress::new(into), into }
    }
}

impl<R: AsyncRead + ?Sized> Operation<R> for ReadToEnd<'_> {
    type Output = io::Result<usize>;

    fn poll(&mut self, reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.progress.poll_read_to_end(reader, cx, self.into)
    }
}

#[derive(Debug)]
pub struct ReadToString<'a> {
    text: Text<'a>,
    progress: Progress,
}

impl<'a> ReadToString<'a> {
    pub(super) fn new(into: &'a mut String) -> Self {
        let mut text = Text::new(into);
        Self { progress: Progress::new(text.bytes()), text }
    }
}

impl<R: AsyncRead + ?Sized> Operation<R> for ReadToString<'_> {
    type Output = io::Result<usize>;

    fn poll(&mut self, reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let read = ready!(self.progress.poll_read_to_end(reader, cx, self.text.bytes()));
        if read.is_err() {
            self.text.revert();
        }
        let text = self.text.put_back();
        Poll::Ready(read.and_then(|n| text.map(|()| n).map_err(invalid_data)))
    }
}

fn invalid_data(error: core::str::Utf8Error) -> Error {
    Error::new(ErrorKind::InvalidData, error)
}

/// How far reading to the end of a stream has come.
#[derive(Debug)]
struct Progress {
    read: usize,
    /// How many bytes of the spare capacity are known to be initialised.
    initialized: usize,
    /// What the vector could hold before anything was read.
    first_capacity: usize,
}

impl Progress {
    /// The least that is asked of a reader at once.
    const CHUNK: usize = 32;

    fn new(into: &Vec<u8>) -> Self {
        Self { read: 0, initialized: 0, first_capacity: into.capacity() }
    }

    fn poll_read_to_end<R: AsyncRead + ?Sized>(
        &mut self,
        mut reader: Pin<&mut R>,
        cx: &mut Context<'_>,
        into: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match ready!(uninterrupted(|| self.poll_read_some(reader.as_mut(), cx, into)))? {
                0 => return Poll::Ready(Ok(mem::take(&mut self.read))),
                n => self.read += n,
            }
        }
    }

    fn poll_read_some<R: AsyncRead + ?Sized>(
        &mut self,
        reader: Pin<&mut R>,
        cx: &mut Context<'_>,
        into: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        if self.looks_complete(into) {
            // Perhaps the vector was made to measure: see whether the stream ends here before
            // doubling it.
            let mut probe = [MaybeUninit::uninit(); Self::CHUNK];
            let mut probe = ReadBuf::uninit(&mut probe);
            ready!(reader.poll_read(cx, &mut probe))?;
            let n = probe.filled().len();
            into.extend_from_slice(probe.filled());
            self.initialized = 0;
            return Poll::Ready(Ok(n));
        }
        if into.capacity() - into.len() < Self::CHUNK {
            into.reserve(Self::CHUNK);
            self.initialized = 0;
        }
        let n =
            ready!(poll_read_uninit(reader, cx, into.spare_capacity_mut(), &mut self.initialized))?;
        // SAFETY: the first `n` bytes of the spare capacity have been filled.
        unsafe { into.set_len(into.len() + n) };
        Poll::Ready(Ok(n))
    }

    fn looks_complete(&self, into: &Vec<u8>) -> bool {
        into.capacity() - into.len() < Self::CHUNK
            && into.capacity() == self.first_capacity
            && self.first_capacity >= Self::CHUNK
    }
}

/// Reads into memory whose first `initialized` bytes are known to be initialised, and keeps that
/// count for the memory that is left. A returned `n` is the number of bytes filled there.
fn poll_read_uninit<R: AsyncRead + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    memory: &mut [MaybeUninit<u8>],
    initialized: &mut usize,
) -> Poll<io::Result<usize>> {
    let start = memory.as_ptr().cast::<u8>();
    let mut buf = ReadBuf::uninit(memory);
    // SAFETY: that is what `initialized` counts.
    unsafe { buf.assume_init(*initialized) };
    let result = reader.poll_read(cx, &mut buf);
    // A reader could put another `ReadBuf` in the place of this one.
    assert_eq!(buf.filled().as_ptr(), start, "the reader exchanged the buffer");
    let n = buf.filled().len();
    *initialized = buf.initialized().len() - n;
    result.map_ok(|()| n)
}

#[derive(Debug)]
pub struct ReadUntil<'a> {
    pub(super) delimiter: u8,
    pub(super) into: &'a mut Vec<u8>,
    pub(super) read: usize,
}

impl<R: AsyncBufRead + ?Sized> Operation<R> for ReadUntil<'_> {
    type Output = io::Result<usize>;

    fn poll(&mut self, reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_read_until(reader, cx, self.delimiter, self.into, &mut self.read)
    }
}

#[derive(Debug)]
pub struct ReadLine<'a> {
    text: Text<'a>,
    read: usize,
}

impl<'a> ReadLine<'a> {
    pub(super) fn new(into: &'a mut String) -> Self {
        Self { text: Text::new(into), read: 0 }
    }
}

impl<R: AsyncBufRead + ?Sized> Operation<R> for ReadLine<'_> {
    type Output = io::Result<usize>;

    fn poll(&mut self, reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let read = ready!(poll_read_until(reader, cx, b'\n', self.text.bytes(), &mut self.read));
        let text = self.text.put_back();
        Poll::Ready(read.and_then(|n| text.map(|()| n).map_err(invalid_data)))
    }
}

/// Appends everything up to and with `delimiter` to `into`; `read` counts it across polls, and is
/// zero again at the end.
pub(in crate::io) fn poll_read_until<R: AsyncBufRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    delimiter: u8,
    into: &mut Vec<u8>,
    read: &mut usize,
) -> Poll<io::Result<usize>> {
    loop {
        let available = match ready!(reader.as_mut().poll_fill_buf(cx)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            available => available?,
        };
        // The quickest search that the standard library has for a byte.
        let used = (&mut &*available).skip_until(delimiter)?;
        let done = used == 0 || available[used - 1] == delimiter;
        into.extend_from_slice(&available[..used]);
        reader.as_mut().consume(used);
        *read += used;
        if done {
            return Poll::Ready(Ok(mem::take(read)));
        }
    }
}

pin_project! {
    /// Not an [`Operation`]: what it returns borrows the reader for as long as the future does.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct FillBuf<'a, R: ?Sized> {
        // Gone once the future is ready.
        reader: Option<&'a mut R>,
        #[pin]
        _pinned: PhantomPinned,
    }
}

impl<'a, R: ?Sized> FillBuf<'a, R> {
    pub(super) fn new(reader: &'a mut R) -> Self {
        Self { reader: Some(reader), _pinned: PhantomPinned }
    }
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Future for FillBuf<'a, R> {
    type Output = io::Result<&'a [u8]>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let slot = self.project().reader;
        let reader = slot.as_mut().expect("polled after completion");
        let available: *const [u8] = ready!(Pin::new(&mut **reader).poll_fill_buf(cx))?;
        *slot = None;
        // SAFETY: the slice borrows the reader, which is ours for `'a`; with the slot empty nobody
        // else gets at it during that time. (The borrow checker does not see that the early return
        // above ends the shorter borrow.)
        Poll::Ready(Ok(unsafe { &*available }))
    }
}
