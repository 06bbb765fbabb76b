//! The echo on nothing but the bindings of preview 3.

use wasip3::sockets::types::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket};
use wasip3::wit_bindgen::{StreamResult, spawn_local};

struct Command;

impl wasip3::exports::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
        let socket = TcpSocket::create(IpAddressFamily::Ipv4).unwrap();
        let address = Ipv4SocketAddress { port, address: (127, 0, 0, 1) };
        socket.bind(IpSocketAddress::Ipv4(address)).unwrap();
        let mut incoming = socket.listen().unwrap();
        if let Ok(IpSocketAddress::Ipv4(address)) = socket.get_local_address() {
            println!("listening on 127.0.0.1:{}", address.port);
        }
        while let Some(connection) = incoming.next().await {
            spawn_local(answer(connection));
        }
        Ok(())
    }
}

async fn answer(socket: TcpSocket) {
    let (mut input, _received) = socket.receive();
    let (mut output, sent) = wasip3::wit_stream::new();
    let _sent = socket.send(sent);
    let mut buf = Vec::with_capacity(1024);
    loop {
        let (result, read) = input.read(buf).await;
        if matches!(result, StreamResult::Dropped) && read.is_empty() {
            return;
        }
        buf = output.write_all(read).await;
        buf.clear();
        buf.reserve(1024);
    }
}

wasip3::cli::command::export!(Command);
