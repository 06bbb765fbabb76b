//! The echo on wstd.

use wstd::io::{AsyncRead, AsyncWrite};
use wstd::iter::AsyncIterator;
use wstd::net::{TcpListener, TcpStream};

#[wstd::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("0".to_owned());
    let listener = TcpListener::bind(&format!("127.0.0.1:{port}")).await.expect("a network");
    println!("listening on {}", listener.local_addr().expect("an address"));
    let mut incoming = listener.incoming();
    while let Some(stream) = incoming.next().await {
        let stream = stream.expect("a connection");
        wstd::runtime::spawn(answer(stream)).detach();
    }
    Ok(())
}

async fn answer(mut stream: TcpStream) {
    let mut buf = [0; 1024];
    while let Ok(n @ 1..) = stream.read(&mut buf).await {
        if stream.write_all(&buf[..n]).await.is_err() {
            return;
        }
    }
}
