//! `waiters` on preview 3.
#![cfg(target_os = "wasi")]

use creel::net::{TcpListener, TcpStream};

#[path = "../src/waiters.rs"]
mod waiters;

use waiters::run;

creel::wasip3_command!(run);
