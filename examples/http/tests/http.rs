//! The service, asked by hyper's client over HTTP/1 and HTTP/2.

use creel::hyper::{CreelExecutor, CreelIo, CreelTimer};
use creel::net::{TcpListener, TcpStream};
use creel::sync::oneshot;
use creel::time::{Duration, timeout};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, StatusCode, Version};

type Body = Full<Bytes>;

/// Runs a program beside the service, and lets the service end.
fn beside_the_service(program: impl AsyncFn(std::net::SocketAddr)) {
    for mut builder in
        [creel::runtime::Builder::new_current_thread(), creel::runtime::Builder::new_multi_thread()]
    {
        builder.build().unwrap().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (stop, stopped) = oneshot::channel::<()>();
            let until = async { drop(stopped.await) };
            let service = creel::spawn(creel_http::serve(listener, creel_http::router(), until));
            program(address).await;
            drop(stop);
            let ended = timeout(Duration::from_secs(10), service).await;
            ended.expect("the service ends").unwrap().unwrap();
        });
    }
}

async fn dial1(address: std::net::SocketAddr) -> http1::SendRequest<Body> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = http1::handshake(CreelIo::new(stream)).await.unwrap();
    creel::spawn(connection);
    sender
}

async fn dial2(address: std::net::SocketAddr) -> http2::SendRequest<Body> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut builder = http2::Builder::new(CreelExecutor::new());
    builder.timer(CreelTimer::new()).keep_alive_interval(Duration::from_millis(20));
    let (sender, connection) = builder.handshake(CreelIo::new(stream)).await.unwrap();
    creel::spawn(connection);
    sender
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).header("host", "here").body(Body::default()).unwrap()
}

async fn text(response: Response<hyper::body::Incoming>) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[test]
fn requests_over_http_1() {
    beside_the_service(async |address| {
        let mut sender = dial1(address).await;
        for _ in 0..3 {
            let response = sender.send_request(get("/hello/ada")).await.unwrap();
            assert_eq!(response.version(), Version::HTTP_11);
            assert_eq!(text(response).await, "hello ada");
            sender.ready().await.unwrap();
        }
        let missing = sender.send_request(get("/nowhere")).await.unwrap();
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    });
}

#[test]
fn many_requests_at_once_over_http_2() {
    beside_the_service(async |address| {
        let sender = dial2(address).await;
        let requests: Vec<_> = (0..100)
            .map(|number| {
                let mut sender = sender.clone();
                creel::spawn(async move {
                    let uri = format!("http://here/hello/{number}");
                    let request = Request::get(uri).body(Body::default()).unwrap();
                    let response = sender.send_request(request).await.unwrap();
                    assert_eq!(response.version(), Version::HTTP_2);
                    assert_eq!(text(response).await, format!("hello {number}"));
                })
            })
            .collect();
        for request in requests {
            request.await.unwrap();
        }
    });
}

#[test]
fn a_body_goes_there_and_back() {
    beside_the_service(async |address| {
        let mut sender = dial1(address).await;
        let numbers = (1..=10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let body = Body::from(format!("{{\"numbers\":[{numbers}]}}"));
        let request = Request::post("/sum")
            .header("host", "here")
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        assert_eq!(text(sender.send_request(request).await.unwrap()).await, "50005000");
    });
}

#[test]
fn stopping_lets_a_request_that_has_begun_finish() {
    creel::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let until = async { drop(stopped.await) };
        let service = creel::spawn(creel_http::serve(listener, creel_http::router(), until));
        let mut sender = dial1(address).await;
        let answer = creel::spawn(async move { sender.send_request(get("/slow")).await.unwrap() });
        creel::time::sleep(Duration::from_millis(20)).await;
        drop(stop);
        assert_eq!(text(answer.await.unwrap()).await, "at last");
        service.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    });
}

#[test]
fn a_connection_that_breaks_off_harms_no_other() {
    beside_the_service(async |address| {
        for _ in 0..20 {
            let mut sender = dial1(address).await;
            drop(sender.send_request(get("/slow")));
        }
        let mut sender = dial1(address).await;
        assert_eq!(text(sender.send_request(get("/")).await.unwrap()).await, "hello");
    });
}
