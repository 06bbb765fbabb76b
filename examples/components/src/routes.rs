//! What the service answers, on both previews.

use creel::sync::{Mutex, Notify};
use creel::time::{Duration, sleep, timeout};
use creel::wasm::wasi::http::Body;
use http::{Request, Response};
use std::io;

static QUEUE: Mutex<()> = Mutex::const_new(());
static CALL: Notify = Notify::const_new();

struct GivenUp;

impl Drop for GivenUp {
    fn drop(&mut self) {
        eprintln!("given up after the response");
    }
}

pub async fn answer<I>(request: Request<I>) -> io::Result<Response<Body>>
where
    I: http_body::Body<Data = bytes::Bytes, Error = io::Error> + 'static,
{
    match request.uri().path() {
        // Whatever comes in goes out again while it comes.
        "/echo" => Ok(Response::new(Body::new(request.into_body()))),
        "/sleep" => {
            sleep(Duration::from_millis(50)).await;
            Ok(Response::new("slept\n".into()))
        }
        // Two tasks at a time, and one that is given up.
        "/tasks" => {
            let tasks = [1, 2].map(|n| {
                creel::spawn(async move {
                    sleep(Duration::from_millis(5 * n)).await;
                    n
                })
            });
            let mut sum = 0;
            for task in tasks {
                sum += task.await.map_err(io::Error::other)?;
            }
            let never = timeout(Duration::from_millis(5), std::future::pending::<()>()).await;
            Ok(Response::new(format!("{sum} {}\n", never.is_err()).into()))
        }
        // What a task does after the response is still done.
        "/later" => {
            creel::spawn(async {
                sleep(Duration::from_millis(20)).await;
                eprintln!("done after the response");
            });
            Ok(Response::new("now\n".into()))
        }
        // What it has not done for too long is given up.
        "/never" => {
            creel::spawn(async {
                let _task = GivenUp;
                std::future::pending::<()>().await;
            });
            Ok(Response::new("now\n".into()))
        }
        // Requests that an instance has at the same time wait for each other.
        "/queue" => {
            let turn = QUEUE.lock().await;
            sleep(Duration::from_millis(1)).await;
            drop(turn);
            Ok(Response::new("had its turn\n".into()))
        }
        // A request that only another can end, where an instance has several at a time.
        "/wait" => {
            CALL.notified().await;
            Ok(Response::new("was called\n".into()))
        }
        "/call" => {
            CALL.notify_waiters();
            Ok(Response::new("called\n".into()))
        }
        "/error" => Err(io::Error::other("this path fails on purpose")),
        _ => {
            let mut missing = Response::new("nothing here\n".into());
            *missing.status_mut() = http::StatusCode::NOT_FOUND;
            Ok(missing)
        }
    }
}
