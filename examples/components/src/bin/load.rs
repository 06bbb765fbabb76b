//! What drives the components over loopback, natively.
//!
//! - `load echo ADDRESS CONNECTIONS REQUESTS`: so many connections send 64 bytes and wait for the
//!   echo, so many times each; prints requests a second.
//! - `load http ADDRESS CONNECTIONS REQUESTS [PATH]`: the same with HTTP on kept connections.
//! - `load get ADDRESS PATH`: one request; prints status and body.
//! - `load call ADDRESS PATH OTHER`: one request, and others to `OTHER` until it is answered; prints its
//!   status and body.
//! - `load post ADDRESS PATH BYTES`: sends so many bytes, and expects them back.
//! - `load serve`: a server for requests: `/echo` answers the body, `/hang` never answers.

use creel::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use creel::net::{TcpListener, TcpStream};
use creel::task::JoinSet;
use creel::time::{Duration, Instant, sleep, timeout};
use std::io;

const LONG: Duration = Duration::from_secs(60);

#[creel::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| -> usize {
        words.get(index).and_then(|word| word.parse().ok()).expect("a number")
    };
    match words.first().map(String::as_str) {
        Some("echo") => measure(&words[1], number(2), number(3), Kind::Echo).await,
        Some("http") => {
            let path = words.get(4).cloned().unwrap_or_else(|| "/".to_owned());
            measure(&words[1], number(2), number(3), Kind::Http(path)).await
        }
        Some("get") => get(&words[1], &words[2]).await.map(|answer| println!("{answer}")),
        Some("call") => call(&words[1], &words[2], &words[3]).await,
        Some("post") => post(&words[1], &words[2], number(3)).await,
        Some("serve") => serve().await,
        _ => Err(io::Error::other("echo, http, get, call, post or serve")),
    }
}

async fn get(address: &str, path: &str) -> io::Result<String> {
    let mut stream = BufReader::new(connect(address).await?);
    // A name that comes twice: the first is meant by whoever asks for one.
    let head = format!("host: {address}\r\naccept: text/plain\r\naccept: text/html\r\n");
    let request = format!("GET {path} HTTP/1.1\r\n{head}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let head = read_head(&mut stream).await?;
    let body = read_body(&mut stream, &head).await?;
    let status = head.line.split(' ').nth(1).unwrap_or_default();
    Ok(format!("{status} {}", String::from_utf8_lossy(&body)))
}

async fn call(address: &str, path: &str, other: &str) -> io::Result<()> {
    let others = async {
        loop {
            get(address, other).await?;
            sleep(Duration::from_millis(5)).await;
        }
    };
    let answered = async {
        creel::select! {
            answer = get(address, path) => answer,
            failed = others => failed,
        }
    };
    println!("{}", timeout(LONG, answered).await??);
    Ok(())
}

async fn post(address: &str, path: &str, bytes: usize) -> io::Result<()> {
    let (read, mut write) = creel::io::split(connect(address).await?);
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {bytes}\r\n\r\n");
    let body: Vec<u8> = (0..bytes).map(|n| n as u8).collect();
    let send = async {
        write.write_all(head.as_bytes()).await?;
        write.write_all(&body).await
    };
    let receive = async {
        let mut read = BufReader::new(read);
        let head = read_head(&mut read).await?;
        read_body(&mut read, &head).await
    };
    let (sent, received) = timeout(LONG, async { creel::join!(send, receive) }).await?;
    sent?;
    assert!(received? == body, "what came back is not what was sent");
    Ok(())
}

#[derive(Clone)]
enum Kind {
    Echo,
    Http(String),
}

async fn measure(address: &str, connections: usize, requests: usize, kind: Kind) -> io::Result<()> {
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let (address, kind) = (address.to_owned(), kind.clone());
        clients.spawn(async move { timeout(LONG, client(&address, requests, &kind)).await? });
    }
    while let Some(client) = clients.join_next().await {
        client.map_err(io::Error::other)??;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.0} requests a second", (connections * requests) as f64 / seconds);
    Ok(())
}

async fn client(address: &str, requests: usize, kind: &Kind) -> io::Result<()> {
    let mut stream = BufReader::new(connect(address).await?);
    for _ in 0..requests {
        match kind {
            Kind::Echo => {
                let message = [7; 64];
                stream.write_all(&message).await?;
                let mut buf = [0; 64];
                stream.read_exact(&mut buf).await?;
                assert_eq!(buf, message);
            }
            Kind::Http(path) => {
                let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
                stream.write_all(request.as_bytes()).await?;
                let head = read_head(&mut stream).await?;
                assert!(head.line.contains(" 200 "), "{}", head.line);
                read_body(&mut stream, &head).await?;
            }
        }
    }
    Ok(())
}

/// A server under way may need a moment.
async fn connect(address: &str) -> io::Result<TcpStream> {
    let start = Instant::now();
    loop {
        match TcpStream::connect(address).await {
            Err(_) if start.elapsed() < LONG / 4 => sleep(Duration::from_millis(20)).await,
            stream => {
                let stream = stream?;
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
        }
    }
}

struct Head {
    line: String,
    length: Option<usize>,
    chunked: bool,
}

async fn read_head(stream: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Head> {
    let mut head = Head { line: String::new(), length: None, chunked: false };
    if stream.read_line(&mut head.line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim().to_ascii_lowercase();
        match line.split_once(':') {
            _ if line.is_empty() => return Ok(head),
            Some(("content-length", length)) => head.length = length.trim().parse().ok(),
            Some(("transfer-encoding", coding)) => head.chunked = coding.contains("chunked"),
            _ => {}
        }
    }
}

async fn read_body(
    stream: &mut BufReader<impl AsyncRead + Unpin>,
    head: &Head,
) -> io::Result<Vec<u8>> {
    let mut body = vec![0; head.length.unwrap_or(0)];
    if !head.chunked {
        stream.read_exact(&mut body).await?;
        return Ok(body);
    }
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await?;
        body.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return Ok(body);
        }
    }
}

async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        creel::spawn(answer(BufReader::new(stream)));
    }
}

async fn answer(mut stream: BufReader<TcpStream>) -> io::Result<()> {
    loop {
        let head = read_head(&mut stream).await?;
        let body = read_body(&mut stream, &head).await?;
        let body = match head.line.split(' ').nth(1) {
            Some("/echo") => body,
            Some("/hang") => std::future::pending().await,
            _ => b"hello\n".to_vec(),
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    }
}
