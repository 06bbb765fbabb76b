//! WebTransport: the other side is the program in `webtransport/`.

use crate::bridges::{js, js_async};
use crate::host::{context, transport};
use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::stream::StreamExt;
use creel::time::{Duration, sleep, timeout};
use creel::wasm::web::{TransportOptions, TransportStream, WebTransport};
use std::io::{self, ErrorKind};
use wasm_bindgen::JsValue;

/// A session with the server, or the proof that there can be none.
async fn connect(path: &str) -> Option<WebTransport> {
    let has = js("return typeof WebTransport === 'function'", &JsValue::NULL).unwrap().is_truthy();
    assert_eq!(has, context() != "node");
    if !has {
        let error = WebTransport::connect("https://127.0.0.1:9/").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("use a WebSocket"), "{error}");
        return None;
    }
    Some(reach(path).await.unwrap())
}

async fn reach(path: &str) -> io::Result<WebTransport> {
    reach_at(&transport().0, path).await
}

async fn reach_at(address: &str, path: &str) -> io::Result<WebTransport> {
    let options = TransportOptions { certificate_hashes: vec![transport().1] };
    let url = format!("https://{address}{path}");
    let session = WebTransport::connect_with(&url, &options);
    timeout(Duration::from_secs(30), session).await.expect("it is there or not")
}

