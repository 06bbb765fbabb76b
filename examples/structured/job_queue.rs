//! A job queue: workers take jobs, retry those that fail with growing pauses, and at the end finish
//! what was accepted. `cargo run --example job_queue` runs it until the jobs are done or Ctrl-C.

use creel::scope::{Shutdown, asked_to_end, shield};
use creel::sync::mpsc;
use creel::time::{Duration, sleep, timeout};
use std::fmt;
use std::sync::{Arc, Mutex};

const WORKERS: usize = 3;
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_millis(200);

/// Something to be done, and how often it will fail first.
#[derive(Clone, Debug)]
struct Job {
    name: String,
    failures: u32,
}

/// Why a job was given up.
#[derive(Debug, PartialEq)]
struct GivenUp {
    attempts: u32,
    last: &'static str,
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "given up after {} attempts: {}", self.attempts, self.last)
    }
}

/// What became of each job.
type Ledger = Arc<Mutex<Vec<(String, Result<u32, GivenUp>)>>>;

/// One attempt; a real queue would send a mail or resize a picture here.
async fn attempt(job: &Job, number: u32) -> Result<(), &'static str> {
    sleep(Duration::from_millis(1)).await;
    match number <= job.failures {
        true if job.failures == u32::MAX => std::future::pending().await, // hangs
        true => Err("it did not work"),
        false => Ok(()),
    }
}

/// Tries until it works, with a pause twice as long each time.
async fn run(job: &Job) -> Result<u32, GivenUp> {
    let mut pause = FIRST_PAUSE;
    for number in 1.. {
        let last = match timeout(PATIENCE, attempt(job, number)).await {
            Ok(Ok(())) => return Ok(number),
            Ok(Err(why)) => why,
            Err(_) => "it took too long",
        };
        if number == ATTEMPTS {
            return Err(GivenUp { attempts: number, last });
        }
        sleep(pause).await;
        pause *= 2;
    }
    unreachable!("the last attempt answers")
}

/// Takes jobs until there are no more. A job that was taken is finished, whoever cancels.
async fn worker(jobs: Arc<creel::sync::Mutex<mpsc::Receiver<Job>>>, ledger: Ledger) {
    loop {
        let taken = jobs.lock().await.recv().await;
        let Some(job) = taken else { return };
        let outcome = shield(run(&job)).await;
        ledger.lock().unwrap().push((job.name, outcome));
    }
}

/// Feeds the jobs to the workers; asked to end, it accepts no more.
async fn feed(jobs: Vec<Job>, queue: mpsc::Sender<Job>) {
    for job in jobs {
        creel::select! {
            biased;
            () = asked_to_end() => return,
            sent = queue.send(job) => sent.expect("the workers outlive the queue"),
        }
    }
}

async fn work_through(jobs: Vec<Job>, stop: impl Future) -> (Ledger, String) {
    let ledger = Ledger::default();
    let results = ledger.clone();
    let ended = Shutdown::new().grace(Duration::from_secs(2)).run(stop, async |s| {
        let (queue, inbox) = mpsc::channel(WORKERS);
        let inbox = Arc::new(creel::sync::Mutex::new(inbox));
        for number in 1..=WORKERS {
            let work = worker(inbox.clone(), results.clone());
            s.spawn_named(&format!("worker {number}"), work);
        }
        s.spawn_named("feed", feed(jobs, queue));
    });
    let report = ended.await.report;
    (ledger, report.to_string())
}

fn jobs() -> Vec<Job> {
    let failures = [0, 2, 0, 9, 1, 0];
    let job = |(number, &failures)| Job { name: format!("job {number}"), failures };
    failures.iter().enumerate().map(job).collect()
}

#[creel::main]
async fn main() {
    let (ledger, report) = work_through(jobs(), creel::signal::ctrl_c()).await;
    for (name, outcome) in ledger.lock().unwrap().iter() {
        match outcome {
            Ok(attempts) => println!("{name}: done at attempt {attempts}"),
            Err(why) => println!("{name}: {why}"),
        }
    }
    println!("{report}");
}

#[creel::test(start_paused = true)]
async fn every_job_is_done_or_given_up() {
    let (ledger, report) = work_through(jobs(), std::future::pending::<()>()).await;
    let mut outcomes = std::mem::take(&mut *ledger.lock().unwrap());
    outcomes.sort_by(|one, other| one.0.cmp(&other.0));
    let attempts: Vec<_> = outcomes.iter().map(|(_, outcome)| outcome.as_ref().ok()).collect();
    assert_eq!(attempts, [Some(&1), Some(&3), Some(&1), None, Some(&2), Some(&1)]);
    assert_eq!(report, "everything ended by itself");
}

#[creel::test(start_paused = true)]
async fn a_job_that_was_taken_is_finished_although_the_queue_ends() {
    let hangs = Job { name: "hangs".into(), failures: u32::MAX };
    let jobs = [vec![hangs], jobs(), vec![Job { name: "late".into(), failures: 0 }; 1000]].concat();
    let (ledger, report) = work_through(jobs, sleep(Duration::from_millis(50))).await;
    let outcomes = ledger.lock().unwrap();
    let given_up = GivenUp { attempts: ATTEMPTS, last: "it took too long" };
    assert!(outcomes.contains(&("hangs".into(), Err(given_up))));
    assert!(outcomes.len() < 200, "{} jobs were accepted", outcomes.len());
    assert_eq!(report, "everything ended by itself");
}
