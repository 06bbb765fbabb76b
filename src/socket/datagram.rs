//! What datagram sockets have, written once for UDP and Unix.

/// Receiving.
macro_rules! receiving {
    ($socket:ident, $address:ty) => {
        impl $socket {
            received!(
                recv,
                poll_recv,
                try_recv,
                "Receives a datagram from the address that the socket is connected to"
            );
            received_from!(
                recv_from,
                poll_recv_from,
                try_recv_from,
                $address,
                "Receives a datagram, and tells who sent it"
            );
        }

        #[cfg(feature = "bytes")]
        impl $socket {
            /// Receives a datagram into the next chunk of `buf`.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
                let receive = || fill_buf(buf, |free| self.io.recv(free).map(|n| (n, ())));
                let received = self
                    .io
                    .registration()
                    .async_io(Interest::READABLE.add(Interest::ERROR), receive)
                    .await;
                received.map(|(n, ())| n)
            }

            /// Receives a datagram into the next chunk of `buf`, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is none; what the system reports.
            pub fn try_recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
                let receive = || fill_buf(buf, |free| self.io.recv(free).map(|n| (n, ())));
                self.io
                    .registration()
                    .try_io(Interest::READABLE.add(Interest::ERROR), receive)
                    .map(|(n, ())| n)
            }

            /// Receives a datagram into the next chunk of `buf`, and tells who sent it.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// Dropping the future loses nothing.
            pub async fn recv_buf_from<B: bytes::BufMut>(
                &self,
                buf: &mut B,
            ) -> io::Result<(usize, $address)> {
                let receive = || fill_buf(buf, |free| self.io.recv_from(free));
                let received = self
                    .io
                    .registration()
                    .async_io(Interest::READABLE.add(Interest::ERROR), receive)
                    .await;
                received.map(|(n, from)| (n, from.into()))
            }

            /// Receives a datagram into the next chunk of `buf`, and tells who sent it, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is none; what the system reports.
            pub fn try_recv_buf_from<B: bytes::BufMut>(
                &self,
                buf: &mut B,
            ) -> io::Result<(usize, $address)> {
                let receive = || fill_buf(buf, |free| self.io.recv_from(free));
                let received =
                    self.io.registration().try_io(Interest::READABLE.add(Interest::ERROR), receive);
                received.map(|(n, from)| (n, from.into()))
            }
        }
    };
}

/// Sending to the address that the socket is connected to.
macro_rules! sending {
    ($socket:ident) => {
        impl $socket {
            /// Sends a datagram to the address that the socket is connected to.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// A future that is dropped before it is ready has sent nothing.
            pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
                self.io.registration().async_io(Interest::WRITABLE, || self.io.send(buf)).await
            }

            /// Sends a datagram to the address that the socket is connected to; if there is no
            /// room, the task of `cx` is woken when there is. The task of the last call only.
            ///
            /// # Errors
            /// What the system reports.
            pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
                self.io.registration().poll_io(cx, Direction::Write, || self.io.send(buf))
            }

            /// Sends a datagram to the address that the socket is connected to, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is no room; what the system reports.
            pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
                self.io.registration().try_io(Interest::WRITABLE, || self.io.send(buf))
            }
        }
    };
}

/// One way of receiving, by the method of mio's that is called as the waiting one: waiting, polled,
/// at once. What does not fit into the buffer is lost.
macro_rules! received {
    ($wait:ident, $poll:ident, $try:ident, $what:literal) => {
        #[doc = concat!($what, ". What does not fit into `buf` is lost.")]
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Cancel safety
        /// Dropping the future loses no datagram.
        pub async fn $wait(&self, buf: &mut [u8]) -> io::Result<usize> {
            self.io
                .registration()
                .async_io(Interest::READABLE.add(Interest::ERROR), || self.io.$wait(buf))
                .await
        }

        #[doc = concat!($what, "; if there is none, the task of `cx` is woken when there is.")]
        /// The task of the last call only.
        ///
        /// # Errors
        /// What the system reports.
        pub fn $poll(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let mut receive = || fill(buf, |free| self.io.$wait(free).map(|n| (n, ())));
            self.io.registration().poll_io(cx, Direction::Read, &mut receive).map_ok(drop)
        }

        #[doc = concat!($what, ", at once.")]
        ///
        /// # Errors
        /// `WouldBlock` if there is none; what the system reports.
        pub fn $try(&self, buf: &mut [u8]) -> io::Result<usize> {
            self.io
                .registration()
                .try_io(Interest::READABLE.add(Interest::ERROR), || self.io.$wait(buf))
        }
    };
}

