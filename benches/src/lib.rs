//! What creel and its peers are asked to do, each operation written once a peer.
//!
//! `cargo bench -p creel-benches` gives criterion's reports, `cargo run --release -p creel-benches`
//! the table of the README: rounds in which every peer has its turn, so that a machine whose speed
//! drifts harms all alike, and creel's instruction count by valgrind.

mod actors;
mod channels;
mod collections;
#[cfg(unix)]
mod fibers;
#[cfg(unix)]
mod files;
mod locks;
mod memory;
pub mod pool;
mod runs;
mod scopes;
mod tasks;
mod timers;

pub use actors::idle_actors;
#[cfg(unix)]
pub use fibers::live_fibers;
pub use memory::{BYTES, Counting, PEERS, Tasks, parked_tasks, resident};
pub use timers::{bytes_of_a_timer, lateness};

/// One operation, by several peers.
pub struct Operation {
    /// What it is.
    pub name: &'static str,
    /// How often it is done in one measurement.
    pub count: u64,
    /// Who does it; creel first.
    pub peers: Vec<Peer>,
}

/// One peer at one operation.
pub struct Peer {
    /// Its name.
    pub name: &'static str,
    /// Sets it up; the answer does the operation a number of times.
    pub start: fn() -> Run,
}

/// Does an operation so many times.
pub type Run = Box<dyn FnMut(u64)>;

fn operation(name: &'static str, count: u64, peers: &[(&'static str, fn() -> Run)]) -> Operation {
    let peers = peers.iter().map(|&(name, start)| Peer { name, start }).collect();
    Operation { name, count, peers }
}

/// All operations, in the order of the table.
pub fn operations() -> Vec<Operation> {
    let mut all = tasks::operations();
    all.extend(scopes::operations());
    all.extend(timers::operations());
    all.extend(channels::operations());
    all.extend(locks::operations());
    all.extend(collections::operations());
    all.extend(actors::operations());
    #[cfg(unix)]
    all.extend(files::operations());
    #[cfg(unix)]
    all.extend(fibers::operations());
    all
}
