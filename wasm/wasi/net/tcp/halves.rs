#[allow(unused_imports)] // needless where the host's are trait objects
use super::super::system::Stream;
use super::TcpStream;
use std::net::SocketAddr;

halves!(TcpStream, SocketAddr);
peeking_half!(ReadHalf<'_>);
peeking_half!(OwnedReadHalf);
