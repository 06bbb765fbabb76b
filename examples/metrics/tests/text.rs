//! What Prometheus gets to read.

use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::net::{TcpListener, TcpStream};
use creel::runtime::{Builder, HistogramConfiguration, Runtime};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use std::time::Duration;

fn recorder() -> PrometheusRecorder {
    PrometheusBuilder::new()
        .set_buckets(&[0.5, 5000.0])
        .expect("there are buckets")
        .build_recorder()
}

/// The value of a number in the text.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("no `{name}` in:\n{text}"));
    line.parse().expect("a number")
}

fn busy_runtime() -> Runtime {
    let runtime = Builder::new_multi_thread()
        .name("api")
        .worker_threads(2)
        .enable_metrics_poll_time_histogram()
        .metrics_poll_time_histogram_configuration(HistogramConfiguration::linear(
            Duration::from_secs(1000),
            2,
        ))
        .build()
        .expect("there are threads");
    runtime.block_on(async {
        for _ in 0..10 {
            creel::spawn(creel::task::yield_now()).await.expect("it does not panic");
        }
        creel::task::spawn_blocking(|| {}).await.expect("it does not panic");
    });
    runtime
}

#[test]
fn the_text_has_the_numbers() {
    let recorder = recorder();
    let runtime = busy_runtime();
    let metrics = runtime.metrics();
    let mut exporter = metrics::with_local_recorder(&recorder, || metrics.exporter());
    drop(runtime);
    // Twice: what was told already is not told again.
    exporter.update();
    exporter.update();
    let text = recorder.handle().render();

    assert!(text.contains("# HELP creel_tasks_spawned_total Tasks that were spawned.\n"), "{text}");
    assert!(text.contains("# TYPE creel_tasks_spawned_total counter\n"), "{text}");
    assert!(text.contains("# TYPE creel_workers gauge\n"), "{text}");
    assert_eq!(value(&text, "creel_workers{runtime=\"api\"}"), 2.0);
    assert_eq!(value(&text, "creel_tasks_spawned_total{runtime=\"api\"}"), 10.0);
    assert_eq!(value(&text, "creel_tasks_alive{runtime=\"api\"}"), 0.0);
    let of_both = |name: &str| {
        let of = |worker| value(&text, &format!("{name}{{runtime=\"api\",worker=\"{worker}\"}}"));
        of(0) + of(1)
    };
    assert_eq!(of_both("creel_worker_polls_total"), 20.0);
    let (parks, busy) =
        (of_both("creel_worker_parks_total"), of_both("creel_worker_busy_microseconds_total"));
    assert!(parks >= 2.0 && busy >= 1.0);
    assert_eq!(of_both("creel_worker_poll_seconds_count"), 20.0);
    assert_eq!(of_both("creel_worker_poll_seconds_sum"), 20.0 * 500.0, "the middle of the bucket");
}

#[test]
fn every_number_of_the_documentation_is_there_and_no_other() {
    let recorder = recorder();
    let runtime = busy_runtime();
    let mut exporter = metrics::with_local_recorder(&recorder, || runtime.metrics().exporter());
    exporter.update();
    let text = recorder.handle().render();
    let mut told: Vec<&str> =
        (text.lines()).filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let documentation = include_str!("../../../src/runtime/exporter.rs");
    let rows = documentation.lines().filter_map(|line| line.strip_prefix("/// | `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let mut documented: Vec<&str> = cells
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`'))
        .filter(|name| name.starts_with("creel_"))
        .collect();
    told.sort_unstable();
    documented.sort_unstable();
    assert_eq!(told, documented);
}

#[test]
fn a_scraper_reads_them() {
    let recorder = recorder();
    let runtime = Builder::new_current_thread().build().expect("there is a thread");
    let exporter = metrics::with_local_recorder(&recorder, || runtime.metrics().exporter());
    let handle = recorder.handle();
    let answer = runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let at = listener.local_addr()?;
        creel::spawn(creel_metrics::serve(listener, exporter, handle));
        let mut stream = TcpStream::connect(at).await?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    });
    let answer = answer.expect("it answers");
    let (head, text) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    // It has no name, so its id stands for it.
    let label = format!("{{runtime=\"{}\"}}", runtime.handle().id());
    assert_eq!(value(text, &format!("creel_tasks_alive{label}")), 1.0);
    assert_eq!(value(text, &format!("creel_io_sources_registered_total{label}")), 3.0);
}
