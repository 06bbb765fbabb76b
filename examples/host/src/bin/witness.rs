//! What a component costs its host, and what it leaves behind, counted by the host itself:
//! instructions, calls of `poll`, pollables asked for, resources in the host's table.
//!
//! - `witness events COMPONENT`: the component is `waiters` of `examples/components`. A busy connection
//!   costs nearly the same however many timers, and idle connections, wait beside it.
//! - `witness timers COMPONENT`: the component is `timers`. Ten thousand that fire cost ten times what a
//!   thousand do.
//! - `witness run COMPONENT ARGUMENT..`: what a run of any command counts.
//! - `witness handles COMPONENT ADDRESS`: the component is `requests`, on preview 2 or 3. A thousand
//!   requests, answered, timed out and cancelled, leave the host's table as they found it.

use std::any::Any;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::timeout;
use wasmtime::component::{Component, Linker, Resource, ResourceTable};
use wasmtime::{Config, Engine, Result, Store, bail, format_err};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable};
use wasmtime_wasi::p2::bindings::io::poll::Host as _;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p2, p3};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// A component that goes round in circles is given up.
const LONG: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let work = async {
        match words[..] {
            ["events", component] => events(&Program::load(component)?).await,
            ["timers", component] => timers(&Program::load(component)?).await,
            ["handles", component, address] => handles(&Program::load(component)?, address).await,
            ["run", component, ref arguments @ ..] => {
                println!("{}", Program::load(component)?.run(arguments).await?.counts);
                Ok(())
            }
            _ => bail!("events COMPONENT, timers COMPONENT, handles COMPONENT ADDRESS, or run COMPONENT ARGUMENT.."),
        }
    };
    // As the `wasmtime` command: the guest runs as one task.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { timeout(LONG, work).await? })
}

/// What one more message of a busy connection costs, beside so many that wait.
async fn events(program: &Program) -> Result<()> {
    let quiet = cost_of_a_message(program, 0, 0).await?;
    println!("nobody waits: {quiet}");
    let one = cost_of_a_message(program, 0, 1).await?;
    let many = cost_of_a_message(program, 0, 10_000).await?;
    println!("a timer waits: {one}; 10,000 do: {many}");
    if many.instructions > one.instructions * 1.5 || many.asked > one.asked + 0.1 {
        bail!("a message costs more when more timers wait");
    }
    for idle in [64, 256] {
        let cost = cost_of_a_message(program, idle, 0).await?;
        println!("{idle} idle connections: {cost}");
        if cost.instructions > quiet.instructions * 1.5 {
            bail!("a message costs more when connections idle");
        }
        if cost.polls > quiet.polls * 1.1 + 0.1 {
            bail!("the host is asked more often when connections idle");
        }
        // On preview 3 there is no list of all that wait. On preview 2 both ends of each wait in this program,
        // but the host is asked for those who are silent at one ask in many.
        if cost.asked > quiet.asked + idle as f64 / 16.0 + 4.0 {
            bail!("the host is asked for those who are silent");
        }
    }
    Ok(())
}

/// What a timer costs does not grow with how many there are.
async fn timers(program: &Program) -> Result<()> {
    let mut costs = Vec::new();
    let nothing = program.run(&["0"]).await?.counts;
    for count in [1_000, 10_000] {
        let counts = program.run(&[&count.to_string()]).await?.counts;
        let each = (counts.instructions - nothing.instructions) / f64::from(count);
        println!("{count} timers: {each:.0} instructions each, {:.0} polls", counts.polls);
        // All of a millisecond are one wait of the host's, which may come late.
        if counts.polls > 100.0 {
            bail!("the host is asked too often");
        }
        costs.push(each);
    }
    if costs[1] > costs[0] * 1.5 {
        bail!("a timer costs more when there are more");
    }
    Ok(())
}

/// The difference that a thousand messages make, by the thousand; the second thousand costs as much
/// as the first.
async fn cost_of_a_message(program: &Program, idle: u32, timers: u32) -> Result<Counts> {
    let mut runs = Vec::new();
    for messages in ["0", "1000", "2000"] {
        let arguments = [idle.to_string(), timers.to_string()];
        let ended = program.run(&[&arguments[0], &arguments[1], messages]).await?;
        runs.push(ended.counts);
    }
    let first = runs[1].less(&runs[0]);
    let second = runs[2].less(&runs[1]);
    if second.instructions > first.instructions * 1.25 {
        bail!("the cost of messages grows faster than their number: {first}, then {second}");
    }
    Ok(second)
}

