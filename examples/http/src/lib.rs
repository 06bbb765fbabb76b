//! A small service: routes by axum, HTTP/1 and HTTP/2 by hyper, everything else by creel.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use creel::hyper::{CreelExecutor, CreelIo, CreelTimer};
use creel::net::TcpListener;
use creel::sync::CancellationToken;
use creel::task::JoinSet;
use creel::time::{Duration, sleep};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use std::pin::pin;

/// Numbers to add.
#[derive(Debug, Deserialize, Serialize)]
pub struct Numbers {
    /// The numbers.
    pub numbers: Vec<i64>,
}

/// The routes of the service.
pub fn router() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/hello/{name}",
            get(|Path(name): Path<String>| async move { format!("hello {name}") }),
        )
        .route("/slow", get(slow))
        .route(
            "/sum",
            post(|Json(Numbers { numbers })| async move { Json(numbers.iter().sum::<i64>()) }),
        )
}

async fn slow() -> &'static str {
    sleep(Duration::from_millis(50)).await;
    "at last"
}

/// Serves until `stop` is done; then lets each connection finish the requests it has begun.
///
/// # Errors
/// If no connection can be accepted any more.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let mut connections = JoinSet::new();
    let stopping = CancellationToken::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = creel::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
        };
        let (stream, _) = accepted?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(router.clone());
        let stopping = stopping.clone();
        connections.spawn(async move {
            let mut builder = auto::Builder::new(CreelExecutor::new());
            builder.http1().timer(CreelTimer::new());
            builder.http2().timer(CreelTimer::new());
            let mut connection = pin!(builder.serve_connection(CreelIo::new(stream), service));
            creel::select! {
                // A client that breaks off harms only its own connection.
                _ = connection.as_mut() => return,
                () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        });
    }
    stopping.cancel();
    while connections.join_next().await.is_some() {}
    Ok(())
}
