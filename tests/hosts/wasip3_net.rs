//! What the sockets promise on preview 3 alone, whose host takes what is written when it likes.

use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::net::{TcpListener, TcpStream};
use creel::time::{Duration, timeout};
use std::io::ErrorKind;

const LONG: Duration = Duration::from_secs(30);

cases! { "wasip3_net":
    async fn flush_and_shutdown_wait_until_the_host_has_everything() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connect = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = creel::join!(connect, listener.accept());
        let (mut client, mut server) = (client.unwrap(), accepted.unwrap().0);
        let mut sent = 0;
        // Until the system's buffers and the host's are full.
        while timeout(Duration::from_millis(200), client.writable()).await.is_ok() {
            match client.try_write(&[7; 65_536]) {
                Ok(count) => sent += count,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert!(timeout(Duration::from_millis(20), client.flush()).await.is_err());
        assert!(timeout(Duration::from_millis(20), client.shutdown()).await.is_err());
        let received = creel::spawn(async move {
            let mut received = Vec::new();
            server.read_to_end(&mut received).await.unwrap();
            received.len()
        });
        timeout(LONG, client.flush()).await.unwrap().unwrap();
        timeout(LONG, client.shutdown()).await.unwrap().unwrap();
        assert_eq!(timeout(LONG, received).await.unwrap().unwrap(), sent);
        let ended = client.write(b"more").await.unwrap_err();
        assert_eq!(ended.kind(), ErrorKind::BrokenPipe);
    }
}
