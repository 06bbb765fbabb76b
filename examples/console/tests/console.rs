//! What tokio-console gets to see of a program on creel: over the wire, from `console-subscriber`.
#![cfg(console_without_tokio_unstable)]

use console_api::instrument::{InstrumentRequest, Update, instrument_client::InstrumentClient};
use console_api::resources::{Stats as ResourceStats, resource};
use console_api::tasks::Stats;
use creel::sync::{Mutex, mpsc};
use creel::task;
use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::prelude::*;

/// All that the console has heard.
#[derive(Default)]
struct Seen {
    /// By name: the id and the line that it was spawned in.
    tasks: HashMap<String, (u64, u32)>,
    stats: HashMap<u64, Stats>,
    resources: HashMap<String, u64>,
    resource_stats: HashMap<u64, ResourceStats>,
    sources: Vec<String>,
}

impl Seen {
    fn add(&mut self, update: Update) {
        if let Some(tasks) = update.task_update {
            for task in tasks.new_tasks {
                let field = |name: &str| {
                    let is_it = |field: &&console_api::Field| match &field.name {
                        Some(console_api::field::Name::StrName(it)) => it == name,
                        _ => false,
                    };
                    task.fields.iter().find(is_it).map(|field| field.value.clone())
                };
                let text = |value| match value {
                    Some(Some(console_api::field::Value::StrVal(text))) => text,
                    Some(Some(console_api::field::Value::DebugVal(text))) => text,
                    _ => String::new(),
                };
                let name = text(field("task.name"));
                let line = task.location.as_ref().and_then(|at| at.line).unwrap_or(0);
                self.tasks.insert(name, (task.id.expect("an id").id, line));
            }
            self.stats.extend(tasks.stats_update);
        }
        if let Some(resources) = update.resource_update {
            for new in resources.new_resources {
                let is_timer = matches!(
                    new.kind.and_then(|kind| kind.kind),
                    Some(resource::kind::Kind::Known(_))
                );
                assert_eq!(is_timer, new.concrete_type == "Sleep");
                self.resources.insert(new.concrete_type, new.id.expect("an id").id);
            }
            self.resource_stats.extend(resources.stats_update);
        }
        if let Some(ops) = update.async_op_update {
            self.sources.extend(ops.new_async_ops.into_iter().map(|op| op.source));
        }
    }

    fn has_all(&self) -> bool {
        let ended = |name: &str| {
            let stats = self.tasks.get(name).and_then(|(id, _)| self.stats.get(id));
            stats.is_some_and(|stats| stats.dropped_at.is_some())
        };
        ended("ping") && ended("pong") && ended("hard")
    }
}

#[test]
fn tokio_console_sees_tasks_polls_wakes_and_resources() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (layer, server) = console_subscriber::ConsoleLayer::builder()
        .server_addr(address)
        .publish_interval(Duration::from_millis(20))
        .build();
    std::thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(server.serve()).unwrap();
    });
    // Only what creel tells: tokio, which serves, is built without its own spans.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    let spawned_in = run_the_program();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let minute = Duration::from_secs(60);
    let seen = tokio.block_on(async { tokio::time::timeout(minute, watch(address)).await });
    let seen = seen.expect("the console hears of the tasks within a minute");

    for (name, line, polls) in [("ping", spawned_in, 11), ("pong", spawned_in, 11)] {
        let (id, at) = seen.tasks[name];
        let stats = &seen.stats[&id];
        assert_eq!(at, line, "{name}");
        let polled = stats.poll_stats.as_ref().unwrap().polls;
        assert!(polled >= polls, "{name} was polled {polled} times");
        assert!(stats.wakes >= 9, "{name} was woken {} times", stats.wakes);
        assert!(stats.waker_clones >= 1 && stats.waker_drops + stats.wakes >= stats.waker_clones);
    }
    for concrete in ["Mutex", "mpsc", "Sleep"] {
        assert!(seen.resource_stats.contains_key(&seen.resources[concrete]), "{concrete}");
    }
    for source in ["Mutex::lock", "Sender::send", "Receiver::recv", "Sleep::new_timeout"] {
        assert!(seen.sources.iter().any(|it| it == source), "{source} in {:?}", seen.sources);
    }
}

/// Two tasks that wake each other, a closure, a lock and a timer; answers the line of the spawn.
fn run_the_program() -> u32 {
    let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (to, mut from) = mpsc::channel(1);
        let (back, mut answers) = mpsc::channel(1);
        let lock = Arc::new(Mutex::new(0));
        let clone = lock.clone();
        let play = |name, game| task::Builder::new().name(name).spawn(game).unwrap();
        let line = line!() - 1;
        type Game = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
        let pong: Game = Box::pin(async move {
            while let Some(n) = from.recv().await {
                *clone.lock().await += n;
                back.send(n).await.unwrap();
            }
        });
        let ping: Game = Box::pin(async move {
            for n in 0..10 {
                to.send(n).await.unwrap();
                assert_eq!(answers.recv().await, Some(n));
            }
        });
        let (pong, ping) = (play("pong", pong), play("ping", ping));
        ping.await.unwrap();
        pong.await.unwrap();
        assert_eq!(*lock.lock().await, 45);
        task::Builder::new().name("hard").spawn_blocking(|| ()).unwrap().await.unwrap();
        creel::time::sleep(Duration::from_millis(1)).await;
        line
    })
}

/// Watches until all has been seen.
async fn watch(address: std::net::SocketAddr) -> Seen {
    let mut client = loop {
        match InstrumentClient::connect(format!("http://{address}")).await {
            Ok(client) => break client,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let mut updates = client.watch_updates(InstrumentRequest {}).await.unwrap().into_inner();
    let mut seen = Seen::default();
    while !seen.has_all() {
        seen.add(updates.message().await.unwrap().expect("the server goes on"));
    }
    seen
}
