//! Streams that carry much, in both directions and in short pieces.

use super::{TOTAL, check, everywhere, pattern};
use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt, AsyncWriteOwned};
use creel::net::UnixStream;

#[test]
fn streams_of_unix_do_it_too() {
    everywhere(|| async {
        let (one, mut other) = UnixStream::pair().unwrap();
        let (mut read, mut write) = one.into_split();
        let writer = creel::spawn(async move {
            for number in 0..200u8 {
                let (written, _) = write.write_all_owned(vec![number; 2_000]).await;
                written.unwrap();
            }
        });
        let mut all = 0;
        let mut buf = Vec::with_capacity(3_000);
        while all < 400_000 {
            let read;
            (read, buf) = other.read_owned(buf).await;
            for byte in &buf[..read.unwrap()] {
                assert_eq!(usize::from(*byte), all / 2_000);
                all += 1;
            }
        }
        writer.await.unwrap();
        let (end, _) = other.read_owned(buf).await;
        assert_eq!(end.unwrap(), 0);
        drop(other);
        let (end, _) = read.read_owned(Vec::with_capacity(8)).await;
        assert_eq!(end.unwrap(), 0);
    });
}

/// Buffers of the system that hold next to nothing: reads and writes are short, and wait, all the time.
#[test]
fn short_reads_and_writes_add_up() {
    const ALL: usize = 10 * TOTAL;
    everywhere(|| async {
        // TCP waits for a fifth of a second when its window is shut.
        let (mut client, mut server) = UnixStream::pair().unwrap();
        socket2::SockRef::from(&client).set_send_buffer_size(1).unwrap();
        let writer = creel::spawn(async move {
            let (mut short, mut at) = (0, 0);
            for turn in 0.. {
                if at == ALL {
                    break;
                }
                let rest: Vec<u8> = (at..ALL.min(at + 50_000)).map(pattern).collect();
                let length = rest.len();
                let n = match turn % 2 {
                    0 => client.write(&rest).await.unwrap(),
                    _ => client.write_owned(rest).await.0.unwrap(),
                };
                short += usize::from(n < length);
                at += n;
            }
            short
        });
        let mut seen = 0;
        for turn in 0.. {
            if seen == ALL {
                break;
            }
            let mut buf = vec![0; 5_000];
            let n = if turn % 2 == 0 {
                server.read(&mut buf).await.unwrap()
            } else {
                let read;
                buf.clear();
                (read, buf) = server.read_owned(buf).await;
                read.unwrap()
            };
            assert!(n > 0);
            check(&mut seen, &buf[..n]);
        }
        assert!(writer.await.unwrap() > 3, "writes were short");
    });
}
