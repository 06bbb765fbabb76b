//! `cargo run --package creel-metrics`, then look at <http://127.0.0.1:9464/metrics>.

use creel::net::TcpListener;
use creel::runtime::Handle;
use creel::time::{Duration, interval};
use metrics_exporter_prometheus::PrometheusBuilder;

#[creel::main]
async fn main() -> std::io::Result<()> {
    let recorder = PrometheusBuilder::new().install_recorder().expect("it is the first");
    let exporter = Handle::current().metrics().exporter();
    // Something to count.
    creel::spawn(async {
        let mut beat = interval(Duration::from_millis(10));
        loop {
            beat.tick().await;
            creel::task::spawn_blocking(|| {}).await.expect("it does not panic");
        }
    });
    let listener = TcpListener::bind("127.0.0.1:9464").await?;
    creel_metrics::serve(listener, exporter, recorder).await
}
