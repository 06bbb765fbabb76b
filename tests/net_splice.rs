//! Moving bytes between sockets, pipes and files without copying them.
#![cfg(all(feature = "net", feature = "fs", feature = "io-util", not(target_family = "wasm")))]

use creel::fs::File;
use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt};
use creel::net::{TcpListener, TcpStream, send_file, splice, splice_bidirectional};
use creel::runtime::{Builder, IoDriver, Runtime};
use creel::time::timeout;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

fn runtimes() -> impl Iterator<Item = Runtime> {
    [IoDriver::Readiness, IoDriver::Auto].into_iter().flat_map(|driver| {
        let pool = Builder::new_multi_thread().worker_threads(2).io_driver(driver).build();
        [Builder::new_current_thread().io_driver(driver).build().unwrap(), pool.unwrap()]
    })
}

fn everywhere<F: Future<Output = ()> + Send + 'static>(test: fn() -> F) {
    for runtime in runtimes() {
        runtime.block_on(async {
            let task = creel::spawn(test());
            timeout(Duration::from_secs(60), task).await.expect("it ends").unwrap();
        });
    }
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let (client, server) = creel::join!(connect, listener.accept());
    (client.unwrap(), server.unwrap().0)
}

fn data(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

#[test]
fn much_goes_through_and_comes_back() {
    everywhere(|| async {
        let (client, mut server) = pair().await;
        let echo = creel::spawn(async move {
            let (mut reader, mut writer) = server.split();
            let moved = splice(&mut reader, &mut writer).await.unwrap();
            writer.shutdown().await.unwrap();
            moved
        });
        let (mut reader, mut writer) = client.into_split();
        let sent = data(3_000_000);
        let expected = sent.clone();
        let writes = creel::spawn(async move {
            writer.write_all(&sent).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await.unwrap();
        writes.await.unwrap();
        assert!(received == expected);
        assert_eq!(echo.await.unwrap(), 3_000_000);
    });
}

#[test]
fn a_proxy_moves_both_ways_until_both_have_ended() {
    everywhere(|| async {
        let (mut client, mut inside) = pair().await;
        let (mut outside, mut server) = pair().await;
        let proxy =
            creel::spawn(async move { splice_bidirectional(&mut inside, &mut outside).await });
        client.write_all(b"ping").await.unwrap();
        client.shutdown().await.unwrap();
        let mut asked = String::new();
        server.read_to_string(&mut asked).await.unwrap();
        assert_eq!(asked, "ping", "the end has gone through");
        server.write_all(&data(200_000)).await.unwrap();
        drop(server);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer == data(200_000));
        assert_eq!(proxy.await.unwrap().unwrap(), (4, 200_000));
    });
}

#[test]
#[cfg(unix)]
fn pipes_and_unix_streams_take_part() {
    use creel::net::UnixStream;
    use creel::net::unix::pipe;
    everywhere(|| async {
        let (mut sender, mut receiver) = pipe::pipe().unwrap();
        let (mut near, mut far) = UnixStream::pair().unwrap();
        let through = creel::spawn(async move { splice(&mut receiver, &mut near).await.unwrap() });
        let sent = data(500_000);
        let expected = sent.clone();
        let writes = creel::spawn(async move { sender.write_all(&sent).await.unwrap() });
        let mut received = Vec::new();
        far.read_to_end(&mut received).await.unwrap();
        writes.await.unwrap();
        assert!(received == expected);
        assert_eq!(through.await.unwrap(), 500_000);
    });
}

#[test]
fn what_a_dropped_operation_has_left_goes_first() {
    everywhere(|| async {
        let (mut client, mut server) = pair().await;
        // By completion this may take bytes although it is given up.
        let _ = pin!(server.read_owned(Vec::with_capacity(3)))
            .poll(&mut Context::from_waker(Waker::noop()));
        client.write_all(b"abcdef").await.unwrap();
        client.shutdown().await.unwrap();
        let (mut near, mut far) = pair().await;
        assert_eq!(splice(&mut server, &mut near).await.unwrap(), 6);
        drop(near);
        let mut all = String::new();
        far.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "abcdef");
    });
}

#[test]
fn a_file_is_sent_from_any_position() {
    everywhere(|| async {
        let name = format!("creel-send-{}-{:?}", std::process::id(), std::thread::current().id());
        let path = std::env::temp_dir().join(name);
        let contents = data(2_500_000);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .await
            .unwrap();
        // Not flushed: it is sent all the same.
        file.write_all(&contents).await.unwrap();
        for (at, len, expected) in [
            (0, u64::MAX, &contents[..]),
            (1_000_000, 1_200_000, &contents[1_000_000..2_200_000]),
            (2_499_999, 10, &contents[2_499_999..]),
            (3_000_000, 10, &[]),
            (0, 0, &[]),
        ] {
            let (mut near, mut far) = pair().await;
            let receives = creel::spawn(async move {
                let mut all = Vec::new();
                far.read_to_end(&mut all).await.unwrap();
                all
            });
            let sent = send_file(&file, at, len, &mut near).await.unwrap();
            assert_eq!(sent, expected.len() as u64);
            drop(near);
            assert!(receives.await.unwrap() == expected);
        }
        std::fs::remove_file(path).unwrap();
    });
}

#[test]
fn who_is_gone_is_an_error() {
    everywhere(|| async {
        let (mut client, mut server) = pair().await;
        let (mut near, far) = pair().await;
        far.set_zero_linger().unwrap();
        drop(far);
        let writes =
            creel::spawn(async move { while client.write_all(&[1; 65536]).await.is_ok() {} });
        splice(&mut server, &mut near).await.unwrap_err();
        drop(server);
        writes.await.unwrap();
    });
}
