//! Named pipes between a server and its clients.
#![cfg(all(feature = "net", feature = "macros", windows))]

use creel::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use creel::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, PipeEnd, PipeMode, ServerOptions,
};
use creel::runtime::Builder;
use creel::time::{Duration, timeout};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Waker};

const PIPE_BUSY: i32 = 231;
const NO_DATA: i32 = 232;
const NOT_CONNECTED: i32 = 233;

/// A name that no other test has.
fn name(test: &str) -> String {
    format!(r"\\.\pipe\creel-{}-{test}", std::process::id())
}

async fn pair(test: &str) -> (NamedPipeServer, NamedPipeClient) {
    let name = name(test);
    let server = ServerOptions::new().first_pipe_instance(true).create(&name).unwrap();
    let client = ClientOptions::new().open(&name).unwrap();
    server.connect().await.unwrap();
    (server, client)
}

fn pattern(first: usize, len: usize) -> Vec<u8> {
    (first..first + len).map(|n| (n % 251) as u8).collect()
}

/// Writes and reads a lot at once.
async fn exchange(pipe: impl AsyncRead + AsyncWrite, sends: usize, gets: usize) {
    const LEN: usize = 300_000;
    let (mut read, mut write) = creel::io::split(pipe);
    let bytes = pattern(sends, LEN);
    let mut came = vec![0; LEN];
    let (sent, got) = creel::join!(write.write_all(&bytes), read.read_exact(&mut came));
    sent.unwrap();
    got.unwrap();
    assert!(came == pattern(gets, LEN));
}

#[creel::test]
async fn both_sides_talk_at_once() {
    let (server, client) = pair("talk").await;
    creel::join!(exchange(server, 1, 2), exchange(client, 2, 1));
}

#[creel::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_talk_at_once_on_a_pool() {
    let (server, client) = pair("talk-pool").await;
    let other = creel::spawn(exchange(server, 1, 2));
    exchange(client, 2, 1).await;
    other.await.unwrap();
}

#[creel::test]
async fn a_client_that_leaves_ends_what_the_server_reads() {
    let (mut server, mut client) = pair("leaves").await;
    client.write_all(b"last words").await.unwrap();
    drop(client);
    let mut words = String::new();
    server.read_to_string(&mut words).await.unwrap();
    assert_eq!(words, "last words");
    let error = server.write_all(b"hello?").await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(NO_DATA));
}

#[creel::test]
async fn a_server_that_sends_its_client_away_takes_the_next() {
    let name = name("next");
    let mut server = ServerOptions::new().max_instances(1).create(&name).unwrap();
    for round in 0..3_u8 {
        // The system turns clients away until somebody waits for one.
        let open = async { ClientOptions::new().open(&name) };
        let (connected, client) = creel::join!(biased; server.connect(), open);
        connected.unwrap();
        let mut client = client.unwrap();
        let busy = ClientOptions::new().open(&name).unwrap_err();
        assert_eq!(busy.raw_os_error(), Some(PIPE_BUSY));
        client.write_all(&[round]).await.unwrap();
        let mut first = server.read_u8().await;
        if round > 0 {
            // What was under way for the client before.
            assert_eq!(first.unwrap_err().raw_os_error(), Some(NOT_CONNECTED));
            first = server.read_u8().await;
        }
        assert_eq!(first.unwrap(), round);
        server.disconnect().unwrap();
        client.read_u8().await.unwrap_err();
    }
}

#[creel::test]
async fn dropping_a_wait_for_a_client_loses_no_client() {
    let name = name("drop-connect");
    let mut server = ServerOptions::new().create(&name).unwrap();
    let none = timeout(Duration::from_millis(20), server.connect()).await;
    assert!(none.is_err(), "there is no client yet");
    let mut client = ClientOptions::new().open(&name).unwrap();
    server.connect().await.unwrap();
    client.write_all(b"x").await.unwrap();
    assert_eq!(server.read_u8().await.unwrap(), b'x');
}

