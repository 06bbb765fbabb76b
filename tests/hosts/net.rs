//! What goes over the network or to other threads: fetch, WebSocket, ports, blobs. The other side is
//! `js/server.mjs`.

use crate::bridges::js;
use crate::host::{context, server};
use creel::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use creel::stream::StreamExt;
use creel::time::{Duration, Instant, sleep, timeout};
use creel::wasm::web::{self, BlobReader, Message, Port, Request, WebSocket};
use js_sys::{Array, Uint8Array};
use std::io::{ErrorKind, SeekFrom};
use wasm_bindgen::JsValue;

/// A connection to the server, or the proof that there can be none.
async fn connect(path: &str) -> Option<WebSocket> {
    let url = server(path).replace("http", "ws");
    let has = js("return typeof WebSocket === 'function'", &JsValue::NULL).unwrap().is_truthy();
    match WebSocket::connect(&url).await {
        Ok(socket) => Some(socket),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("Node has it from version 22"), "{error}");
            assert!(!has && context() == "node");
            None
        }
    }
}

/// What a WebSocket stands on: `WebSocketStream` where it is there, or the events of `WebSocket`.
#[derive(Clone, Copy, PartialEq)]
enum Wire {
    Best,
    Events,
}

fn wires() -> [Wire; 2] {
    [Wire::Best, Wire::Events]
}

impl Wire {
    /// As long as the answer lives.
    fn choose(self) -> Option<Hidden> {
        (self == Wire::Events).then(|| {
            let code = "const it = globalThis.WebSocketStream; delete globalThis.WebSocketStream; return it";
            Hidden(js(code, &JsValue::NULL).unwrap())
        })
    }
}

/// Comes back when this is dropped.
struct Hidden(JsValue);

impl Drop for Hidden {
    fn drop(&mut self) {
        js("if (x) globalThis.WebSocketStream = x", &self.0).unwrap();
    }
}

fn text(words: &str) -> Message {
    Message::Text(words.into())
}

async fn aborted() -> u32 {
    web::fetch(&server("/aborted")).await.unwrap().text().await.unwrap().parse().unwrap()
}

