//! HTTP by hyper on creel's sockets: `hyper PORT`, under a WASI host or natively.

use creel::hyper::CreelIo;
use creel::net::{TcpListener, TcpStream};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use std::convert::Infallible;
use std::net::Ipv4Addr;

#[creel::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on 127.0.0.1:{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        creel::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) {
    let connection =
        http1::Builder::new().serve_connection(CreelIo::new(stream), service_fn(answer));
    // A client that breaks off harms only its own connection.
    let _ = connection.await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(format!("you asked for {}\n", request.uri())))
}
