//! A program that serves until it is no longer needed.

use crate::shell::{self, SILENCE};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that runs; it ends when this is dropped.
pub struct Server {
    child: Child,
    written: PathBuf,
    /// Where it listens: `127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    /// Starts a server, and waits until it has written an address of loopback.
    pub fn start(command: &mut Command, written: PathBuf) -> Result<Self, String> {
        let describe = |error: std::io::Error| format!("{}: {error}", shell::shown(command));
        let out = File::create(&written).map_err(describe)?;
        let err = out.try_clone().map_err(describe)?;
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let child = child.map_err(|error| format!("{}: {error}", shell::shown(command)))?;
        let mut server = Self { child, written, address: String::new() };
        let began = Instant::now();
        while began.elapsed() < SILENCE {
            let text = server.text();
            if let Some(address) = text.lines().find_map(address_in) {
                server.address = address;
                return Ok(server);
            }
            if server.child.try_wait().is_ok_and(|status| status.is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let text = shell::tail(&server.text(), 20);
        Err(format!("{} does not listen\n{text}", shell::shown(command)))
    }

    /// How long its threads had the processor so far, where the system tells: on Linux. Threads that ended
    /// are not counted.
    pub fn cpu(&self) -> Option<Duration> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        let of_thread = |thread: fs::DirEntry| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
        };
        Some(threads.flatten().filter_map(of_thread).sum())
    }

    /// Whether it writes this, now or soon.
    pub fn says(&self, words: &str) -> bool {
        let began = Instant::now();
        loop {
            match self.text().contains(words) {
                false if began.elapsed() < SILENCE => std::thread::sleep(Duration::from_millis(20)),
                said => return said,
            }
        }
    }

    /// What it has written so far.
    pub fn text(&self) -> String {
        fs::read(&self.written)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of loopback in a line that is whole.
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty() && port != "0").then(|| format!("127.0.0.1:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_what_servers_say() {
        let says = |line| address_in(line).unwrap();
        assert_eq!(says("Serving HTTP on http://127.0.0.1:8080/"), "127.0.0.1:8080");
        assert_eq!(says("listening on 127.0.0.1:99"), "127.0.0.1:99");
        assert_eq!(address_in("listening on 127.0.0.1:"), None);
    }
}
