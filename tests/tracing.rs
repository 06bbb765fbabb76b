//! What a subscriber hears of tasks, wakers and resources: the names that tokio-console knows.

use creel::runtime::{Builder, Runtime};
use creel::sync::{Mutex, RwLock, Semaphore, mpsc, oneshot};
use creel::task;
use creel::time::{Duration, interval, sleep};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// One thing that a subscriber heard.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Heard {
    Open(u64),
    Enter(u64),
    Exit(u64),
    Close(u64),
    /// The target, the fields, and the spans around it, the innermost last.
    Event(&'static str, Fields, Vec<u64>),
}

type Fields = BTreeMap<&'static str, String>;

#[derive(Clone, Debug)]
struct Span {
    name: &'static str,
    target: &'static str,
    fields: Fields,
    /// The spans that were entered when it was made.
    inside: Vec<u64>,
}

#[derive(Default)]
struct Log {
    spans: BTreeMap<u64, Span>,
    counts: BTreeMap<u64, usize>,
    heard: Vec<Heard>,
    stack: Vec<u64>,
}

/// Writes down everything; for one thread.
#[derive(Clone, Default)]
struct Recorder {
    log: Arc<StdMutex<Log>>,
    next: Arc<AtomicU64>,
}

impl Recorder {
    fn log<R>(&self, f: impl FnOnce(&mut Log) -> R) -> R {
        f(&mut self.log.lock().unwrap())
    }
}

struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::SeqCst) + 1;
        let (meta, mut fields) = (attributes.metadata(), Fields::new());
        attributes.record(&mut Reader(&mut fields));
        self.log(|log| {
            let inside = log.stack.clone();
            log.spans.insert(id, Span { name: meta.name(), target: meta.target(), fields, inside });
            log.counts.insert(id, 1);
            log.heard.push(Heard::Open(id));
        });
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Reader(&mut fields));
        let target = event.metadata().target();
        self.log(|log| {
            let stack = log.stack.clone();
            log.heard.push(Heard::Event(target, fields, stack));
        });
    }

    fn enter(&self, id: &Id) {
        let id = id.into_u64();
        self.log(|log| {
            log.stack.push(id);
            log.heard.push(Heard::Enter(id));
        });
    }

    fn exit(&self, id: &Id) {
        let id = id.into_u64();
        self.log(|log| {
            let at = log.stack.iter().rposition(|other| *other == id).expect("entered");
            log.stack.remove(at);
            log.heard.push(Heard::Exit(id));
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.log(|log| *log.counts.get_mut(&id.into_u64()).expect("open") += 1);
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let id = id.into_u64();
        self.log(|log| {
            let count = log.counts.get_mut(&id).expect("open");
            *count -= 1;
            let closes = *count == 0;
            if closes {
                log.heard.push(Heard::Close(id));
            }
            closes
        })
    }
}

/// Runs `f` under a recorder.
fn record(f: impl FnOnce(&Runtime, &Recorder)) -> Recorder {
    let recorder = Recorder::default();
    tracing::subscriber::with_default(recorder.clone(), || {
        let runtime = Builder::new_current_thread().build().unwrap();
        f(&runtime, &recorder);
    });
    recorder
}

impl Recorder {
    /// The only span with this name whose field has this value.
    #[track_caller]
    fn span(&self, name: &str, field: &str, value: &str) -> (u64, Span) {
        let found: Vec<_> = self.log(|log| {
            let is_it = |span: &Span| {
                span.name == name && span.fields.get(field).is_some_and(|it| it == value)
            };
            log.spans.iter().filter(|(_, span)| is_it(span)).map(|(k, v)| (*k, v.clone())).collect()
        });
        assert_eq!(found.len(), 1, "{name} with {field} = {value}: {found:?}");
        found.into_iter().next().unwrap()
    }

    fn count(&self, what: &Heard) -> usize {
        self.log(|log| log.heard.iter().filter(|heard| *heard == what).count())
    }

    /// The values of `field` in the events of a target, in order.
    fn events(&self, target: &str, field: &str, key: (&str, &str)) -> Vec<String> {
        self.log(|log| {
            let values = log.heard.iter().filter_map(|heard| match heard {
                Heard::Event(it, fields, _) if *it == target => {
                    (fields.get(key.0).map(String::as_str) == Some(key.1))
                        .then(|| fields.get(field).cloned())?
                }
                _ => None,
            });
            values.collect()
        })
    }
}

#[test]
fn a_task_is_a_span_that_is_entered_at_each_poll() {
    let mut line = 0;
    let recorder = record(|runtime, _| {
        runtime.block_on(async {
            line = line!() + 1;
            let named = task::Builder::new().name("reader").spawn(async {
                task::yield_now().await;
                task::yield_now().await;
            });
            named.unwrap().await.unwrap();
        });
    });
    let (id, span) = recorder.span("runtime.spawn", "task.name", "reader");
    assert_eq!((span.target, &*span.fields["kind"]), ("tokio::task", "task"));
    assert_eq!(
        (&*span.fields["loc.file"], &*span.fields["loc.line"]),
        (file!(), &*line.to_string())
    );
    assert!(span.fields["loc.col"].parse::<u32>().is_ok());
    assert!(span.fields["task.id"].parse::<u64>().is_ok());
    assert_eq!(span.inside, [0; 0], "a task is nobody's child");
    assert_eq!(recorder.count(&Heard::Enter(id)), 3);
    assert_eq!(recorder.count(&Heard::Exit(id)), 3);
    assert_eq!(recorder.count(&Heard::Close(id)), 1);
}

#[test]
fn kinds_are_told() {
    let recorder = record(|runtime, _| {
        runtime.block_on(async {
            let rc = Rc::new(());
            task::spawn_local(async move { drop(rc) }).await.unwrap();
            task::Builder::new().name("hard").spawn_blocking(|| 1).unwrap().await.unwrap();
        });
    });
    let (_, local) = recorder.span("runtime.spawn", "kind", "local");
    assert_eq!(local.target, "tokio::task");
    let (_, blocking) = recorder.span("runtime.spawn", "kind", "blocking");
    assert_eq!(
        (blocking.target, &*blocking.fields["task.name"]),
        ("tokio::task::blocking", "hard")
    );
}

#[test]
fn a_task_ends_for_the_subscriber_when_it_ends_although_its_handle_lives() {
    record(|runtime, recorder| {
        let (done, aborted) = runtime.block_on(async {
            let done = task::Builder::new().name("done").spawn(async {}).unwrap();
            let aborted = task::Builder::new().name("aborted").spawn(pending::<()>()).unwrap();
            task::yield_now().await;
            aborted.abort();
            task::yield_now().await;
            (done, aborted)
        });
        for name in ["done", "aborted"] {
            let (id, _) = recorder.span("runtime.spawn", "task.name", name);
            assert_eq!(recorder.count(&Heard::Close(id)), 1, "{name}");
        }
        drop((done, aborted));
    });
}

#[test]
fn what_becomes_of_wakers_is_told() {
    let recorder = record(|runtime, _| {
        runtime.block_on(async {
            let kept = Rc::new(RefCell::new(None));
            let place = kept.clone();
            let waits = std::future::poll_fn(move |cx| {
                let first = place.borrow().is_none();
                if first {
                    *place.borrow_mut() = Some(cx.waker().clone());
                    return std::task::Poll::Pending;
                }
                std::task::Poll::Ready(())
            });
            let set = task::LocalSet::new();
            let task = task::Builder::new().name("woken").spawn_local_on(waits, &set).unwrap();
            set.run_until(async {
                task::yield_now().await;
                let waker = kept.borrow_mut().take().unwrap();
                let other = waker.clone();
                drop(waker.clone());
                *kept.borrow_mut() = Some(std::task::Waker::noop().clone());
                waker.wake_by_ref();
                other.wake();
                drop(waker);
                task.await.unwrap();
            })
            .await;
        });
    });
    let (id, _) = recorder.span("runtime.spawn", "task.name", "woken");
    let ops = recorder.events("runtime::waker", "op", ("task.id", &id.to_string()));
    let count = |op: &str| ops.iter().filter(|it| *it == op).count();
    assert_eq!(count("waker.clone"), 3, "{ops:?}");
    assert_eq!((count("waker.wake_by_ref"), count("waker.wake")), (1, 1), "{ops:?}");
    assert_eq!(count("waker.drop"), 2, "{ops:?}");
}

#[test]
fn resources_and_waits_are_told() {
    let recorder = record(|runtime, _| {
        runtime.block_on(async {
            let mutex = Arc::new(Mutex::new(()));
            let guard = mutex.lock().await;
            let clone = mutex.clone();
            let waiting = creel::spawn(async move { drop(clone.lock().await) });
            task::yield_now().await;
            drop(guard);
            waiting.await.unwrap();

            let lock = RwLock::new(());
            drop(lock.read().await);
            drop(lock.write().await);
            drop(Semaphore::new(3).acquire_many(2).await.unwrap());
            sleep(Duration::from_millis(3)).await;
            interval(Duration::from_millis(1)).tick().await;
            let (tx, rx) = oneshot::channel();
            tx.send(1).unwrap();
            assert_eq!(rx.await, Ok(1));
            let (tx, mut rx) = mpsc::channel(1);
            tx.send(1).await.unwrap();
            assert_eq!(rx.recv().await, Some(1));
        });
    });
    for (concrete, kind, sources) in [
        ("Mutex", "Sync", &["Mutex::lock"][..]),
        ("RwLock", "Sync", &["RwLock::read", "RwLock::write"]),
        ("Semaphore", "Sync", &["Semaphore::acquire_many"]),
        ("Interval", "timer", &["Interval::tick"]),
        ("Sender|Receiver", "Sync", &["Receiver::await"]),
        ("mpsc", "Sync", &["Sender::send", "Receiver::recv"]),
    ] {
        let (resource, span) = recorder.span("runtime.resource", "concrete_type", concrete);
        assert_eq!((&*span.fields["kind"], &*span.fields["loc.file"]), (kind, file!()));
        let ops: Vec<(u64, Span)> = recorder.log(|log| {
            let of_it = |span: &Span| {
                span.name == "runtime.resource.async_op" && span.inside.last() == Some(&resource)
            };
            log.spans.iter().filter(|(_, span)| of_it(span)).map(|(k, v)| (*k, v.clone())).collect()
        });
        let mut names: Vec<&str> = ops.iter().map(|(_, op)| &*op.fields["source"]).collect();
        names.dedup();
        assert_eq!(names, sources);
        for (op, _) in ops {
            // Each poll is inside of the span of polls, in that of the wait, in the resource's.
            let polls = recorder.log(|log| {
                let inner = log.spans.iter().find(|(_, span)| {
                    span.name == "runtime.resource.async_op.poll" && span.inside.last() == Some(&op)
                });
                let each = *inner.expect("a span for polls").0;
                let is_poll = |heard: &&Heard| match heard {
                    Heard::Event("runtime::resource::poll_op", fields, stack) => {
                        stack.ends_with(&[resource, op, each]) && fields.contains_key("op_name")
                    }
                    _ => false,
                };
                log.heard.iter().filter(is_poll).count()
            });
            assert!(polls >= 1, "{concrete} was polled");
        }
    }
    // The one that had to wait was pending first.
    let ready = recorder.events("runtime::resource::poll_op", "is_ready", ("op_name", "poll"));
    assert!(ready.starts_with(&["true".into(), "false".into(), "true".into()]), "{ready:?}");
    let locked: Vec<String> = recorder.log(|log| {
        let (mutex, _) = log
            .spans
            .iter()
            .find(|(_, span)| span.fields.get("concrete_type").is_some_and(|it| it == "Mutex"))
            .unwrap();
        let updates = log.heard.iter().filter_map(|heard| match heard {
            Heard::Event("runtime::resource::state_update", fields, stack)
                if stack.last() == Some(mutex) =>
            {
                fields.get("locked").cloned()
            }
            _ => None,
        });
        updates.collect()
    });
    assert_eq!(locked.last().unwrap(), "false");
    assert_eq!(locked.iter().filter(|it| *it == "false").count(), 2, "{locked:?}");
    let (_, sleep) = recorder.log(|log| {
        let is_sleep =
            |span: &&Span| span.fields.get("concrete_type").is_some_and(|it| it == "Sleep");
        let found = log.spans.values().find(is_sleep).cloned().unwrap();
        (0, found)
    });
    assert_eq!(sleep.fields["kind"], "timer");
    let durations =
        recorder.events("runtime::resource::state_update", "duration", ("duration.unit", "ms"));
    assert!(durations.iter().any(|ms| ms == "2" || ms == "3"), "{durations:?}");
}
