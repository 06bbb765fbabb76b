//! `waiters` on preview 2.

use creel::net::{TcpListener, TcpStream};

#[path = "../waiters.rs"]
mod waiters;

#[creel::main(flavor = "current_thread")]
async fn main() {
    waiters::run().await;
}
