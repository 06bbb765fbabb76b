use super::TcpStream;
use std::net::SocketAddr;

halves!(TcpStream, SocketAddr);
peeking_half!(ReadHalf<'_>);
peeking_half!(OwnedReadHalf);
owned_buffers!(
    TcpStream: read ReadHalf<'_>, read OwnedReadHalf, write WriteHalf<'_>, write OwnedWriteHalf
);
