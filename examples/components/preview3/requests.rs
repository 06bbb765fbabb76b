//! Requests on preview 3: answered, streamed, given up: `requests_p3 ADDRESS`.
#![cfg(target_os = "wasi")]

use creel::io::AsyncReadExt;
use creel::task::JoinSet;
use creel::time::{Duration, timeout};
use creel::wasm::wasi::http::Body;
use creel::wasm::wasi::preview3::http::send;

async fn run() {
    let address = std::env::args().nth(1).expect("the address of a server");
    let mut requests = JoinSet::new();
    for n in 0..100 {
        let address = address.clone();
        requests.spawn_local(async move { one(n, &address).await });
    }
    let mut ended = [0; 3];
    while let Some(kind) = requests.join_next().await {
        ended[kind.expect("no request panics")] += 1;
    }
    println!("{ended:?}");
    assert_eq!(ended, [34, 33, 33]);
    let refused = send(get("127.0.0.1:1", "/")).await.expect_err("nobody listens there");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "{refused}");
}

fn get(address: &str, path: &str) -> http::Request<Body> {
    http::Request::get(format!("http://{address}{path}")).body(Body::empty()).expect("a request")
}

async fn one(n: usize, address: &str) -> usize {
    match n % 3 {
        0 => {
            let response = send(get(address, "/")).await.expect("an answer");
            assert_eq!(response.into_body().text().await.expect("its body"), "hello\n");
        }
        1 => {
            let body = Body::from_reader(creel::io::repeat(b'x').take(20_000));
            let uri = format!("http://{address}/echo");
            let request = http::Request::post(uri).body(body).expect("a request");
            let response = send(request).await.expect("an answer");
            assert_eq!(response.into_body().bytes().await.expect("its body").len(), 20_000);
        }
        _ => {
            let request = send(get(address, "/hang"));
            assert!(timeout(Duration::from_millis(100), request).await.is_err());
        }
    }
    n % 3
}

creel::wasip3_command!(run);
