//! The servers: the same service on each runtime, `hello` for every request.

use creel::hyper::{CreelExecutor, CreelIo};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

/// By how many workers each name serves; none is the thread itself.
pub const SERVERS: &[&str] = &["creel", "tokio", "creel, 2 workers", "tokio, 2 workers"];

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
}

/// Serves until it is killed; the first line of its output is where.
pub fn serve(name: &str) -> ExitCode {
    let pool = name.ends_with("2 workers");
    let served = match name.starts_with("creel") {
        true => creel_runtime(pool).and_then(|runtime| runtime.block_on(on_creel())),
        false => tokio_runtime(pool).and_then(|runtime| runtime.block_on(on_tokio())),
    };
    served
        .inspect_err(|error| eprintln!("{name}: {error}"))
        .map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

fn creel_runtime(pool: bool) -> io::Result<creel::runtime::Runtime> {
    match pool {
        true => creel::runtime::Builder::new_multi_thread().worker_threads(2).build(),
        false => creel::runtime::Builder::new_current_thread().build(),
    }
}

fn tokio_runtime(pool: bool) -> io::Result<tokio::runtime::Runtime> {
    match pool {
        true => tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_io().build(),
        false => tokio::runtime::Builder::new_current_thread().enable_io().build(),
    }
}

async fn on_creel() -> io::Result<()> {
    let listener = creel::net::TcpListener::bind("127.0.0.1:0").await?;
    tell(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        creel::spawn(async move {
            let http = Builder::new(CreelExecutor::new());
            // A client that breaks off harms only its own connection.
            let _ = http.serve_connection(CreelIo::new(stream), service_fn(hello)).await;
        });
    }
}

async fn on_tokio() -> io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    tell(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let http = Builder::new(TokioExecutor::new());
            let _ = http.serve_connection(TokioIo::new(stream), service_fn(hello)).await;
        });
    }
}

fn tell(address: SocketAddr) {
    println!("{address}");
}
