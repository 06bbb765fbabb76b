//! tokio's own test files, fetched with its package, which is a peer of the benchmarks.

use super::super::Trouble;
use super::super::conformance::drivers;
use super::super::source::passed;
use crate::repo;
use crate::shell::Log;
use std::fs;
use std::path::Path;

/// The test files that need only what this crate has.
const FILES: &[&str] = &[
    "async_send_sync",
    "coop_budget",
    "duplex_stream",
    "fs",
    "fs_canonicalize_dir",
    "fs_copy",
    "fs_dir",
    "fs_file",
    "fs_file_join_error",
    "fs_link",
    "fs_open_options",
    "fs_remove_dir_all",
    "fs_remove_file",
    "fs_rename",
    "fs_try_exists",
    "fs_write",
    "io_async_fd",
    "io_buf_reader",
    "io_buf_writer",
    "io_chain",
    "io_copy",
    "io_copy_bidirectional",
    "io_copy_buf",
    "io_driver_drop",
    "io_fill_buf",
    "io_join",
    "io_lines",
    "io_mem_stream",
    "io_panic",
    "io_read",
    "io_read_buf",
    "io_read_exact",
    "io_read_int",
    "io_read_line",
    "io_read_to_end",
    "io_read_to_string",
    "io_read_until",
    "io_repeat",
    "io_sink",
    "io_split",
    "io_take",
    "io_util_empty",
    "io_write",
    "io_write_all",
    "io_write_all_buf",
    "io_write_buf",
    "io_write_int",
    "join_handle_panic",
    "macros_join",
    "macros_pin",
    "macros_rename_test",
    "macros_select",
    "macros_test",
    "macros_try_join",
    "net_bind_resource",
    "net_lookup_host",
    "net_quickack",
    "net_unix_pipe",
    "process_arg0",
    "process_change_of_runtime",
    "process_issue_2174",
    "process_issue_42",
    "process_issue_7144",
    "process_issue_8042",
    "process_kill_after_wait",
    "process_kill_on_drop",
    "process_raw_handle",
    "process_smoke",
    "rt_basic",
    "rt_blocking_thread_exhaust",
    "rt_busy_tick",
    "rt_common",
    "rt_common_before_park",
    "rt_handle",
    "rt_handle_block_on",
    "rt_local",
    "rt_metrics",
    "rt_panic",
    "rt_poll_callbacks",
    "rt_shutdown_err",
    "rt_spawn_blocking",
    "rt_threaded",
    "rt_time_start_paused",
    "rt_unstable_metrics",
    "rt_worker_index",
    "signal_ctrl_c",
    "signal_drop_recv",
    "signal_drop_rt",
    "signal_drop_signal",
    "signal_info",
    "signal_multi_rt",
    "signal_no_rt",
    "signal_notify_both",
    "signal_panic",
    "signal_realtime",
    "signal_twice",
    "signal_usr1",
    "sync_barrier",
    "sync_broadcast",
    "sync_broadcast_weak",
    "sync_errors",
    "sync_mpsc",
    "sync_mpsc_weak",
    "sync_mutex",
    "sync_mutex_owned",
    "sync_notify",
    "sync_notify_owned",
    "sync_once_cell",
    "sync_oneshot",
    "sync_panic",
    "sync_rwlock",
    "sync_semaphore",
    "sync_semaphore_owned",
    "sync_set_once",
    "sync_watch",
    "task_abort",
    "task_blocking",
    "task_hooks",
    "task_id",
    "task_join_set",
    "task_local",
    "task_local_set",
    "task_panic",
    "task_yield_now",
    "tcp_accept",
    "tcp_accept_ready",
    "tcp_connect",
    "tcp_echo",
    "tcp_into_split",
    "tcp_into_std",
    "tcp_peek",
    "tcp_shutdown",
    "tcp_socket",
    "tcp_split",
    "tcp_stream",
    "test_clock",
    "time_alt",
    "time_interval",
    "time_panic",
    "time_pause",
    "time_rt",
    "time_sleep",
    "time_timeout",
    "udp",
    "uds_cred",
    "uds_datagram",
    "uds_socket",
    "uds_split",
    "uds_stream",
    "unix_shutdown",
    "unwindsafe",
];