/// Nothing stays in the host's table that was not there without any request.
async fn handles(program: &Program, address: &str) -> Result<()> {
    let idle = program.run(&[address, "0"]).await?;
    let busy = program.run(&[address, "1000"]).await?;
    println!("in the table after no request and after a thousand: {}", busy.left.join(", "));
    if idle.left != busy.left {
        bail!("requests leave handles behind; there were: {}", idle.left.join(", "));
    }
    // What libc opened to print by, and closes never.
    if busy.left.iter().any(|kind| !["an output stream", "a pollable"].contains(kind)) {
        bail!("something else than standard output is left");
    }
    Ok(())
}

/// A component, compiled once and run as often as it takes.
struct Program {
    engine: Engine,
    component: Component,
    linker: Linker<Host>,
    preview3: bool,
}

/// How a run ended.
struct Ended {
    counts: Counts,
    /// What is left in the host's table.
    left: Vec<&'static str>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    instructions: f64,
    polls: f64,
    asked: f64,
}

impl Counts {
    fn less(&self, other: &Self) -> Self {
        const MESSAGES: f64 = 1000.0;
        Self {
            instructions: (self.instructions - other.instructions) / MESSAGES,
            polls: (self.polls - other.polls) / MESSAGES,
            asked: (self.asked - other.asked) / MESSAGES,
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { instructions, polls, asked } = self;
        write!(f, "{instructions:.0} instructions, {polls:.2} polls for {asked:.1} pollables")
    }
}

impl Program {
    fn load(path: &str) -> Result<Self> {
        let mut config = Config::new();
        config.wasm_component_model_async(true).consume_fuel(true);
        let engine = Engine::new(&config)?;
        let component = Component::from_file(&engine, path)?;
        let is_preview3 = |(name, _): (&str, _)| name.starts_with("wasi:cli/run@0.3");
        let preview3 = component.component_type().exports(&engine).any(is_preview3);
        let mut linker = Linker::new(&engine);
        p2::add_to_linker_async(&mut linker)?;
        p3::add_to_linker(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
        count_polls(&mut linker)?;
        Ok(Self { engine, component, linker, preview3 })
    }

    async fn run(&self, arguments: &[&str]) -> Result<Ended> {
        let mut wasi = WasiCtx::builder();
        wasi.inherit_stderr().inherit_network().allow_tcp(true).arg("program").args(arguments);
        let wasi = wasi.build();
        let host = Host {
            wasi,
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            polls: 0,
            asked: 0,
        };
        let mut store = Store::new(&self.engine, host);
        store.set_fuel(u64::MAX)?;
        // So that the limit of time can end it.
        store.fuel_async_yield_interval(Some(100_000_000))?;
        let ended = if self.preview3 {
            let command =
                p3::bindings::Command::instantiate_async(&mut store, &self.component, &self.linker)
                    .await?;
            store
                .run_concurrent(async |store| command.wasi_cli_run().call_run(store).await)
                .await??
        } else {
            let command =
                p2::bindings::Command::instantiate_async(&mut store, &self.component, &self.linker)
                    .await?;
            command.wasi_cli_run().call_run(&mut store).await?
        };
        ended.map_err(|()| format_err!("the component fails"))?;
        let instructions = (u64::MAX - store.get_fuel()?) as f64;
        let host = store.data_mut();
        let counts = Counts { instructions, polls: host.polls as f64, asked: host.asked as f64 };
        let mut left: Vec<_> = host.table.iter_mut().map(|entry| kind(entry)).collect();
        left.sort_unstable();
        Ok(Ended { counts, left })
    }
}

/// What an entry of the host's table is.
fn kind(entry: &dyn Any) -> &'static str {
    match entry {
        entry if entry.is::<DynOutputStream>() => "an output stream",
        entry if entry.is::<DynInputStream>() => "an input stream",
        entry if entry.is::<DynPollable>() => "a pollable",
        _ => "something else",
    }
}

struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    polls: u64,
    asked: u64,
}

/// Stands before the host's own `poll`.
fn count_polls(linker: &mut Linker<Host>) -> Result<()> {
    linker.allow_shadowing(true);
    let mut poll = linker.instance("wasi:io/poll@0.2.12")?;
    poll.func_wrap_async("poll", |mut store, (pollables,): (Vec<Resource<DynPollable>>,)| {
        Box::new(async move {
            let host: &mut Host = store.data_mut();
            host.polls += 1;
            host.asked += pollables.len() as u64;
            Ok((host.table.poll(pollables).await?,))
        })
    })
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: Default::default() }
    }
}