cases! {
    "net":

    async fn fetch_sends_and_receives() {
        let request = Request::post(&server("/echo")).header("content-type", "text/plain");
        let response = request.body("hello").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.url().ends_with("/echo"));
        assert_eq!(response.header("content-type").as_deref(), Some("text/plain"));
        assert_eq!(response.header("x-nothing"), None);
        assert_eq!(response.text().await.unwrap(), "hello");
        let missing = web::fetch(&server("/nowhere")).await.unwrap();
        assert_eq!(missing.status(), 404, "any status is an answer");
    }

    async fn a_body_streams() {
        let mut response = web::fetch(&server("/stream?chunks=4")).await.unwrap();
        let mut first = [0; 8];
        response.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"chunk 0;");
        let mut rest = String::new();
        response.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "chunk 1;chunk 2;chunk 3;");
        let chunks = web::fetch(&server("/stream?chunks=3")).await.unwrap();
        let chunks: Vec<_> = chunks.map(|chunk| chunk.unwrap()).collect().await;
        assert_eq!(chunks.concat(), b"chunk 0;chunk 1;chunk 2;");
    }

    async fn a_body_of_a_request_streams_where_the_browser_can() {
        let (mut near, far) = creel::io::duplex(16);
        let sends = web::spawn_local(async move {
            for _ in 0..5 {
                near.write_all(b"part;").await?;
            }
            near.shutdown().await
        });
        let request = Request::post(&server("/echo")).body_stream(far);
        match request.send().await {
            Ok(response) => {
                assert_eq!(response.text().await.unwrap(), "part;".repeat(5));
                sends.await.unwrap().unwrap();
            }
            // Browsers stream requests over HTTP/2 only.
            Err(error) => assert!(context() != "node", "{error}"),
        }
    }

    async fn a_dropped_response_ends_the_request() {
        let before = aborted().await;
        let mut response = web::fetch(&server("/endless")).await.unwrap();
        let mut first = [0; 5];
        response.read_exact(&mut first).await.unwrap();
        assert!(timeout(Duration::from_millis(5), response.read(&mut first)).await.is_err());
        drop(response);
        let began = Instant::now();
        while aborted().await == before {
            assert!(began.elapsed() < Duration::from_secs(10), "the server still serves");
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn what_fetch_cannot_do_is_an_error() {
        let closed = "http://127.0.0.1:9/";
        assert!(web::fetch(closed).await.is_err());
        let bad = Request::get(&server("/echo")).header("bad name", "x").send().await;
        assert!(bad.unwrap_err().to_string().contains("TypeError"));
        let mut broken = web::fetch(&server("/broken")).await.unwrap();
        let mut all = Vec::new();
        broken.read_to_end(&mut all).await.unwrap_err();
        assert!(b"a beginning".starts_with(&all), "what came is kept");
    }

    async fn a_websocket_carries_messages() {
        for wire in wires() {
            let _hidden = wire.choose();
            let Some(mut socket) = connect("/echo").await else { continue };
            let bytes = Message::Binary(vec![0, 1, 255]);
            socket.send(text("hällo")).await.unwrap();
            socket.send(bytes.clone()).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), text("hällo"));
            assert_eq!(socket.next().await.unwrap().unwrap(), bytes);
            let closed = socket.close_with(3001, "done").await.unwrap();
            assert_eq!((closed.code, closed.reason.as_str()), (3001, "done"));
            assert!(socket.next().await.is_none());
            let error = socket.send(text("late")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            assert!(error.to_string().contains("3001"), "{error}");
        }
    }

    async fn a_websocket_is_a_stream_of_bytes() {
        for wire in wires() {
            let _hidden = wire.choose();
            let Some(mut socket) = connect("/echo").await else { continue };
            socket.write_all(b"0123456789").await.unwrap();
            socket.flush().await.unwrap();
            assert_eq!(socket.unsent(), 0);
            let mut half = [0; 5];
            socket.read_exact(&mut half).await.unwrap();
            socket.read_exact(&mut half).await.unwrap();
            assert_eq!(&half, b"56789");
            socket.shutdown().await.unwrap();
            assert_eq!(socket.read(&mut half).await.unwrap(), 0);
        }
    }

    async fn a_websocket_has_its_sender_wait() {
        for wire in wires() {
            let _hidden = wire.choose();
            let Some(mut socket) = connect("/slow").await else { continue };
            let part = vec![7; 1 << 20];
            let all = async {
                for _ in 0..64 {
                    socket.write_all(&part).await.unwrap();
                }
            };
            assert!(timeout(Duration::from_millis(100), all).await.is_err(), "the server reads nothing");
            assert!(socket.unsent() < 1 << 20, "{} wait", socket.unsent());
        }
    }

    async fn a_websocket_that_is_refused_or_breaks_says_so() {
        for wire in wires() {
            let _hidden = wire.choose();
            let Some(mut socket) = connect("/echo").await else { continue };
            socket.send(text("drop")).await.unwrap();
            let broke = socket.next().await.unwrap().unwrap_err();
            assert_eq!(broke.kind(), ErrorKind::ConnectionReset);
            assert!(socket.next().await.is_none(), "told once");
            let mut socket = connect("/echo").await.unwrap();
            socket.send(text("close 4000")).await.unwrap();
            assert!(socket.next().await.is_none());
            assert_eq!(socket.closed().unwrap().reason, "as asked");
            let refused = WebSocket::connect(&server("/refused").replace("http", "ws")).await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
            let bad = WebSocket::connect("nonsense:").await.unwrap_err();
            assert_eq!(bad.kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }

    async fn a_websocket_asks_for_a_protocol() {
        for wire in wires() {
            let _hidden = wire.choose();
            if connect("/echo").await.is_none() {
                continue;
            }
            let url = server("/echo").replace("http", "ws");
            let socket = WebSocket::connect_with(&url, &["first", "second"]).await.unwrap();
            assert_eq!(socket.protocol(), "first");
        }
    }

    async fn a_server_that_sends_too_fast_is_slowed_down() {
        let has = js("return 'WebSocketStream' in globalThis", &JsValue::NULL).unwrap().is_truthy();
        assert_eq!(has, context() != "node");
        let Some(mut socket) = connect("/flood").await.filter(|_| has) else { return };
        assert!(socket.next().await.unwrap().is_ok());
        let flooded = async || -> usize {
            let answer = web::fetch(&server("/flooded")).await.unwrap();
            answer.text().await.unwrap().parse().unwrap()
        };
        let mut before = 0;
        loop {
            sleep(Duration::from_millis(300)).await;
            let now = flooded().await;
            if now == before {
                break;
            }
            before = now;
        }
        assert!(before < 48 << 20, "{before} bytes for one message");
        for _ in 0..300 {
            assert!(socket.next().await.unwrap().is_ok());
        }
        let later = flooded().await;
        assert!(later > before, "it goes on when messages are taken: {later}");
    }

    async fn ports_carry_messages_both_ways() {
        let (mut near, mut far) = Port::pair();
        for number in 0..3 {
            near.send(&JsValue::from(number)).unwrap();
        }
        for number in 0..3 {
            assert_eq!(far.recv().await.unwrap(), JsValue::from(number));
        }
        assert_eq!(far.try_recv().unwrap(), None);
        let bytes = Uint8Array::from(&[1, 2, 3][..]);
        far.send_and_transfer(&bytes, &Array::of1(&bytes.buffer())).unwrap();
        assert_eq!(bytes.length(), 0, "it was handed over");
        assert_eq!(Uint8Array::new(&near.recv().await.unwrap()).to_vec(), [1, 2, 3]);
        let function = js("return () => 1", &JsValue::NULL).unwrap();
        assert_eq!(near.send(&function).unwrap_err().kind(), ErrorKind::InvalidInput);
        let unheard = timeout(Duration::from_millis(2), near.recv()).await;
        assert!(unheard.is_err());
    }

    async fn a_port_can_be_given_away() {
        let (near, far) = Port::pair();
        let (carrier, mut carried) = Port::pair();
        let port = far.into_js();
        let hears = js("return x.onmessage ?? x.onmessageerror", &port).unwrap();
        assert!(hears.is_null(), "nothing of ours is left in it");
        carrier.send_and_transfer(&port, &Array::of1(&port)).unwrap();
        let mut far = Port::new(carried.recv().await.unwrap());
        near.send(&JsValue::from("hello")).unwrap();
        assert_eq!(far.recv().await.unwrap(), JsValue::from("hello"));
    }

    async fn a_broadcast_reaches_all_others() {
        let join = || Port::broadcast("creel-test").unwrap();
        let (sender, mut first, mut second) = (join(), join(), join());
        sender.send(&JsValue::from(7)).unwrap();
        assert_eq!(first.recv().await.unwrap(), JsValue::from(7));
        assert_eq!(second.recv().await.unwrap(), JsValue::from(7));
        assert_eq!(sender.waiting(), 0);
    }

    async fn a_blob_is_read_from_any_place() {
        let code = "return new Blob([new Uint8Array(200000).map((_, i) => i % 251)])";
        let blob = js(code, &JsValue::NULL).unwrap();
        let mut reader = BlobReader::new(&blob).unwrap();
        assert_eq!(reader.size(), 200_000);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).await.unwrap();
        assert!(all.iter().enumerate().all(|(at, byte)| at % 251 == usize::from(*byte)));
        assert_eq!(all.len(), 200_000);
        reader.seek(SeekFrom::End(-3)).await.unwrap();
        let mut end = [0; 8];
        assert_eq!(reader.read(&mut end).await.unwrap(), 3);
        assert_eq!(end[..3], all[199_997..]);
        assert_eq!(reader.read(&mut end).await.unwrap(), 0);
        reader.seek(SeekFrom::Start(65_530)).await.unwrap();
        reader.read_exact(&mut end).await.unwrap();
        assert_eq!(end, all[65_530..65_538]);
        assert!(reader.seek(SeekFrom::Current(-70_000)).await.is_err());
        assert!(BlobReader::new(&JsValue::from(1)).is_err());
    }
}
