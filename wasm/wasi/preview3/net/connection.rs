//! The host's side of a connection.

use super::address::{family, from_host, to_host};
use super::error::of_socket;
use super::tell::tell;
use crate::io::Ready;
use crate::lock::Lock;
use crate::socket::slot::Slot;
use crate::wasm::wasi::net::host;
use crate::wasm::wasi::net::system::{Stream, Wait};
use crate::wasm::wasi::preview3::single::Single;
use crate::wasm::wasi::preview3::streams::{Reader, Writer};
use crate::wasm::wasi::reactor::Source;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::vec::Vec;
use wasip3::sockets::types::{ErrorCode, TcpSocket};

/// Connects to an address.
pub(super) fn connect(address: SocketAddr) -> Wait<Source<host::Connection>> {
    Box::pin(async move { connect_socket(create(&address)?, address).await })
}

pub(super) fn create(address: &SocketAddr) -> io::Result<TcpSocket> {
    TcpSocket::create(family(address)).map_err(of_socket)
}

/// Connects a socket.
pub(super) async fn connect_socket(
    socket: TcpSocket,
    address: SocketAddr,
) -> io::Result<Source<host::Connection>> {
    let connecting = async move {
        socket.connect(to_host(address)).await?;
        Ok(socket)
    };
    Single::new(connecting).await.map(Connection::source).map_err(of_socket)
}

/// A connection. What comes in and goes out ends before the socket does.
pub(super) struct Connection {
    input: Lock<Input>,
    output: Lock<Writer>,
    socket: TcpSocket,
    slot: Arc<Slot>,
    readable: Waker,
    writable: Waker,
}

struct Input {
    reader: Reader,
    /// How reading ended, until somebody was told.
    end: Option<Single<Result<(), ErrorCode>>>,
}

impl Input {
    /// What was read; nothing at the end of the stream.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let ended = core::task::ready!(self.reader.poll_ready(cx)).is_empty();
        if ended && let Some(end) = &mut self.end {
            let end = core::task::ready!(Pin::new(end).poll(cx));
            self.end = None;
            end.map_err(of_socket)?;
        }
        // It is ready still.
        self.reader.poll_ready(cx).map(Ok)
    }
}

impl Connection {
    /// A socket that is connected.
    pub(super) fn source(socket: TcpSocket) -> Source<host::Connection> {
        let (input, received) = socket.receive();
        let (writer, output) = wasip3::wit_stream::new();
        // How sending ended is told by the stream itself.
        drop(socket.send(output));
        let slot = Arc::new(Slot::new());
        let input =
            Input { reader: Reader::new(input), end: Some(Single::new(async { received.await })) };
        let connection = Self {
            input: Lock::new(input),
            output: Lock::new(Writer::new(writer)),
            socket,
            readable: tell(&slot, Ready::READABLE),
            writable: tell(&slot, Ready::WRITABLE),
            slot: Arc::clone(&slot),
        };
        slot.assume(Ready::WRITABLE);
        connection.read_on(&mut connection.input.lock());
        host::of_connection(Source::told(connection, slot))
    }

    /// Has something under way that tells of what comes next.
    fn read_on(&self, input: &mut Input) {
        if input.reader.poll_ready(&mut Context::from_waker(&self.readable)).is_ready() {
            self.slot.assume(Ready::READABLE);
        }
    }

    /// Runs `f` on what was read.
    fn with_read<R>(&self, f: impl FnOnce(&mut Input, usize) -> R) -> io::Result<R> {
        let mut input = self.input.lock();
        match input.poll(&mut Context::from_waker(&self.readable)) {
            Poll::Ready(read) => {
                let count = read?.len();
                Ok(f(&mut input, count))
            }
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Begins to write a beginning of `buf`.
    fn begin(&self, buf: &[u8]) -> io::Result<usize> {
        let mut output = self.output.lock();
        let mut cx = Context::from_waker(&self.writable);
        match output.poll_write(&mut cx, buf) {
            Poll::Ready(begun) => {
                // Whoever has written a part learns of it when there is room for more.
                if output.poll_idle(&mut cx).is_ready() {
                    self.slot.assume(Ready::WRITABLE);
                }
                begun
            }
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl Stream for Connection {
    fn receive(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.with_read(|input, count| {
            let count = count.min(buf.len());
            input.reader.copy(&mut buf[..count]);
            input.reader.take(count);
            if count > 0 && input.reader.is_taken() {
                self.read_on(input);
            }
            count
        })
    }

    fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.begin(buf)
    }

    fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut rest = bufs.iter().filter(|buf| !buf.is_empty());
        let (Some(first), more) = (rest.next(), rest.next().is_some()) else { return Ok(0) };
        if more {
            self.begin(&bufs.iter().flat_map(|buf| buf.iter().copied()).collect::<Vec<_>>())
        } else {
            self.begin(first)
        }
    }

    fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.with_read(|input, count| {
            let count = count.min(buf.len());
            input.reader.copy(&mut buf[..count]);
            count
        })
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.output.lock().end();
        }
        if how != Shutdown::Write {
            let mut input = self.input.lock();
            input.reader.end();
            input.end = None;
            drop(input);
            self.readable.wake_by_ref();
        }
        Ok(())
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_local_address().map(from_host).map_err(of_socket)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_remote_address().map(from_host).map_err(of_socket)
    }

    fn hop_limit(&self) -> io::Result<u8> {
        self.socket.get_hop_limit().map_err(of_socket)
    }

    fn set_hop_limit(&self, hops: u8) -> io::Result<()> {
        self.socket.set_hop_limit(hops).map_err(of_socket)
    }

    fn sent(&self) -> io::Result<()> {
        let mut output = self.output.lock();
        match output.poll_sent(&mut Context::from_waker(&self.writable)) {
            Poll::Ready(sent) => sent,
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }
}
