//! The host's side of a listener.

use super::address::{from_host, to_host};
use super::connection::{Connection, create};
use super::error::of_socket;
use super::tell::tell;
use crate::io::Ready;
use crate::lock::Lock;
use crate::socket::slot::Slot;
use crate::wasm::wasi::address::BACKLOG;
use crate::wasm::wasi::net::host;
use crate::wasm::wasi::net::system::{Listen, Wait};
use crate::wasm::wasi::preview3::single::Single;
use crate::wasm::wasi::reactor::Source;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::boxed::Box;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use wasip3::sockets::types::TcpSocket;
use wasip3::wit_bindgen::StreamReader;

/// Listens on an address.
pub(super) fn listen(address: SocketAddr) -> Wait<Source<host::Listener>> {
    Box::pin(async move {
        let socket = create(&address)?;
        socket.bind(to_host(address)).map_err(of_socket)?;
        // A wish: a host may have its own idea.
        let _ = socket.set_listen_backlog_size(BACKLOG.into());
        Listener::source(socket)
    })
}

/// A socket that listens.
pub(super) struct Listener {
    incoming: Lock<Incoming>,
    socket: TcpSocket,
    acceptable: Waker,
}

enum Incoming {
    Idle(Option<StreamReader<TcpSocket>>),
    /// A wait that outlives the future which began it, so that no connection is lost.
    Busy(Single<(StreamReader<TcpSocket>, Option<TcpSocket>)>),
}

impl Incoming {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<TcpSocket>> {
        loop {
            match self {
                Self::Idle(stream) => {
                    let Some(mut stream) = stream.take() else {
                        return Poll::Ready(Err(io::Error::other("the host accepts no more")));
                    };
                    *self = Self::Busy(Single::new(async move {
                        let socket = stream.next().await;
                        (stream, socket)
                    }));
                }
                Self::Busy(waiting) => {
                    let (stream, socket) = ready!(Pin::new(waiting).poll(cx));
                    *self = Self::Idle(socket.is_some().then_some(stream));
                    if let Some(socket) = socket {
                        return Poll::Ready(Ok(socket));
                    }
                }
            }
        }
    }
}

impl Listener {
    /// Has a bound socket listen.
    pub(super) fn source(socket: TcpSocket) -> io::Result<Source<host::Listener>> {
        let incoming = Lock::new(Incoming::Idle(Some(socket.listen().map_err(of_socket)?)));
        let slot = Arc::new(Slot::new());
        let acceptable = tell(&slot, Ready::READABLE);
        // Until it was tried nothing is under way that would tell.
        slot.assume(Ready::READABLE);
        Ok(host::of_listener(Source::told(Self { incoming, socket, acceptable }, slot)))
    }
}

impl Listen for Listener {
    fn accept(&self) -> io::Result<(Source<host::Connection>, SocketAddr)> {
        let polled = self.incoming.lock().poll(&mut Context::from_waker(&self.acceptable));
        let Poll::Ready(accepted) = polled else { return Err(io::ErrorKind::WouldBlock.into()) };
        let socket = accepted?;
        let address = socket.get_remote_address().map(from_host).map_err(of_socket)?;
        Ok((Connection::source(socket), address))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_local_address().map(from_host).map_err(of_socket)
    }

    fn hop_limit(&self) -> io::Result<u8> {
        self.socket.get_hop_limit().map_err(of_socket)
    }

    fn set_hop_limit(&self, hops: u8) -> io::Result<()> {
        self.socket.set_hop_limit(hops).map_err(of_socket)
    }
}