/// As `received`, with the sender.
macro_rules! received_from {
    ($wait:ident, $poll:ident, $try:ident, $address:ty, $what:literal) => {
        #[doc = concat!($what, ". What does not fit into `buf` is lost.")]
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Cancel safety
        /// Dropping the future loses no datagram.
        pub async fn $wait(&self, buf: &mut [u8]) -> io::Result<(usize, $address)> {
            let receive = || self.io.$wait(buf);
            let received = self
                .io
                .registration()
                .async_io(Interest::READABLE.add(Interest::ERROR), receive)
                .await;
            received.map(|(n, from)| (n, from.into()))
        }

        #[doc = concat!($what, "; if there is none, the task of `cx` is woken when there is.")]
        /// The task of the last call only.
        ///
        /// # Errors
        /// What the system reports.
        pub fn $poll(
            &self,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<$address>> {
            let mut receive = || fill(buf, |free| self.io.$wait(free));
            let received = self.io.registration().poll_io(cx, Direction::Read, &mut receive);
            received.map_ok(|(_, from)| from.into())
        }

        #[doc = concat!($what, ", at once.")]
        ///
        /// # Errors
        /// `WouldBlock` if there is none; what the system reports.
        pub fn $try(&self, buf: &mut [u8]) -> io::Result<(usize, $address)> {
            let receive = || self.io.$wait(buf);
            let received =
                self.io.registration().try_io(Interest::READABLE.add(Interest::ERROR), receive);
            received.map(|(n, from)| (n, from.into()))
        }
    };
}

/// What datagram sockets of the internet have: a peer, and datagrams to and from anybody.
macro_rules! addressed {
    ($socket:ident) => {
        impl $socket {
            /// Has the socket send to the first of the addresses that the system accepts, and receive
            /// from there only.
            ///
            /// # Errors
            /// If it accepts none; the last error is returned.
            ///
            /// # Cancel safety
            /// Dropping the future abandons the lookup; the socket stays connected as it was.
            pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
                try_each(addr, async |address| self.io.connect(address)).await
            }

            /// The address of this side.
            ///
            /// # Errors
            /// If the system does not tell.
            pub fn local_addr(&self) -> io::Result<SocketAddr> {
                self.io.local_addr()
            }

            /// The address that the socket is connected to.
            ///
            /// # Errors
            /// If there is none.
            pub fn peer_addr(&self) -> io::Result<SocketAddr> {
                self.io.peer_addr()
            }

            /// Sends a datagram to the first of the addresses.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// A future that is dropped before it is ready has sent nothing.
            pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
                let target = addresses(addr).await?.next().ok_or_else(no_address)?;
                let send = || self.io.send_to(buf, target);
                self.io.registration().async_io(Interest::WRITABLE, send).await
            }

            /// Sends a datagram; if there is no room, the task of `cx` is woken when there is. The task of
            /// the last call only.
            ///
            /// # Errors
            /// What the system reports.
            pub fn poll_send_to(
                &self,
                cx: &mut Context<'_>,
                buf: &[u8],
                target: SocketAddr,
            ) -> Poll<io::Result<usize>> {
                self.io.registration().poll_io(cx, Direction::Write, || self.io.send_to(buf, target))
            }

            /// Sends a datagram, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is no room; what the system reports.
            pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
                self.io.registration().try_io(Interest::WRITABLE, || self.io.send_to(buf, target))
            }

            received!(
                peek,
                poll_peek,
                try_peek,
                "Copies a datagram from the address that the socket is connected to without taking it"
            );
            received_from!(
                peek_from,
                poll_peek_from,
                try_peek_from,
                SocketAddr,
                "Copies a datagram without taking it, and tells who sent it"
            );

            /// Waits for a datagram, and tells who sent it.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// Dropping the future loses no datagram.
            pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
                let interest = Interest::READABLE | Interest::ERROR;
                self.io.registration().async_io(interest, || self.sender()).await
            }

            /// Tells who sent the next datagram; if there is none, the task of `cx` is woken when there
            /// is. The task of the last call only.
            ///
            /// # Errors
            /// What the system reports.
            pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
                self.io.registration().poll_io(cx, Direction::Read, || self.sender())
            }

            /// Tells who sent the next datagram, at once.
            ///
            /// # Errors
            /// `WouldBlock` if there is none; what the system reports.
            pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
                let interest = Interest::READABLE | Interest::ERROR;
                self.io.registration().try_io(interest, || self.sender())
            }
        }
    };
}
