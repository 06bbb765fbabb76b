//! What all sockets have, written once.

/// Waiting for readiness, and operations of one's own. The arguments after the socket are the
/// names of the methods that poll.
macro_rules! readiness {
    ($socket:ident, $poll_read:ident, $poll_write:ident) => {
        impl $socket {
            /// Waits until the socket is ready for any of `interest`, and tells for what.
            ///
            /// It may turn out that it is not: what is tried then answers `WouldBlock`.
            ///
            /// # Errors
            /// If the runtime of the socket is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing: the socket stays ready until an operation says
            /// otherwise.
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                Ok(self.io.registration().ready(interest).await?.ready)
            }

            /// Waits until the socket can be read from. As [`ready`](Self::ready).
            ///
            /// # Errors
            /// If the runtime of the socket is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn readable(&self) -> io::Result<()> {
                self.ready(Interest::READABLE).await.map(drop)
            }

            /// Waits until the socket can be written to. As [`ready`](Self::ready).
            ///
            /// # Errors
            /// If the runtime of the socket is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn writable(&self) -> io::Result<()> {
                self.ready(Interest::WRITABLE).await.map(drop)
            }

            /// Whether the socket can be read from; if not, the task of `cx` is woken when it can.
            /// The task of the last call only, together with every other `poll` of this kind.
            ///
            /// # Errors
            /// If the runtime of the socket is shut down.
            pub fn $poll_read(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.io.registration().poll_ready(cx, Direction::Read).map_ok(drop)
            }

            /// Whether the socket can be written to; if not, the task of `cx` is woken when it
            /// can. The task of the last call only, together with every other `poll` of this kind.
            ///
            /// # Errors
            /// If the runtime of the socket is shut down.
            pub fn $poll_write(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.io.registration().poll_ready(cx, Direction::Write).map_ok(drop)
            }

            /// Tries an operation of one's own on the socket, if it is ready for `interest`. The
            /// operation must answer `WouldBlock` if it finds that it is not.
            ///
            /// # Errors
            /// `WouldBlock` if the socket is not ready; what the operation reports.
            pub fn try_io<R>(
                &self,
                interest: Interest,
                f: impl FnOnce() -> io::Result<R>,
            ) -> io::Result<R> {
                self.io.registration().try_io(interest, f)
            }

            /// Tries an operation of one's own on the socket, whenever it is ready for `interest`,
            /// until it does not answer `WouldBlock`.
            ///
            /// # Errors
            /// What the operation reports; if the runtime of the socket is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing: it never waits after the operation is done.
            pub async fn async_io<R>(
                &self,
                interest: Interest,
                f: impl FnMut() -> io::Result<R>,
            ) -> io::Result<R> {
                self.io.registration().async_io(interest, f).await
            }
        }
    };
}

/// To and from the socket of the standard library, and its descriptor.
macro_rules! conversions {
    ($socket:ident, $std:ty, $mio:ty) => {
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
                Ok(Self { io: Source::new(<$mio>::from_std(socket))? })
            }

            /// The socket as one of the standard library. It stays non-blocking.
            ///
            /// # Errors
            /// If the system refuses to forget it.
            pub fn into_std(self) -> io::Result<$std> {
                self.io.into_inner().map(Into::into)
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