#[creel::test]
async fn dropping_reads_and_writes_loses_no_byte() {
    const LEN: usize = 100_000;
    let (mut server, mut client) = pair("drop").await;
    let writer = creel::spawn(async move {
        let (bytes, mut sent) = (pattern(0, LEN), 0);
        while sent < LEN {
            let end = LEN.min(sent + 777);
            let mut write = Box::pin(client.write(&bytes[sent..end]));
            // A write that was not ready has taken nothing.
            let first = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            match first {
                std::task::Poll::Ready(n) => sent += n.unwrap(),
                std::task::Poll::Pending => {
                    drop(write);
                    client.writable().await.unwrap();
                }
            }
        }
        client
    });
    let (mut came, mut part) = (Vec::new(), [0; 1000]);
    while came.len() < LEN {
        let read = pin!(server.read(&mut part));
        match read.poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(n) => came.extend_from_slice(&part[..n.unwrap()]),
            std::task::Poll::Pending => server.readable().await.unwrap(),
        }
    }
    assert!(came == pattern(0, LEN));
    drop(writer.await.unwrap());
}

#[creel::test]
async fn messages_are_kept_apart_if_asked_for() {
    let name = name("messages");
    let mut server = ServerOptions::new().pipe_mode(PipeMode::Message).create(&name).unwrap();
    let mut client = ClientOptions::new().pipe_mode(PipeMode::Message).open(&name).unwrap();
    server.connect().await.unwrap();
    for word in ["one", "and", "another"] {
        client.write_all(word.as_bytes()).await.unwrap();
    }
    let mut room = [0; 100];
    for word in ["one", "and", "another"] {
        let n = server.read(&mut room).await.unwrap();
        assert_eq!(&room[..n], word.as_bytes());
    }
}

#[creel::test]
async fn one_direction_may_be_all() {
    let name = name("direction");
    let mut server = ServerOptions::new().access_inbound(false).create(&name).unwrap();
    let refused = ClientOptions::new().open(&name).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "nobody would read it");
    let mut client = ClientOptions::new().write(false).open(&name).unwrap();
    server.connect().await.unwrap();
    server.write_all(b"down").await.unwrap();
    let mut word = [0; 4];
    client.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"down");
    client.write_all(b"up").await.unwrap_err();
}

#[creel::test]
async fn a_name_is_free_again_as_soon_as_its_pipe_is_dropped() {
    let name = name("again");
    // Only one, and each time of other directions than the one before, which the system refuses while
    // that is there.
    for (inbound, outbound) in [(true, true), (true, false), (false, true), (true, true)] {
        let mut options = ServerOptions::new();
        options.access_inbound(inbound).access_outbound(outbound).max_instances(1);
        let server = options.create(&name).unwrap();
        let client = ClientOptions::new().read(outbound).write(inbound).open(&name).unwrap();
        server.connect().await.unwrap();
        options.create(&name).unwrap_err();
        drop((server, client));
    }
}

#[creel::test]
async fn a_pipe_tells_how_it_was_made() {
    let name = name("info");
    let mut options = ServerOptions::new();
    options.pipe_mode(PipeMode::Message).max_instances(7);
    let server = options.in_buffer_size(4096).out_buffer_size(8192).create(&name).unwrap();
    let client = ClientOptions::new().open(&name).unwrap();
    let (server, client) = (server.info().unwrap(), client.info().unwrap());
    assert_eq!((server.end, client.end), (PipeEnd::Server, PipeEnd::Client));
    for info in [server, client] {
        assert_eq!((info.mode, info.max_instances), (PipeMode::Message, 7));
        assert_eq!((info.in_buffer_size, info.out_buffer_size), (4096, 8192));
    }
}

#[creel::test]
async fn what_cannot_be_is_an_error() {
    let name = name("errors");
    let missing = ClientOptions::new().open(&name).unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    ServerOptions::new().create("not the name of a pipe").unwrap_err();
    // That another is not the first instance is not noticed by wine 8.
    let _only = ServerOptions::new().max_instances(1).create(&name).unwrap();
    let second = ServerOptions::new().max_instances(1).create(&name).unwrap_err();
    assert_eq!(second.raw_os_error(), Some(PIPE_BUSY));
}

#[test]
#[should_panic(expected = "254")]
fn more_instances_than_the_system_counts_are_refused() {
    ServerOptions::new().max_instances(255);
}

#[test]
fn a_pipe_outlives_its_runtime_with_an_error() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (server, _client) = runtime.block_on(pair("outlives"));
    runtime.shutdown_background();
    let other = Builder::new_current_thread().build().unwrap();
    let error = other.block_on(server.readable()).unwrap_err();
    assert!(creel::runtime::is_rt_shutdown_err(&error), "{error}");
}
