//! The echo on tokio, of whose sockets on WASI its unstable part knows.

#[path = "../stand_in.rs"]
mod stand_in;

use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on 127.0.0.1:{}", listener.local_addr()?.port());
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut buf = [0; 1024];
            while let Ok(read) = stream.read(&mut buf).await {
                if read == 0 || stream.write_all(&buf[..read]).await.is_err() {
                    break;
                }
            }
        });
    }
}
