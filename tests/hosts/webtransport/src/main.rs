//! The other side of the tests of WebTransport: prints where it listens, the hash of its certificate, and
//! where every session is ended by a [`farewell`]; and serves until its input ends.
//!
//! Streams and datagrams come back as they were sent, on every path but these: `/refused` takes no
//! session, `/close` breaks off with the first stream, `/opens` opens a stream by itself, and on `/deaf`
//! nobody reads.
//! A stream that begins with "reset" is reset with code 9.

mod farewell;

use std::error::Error;
use tokio::io::AsyncReadExt;
use wtransport::endpoint::IncomingSession;
use wtransport::tls::Sha256DigestFmt;
use wtransport::{Connection, Endpoint, Identity, RecvStream, SendStream, ServerConfig, VarInt};

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let identity = Identity::self_signed(["localhost", "127.0.0.1"])?;
    let hash = identity.certificate_chain().as_slice()[0].hash().fmt(Sha256DigestFmt::DottedHex);
    let config = ServerConfig::builder()
        .with_bind_address("127.0.0.1:0".parse()?)
        .with_identity(identity)
        .build();
    let quic = config.quic_config().clone();
    let curt = wtransport::quinn::Endpoint::server(quic, "127.0.0.1:0".parse()?)?;
    let endpoint = Endpoint::server(config)?;
    println!("{} {hash} {}", endpoint.local_addr()?, curt.local_addr()?);
    tokio::spawn(farewell::serve(curt));
    let serve = async {
        loop {
            let incoming = endpoint.accept().await;
            tokio::spawn(async {
                // A session that fails is the client's to tell of.
                let _ = session(incoming).await;
            });
        }
    };
    let (mut nothing, mut stdin) = ([0], tokio::io::stdin());
    tokio::select! {
        () = serve => {}
        _ = stdin.read(&mut nothing) => {}
    }
    Ok(())
}

async fn session(incoming: IncomingSession) -> Outcome {
    let request = incoming.await?;
    let path = request.path().to_owned();
    if path == "/refused" {
        request.forbidden().await;
        return Ok(());
    }
    let session = request.accept().await?;
    match path.as_str() {
        "/close" => {
            session.accept_uni().await?;
            session.close(VarInt::from_u32(7), b"as asked");
        }
        "/opens" => {
            let (mut send, mut receive) = session.open_bi().await?.await?;
            send.write_all(b"from the server").await?;
            send.finish().await?;
            let answer = all_of(&mut receive).await?;
            session.send_datagram(answer)?;
            session.closed().await;
        }
        "/deaf" => {
            let kept = session.accept_bi().await?;
            session.closed().await;
            drop(kept);
        }
        _ => echo(session).await?,
    }
    Ok(())
}

async fn echo(session: Connection) -> Outcome {
    loop {
        tokio::select! {
            pair = session.accept_bi() => {
                let (send, receive) = pair?;
                tokio::spawn(async { both_ways(send, receive).await.map_err(|error| error.to_string()) });
            }
            stream = session.accept_uni() => {
                let mut receive = stream?;
                // One that is reset is no end of the session.
                let Ok(all) = all_of(&mut receive).await else { continue };
                let mut send = session.open_uni().await?.await?;
                send.write_all(&all).await?;
                send.finish().await?;
            }
            datagram = session.receive_datagram() => {
                // One that does not fit is lost, as any may be.
                let _ = session.send_datagram(datagram?.payload());
            }
        }
    }
}

async fn both_ways(mut send: SendStream, mut receive: RecvStream) -> Outcome {
    let mut part = [0; 16 * 1024];
    while let Some(count) = receive.read(&mut part).await? {
        if part[..count].starts_with(b"reset") {
            send.reset(VarInt::from_u32(9))?;
            return Ok(());
        }
        send.write_all(&part[..count]).await?;
    }
    send.finish().await?;
    Ok(())
}

async fn all_of(stream: &mut RecvStream) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut all = Vec::new();
    let mut part = [0; 4096];
    while let Some(count) = stream.read(&mut part).await? {
        all.extend_from_slice(&part[..count]);
    }
    Ok(all)
}
