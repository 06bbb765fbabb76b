//! Futures dropped at every state while data flows.

use super::{Counted, Dice, TOTAL, alone, check, everywhere, is_want, nibble, pair, pattern};
use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt, AsyncWriteOwned};
use creel::net::{TcpListener, TcpStream};
use creel::task::yield_now;
use creel::time::sleep;
use std::io::ErrorKind;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// Set in a process that runs under the tracer.
const CHILD: &str = "CREEL_TEST_CHILD";

/// Writes the pattern in pieces of all sizes, now at once, now after a while.
async fn pour(mut stream: TcpStream, mut dice: Dice) {
    let mut sent = 0;
    while sent < TOTAL {
        let n = (1 + dice.below(700) as usize).min(TOTAL - sent);
        let piece: Vec<u8> = (sent..sent + n).map(pattern).collect();
        if dice.below(2) == 0 {
            stream.write_all(&piece).await.unwrap();
        } else {
            stream.write_all_owned(piece).await.0.unwrap();
        }
        sent += n;
        match dice.below(4) {
            0 => sleep(Duration::from_micros(dice.below(300))).await,
            1 => yield_now().await,
            _ => {}
        }
    }
}

/// How many ways to read there are; the first few hand a buffer over.
const WAYS: u64 = 8;

/// Reads in so many ways, and drops most reads in whatever state they are in.
async fn drink(mut stream: TcpStream, ways: u64, mut dice: Dice, account: Arc<AtomicUsize>) {
    let mut seen = 0;
    while seen < TOTAL {
        let room = 1 + dice.below(900) as usize;
        let (polls, finish) = (dice.below(4), dice.below(4) == 0);
        let mut buf = vec![0; room];
        match dice.below(ways) {
            0..=2 => {
                let buf = Counted::new(Vec::with_capacity(room), &account);
                if let Some((n, buf)) = nibble(stream.read_owned(buf), polls, finish).await {
                    assert_eq!(n.unwrap(), buf.bytes.len());
                    check(&mut seen, &buf.bytes);
                }
            }
            3 => {
                if let Some(n) = nibble(stream.read(&mut buf), polls, finish).await {
                    check(&mut seen, &buf[..n.unwrap()]);
                }
            }
            4 => match stream.try_read(&mut buf) {
                Ok(n) => check(&mut seen, &buf[..n]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            },
            5 => {
                if let Some(n) = nibble(stream.peek(&mut buf), polls, finish).await {
                    check(&mut seen.clone(), &buf[..n.unwrap()]);
                }
            }
            6 => drop(nibble(stream.readable(), polls, finish).await),
            _ => {
                let (mut half, _other) = stream.split();
                let buf = Counted::new(Vec::with_capacity(room), &account);
                if let Some((n, buf)) = nibble(half.read_owned(buf), polls, finish).await {
                    assert_eq!(n.unwrap(), buf.bytes.len());
                    check(&mut seen, &buf.bytes);
                }
            }
        }
        if dice.below(3) == 0 {
            sleep(Duration::from_micros(dice.below(100))).await;
        }
    }
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "no byte twice");
}

#[test]
fn reads_dropped_at_every_state_lose_no_byte_and_no_buffer() {
    // Under the tracer one of each kind will do.
    let seeds = if std::env::var_os(CHILD).is_some() { 2 } else { 4 };
    for seed in 1..=seeds {
        let account = Arc::new(AtomicUsize::new(0));
        let mine = account.clone();
        everywhere(move || {
            let account = mine.clone();
            async move {
                let (client, server) = pair().await;
                let writer = creel::spawn(pour(client, Dice(seed)));
                // Every other seed goes by completion alone, which receives ahead then.
                let ways = if seed % 2 == 0 { 1 } else { WAYS };
                let reader = creel::spawn(drink(server, ways, Dice(seed * 77), account.clone()));
                writer.await.unwrap();
                reader.await.unwrap();
            }
        });
        assert_eq!(account.load(SeqCst), 0, "every buffer was dropped");
    }
}

