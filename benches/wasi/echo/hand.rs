//! The floor: an echo by one loop around `wasi:io/poll`, as little as will do.

use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

struct Connection {
    // Children end before their parents.
    readable: Pollable,
    input: InputStream,
    output: OutputStream,
    _socket: TcpSocket,
}

fn main() {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let socket = create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    let address = IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) });
    socket.start_bind(&instance_network(), address).unwrap();
    socket.finish_bind().unwrap();
    socket.start_listen().unwrap();
    socket.finish_listen().unwrap();
    if let Ok(IpSocketAddress::Ipv4(address)) = socket.local_address() {
        println!("listening on 127.0.0.1:{}", address.port);
    }
    let acceptable = socket.subscribe();
    let mut connections: Vec<Connection> = Vec::new();
    loop {
        let mut list = vec![&acceptable];
        list.extend(connections.iter().map(|connection| &connection.readable));
        let ready = poll(&list);
        let mut gone = Vec::new();
        let mut accept = false;
        for index in ready {
            match index as usize {
                0 => accept = true,
                index => {
                    if !answer(&connections[index - 1]) {
                        gone.push(index - 1);
                    }
                }
            }
        }
        // The host answers in an order of its own.
        gone.sort_unstable();
        gone.into_iter().rev().for_each(|index| drop(connections.remove(index)));
        while accept {
            match socket.accept() {
                Ok((socket, input, output)) => connections.push(Connection {
                    readable: input.subscribe(),
                    input,
                    output,
                    _socket: socket,
                }),
                Err(_) => accept = false,
            }
        }
    }
}

/// Whether the connection goes on.
fn answer(connection: &Connection) -> bool {
    let bytes = match connection.input.read(1024) {
        Ok(bytes) => bytes,
        Err(StreamError::Closed) => return false,
        Err(_) => return false,
    };
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let Ok(room) = connection.output.check_write() else { return false };
        let part = rest.len().min(room as usize);
        if part == 0 {
            connection.output.subscribe().block();
            continue;
        }
        if connection.output.write(&rest[..part]).is_err() {
            return false;
        }
        rest = &rest[part..];
    }
    true
}
