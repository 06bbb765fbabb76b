//! What streams have, and their halves.

/// Reading and writing.
macro_rules! reading {
    ($socket:ident) => {
        impl $socket {
            /// Reads what is there, at once.
            ///
            /// # Errors
            /// `WouldBlock` if nothing is there; what the system reports.
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                self.io.registration().try_io(Interest::READABLE, || (&*self.io).read(buf))
            }

            /// Reads what is there into several buffers in turn, at once.
            ///
            /// # Errors
            /// `WouldBlock` if nothing is there; what the system reports.
            pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                let read = || (&*self.io).read_vectored(bufs);
                self.io.registration().try_io(Interest::READABLE, read)
            }

            /// Reads what is there and fits into the next chunk of `buf`, at once.
            ///
            /// # Errors
            /// `WouldBlock` if nothing is there; what the system reports.
            #[cfg(feature = "bytes")]
            pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
                let read = |free: &mut [u8]| (&*self.io).read(free).map(|n| (n, ()));
                self.io
                    .registration()
                    .try_io(Interest::READABLE, || fill_buf(buf, read))
                    .map(|(n, ())| n)
            }
        }

        impl AsyncRead for $socket {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.io.poll_read(cx, buf)
            }
        }
    };
}

/// Writing. The second argument ends the stream.
macro_rules! writing {
    ($socket:ident, $shutdown:expr) => {
        impl $socket {
            /// Writes a beginning of `buf`, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is no room; what the system reports.
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                self.io.registration().try_io(Interest::WRITABLE, || (&*self.io).write(buf))
            }

            /// Writes a beginning of several buffers in turn, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is no room; what the system reports.
            pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                let write = || (&*self.io).write_vectored(bufs);
                self.io.registration().try_io(Interest::WRITABLE, write)
            }
        }

        impl AsyncWrite for $socket {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_write_vectored(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                self.io.is_write_vectored()
            }

            /// Waits until what was written is with the system: mostly it is.
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.io.poll_sent(cx)
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                core::task::ready!(self.io.poll_sent(cx))?;
                let shutdown: fn(&Self) -> io::Result<()> = $shutdown;
                Poll::Ready(shutdown(&self))
            }
        }
    };
}

/// The module of the halves of a stream, borrowed and owned.
macro_rules! halves {
    ($stream:ident, $address:ty) => {
        use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
        use core::fmt;
        use core::pin::Pin;
        use core::task::{Context, Poll};
        use std::io::{self, IoSlice, IoSliceMut};
        use std::net::Shutdown;
        use std::sync::Arc;

        /// The half of a borrowed stream that reads.
        #[derive(Debug)]
        pub struct ReadHalf<'a>(pub(super) &'a $stream);

        /// The half of a borrowed stream that writes. Dropping it does not end the stream.
        #[derive(Debug)]
        pub struct WriteHalf<'a>(pub(super) &'a $stream);

        /// The half of a stream that reads.
        #[derive(Debug)]
        pub struct OwnedReadHalf(Arc<$stream>);

        /// The half of a stream that writes. Dropping it ends the stream for the other side.
        #[derive(Debug)]
        pub struct OwnedWriteHalf {
            stream: Arc<$stream>,
            end_on_drop: bool,
        }

        pub(super) fn split_owned(stream: $stream) -> (OwnedReadHalf, OwnedWriteHalf) {
            let stream = Arc::new(stream);
            let write = OwnedWriteHalf { stream: Arc::clone(&stream), end_on_drop: true };
            (OwnedReadHalf(stream), write)
        }

        impl OwnedReadHalf {
            /// Puts the halves of one stream together again.
            ///
            /// # Errors
            /// If they are of different streams.
            pub fn reunite(self, other: OwnedWriteHalf) -> Result<$stream, ReuniteError> {
                reunite(self, other)
            }
        }

        impl OwnedWriteHalf {
            /// Puts the halves of one stream together again.
            ///
            /// # Errors
            /// If they are of different streams.
            pub fn reunite(self, other: OwnedReadHalf) -> Result<$stream, ReuniteError> {
                reunite(other, self)
            }

            /// Drops this half without ending the stream.
            pub fn forget(mut self) {
                self.end_on_drop = false;
            }
        }

        fn reunite(read: OwnedReadHalf, write: OwnedWriteHalf) -> Result<$stream, ReuniteError> {
            if !Arc::ptr_eq(&read.0, &write.stream) {
                return Err(ReuniteError(read, write));
            }
            write.forget();
            Ok(Arc::into_inner(read.0).expect("there are two halves, and one is gone"))
        }

        impl Drop for OwnedWriteHalf {
            fn drop(&mut self) {
                if self.end_on_drop {
                    // Nobody is left to tell of a failure.
                    let _ = self.stream.io.shutdown(Shutdown::Write);
                }
            }
        }

        /// The halves are of different streams.
        #[derive(Debug)]
        pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

        impl fmt::Display for ReuniteError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the halves are of different streams")
            }
        }

        impl core::error::Error for ReuniteError {}

        impl AsRef<$stream> for ReadHalf<'_> {
            fn as_ref(&self) -> &$stream {
                self.0
            }
        }

        impl AsRef<$stream> for WriteHalf<'_> {
            fn as_ref(&self) -> &$stream {
                self.0
            }
        }

        impl AsRef<$stream> for OwnedReadHalf {
            fn as_ref(&self) -> &$stream {
                &self.0
            }
        }

        impl AsRef<$stream> for OwnedWriteHalf {
            fn as_ref(&self) -> &$stream {
                &self.stream
            }
        }

        read_half!(ReadHalf<'_>, $stream, $address);
        read_half!(OwnedReadHalf, $stream, $address);
        write_half!(WriteHalf<'_>, $stream, $address, |_| {});
        write_half!(OwnedWriteHalf, $stream, $address, |half| half.end_on_drop = false);
    };
}

