//! A session that the server ends with a code and a reason, which the library has no call for: HTTP/3 by
//! hand, as far as one session needs it (RFC 9114, RFC 9204, RFC 9297, draft-ietf-webtrans-http3).

use crate::Outcome;
use wtransport::quinn::{Endpoint, Incoming};

/// Where a stream says of what type it is, and frames of what type they are.
const CONTROL: u64 = 0x00;
const DATA: u64 = 0x00;
const HEADERS: u64 = 0x01;
const SETTINGS: u64 = 0x04;
const CLOSE_WEBTRANSPORT_SESSION: u64 = 0x2843;

/// Extended CONNECT, datagrams, and WebTransport as its drafts 2 and 7 ask for it.
const OFFERS: [(u64, u64); 4] = [(0x08, 1), (0x33, 1), (0x2b60_3742, 1), (0xc671_706a, 1)];
/// No dynamic table, then the 25th entry of the static one: `:status: 200`.
const OK: [u8; 3] = [0, 0, 0xc0 | 25];

pub(crate) async fn serve(endpoint: Endpoint) {
    while let Some(incoming) = endpoint.accept().await {
        // A session that fails is the client's to tell of.
        tokio::spawn(async { session(incoming).await.map_err(|error| error.to_string()) });
    }
}

async fn session(incoming: Incoming) -> Outcome {
    let connection = incoming.await?;
    let mut settings = Vec::new();
    for (name, value) in OFFERS {
        put(&mut settings, name);
        put(&mut settings, value);
    }
    let mut control = connection.open_uni().await?;
    let mut opening = Vec::new();
    put(&mut opening, CONTROL);
    frame(&mut opening, SETTINGS, &settings);
    control.write_all(&opening).await?;

    // The client's settings come on another stream, and the first in both directions is the request.
    let (mut send, _request) = connection.accept_bi().await?;
    let mut farewell = 42u32.to_be_bytes().to_vec();
    farewell.extend_from_slice(b"the shop closes");
    let mut capsule = Vec::new();
    frame(&mut capsule, CLOSE_WEBTRANSPORT_SESSION, &farewell);
    let mut answer = Vec::new();
    frame(&mut answer, HEADERS, &OK);
    frame(&mut answer, DATA, &capsule);
    send.write_all(&answer).await?;
    send.finish()?;
    connection.closed().await;
    Ok(())
}

/// A type, a length, and so many bytes: frames and capsules alike.
fn frame(out: &mut Vec<u8>, kind: u64, content: &[u8]) {
    put(out, kind);
    put(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// A number as QUIC writes it: the first two bits say how many bytes it has.
fn put(out: &mut Vec<u8>, number: u64) {
    match number {
        0..0x40 => out.push(number as u8),
        0x40..0x4000 => out.extend_from_slice(&(number as u16 | 0x4000).to_be_bytes()),
        0x4000..0x4000_0000 => out.extend_from_slice(&(number as u32 | 0x8000_0000).to_be_bytes()),
        _ => out.extend_from_slice(&(number | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}
