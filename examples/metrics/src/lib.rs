//! A runtime's numbers where Prometheus looks for them.

use creel::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use creel::net::{TcpListener, TcpStream};
use creel::runtime::Exporter;
use metrics_exporter_prometheus::PrometheusHandle;
use std::io;

/// Answers each request with the numbers as they are then; without end.
pub async fn serve(
    listener: TcpListener,
    mut exporter: Exporter,
    recorder: PrometheusHandle,
) -> io::Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        exporter.update();
        recorder.run_upkeep();
        // A scraper that goes away does no harm.
        let _ = answer(&mut stream, &recorder.render()).await;
    }
}

async fn answer(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let mut request = BufReader::new(&mut *stream).lines();
    while request.next_line().await?.is_some_and(|line| !line.is_empty()) {}
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
