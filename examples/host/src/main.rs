//! A native program on creel hosts a module on creel: it drives the module's ticks from its own
//! runtime, gives it messages and the time, and makes it anew when it traps.
//!
//! `creel-host MODULE`, where the module is `examples/loops/wasi_reactor.rs`. It answers a message
//! after as many milliseconds as the message says; a negative one makes it trap.
//!
//! The module's time is ours: when it sleeps, its clock jumps to the end of the sleep, so a minute
//! passes in no time.

use creel::sync::{Notify, mpsc};
use creel::task::yield_now;
use creel::time::{Duration, timeout};
use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use wasmtime::{Engine, Linker, Module, Store, TypedFunc};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{HostMonotonicClock, WasiCtxBuilder};

/// What the module sees as time, in nanoseconds.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What the imports of an instance work on.
struct Host {
    wasi: WasiP1Ctx,
    woken: Arc<Notify>,
    answers: mpsc::UnboundedSender<i32>,
}

/// One life of the module.
struct Guest {
    store: Store<Host>,
    tick: TypedFunc<i32, i32>,
    next_deadline_ms: TypedFunc<(), f64>,
    message: TypedFunc<i32, i32>,
    clock: Clock,
    woken: Arc<Notify>,
}

impl Guest {
    fn new(
        engine: &Engine,
        module: &Module,
        answers: mpsc::UnboundedSender<i32>,
    ) -> wasmtime::Result<Self> {
        let (clock, woken) = (Clock::default(), Arc::new(Notify::new()));
        let wasi = WasiCtxBuilder::new().monotonic_clock(clock.clone()).build_p1();
        let mut store = Store::new(engine, Host { wasi, woken: woken.clone(), answers });
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p1::add_to_linker_sync(&mut linker, |host: &mut Host| &mut host.wasi)?;
        linker.func_wrap("creel", "wake", |caller: wasmtime::Caller<'_, Host>| {
            caller.data().woken.notify_one();
        })?;
        linker.func_wrap("host", "answer", |caller: wasmtime::Caller<'_, Host>, number: i32| {
            caller.data().answers.send(number).expect("the program listens");
        })?;
        let instance = linker.instantiate(&mut store, module)?;
        // Whoever links a module says whether it has one.
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut store, "_initialize") {
            initialize.call(&mut store, ())?;
        }
        let mut guest = Self {
            tick: instance.get_typed_func(&mut store, "tick")?,
            next_deadline_ms: instance.get_typed_func(&mut store, "next_deadline_ms")?,
            message: instance.get_typed_func(&mut store, "message")?,
            store,
            clock,
            woken,
        };
        // From now on it takes messages.
        guest.tick.call(&mut guest.store, 64)?;
        Ok(guest)
    }

    fn send(&mut self, number: i32) -> wasmtime::Result<()> {
        let taken = self.message.call(&mut self.store, number)?;
        assert_eq!(taken, 1, "the module takes messages");
        Ok(())
    }

    /// Ticks until the module has nothing to do, and its time passes as fast as we like.
    async fn run(&mut self) -> wasmtime::Result<()> {
        loop {
            match self.tick.call(&mut self.store, 64)? {
                0 => yield_now().await,
                1 => {
                    let ms = self.next_deadline_ms.call(&mut self.store, ())?;
                    self.clock.0.fetch_add((ms * 1e6).ceil() as u64 + 1, Relaxed);
                    yield_now().await;
                }
                _ => return Ok(()),
            }
        }
    }
}

#[creel::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("the path of the module")?;
    let engine = Engine::default();
    let module = Module::from_file(&engine, path)?;
    let (sender, mut answers) = mpsc::unbounded_channel();

    // A minute of the module's time, and its order, not ours.
    let messages = [60_000, 5, 30_000];
    let mut open: BTreeSet<i32> = messages.into();
    let mut guest = Guest::new(&engine, &module, sender.clone())?;
    for number in messages {
        guest.send(number)?;
    }
    // It is woken by its messages, and dies of one of them.
    timeout(Duration::from_secs(10), guest.woken.notified()).await?;
    guest.send(-1)?;
    let mut lives = 1;
    while !open.is_empty() {
        if guest.run().await.is_err() {
            lives += 1;
            guest = Guest::new(&engine, &module, sender.clone())?;
            for &number in &open {
                guest.send(number)?;
            }
        }
        while let Ok(number) = answers.try_recv() {
            open.remove(&number);
        }
    }
    assert_eq!(lives, 2, "it trapped once");
    let minute = guest.clock.now() >= 60_000_000_000;
    assert!(minute, "the module has slept for a minute of its time");
    println!("every message answered, in {lives} lives of the module");
    Ok(())
}
