//! Few busy ones among many who wait: `waiters IDLE TIMERS MESSAGES`.
//!
//! So many connections say nothing, so many tasks sleep for an hour, and one connection sends so many
//! messages to its other end and back. What that takes is counted by the host.

use super::{TcpListener, TcpStream};
use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::task::{JoinSet, yield_now};
use creel::time::{Duration, sleep};

pub async fn run() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u32>().expect("a number"));
    let mut number = || numbers.next().expect("IDLE TIMERS MESSAGES");
    let (idle, timers, messages) = (number(), number(), number());

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the host lends its network");
    let address = listener.local_addr().expect("it is bound");
    let mut waiters = JoinSet::new();
    let pair = async || {
        let (client, server) = creel::join!(TcpStream::connect(address), listener.accept());
        (client.expect("it listens"), server.expect("somebody connects").0)
    };
    for _ in 0..idle {
        let (client, server) = pair().await;
        for mut end in [client, server] {
            waiters.spawn_local(async move { drop(end.read(&mut [0]).await) });
        }
    }
    for _ in 0..timers {
        waiters.spawn_local(sleep(Duration::from_secs(3600)));
    }
    let (mut client, mut server) = pair().await;
    waiters.spawn_local(async move {
        let mut message = [0; 64];
        while server.read_exact(&mut message).await.is_ok() {
            server.write_all(&message).await.expect("the client waits for it");
        }
    });
    // Everybody has begun to wait.
    yield_now().await;
    for _ in 0..messages {
        let mut message = [7; 64];
        client.write_all(&message).await.expect("the server reads");
        client.read_exact(&mut message).await.expect("the server answers");
    }
}
