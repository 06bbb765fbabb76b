//! One program for every host: it reads a text through a pipeline of tasks and bounded channels.
//!
//! ```text
//! reader ─┬─> counter ─┬─> collector (the caller of `work`)
//!         ├─> counter ─┤
//!         ├─> counter ─┤
//!         └─> counter ─┘
//! ```
//!
//! Nothing here knows its host: the text and a way to speak are handed in, and the entries in
//! `src/bin/` differ in how they start a runtime.

use creel::sync::{mpsc, oneshot};
use creel::task::{JoinHandle, spawn, yield_now};
use creel::time::{Duration, interval, sleep, timeout};
use std::collections::BTreeMap;

/// How many tasks count words side by side.
const COUNTERS: usize = 4;
/// How many lines wait before a counter, and results before the collector.
const QUEUE: usize = 8;
/// The reader is as slow as a reader of paper: it rests this often, whatever the length.
const RESTS: usize = 60;
const REST: Duration = Duration::from_millis(5);
const PROGRESS_EVERY: Duration = Duration::from_millis(40);

/// A line on its way to a counter.
struct Line {
    number: usize,
    text: String,
}

/// What a counter found in a line.
struct Finding {
    number: usize,
    hash: u64,
    words: Vec<String>,
}

/// Works through `text`. `say` hears `progress DONE TOTAL` now and then.
pub async fn work(text: &str, say: impl Fn(String)) -> Report {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let total = lines.len();
    let (results, mut findings) = mpsc::channel(QUEUE);
    let (queues, counters): (Vec<_>, Vec<_>) = (0..COUNTERS).map(|_| counter(&results)).unzip();
    drop(results);
    let reader = spawn(read(lines, queues));

    let mut report = Report::default();
    let mut progress = interval(PROGRESS_EVERY);
    loop {
        creel::select! {
            finding = findings.recv() => match finding {
                Some(finding) => report.add(finding),
                None => break,
            },
            _ = progress.tick() => say(format!("progress {} {total}", report.hashes.len())),
        }
    }
    say(format!("progress {} {total}", report.hashes.len()));

    reader.await.expect("the reader ends well");
    for counter in counters {
        counter.await.expect("a counter ends well");
    }
    report.fired = u32::from(a_timeout_fires().await);
    report.cancelled = u32::from(a_branch_is_cancelled().await);
    report
}

/// Sends each line to the next counter in turn; a full queue makes it wait.
async fn read(lines: Vec<String>, queues: Vec<mpsc::Sender<Line>>) {
    let stretch = lines.len().div_ceil(RESTS).max(1);
    for (number, text) in lines.into_iter().enumerate() {
        if number % stretch == 0 {
            sleep(REST).await;
        }
        let queue = &queues[number % queues.len()];
        queue.send(Line { number, text }).await.expect("counters stay until we are done");
    }
}

/// Starts a counter; it ends when its queue is closed and empty.
fn counter(results: &mpsc::Sender<Finding>) -> (mpsc::Sender<Line>, JoinHandle<()>) {
    let (queue, mut lines) = mpsc::channel::<Line>(QUEUE);
    let results = results.clone();
    let task = spawn(async move {
        while let Some(Line { number, text }) = lines.recv().await {
            let hash = fnv(FNV_START, text.as_bytes());
            let finding = Finding { number, hash, words: words(&text) };
            results.send(finding).await.expect("the collector stays until we are done");
            yield_now().await;
        }
    });
    (queue, task)
}

fn words(line: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '\'';
    line.split(|letter| !is_part(letter))
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Waits for an answer that never comes, but not for ever.
async fn a_timeout_fires() -> bool {
    let (_silent, answer) = oneshot::channel::<()>();
    timeout(Duration::from_millis(10), answer).await.is_err()
}

/// Aborts a task that would sleep for an hour, and sees that its future is gone.
async fn a_branch_is_cancelled() -> bool {
    let (alive, gone) = oneshot::channel::<()>();
    let slow = spawn(async move {
        let _alive = alive;
        sleep(Duration::from_secs(3600)).await;
    });
    yield_now().await;
    slow.abort();
    let error = slow.await.expect_err("it cannot have ended");
    error.is_cancelled() && gone.await.is_err()
}

/// What the whole text amounts to.
#[derive(Debug, Default)]
pub struct Report {
    hashes: BTreeMap<usize, u64>,
    counts: BTreeMap<String, u32>,
    fired: u32,
    cancelled: u32,
}

impl Report {
    fn add(&mut self, finding: Finding) {
        self.hashes.insert(finding.number, finding.hash);
        for word in finding.words {
            *self.counts.entry(word).or_default() += 1;
        }
    }

    /// A number that depends on every line, their order, every count, and on the timeout and the
    /// cancellation having happened.
    pub fn digest(&self) -> u64 {
        let mut digest = FNV_START;
        for hash in self.hashes.values() {
            digest = fnv(digest, &hash.to_le_bytes());
        }
        for (word, count) in &self.counts {
            digest = fnv(digest, word.as_bytes());
            digest = fnv(digest, &count.to_le_bytes());
        }
        let digest = fnv(digest, &self.fired.to_le_bytes());
        fnv(digest, &self.cancelled.to_le_bytes())
    }

    /// The report as text to print, with how long the work took.
    pub fn describe(&self, took: Duration) -> String {
        let all: u32 = self.counts.values().sum();
        let (lines, different) = (self.hashes.len(), self.counts.len());
        let mut common: Vec<_> = self.counts.iter().filter(|(word, _)| word.len() > 3).collect();
        common.sort_by_key(|&(word, count)| (std::cmp::Reverse(*count), word));
        let common: Vec<String> =
            common.iter().take(5).map(|(word, count)| format!("{word} ({count})")).collect();
        format!(
            "{lines} lines, {all} words, {different} of them different\nmost often: {}\n\
             {} timeout fired, {} branch was cancelled\ndigest {:016x}\ntook {}",
            common.join(", "),
            self.fired,
            self.cancelled,
            self.digest(),
            took.as_micros(),
        )
    }
}

/// FNV-1a: small, and the same everywhere.
const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(start, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
