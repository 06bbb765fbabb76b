//! Children whose handle was dropped before they ended. Somebody must ask the system how they
//! ended, or they stay as zombies.
//!
//! They are in one list for the process. A thread that has a runtime of its own listens to SIGCHLD
//! and looks through the list, so that it matters to no orphan whether the runtime it came from
//! still is, or is driven. The thread comes with the first orphan and goes with the last:
//!
//! ```text
//!          adopt, into an empty house                 the list is empty, under its lock
//!   ABSENT ────────────────────────▶ COLLECTING ────────────────────────────────▶ ABSENT
//! ```
//!
//! An orphan ends before it is in the list, and whoever puts it there finds that out; or after, and
//! the thread is told by the signal, which it listens to before its first look.

use crate::native::signal::unix::{SignalKind, signal};
use crate::runtime::{Builder, IoDriver};
use std::process::Child;
use std::string::ToString;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;
use std::{io, thread};

static HOUSE: Mutex<House> = Mutex::new(House { orphans: Vec::new(), has_collector: false });

#[derive(Debug)]
struct House {
    orphans: Vec<Child>,
    has_collector: bool,
}

impl House {
    fn lock() -> MutexGuard<'static, Self> {
        HOUSE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn collect(&mut self) {
        // An error means that it is collected already, or was never ours.
        self.orphans.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }

    /// Looks once more; `false`: nothing is left to do, and the collector goes.
    fn needs_collector(&mut self) -> bool {
        self.collect();
        self.has_collector = !self.orphans.is_empty();
        self.has_collector
    }
}

/// Sees to it that `child` is collected when it ends.
pub(super) fn adopt(child: Child) {
    let mut house = House::lock();
    house.orphans.push(child);
    if house.has_collector {
        // It may have ended before it was in the list.
        house.collect();
    } else {
        let collector = thread::Builder::new().name("creel-orphans".to_string());
        // Without a thread, whoever makes the next child looks through the list.
        house.has_collector = collector.spawn(collect_all).is_ok();
    }
}

/// Collects the orphans that have ended.
pub(super) fn collect() {
    House::lock().collect();
}

fn collect_all() {
    // As with a thread that cannot be had.
    if listen_and_collect().is_err() {
        House::lock().has_collector = false;
    }
}

fn listen_and_collect() -> io::Result<()> {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.io_driver(IoDriver::Readiness).build()?;
    runtime.block_on(async {
        let mut ends = signal(SignalKind::child())?;
        while House::lock().needs_collector() {
            ends.recv().await;
        }
        Ok(())
    })
}
