//! Many requests at once, of which some are answered, some run into a timeout and some are cancelled:
//! `requests ADDRESS COUNT`. The host sees what is left of them.

use super::send;
use creel::io::AsyncReadExt;
use creel::task::{JoinSet, yield_now};
use creel::time::{Duration, timeout};
use creel::wasm::wasi::http::Body;
use http::Request;
use std::io::ErrorKind;

pub async fn run() {
    let mut words = std::env::args().skip(1);
    let address = words.next().expect("the address of a server");
    let count: usize = words.next().and_then(|word| word.parse().ok()).expect("how many");
    let mut requests = JoinSet::new();
    let mut cancelled = 0;
    for n in 0..count {
        let address = address.clone();
        let task = requests.spawn_local(async move { one(n, &address).await });
        if n % 5 == 4 {
            // Some before they had a turn, some while they wait.
            if n % 2 == 0 {
                yield_now().await;
            }
            task.abort();
            cancelled += 1;
        }
    }
    let mut ended = [0; 3];
    while let Some(end) = requests.join_next().await {
        match end {
            Ok(kind) => ended[kind] += 1,
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
    }
    println!("{ended:?} and {cancelled} cancelled");
    assert_eq!(ended, [count / 5, 2 * count / 5, count / 5]);
    let refused = send(get("127.0.0.1:1", "/")).await.expect_err("nobody listens there");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{refused}");
}

fn get(address: &str, path: &str) -> Request<Body> {
    Request::get(format!("http://{address}{path}")).body(Body::empty()).expect("a request")
}

/// One request; the answer says which kind it was.
async fn one(n: usize, address: &str) -> usize {
    match n % 5 {
        // Answered at once.
        0 => {
            let response = send(get(address, "/")).await.expect("an answer");
            assert_eq!(response.into_body().text().await.expect("its body"), "hello\n");
            0
        }
        // A body that streams there and back.
        1 | 2 => {
            let body = Body::from_reader(creel::io::repeat(b'x').take(20_000));
            let uri = format!("http://{address}/echo");
            let request = Request::post(uri).body(body).expect("a request");
            let response = send(request).await.expect("an answer");
            assert_eq!(response.into_body().bytes().await.expect("its body").len(), 20_000);
            1
        }
        // Never answered.
        _ => {
            let request = send(get(address, "/hang"));
            assert!(timeout(Duration::from_millis(200), request).await.is_err());
            2
        }
    }
}
