use super::{SocketAddr, UnixStream};

halves!(UnixStream, SocketAddr);