cases! {
    "transport":

    async fn a_stream_both_ways_carries_bytes() {
        let Some(session) = connect("/").await else { return };
        let mut stream = session.open_bi().await.unwrap();
        stream.write_all(b"hello ").await.unwrap();
        let mut half = [0; 6];
        stream.read_exact(&mut half).await.unwrap();
        assert_eq!(&half, b"hello ");
        let (mut reader, mut writer) = stream.into_split();
        writer.write_all(b"and goodbye").await.unwrap();
        writer.shutdown().await.unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "and goodbye");
    }

    async fn streams_do_not_wait_for_each_other() {
        let Some(session) = connect("/").await else { return };
        let big = vec![7; 1 << 20];
        let transfer = async {
            let (mut reader, mut writer) = session.open_bi().await.unwrap().into_split();
            let write = async {
                writer.write_all(&big).await.unwrap();
                writer.shutdown().await.unwrap();
            };
            let mut all = Vec::new();
            let (count, ()) = creel::join!(reader.read_to_end(&mut all), write);
            assert_eq!((count.unwrap(), all == big), (big.len(), true));
        };
        let quick = async {
            let mut stream = session.open_bi().await.unwrap();
            for number in 0..10 {
                stream.write_all(&[number]).await.unwrap();
                assert_eq!(stream.read_u8().await.unwrap(), number);
            }
        };
        creel::join!(transfer, quick);
    }

    async fn a_stream_one_way_is_answered_by_another() {
        let Some(session) = connect("/").await else { return };
        let mut out = session.open_uni().await.unwrap();
        out.write_all(b"one way").await.unwrap();
        out.shutdown().await.unwrap();
        let mut back = String::new();
        session.accept_uni().await.unwrap().read_to_string(&mut back).await.unwrap();
        assert_eq!(back, "one way");
    }

    async fn datagrams_go_and_come() {
        let Some(session) = connect("/").await else { return };
        let (mut sender, mut receiver) = session.datagrams().unwrap();
        assert_eq!(session.datagrams().unwrap_err().kind(), ErrorKind::ResourceBusy);
        // Any may be lost, though not all of them over loopback.
        let sends = async {
            for number in 0_u8.. {
                sender.send(&[number, 9]).await.unwrap();
                creel::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let hears = async {
            for _ in 0..5 {
                assert_eq!(receiver.next().await.unwrap().unwrap()[1..], [9]);
            }
        };
        creel::select! {
            () = sends => {}
            () = hears => {}
        }
        let long = vec![0; sender.max_size() + 1];
        assert_eq!(sender.send(&long).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    async fn a_stream_that_nobody_waits_for_any_more_is_given_back() {
        let Some(session) = connect("/").await else { return };
        let watch = "const [both, own] = [WebTransport.prototype, globalThis];
            for (const name of ['createBidirectionalStream', 'createUnidirectionalStream']) {
                const open = both[name];
                both[name] = function () { both[name] = open; return own.opened = open.call(this) };
            }";
        js(watch, &JsValue::NULL).unwrap();
        let locked = "const opened = await globalThis.opened;
            await new Promise((go) => setTimeout(go, 10));
            return (opened.writable ?? opened).locked && (opened.readable ?? opened).locked";
        assert!(timeout(Duration::ZERO, session.open_bi()).await.is_err());
        assert_eq!(js_async(locked, &JsValue::NULL).await, Ok(JsValue::TRUE));
        assert!(timeout(Duration::ZERO, session.open_uni()).await.is_err());
        assert_eq!(js_async(locked, &JsValue::NULL).await, Ok(JsValue::TRUE));
        let mut other = session.open_bi().await.unwrap();
        other.write_all(b"x").await.unwrap();
        assert_eq!(other.read_u8().await.unwrap(), b'x', "the session is not harmed");
    }

    async fn a_stream_of_the_server_is_accepted() {
        let Some(session) = connect("/opens").await else { return };
        let waits = timeout(Duration::from_millis(0), session.accept_uni()).await;
        assert!(waits.is_err());
        let mut stream = session.accept_bi().await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "from the server");
        let (_, mut datagrams) = session.datagrams().unwrap();
        stream.write_all(b"heard").await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(datagrams.next().await.unwrap().unwrap(), b"heard");
    }

    async fn a_writer_waits_while_nobody_reads() {
        let Some(session) = connect("/deaf").await else { return };
        let mut stream = session.open_bi().await.unwrap();
        let part = vec![7; 64 << 10];
        let mut written = 0;
        let all = async {
            // The window of a stream is far less.
            while written < 64 << 20 {
                stream.write_all(&part).await.unwrap();
                written += part.len();
            }
        };
        assert!(timeout(Duration::from_millis(1500), all).await.is_err(), "the server reads nothing");
        assert!(written < 32 << 20, "{written}");
    }

    async fn a_stream_whose_writes_wait_and_its_session_end_in_any_order() {
        let Some(session) = connect("/deaf").await else { return };
        let part = vec![7; 64 << 10];
        let fill = async |stream: &mut TransportStream| while stream.write_all(&part).await.is_ok() {};
        let full = Duration::from_millis(300);
        // Closed while a task writes, which then drops the stream.
        let mut stream = session.open_bi().await.unwrap();
        let writes = async {
            fill(&mut stream).await;
            drop(stream);
        };
        let closes = async {
            sleep(full).await;
            assert_eq!(session.close(3, "done").await.unwrap().code, 3);
        };
        creel::join!(writes, closes);
        // The stream is dropped at once after the session, and before it, and as soon as that is closed.
        for order in 0..3 {
            let session = reach("/deaf").await.unwrap();
            let mut stream = session.open_bi().await.unwrap();
            assert!(timeout(full, fill(&mut stream)).await.is_err());
            if order == 2 {
                session.close(4, "").await.unwrap();
            }
            if order == 1 {
                drop(stream);
                drop(session);
            } else {
                drop(session);
                drop(stream);
            }
            sleep(Duration::from_millis(20)).await;
        }
        let session = reach("/").await.unwrap();
        let mut stream = session.open_bi().await.unwrap();
        stream.write_all(b"x").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'x', "the page lives");
    }

    async fn a_stream_that_is_reset_is_an_error() {
        let Some(session) = connect("/").await else { return };
        let mut stream = session.open_bi().await.unwrap();
        stream.write_all(b"reset").await.unwrap();
        let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        // The session is not harmed.
        let mut other = session.open_bi().await.unwrap();
        other.write_all(b"x").await.unwrap();
        assert_eq!(other.read_u8().await.unwrap(), b'x');
    }

    async fn a_session_ends_with_a_code_and_a_reason() {
        let Some(session) = connect("/").await else { return };
        let closed = session.close(3, "done").await.unwrap();
        assert_eq!((closed.code, closed.reason.as_str()), (3, "done"));
        assert!(session.open_bi().await.is_err());
        assert!(session.accept_bi().await.is_err());
    }

    async fn a_session_that_the_server_ends_tells_its_code_and_reason() {
        if connect("/").await.is_none() {
            return;
        }
        let session = reach_at(&transport().2, "/").await.unwrap();
        let closed = timeout(Duration::from_secs(30), session.closed()).await.unwrap().unwrap();
        assert_eq!((closed.code, closed.reason.as_str()), (42, "the shop closes"));
        assert!(session.open_uni().await.is_err());
    }

    async fn a_session_that_breaks_says_so() {
        let Some(session) = connect("/close").await else { return };
        assert!(timeout(Duration::from_millis(20), session.closed()).await.is_err());
        let (_, mut datagrams) = session.datagrams().unwrap();
        let mut stream = session.open_uni().await.unwrap();
        stream.write_all(b"x").await.unwrap();
        let error = session.closed().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        assert!(!matches!(datagrams.next().await, Some(Ok(_))));
        assert!(session.accept_uni().await.is_err());
    }

    async fn a_session_that_is_refused_says_so() {
        if connect("/").await.is_none() {
            return;
        }
        let refused = reach("/refused").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{refused}");
        let address = transport().0;
        let unknown = WebTransport::connect(&format!("https://{address}/")).await.unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::ConnectionRefused, "nobody vouches for it: {unknown}");
        let bad = WebTransport::connect("nonsense:").await.unwrap_err();
        assert_eq!(bad.kind(), ErrorKind::InvalidInput, "{bad}");
    }
}
