//! What a body that comes in can do, on either preview.

/// The ways to read a body, for a type that has:
///
/// - `poll_piece(cx, limit)`: the next bytes, so many at most and at least one; `None` behind the last.
/// - `poll_trailers(cx)`: behind the last bytes, how the body ended: its trailers, or the error that cut
///   it short.
/// - `is_over()`: whether that was answered.
macro_rules! reads_body {
    ($incoming:ident) => {
        /// As much as is read at a time.
        const LIMIT: usize = 64 * 1024;

        impl $incoming {
            /// Everything that is left of it.
            ///
            /// # Errors
            /// What the host reports, if the body is cut short.
            ///
            /// # Cancel safety
            /// Dropping the future drops the body.
            pub async fn bytes(mut self) -> std::io::Result<bytes::Bytes> {
                let mut all = std::vec::Vec::new();
                while let Some(piece) =
                    core::future::poll_fn(|cx| self.poll_piece(cx, LIMIT)).await?
                {
                    if all.is_empty() {
                        all = piece;
                    } else {
                        all.extend_from_slice(&piece);
                    }
                }
                core::future::poll_fn(|cx| self.poll_trailers(cx)).await?;
                Ok(all.into())
            }

            /// Everything that is left of it, as text.
            ///
            /// # Errors
            /// As [`bytes`](Self::bytes); `InvalidData` if it is no UTF-8.
            ///
            /// # Cancel safety
            /// Dropping the future drops the body.
            pub async fn text(mut self) -> std::io::Result<std::string::String> {
                let mut text = std::string::String::new();
                crate::io::AsyncReadExt::read_to_string(&mut self, &mut text).await?;
                Ok(text)
            }
        }

        impl http_body::Body for $incoming {
            type Data = bytes::Bytes;
            type Error = std::io::Error;

            fn poll_frame(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<std::io::Result<http_body::Frame<bytes::Bytes>>>> {
                if let Some(piece) = ready!(self.poll_piece(cx, LIMIT)?) {
                    return Poll::Ready(Some(Ok(http_body::Frame::data(piece.into()))));
                }
                let trailers = ready!(self.poll_trailers(cx)).transpose();
                Poll::Ready(trailers.map(|trailers| trailers.map(http_body::Frame::trailers)))
            }

            fn is_end_stream(&self) -> bool {
                self.is_over()
            }
        }

        impl crate::io::AsyncRead for $incoming {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut crate::io::ReadBuf<'_>,
            ) -> Poll<std::io::Result<()>> {
                if buf.remaining() == 0 {
                    return Poll::Ready(Ok(()));
                }
                match ready!(self.poll_piece(cx, LIMIT.min(buf.remaining())))? {
                    Some(piece) => Poll::Ready(Ok(buf.put_slice(&piece))),
                    None => self.poll_trailers(cx).map_ok(drop),
                }
            }
        }

        impl core::fmt::Debug for $incoming {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($incoming)).finish_non_exhaustive()
            }
        }
    };
}

pub(in crate::wasm::wasi) use reads_body;