/// Each buffer is full of its own number. What was dropped may have been written in part; but the
/// parts come in order, and nothing comes twice.
#[test]
fn writes_dropped_at_every_state_keep_their_order() {
    const LENGTH: usize = 40_000;
    const COUNT: u8 = 120;
    let account = Arc::new(AtomicUsize::new(0));
    let mine = account.clone();
    everywhere(move || {
        let account = mine.clone();
        async move {
            let (mut client, mut server) = pair().await;
            let writer = creel::spawn(async move {
                let mut dice = Dice(99);
                let mut whole = Vec::new();
                for number in 0..COUNT {
                    let (polls, finish) = (dice.below(3), dice.below(3) == 0);
                    let done = if dice.below(4) == 0 {
                        let bytes = vec![number; LENGTH];
                        nibble(client.write(&bytes), polls, finish).await
                    } else {
                        let buf = Counted::new(vec![number; LENGTH], &account);
                        nibble(client.write_owned(buf), polls, finish).await.map(|(n, _)| n)
                    };
                    whole.push(done.map(|n| n.unwrap()));
                }
                client.shutdown().await.unwrap();
                whole
            });
            let mut counts = vec![0; COUNT.into()];
            let mut last = 0;
            let mut buf = vec![0; 10_000];
            loop {
                let n = server.read(&mut buf).await.unwrap();
                if n == 0 {
                    break;
                }
                for byte in &buf[..n] {
                    assert!(*byte >= last, "{byte} after {last}");
                    last = *byte;
                    counts[usize::from(*byte)] += 1;
                }
                sleep(Duration::from_micros(300)).await;
            }
            for (number, done) in writer.await.unwrap().into_iter().enumerate() {
                match done {
                    Some(n) => assert_eq!(counts[number], n, "{number}"),
                    None => assert!(counts[number] <= LENGTH, "{number}"),
                }
            }
        }
    });
    assert_eq!(account.load(SeqCst), 0, "every buffer was dropped");
}

#[test]
fn accepts_dropped_at_every_state_lose_no_connection_and_no_descriptor() {
    everywhere(|| async {
        const COUNT: usize = 60;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clients = creel::spawn(async move {
            let mut dice = Dice(5);
            let mut clients = Vec::new();
            for _ in 0..COUNT {
                clients.push(TcpStream::connect(address).await.unwrap());
                if dice.below(2) == 0 {
                    sleep(Duration::from_micros(dice.below(200))).await;
                }
            }
            clients
        });
        let mut dice = Dice(6);
        let mut accepted = Vec::new();
        while accepted.len() < COUNT {
            let (polls, finish) = (dice.below(4), dice.below(5) == 0);
            match nibble(listener.accept(), polls, finish).await {
                None => {}
                Some(Ok(one)) => accepted.push(one),
                Some(Err(error)) => assert!(is_want(&error), "{error}"),
            }
            if dice.below(3) == 0 {
                sleep(Duration::from_micros(dice.below(100))).await;
            }
        }
        let mut clients = clients.await.unwrap();
        let mut ours: Vec<_> = clients.iter().map(|one| one.local_addr().unwrap()).collect();
        let mut theirs: Vec<_> = accepted.iter().map(|(_, from)| *from).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
        drop(accepted);
        for client in &mut clients {
            assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0, "the other side is closed");
        }
    });
}

/// The same tests, while system calls fail now and then: a tracer of the system's has them fail. Several
/// at a time, so that each runs on a machine that has too much to do.
#[test]
fn under_injected_faults() {
    const FAULTS: [&str; 13] = [
        "epoll_wait:error=EINTR:when=3+5",
        "recvfrom:error=EINTR:when=2+3",
        "sendto:error=EINTR:when=2+3",
        "accept4:error=EINTR:when=2+3",
        "accept4:error=EMFILE:when=5+9",
        "accept4:error=ENFILE:when=6+9",
        "accept4:error=ENOBUFS:when=4+9",
        "accept4:error=ENOMEM:when=3+8",
        "ppoll:error=EINTR:when=1+2",
        "io_uring_enter:error=EINTR:when=3+5",
        "io_uring_enter:error=EAGAIN:when=4+7",
        "io_uring_enter:error=EBUSY:when=4+7",
        "io_uring_enter:error=ENOMEM:when=4+7",
    ];
    const AT_A_TIME: usize = 4;
    let tracer = || std::process::Command::new("strace");
    if std::env::var_os(CHILD).is_some() || tracer().arg("-V").output().is_err() {
        return eprintln!("skipped: there is no strace; get it with apt-get install strace");
    }
    let _alone = alone();
    for faults in FAULTS.chunks(AT_A_TIME) {
        let start = |fault: &&'static str| {
            let mut traced = tracer();
            traced.args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]);
            let call = fault.split(':').next().unwrap();
            traced.arg("-e").arg(format!("trace={call}"));
            traced.arg("-e").arg(format!("inject={fault}")).arg(std::env::current_exe().unwrap());
            traced.args(["dropped_at_every_state", "--test-threads=1"]).env(CHILD, "1");
            traced.stdout(Stdio::piped()).stderr(Stdio::piped());
            (*fault, traced.spawn().unwrap())
        };
        // All at once, then each to its end.
        let running: Vec<_> = faults.iter().map(start).collect();
        for (fault, traced) in running {
            let output = traced.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // Under an emulator the program is none of the system's.
            if said.contains("PTRACE_TRACEME") || said.contains("Exec format error") {
                return eprintln!("skipped: tracing does not work here: {said}");
            }
            assert!(output.status.success(), "{fault}\n{text}\n{said}");
        }
    }
}