macro_rules! half {
    ($half:ty, $stream:ident, $address:ty) => {
        impl $half {
            /// The address of the other side.
            ///
            /// # Errors
            /// If the system does not tell.
            pub fn peer_addr(&self) -> io::Result<$address> {
                self.as_ref().peer_addr()
            }

            /// The address of this side.
            ///
            /// # Errors
            /// If the system does not tell.
            pub fn local_addr(&self) -> io::Result<$address> {
                self.as_ref().local_addr()
            }

            #[doc = concat!("As [`", stringify!($stream), "::ready`](super::", stringify!($stream), "::ready).")]
            ///
            /// # Errors
            /// If the runtime of the stream is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                self.as_ref().ready(interest).await
            }
        }
    };
}

macro_rules! read_half {
    ($half:ty, $stream:ident, $address:ty) => {
        half!($half, $stream, $address);

        impl $half {
            /// Waits until the stream can be read from.
            ///
            /// # Errors
            /// If the runtime of the stream is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn readable(&self) -> io::Result<()> {
                self.as_ref().readable().await
            }

            /// Reads what is there, at once.
            ///
            /// # Errors
            /// `WouldBlock` if nothing is there; what the system reports.
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                self.as_ref().try_read(buf)
            }

            /// Reads what is there into several buffers in turn, at once.
            ///
            /// # Errors
            /// `WouldBlock` if nothing is there; what the system reports.
            pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.as_ref().try_read_vectored(bufs)
            }

            /// Reads what is there and fits into the next chunk of `buf`, at once.
            ///
            /// # Errors
            /// `WouldBlock` if nothing is there; what the system reports.
            #[cfg(feature = "bytes")]
            pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
                self.as_ref().try_read_buf(buf)
            }
        }

        impl AsyncRead for $half {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.as_ref().get_ref().as_ref().io.poll_read(cx, buf)
            }
        }
    };
}

macro_rules! write_half {
    ($half:ty, $stream:ident, $address:ty, $ended:expr) => {
        half!($half, $stream, $address);

        impl $half {
            /// Waits until the stream can be written to.
            ///
            /// # Errors
            /// If the runtime of the stream is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn writable(&self) -> io::Result<()> {
                self.as_ref().writable().await
            }

            /// Writes a beginning of `buf`, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is no room; what the system reports.
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                self.as_ref().try_write(buf)
            }

            /// Writes a beginning of several buffers in turn, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is no room; what the system reports.
            pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.as_ref().try_write_vectored(bufs)
            }
        }

        impl AsyncWrite for $half {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.as_ref().get_ref().as_ref().io.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.as_ref().get_ref().as_ref().io.poll_write_vectored(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                AsRef::<$stream>::as_ref(self).is_write_vectored()
            }

            /// Waits until what was written is with the system: mostly it is.
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.as_ref().get_ref().as_ref().io.poll_sent(cx)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                let half = &mut *self;
                core::task::ready!(AsRef::<$stream>::as_ref(half).io.poll_sent(cx))?;
                let result = AsRef::<$stream>::as_ref(half).io.shutdown(Shutdown::Write);
                let ended: fn(&mut $half) = $ended;
                if result.is_ok() {
                    ended(half);
                }
                Poll::Ready(result)
            }
        }
    };
}

/// What a TCP stream has beyond others.
macro_rules! peeking {
    ($socket:ident) => {
        impl $socket {
            /// Waits until there is something to read, and copies it without taking it.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
                self.io.registration().async_io(Interest::READABLE, || self.io.peek(buf)).await
            }

            /// Copies what there is to read without taking it; if there is nothing, the task of `cx` is
            /// woken when there is.
            ///
            /// # Errors
            /// What the system reports.
            pub fn poll_peek(
                &self,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<usize>> {
                let mut peek = || fill(buf, |free| self.io.peek(free).map(|n| (n, ())));
                self.io.registration().poll_io(cx, Direction::Read, &mut peek).map_ok(|(n, ())| n)
            }
        }
    };
}

/// What the reading half of a TCP stream has beyond that of others.
macro_rules! peeking_half {
    ($half:ty) => {
        impl $half {
            /// As [`TcpStream::poll_peek`].
            ///
            /// # Errors
            /// What the system reports.
            pub fn poll_peek(
                &mut self,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<usize>> {
                AsRef::<TcpStream>::as_ref(self).poll_peek(cx, buf)
            }

            /// As [`TcpStream::peek`].
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                AsRef::<TcpStream>::as_ref(self).peek(buf).await
            }
        }
    };
}
