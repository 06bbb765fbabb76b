//! A crawler: follows links up to a depth, a few pages at a time, until a deadline.
//! `cargo run --example crawler` lets it loose on a small site of its own.

use creel::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use creel::net::{TcpListener, TcpStream};
use creel::scope::{self, Spawner, TaskGroup, asked_to_end, timeout_drain};
use creel::time::{Duration, sleep, timeout};
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

const AT_A_TIME: usize = 4;
const A_PAGE: Duration = Duration::from_millis(200);

/// What all fetches share.
struct Crawl {
    site: SocketAddr,
    depth: usize,
    seen: Mutex<BTreeSet<String>>,
    failed: Mutex<Vec<(String, io::Error)>>,
}

/// Starts to fetch a page, unless it was seen before.
fn visit(crawl: &Arc<Crawl>, path: String, depth: usize, spawner: &Spawner<()>) {
    if !crawl.seen.lock().unwrap().insert(path.clone()) {
        return;
    }
    let (crawl, again) = (crawl.clone(), spawner.clone());
    spawner.spawn(async move {
        let fetched = timeout(A_PAGE, fetch(crawl.site, &path)).await;
        match fetched.map_err(io::Error::from).and_then(|fetched| fetched) {
            Ok(page) if depth < crawl.depth => {
                links(&page).for_each(|link| visit(&crawl, link.to_owned(), depth + 1, &again));
            }
            Ok(_) => {}
            Err(error) => crawl.failed.lock().unwrap().push((path, error)),
        }
    });
}

/// Follows the links from `/`. What is not done when the time is up is cancelled.
async fn crawl(site: SocketAddr, depth: usize, time: Duration) -> (Arc<Crawl>, bool) {
    let (seen, failed) = (Mutex::default(), Mutex::default());
    let shared = Arc::new(Crawl { site, depth, seen, failed });
    let pages = async {
        let group = TaskGroup::new().limit(AT_A_TIME);
        visit(&shared, "/".to_owned(), 0, &group.spawner());
        group.join_all().await;
    };
    let in_time = timeout_drain(time, pages).await.is_ok();
    (shared, in_time)
}

/// A page by HTTP/1.0, which ends where the connection does.
async fn fetch(site: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(site).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    match answer.strip_prefix("HTTP/1.0 200 OK\r\n\r\n") {
        Some(page) => Ok(page.to_owned()),
        None => Err(io::Error::other(answer.lines().next().unwrap_or_default().to_owned())),
    }
}

fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// A site on which each page `/n` links to `/2n+1`, `/2n+2` and back, and `/4` is very slow.
async fn serve(listener: TcpListener) -> io::Result<()> {
    scope::try_parallel(async |s| {
        loop {
            creel::select! {
                () = asked_to_end() => return Ok(()),
                accepted = listener.accept() => {
                    let (stream, _) = accepted?;
                    // Who hangs up in the middle is no error of the site's.
                    s.spawn(async move { answer(stream).await.or(Ok(())) });
                }
            }
        }
    })
    .await
}

async fn answer(stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await?;
    let path = request.split(' ').nth(1).unwrap_or_default();
    let page = match path.trim_start_matches('/').parse::<usize>() {
        _ if path == "/" => {
            "200 OK\r\n\r\n<a href=\"/1\">one</a> <a href=\"/lost\">lost</a>".into()
        }
        Ok(4) => return std::future::pending().await,
        Ok(number) => {
            sleep(Duration::from_millis(2)).await;
            let [one, other] = [1, 2].map(|child| 2 * number + child);
            format!("200 OK\r\n\r\n<a href=\"/{one}\"></a><a href=\"/{other}\"></a><a href=\"/\">")
        }
        Err(_) => "404 Not Found\r\n\r\n".into(),
    };
    stream.write_all(format!("HTTP/1.0 {page}").as_bytes()).await?;
    stream.shutdown().await
}

/// Crawls the site above, which ends with the crawl.
async fn on_a_small_site(depth: usize, time: Duration) -> io::Result<(Arc<Crawl>, bool)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let site = listener.local_addr()?;
    scope::try_parallel(async |s| {
        s.spawn_named("site", serve(listener));
        let crawled = crawl(site, depth, time).await;
        s.cancel();
        Ok(crawled)
    })
    .await
}

#[creel::main]
async fn main() -> io::Result<()> {
    let (crawl, in_time) = on_a_small_site(6, Duration::from_secs(2)).await?;
    println!("{} pages, all in time: {in_time}", crawl.seen.lock().unwrap().len());
    crawl.failed.lock().unwrap().iter().for_each(|(path, error)| println!("{path}: {error}"));
    Ok(())
}

#[creel::test]
async fn every_page_is_seen_once() {
    let (crawl, in_time) = on_a_small_site(4, Duration::from_secs(60)).await.unwrap();
    assert!(in_time);
    let (seen, failed) = (crawl.seen.lock().unwrap(), crawl.failed.lock().unwrap());
    assert_eq!(seen.len(), 2 + 1 + 2 + 2 + 4, "{seen:?}"); // what is below /4 is not found
    let mut failed: Vec<&str> = failed.iter().map(|(path, _)| path.as_str()).collect();
    failed.sort();
    assert_eq!(failed, ["/4", "/lost"]);
}

#[creel::test]
async fn what_is_not_done_at_the_deadline_is_cancelled() {
    let began = creel::time::Instant::now();
    let (crawl, in_time) = on_a_small_site(1000, Duration::from_millis(500)).await.unwrap();
    assert!(!in_time && began.elapsed() < Duration::from_secs(30));
    assert!(crawl.seen.lock().unwrap().len() > 2);
}
