//! Serves an axum router on creel: `cargo run -p creel-http`, then
//! `curl http://127.0.0.1:3000/hello/ada`. Ctrl-C stops it gracefully.

use creel::net::TcpListener;

#[creel::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let interrupted = async { creel::signal::ctrl_c().await.expect("ctrl-c can be waited for") };
    creel_http::serve(listener, creel_http::router(), interrupted).await
}
