//! A thousand requests at once, of which some are answered, some run into a timeout and some are
//! cancelled; in the end no handle of the host is left: `requests ADDRESS`.

#[cfg(target_os = "wasi")]
#[creel::main(flavor = "current_thread")]
async fn main() {
    let address = std::env::args().nth(1).expect("the address of a server");
    guest::rounds(&address).await;
}

#[cfg(not(target_os = "wasi"))]
fn main() {
    eprintln!("this is a program for a WASI host");
}

#[cfg(target_os = "wasi")]
mod guest {
    use creel::task::JoinSet;
    use creel::time::{Duration, timeout};
    use creel::wasm::wasi::http::{self, Body};
    use std::io;

    const COUNT: usize = 1_000;

    pub async fn rounds(address: &str) {
        // The first round leaves what the standard library and the runtime keep.
        round(address).await;
        let before = live_handles();
        round(address).await;
        round(address).await;
        let after = live_handles();
        println!("handles before and after: {before} {after}");
        assert_eq!(before, after, "requests leave handles behind");
        let refused = http::send(get("127.0.0.1:1", "/")).await.expect_err("nobody listens there");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused, "{refused}");
    }

    fn get(address: &str, path: &str) -> ::http::Request<Body> {
        let uri = format!("http://{address}{path}");
        ::http::Request::get(uri).body(Body::empty()).expect("a request")
    }

    async fn round(address: &str) {
        let mut requests = JoinSet::new();
        let mut cancelled = 0;
        for n in 0..COUNT {
            let address = address.to_owned();
            let task = requests.spawn_local(async move { one(n, &address).await });
            if n % 5 == 4 {
                // Some before they had a turn, some while they wait.
                if n % 2 == 0 {
                    creel::task::yield_now().await;
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
        assert_eq!(ended.iter().sum::<usize>() + cancelled, COUNT);
        assert_eq!(ended, [COUNT / 5, 2 * COUNT / 5, COUNT / 5]);
    }

    /// One request; the answer says which kind it was.
    async fn one(n: usize, address: &str) -> usize {
        match n % 5 {
            // Answered at once.
            0 => {
                let response = http::send(get(address, "/")).await.expect("an answer");
                assert_eq!(response.into_body().text().await.expect("its body"), "hello\n");
                0
            }
            // A body that streams there and back.
            1 | 2 => {
                let body = Body::from_reader(creel::io::AsyncReadExt::take(
                    creel::io::repeat(b'x'),
                    20_000,
                ));
                let uri = format!("http://{address}/echo");
                let request = ::http::Request::post(uri).body(body).expect("a request");
                let response = http::send(request).await.expect("an answer");
                let bytes = response.into_body().bytes().await.expect("its body");
                assert_eq!(bytes.len(), 20_000);
                1
            }
            // Never answered.
            _ => {
                let request = http::send(get(address, "/hang"));
                assert!(timeout(Duration::from_millis(200), request).await.is_err());
                2
            }
        }
    }

    /// How many handles of the host this component has: the table has no holes, so a good many more
    /// handles fill it, and the highest number tells how large it is.
    fn live_handles() -> usize {
        const MANY: usize = 30_000;
        let more: Vec<_> =
            (0..MANY).map(|_| wasip2::clocks::monotonic_clock::subscribe_duration(0)).collect();
        let highest = more.iter().map(|pollable| pollable.handle()).max().expect("there are many");
        highest as usize - MANY
    }
}
