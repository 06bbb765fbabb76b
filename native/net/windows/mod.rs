//! What Windows has beside sockets.

pub mod named_pipe;
