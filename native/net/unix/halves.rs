use super::{SocketAddr, UnixStream};

halves!(UnixStream, SocketAddr);
owned_buffers!(UnixStream: read ReadHalf<'_>, read OwnedReadHalf, write WriteHalf<'_>, write OwnedWriteHalf);
