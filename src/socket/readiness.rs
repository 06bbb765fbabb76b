//! What every socket has.

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
            #[track_caller]
            pub fn ready(
                &self,
                interest: Interest,
            ) -> impl core::future::Future<Output = io::Result<Ready>> {
                let ready = self.io.registration().ready(interest);
                crate::env::site::Site::here().of(async move { Ok(ready.await?.ready) })
            }

            /// Waits until the socket can be read from. As [`ready`](Self::ready).
            ///
            /// # Errors
            /// If the runtime of the socket is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            #[track_caller]
            pub fn readable(&self) -> impl core::future::Future<Output = io::Result<()>> {
                crate::env::site::Site::here()
                    .of(async { self.ready(Interest::READABLE).await.map(drop) })
            }

            /// Waits until the socket can be written to. As [`ready`](Self::ready).
            ///
            /// # Errors
            /// If the runtime of the socket is shut down.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            #[track_caller]
            pub fn writable(&self) -> impl core::future::Future<Output = io::Result<()>> {
                crate::env::site::Site::here()
                    .of(async { self.ready(Interest::WRITABLE).await.map(drop) })
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
