//! The steps of `cargo xtask test`, in the order in which they run: cheap ones first.

mod aarch64;
mod compat;
mod conformance;
mod matrix;
mod models;
mod npm;
mod package;
mod sanitizers;
mod site;
mod size;
mod source;
mod wasi;
mod windows;

use crate::shell::Log;
use crate::tools::Missing;

/// One row of the table.
pub struct Step {
    /// `name`, or `group/part`.
    pub name: &'static str,
    /// What passing means.
    pub about: &'static str,
    /// Does it. The answer is a note for the reader, or what went wrong.
    pub run: fn(&mut Log) -> Result<String, Trouble>,
}

/// Why a step did not pass.
pub enum Trouble {
    /// What it checks is not so.
    Failed(String),
    /// A tool is missing; nothing was checked.
    Missing(Missing),
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Trouble::Failed(why)
    }
}

impl From<Missing> for Trouble {
    fn from(missing: Missing) -> Self {
        Trouble::Missing(missing)
    }
}

macro_rules! steps {
    ($($name:literal $run:expr, $about:literal;)*) => {
        /// Every step.
        pub const ALL: &[Step] = &[$(Step { name: $name, about: $about, run: $run }),*];
    };
}

steps! {
    "fmt" source::fmt, "rustfmt has nothing to change";
    "tidy" source::tidy, "the tree keeps its layering and rules";
    "clippy/native" source::clippy_native, "no warning in any target of the workspace";
    "clippy/web" source::clippy_web, "no warning in what runs in browsers and Node";
    "clippy/wasi" source::clippy_wasi, "no warning in what runs under WASI";
    "clippy/windows" source::clippy_windows, "no warning in the library and its tests for Windows";
    "clippy/macos" source::clippy_macos, "no warning in the library and its tests for macOS";
    "clippy/freebsd" source::clippy_freebsd, "no warning in the library and its tests for FreeBSD";
    "unit" source::unit, "unit and integration tests";
    "unit/watched" source::watched, "dumps and spans; a dump changes no simulated run";
    "unit/dump-hosts" source::dump_hosts, "a dump on hosts without threads";
    "unit/console" source::console, "tokio-console is told of tasks, wakes, polls and resources";
    "doctest" source::doctests, "the examples of the documentation and the README";
    "examples" source::examples, "the examples run to their end";
    "doc" source::documentation, "rustdoc has no warning";
    "compat/tokio" compat::tokio, "tokio's own tests of what is here, unchanged";
    "compat/docs" compat::docs, "the examples in tokio's documentation, unchanged";
    "compat/neighbours" compat::neighbours, "tokio-util and tokio-stream built on creel, and their own tests";
    "compat/programs" compat::programs, "mini-redis, tower and others built on creel, and their own tests";
    "conformance/native" conformance::native, "the conformance list on a thread";
    "conformance/pool" conformance::pool, "the conformance list on pools, by each driver, in tasks and in fibers";
    "conformance/windows" windows::run, "the conformance list, sockets, files and fibers on Windows, by wine";
    "conformance/aarch64" aarch64::run, "the conformance list on emulated aarch64, without io_uring";
    "conformance/slow" conformance::slow_machine, "the conformance list where time passes between any two polls";
    "conformance/simulator" conformance::simulator, "the conformance list under 100 seeds";
    "conformance/node" conformance::node, "the conformance list in Node";
    "conformance/window" conformance::window, "the conformance list in a page in Chromium";
    "conformance/threads" conformance::threads, "the conformance list in a page whose workers share its memory, and pools of them";
    "conformance/worker" conformance::worker, "the conformance list in a worker in Chromium";
    "conformance/shared-worker" conformance::shared_worker, "the conformance list in a shared worker";
    "conformance/service-worker" conformance::service_worker, "the conformance list in a service worker";
    "conformance/wasi" conformance::wasi, "the conformance list under WASI preview 1, with files";
    "conformance/wasip2" conformance::wasip2, "the conformance list under WASI preview 2, with files and sockets";
    "conformance/jco" conformance::jco, "the same without files on a second host: jco on Node";
    "conformance/wasip3" conformance::wasip3, "the conformance list under WASI preview 3";
    "wasi/echo" wasi::echo, "many connections to a component on WASI preview 2";
    "wasi/errors" wasi::errors, "what a host reports has the kind that a program expects";
    "wasi/stuck" wasi::stuck, "a program that waits for nothing says so and ends";
    "wasi/stuck-p3" wasi::stuck_p3, "the same on preview 3, where the bindings say so";
    "wasi/hyper" wasi::hyper, "hyper on the sockets of preview 2 does not stall";
    "wasi/http" wasi::http, "a component that serves HTTP";
    "wasi/echo-p3" wasi::echo_p3, "many connections to a component on WASI preview 3";
    "wasi/http-p3" wasi::http_p3, "a component that serves HTTP on preview 3";
    "wasi/host" wasi::host, "a Rust program on creel hosts a module on creel";
    "wasi/reactor" wasi::reactor, "Node's event loop drives a module without a loop";
    "wasi/requests" wasi::requests, "a thousand HTTP requests at once leave nothing in the host's table";
    "wasi/requests-p3" wasi::requests_p3, "the same on preview 3";
    "wasi/timers" wasi::timers, "ten thousand timers fire, and each costs what it costs among a thousand";
    "wasi/timers-p3" wasi::timers_p3, "the same on preview 3";
    "wasi/waiters" wasi::waiters, "what a message costs does not grow with who else waits";
    "wasi/waiters-p3" wasi::waiters_p3, "the same on preview 3";
    "demo" conformance::demo, "the demo gives one digest on all hosts";
    "npm/tests" npm::tests, "the tests of the npm package, in Node";
    "npm/window" npm::window, "the tests of the npm package, in a page in Chromium";
    "npm/worker" npm::worker, "the tests of the npm package, in a worker in Chromium";
    "site" site::visit, "the site in Chromium: everything is clicked, and does what it shows";
    "npm/package" npm::package, "the packed npm package installs, runs and stays small";
    "npm/vite" npm::vite, "the packed npm package in a page that Vite builds, in Chromium";
    "npm/plain" npm::plain, "the packed npm package without a bundler: in a page, Node, Deno and Bun, from files and addresses";
    "features/linux" matrix::linux, "feature combinations for Linux";
    "features/web" matrix::web, "feature combinations for wasm32-unknown-unknown";
    "features/wasi" matrix::wasi, "feature combinations for WASI, previews 1 and 2";
    "features/windows" matrix::windows, "feature combinations for Windows";
    "features/macos" matrix::macos, "feature combinations for macOS";
    "features/freebsd" matrix::freebsd, "feature combinations for FreeBSD";
    "features/bare" matrix::bare, "no_std for thumbv7em, with two dependencies";
    "msrv" matrix::msrv, "the oldest promised Rust builds it";
    "size/web" size::web, "a small web program stays small";
    "size/wasi" size::wasi, "a small component stays small";
    "package" package::contents, "the published crate holds every room";
    "readme" package::readme, "the README names what exists";
    "loom/canary" models::canary, "loom finds a planted bug";
    "loom/models" models::loom, "every loom model";
    "watched/address" sanitizers::address, "fibers under AddressSanitizer";
    "watched/thread" sanitizers::thread, "the pool, fibers and the collections under ThreadSanitizer";
    "watched/valgrind" sanitizers::valgrind, "fibers under valgrind's memcheck";
    "miri/conformance" models::miri, "the conformance list on the simulator under Miri";
    "miri/collections" models::miri_collections, "the lock-free collections under Miri, many seeds";
}
