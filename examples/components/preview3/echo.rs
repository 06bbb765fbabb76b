//! Answers each connection with what it sends, on preview 3: `echo_p3 PORT`.
#![cfg(target_os = "wasi")]

use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::net::{TcpListener, TcpStream};
use std::net::Ipv4Addr;

async fn run() {
    serve().await.expect("the host lends its network");
}

async fn serve() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on 127.0.0.1:{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        creel::spawn(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buf = [0; 1024];
    loop {
        match stream.read(&mut buf).await? {
            0 => return Ok(()),
            n => stream.write_all(&buf[..n]).await?,
        }
    }
}

creel::wasip3_command!(run);
