//! To and from the sockets of the standard library and the descriptors of the system.

/// To and from the socket of the standard library, and its descriptor.
macro_rules! conversions {
    ($socket:ident, $std:ty, $mio:ty) => {
        conversions!($socket, $std, $mio, Ok);
    };
    ($socket:ident, $std:ty, $mio:ty, $bare:expr) => {
        impl $socket {
            /// Registers a socket of the standard library with the runtime of this thread. It must
            /// have been made non-blocking.
            ///
            /// # Errors
            /// If the system refuses it, or the runtime is shut down or has no I/O.
            ///
            /// # Panics
            /// Outside a runtime; without optimisations, if the socket blocks.
            #[track_caller]
            pub fn from_std(socket: $std) -> io::Result<Self> {
                crate::native::net::refuse_blocking(&socket)?;
                Self::new(<$mio>::from_std(socket))
            }

            /// The socket as one of the standard library. It stays non-blocking.
            ///
            /// # Errors
            /// If the system refuses to forget it.
            pub fn into_std(self) -> io::Result<$std> {
                self.io.into_inner().and_then($bare).map(Into::into)
            }

            /// The error that the socket has kept since this was last asked.
            ///
            /// # Errors
            /// If the system does not tell.
            pub fn take_error(&self) -> io::Result<Option<io::Error>> {
                self.io.take_error()
            }
        }

        impl TryFrom<$std> for $socket {
            type Error = io::Error;

            /// As [`from_std`](Self::from_std).
            fn try_from(socket: $std) -> io::Result<Self> {
                Self::from_std(socket)
            }
        }

        impl fmt::Debug for $socket {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.io.fmt(f)
            }
        }

        descriptor!($socket, io);
    };
}

/// The descriptor of what is in a field.
macro_rules! descriptor {
    ($socket:ident, $io:ident) => {
        #[cfg(unix)]
        const _: () = {
            use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

            impl AsRawFd for $socket {
                fn as_raw_fd(&self) -> RawFd {
                    self.$io.as_raw_fd()
                }
            }

            impl AsFd for $socket {
                fn as_fd(&self) -> BorrowedFd<'_> {
                    self.$io.as_fd()
                }
            }
        };

        #[cfg(windows)]
        const _: () = {
            use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

            impl AsRawSocket for $socket {
                fn as_raw_socket(&self) -> RawSocket {
                    self.$io.as_raw_socket()
                }
            }

            impl AsSocket for $socket {
                fn as_socket(&self) -> BorrowedSocket<'_> {
                    self.$io.as_socket()
                }
            }
        };
    };
}

/// Reading and writing with buffers that are handed over: by completion where the driver has it, else
/// as soon as the stream is ready.
macro_rules! owned_buffers {
    ($stream:ident: $($what:ident $type:ty),*) => {
        $(owned_buffers!(@$what $stream, $type);)*
    };
    (@read $stream:ident, $type:ty) => {
        impl crate::io::AsyncReadOwned for $type {
            /// As there. What had arrived when the future was dropped is what the next read of the
            /// stream gives, of whatever kind that is.
            async fn read_owned<B: crate::platform::buf::OwnedBufMut>(
                &mut self,
                buf: B,
            ) -> (io::Result<usize>, B) {
                match AsRef::<$stream>::as_ref(self).io.receive(buf).await {
                    Ok(done) => done,
                    Err(buf) => crate::io::read_when_ready(self, buf).await,
                }
            }
        }
    };
    (@write $stream:ident, $type:ty) => {
        impl crate::io::AsyncWriteOwned for $type {
            /// As there. If the future is dropped while the system waits for room, a beginning of
            /// the buffer may have been written; what is written next comes behind it.
            async fn write_owned<B: crate::platform::buf::OwnedBuf>(
                &mut self,
                buf: B,
            ) -> (io::Result<usize>, B) {
                match AsRef::<$stream>::as_ref(self).io.send(buf).await {
                    Ok(done) => done,
                    Err(buf) => crate::io::write_when_ready(self, buf).await,
                }
            }
        }
    };
}