/// Tests whose subject this crate does otherwise on purpose, and why.
const OTHERWISE: &[(&str, &str)] = &[
    // `spawn_local` needs no `LocalSet` here: it works wherever a runtime runs on the thread.
    ("test_spawn_local_panic", "spawn_local works in any runtime"),
    ("test_spawn_local_in_current_thread_runtime", "spawn_local works in any runtime"),
    ("test_spawn_local_in_multi_thread_runtime", "spawn_local works in any runtime"),
    ("panic_in_multi_thread_runtime", "spawn_local works in any runtime"),
    // `Handle::enter` of another thread's runtime says nothing about `spawn_local`.
    ("test_spawn_local_from_guard_other_thread", "spawn_local never meant the entered runtime"),
    // Timers are always there: `enable_time` has nothing to enable.
    ("timeout_panics_when_no_time_handle", "timers are always enabled"),
    ("timeout_panic_caller", "timers are always enabled"),
    ("timeout_at_panic_caller", "timers are always enabled"),
    // So is I/O, which is all that tokio's `net_panic` is about.
    ("file_debug_fmt", "a file's debug text names no crate"),
    (
        "try_exists",
        "looks for a folder that one may not look into, but root may, and often is who tests",
    ),
    ("signal_panic_caller", "signals are always enabled"),
    (
        "io_driver_fd_count",
        "asks for google.com; tests/metrics.rs does the same with a peer of its own",
    ),
    (
        "io_driver_ready_count",
        "asks for google.com; tests/metrics.rs does the same with a peer of its own",
    ),
    ("async_fd_new_panic_caller", "I/O is always enabled"),
    ("async_fd_with_interest_panic_caller", "I/O is always enabled"),
    ("async_fd_try_new_panic_caller", "I/O is always enabled"),
    ("async_fd_try_with_interest_panic_caller", "I/O is always enabled"),
    ("async_fd_register_panic_caller", "I/O is always enabled"),
    ("async_fd_register_with_interest_panic_caller", "I/O is always enabled"),
    // tokio asks the kernel whenever all that is ready has yielded. Here a task that yields alone has
    // `event_interval` turns first, which take less time than one question.
    ("yield_defers_until_park", "wants the kernel asked within ten yields, not within 61"),
    (
        "coop_budget_udp_send_recv",
        "the same; else a root future that yields has one turn in two, as the test wants, which \
         tests/pool_options.rs checks",
    ),
    // As tokio's timers that are not experimental: they panic.
    ("reset_should_stay_on_same_runtime", "expects that a shutdown ends what still sleeps"),
    // The message quotes the first of the three sentences.
    ("nesting", "expects tokio's whole message, which is about tokio's ways out"),
];

pub fn run(log: &mut Log) -> Result<String, Trouble> {
    let source = super::source_of(repo::root(), "tokio")?;
    let folder = super::folder("tokio");
    lay_out(&folder, &source).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut notes = Vec::new();
    for (index, driver) in drivers().iter().enumerate() {
        let mut command = super::cargo_in(&folder, &["test", "--no-fail-fast", "--quiet"]);
        match index {
            0 => drop(command.arg("--tests")),
            // What has no sockets is the same by every driver.
            _ => drop(command.args(of_the_driver().flat_map(|file| ["--test", file]))),
        }
        command.arg("--").env("CREEL_DRIVER", driver);
        for (test, _) in OTHERWISE {
            command.args(["--skip", test]);
        }
        notes.push(format!("{} by {driver}", passed(&log.run(&mut command)?)));
    }
    let notes = notes.join(", ");
    Ok(format!("of tokio's tests {notes}; {} left out", OTHERWISE.len()))
}

/// The test files whose subject is I/O.
fn of_the_driver() -> impl Iterator<Item = &'static str> {
    let starts = ["fs_", "io_async_fd", "io_driver", "net_", "rt_", "tcp_", "udp", "uds_", "unix_"];
    FILES.iter().copied().filter(move |file| starts.iter().any(|start| file.starts_with(start)))
}

/// Writes the package that holds the tests.
fn lay_out(folder: &Path, tokio: &Path) -> std::io::Result<()> {
    super::lay_out(folder, PACKAGE)?;
    let tests = folder.join("tests");
    repo::copy(&tokio.join("tests/support"), &tests.join("support"))?;
    for file in FILES {
        fs::copy(tokio.join(format!("tests/{file}.rs")), tests.join(format!("{file}.rs")))?;
    }
    Ok(())
}

/// The features are those that the test files ask for by `cfg`.
const PACKAGE: &str = r#"
[package]
name = "compat"
version = "0.0.0"
edition = "2021"
# A test reads it and looks for this.
homepage = "https://tokio.rs"

[workspace]

[features]
default = ["full", "fs", "rt", "rt-multi-thread", "macros", "sync", "time", "io-util", "net", "process", "signal", "test-util"]
full = []
fs = []
rt = []
rt-multi-thread = []
macros = []
sync = []
time = []
io-util = []
net = []
process = []
signal = []
test-util = []

[dependencies]
# tokio keeps where a task was spawned among what is unstable.
tokio = { package = "creel", path = "ROOT", features = ["full", "dump"] }

[dev-dependencies]
async-stream = "0.3"
bytes = "1"
futures = { version = "0.3", features = ["async-await"] }
futures-core = "0.3"
futures-test = "0.3"
futures-util = "0.3"
libc = "0.2"
mockall = "0.13"
nix = { version = "0.31", default-features = false, features = ["aio", "fs", "socket"] }
pin-project-lite = "0.2"
proptest = "1"
rand = "0.9"
socket2 = "0.6"
static_assertions = "1"
tempfile = "3"
tokio-stream = "0.1"
tokio-test = "0.4"
"#;
