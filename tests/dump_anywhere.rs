//! A dump on whatever host runs this, without threads: by ticks alone, and where there is an event loop
//! also on that. A program of its own, for hosts on which libtest does not run.

use creel::runtime::{Builder, Handle};
use creel::sync::{Mutex, mpsc};
use creel::task::{self, LocalSet};
use creel::time::{Duration, sleep};
use std::rc::Rc;

fn main() {
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let checked = runtime.spawn(check());
    for _ in 0..1000 {
        if checked.is_finished() {
            break;
        }
        runtime.tick(100);
    }
    assert!(checked.is_finished(), "the program came to its end");
    println!("test a_dump_names_waits_and_finds_a_deadlock ... ok");
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    event_loop::check();
}

/// The same on the event loop, whose harness says when it is over.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod event_loop {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = harness)]
        fn print(text: &str);
        #[wasm_bindgen(js_namespace = harness)]
        fn exit(code: u32);
    }

    pub fn check() {
        print("on the event loop ");
        creel::wasm::web::spawn_local(async {
            super::check().await;
            print("... ok\n");
            exit(0);
        });
    }
}

async fn check() {
    let (one, other) = (std::sync::Arc::new(Mutex::new(())), std::sync::Arc::new(Mutex::new(())));
    for (first, second) in [(one.clone(), other.clone()), (other, one)] {
        creel::spawn(async move {
            let _first = first.lock().await;
            task::yield_now().await;
            let _second = second.lock().await;
        });
    }
    let nap = creel::spawn(async { sleep(Duration::from_secs(9)).await });
    let local = task::spawn_local(async {
        let set = LocalSet::new();
        let (kept, mut inbox) = mpsc::channel::<Rc<()>>(1);
        set.spawn_local(async move { _ = inbox.recv().await });
        set.await;
        drop(kept);
    });
    for _ in 0..5 {
        task::yield_now().await;
    }
    let dump = Handle::current().dump().await;
    assert_eq!(dump.tasks().len(), 6, "{dump}");
    assert_eq!(dump.deadlocks().iter().map(Vec::len).collect::<Vec<_>>(), [2], "{dump}");
    let what = |id| dump.task(id).expect("listed").trace().waits()[0].what();
    assert_eq!(what(nap.id()), "sleep");
    let inner = dump.tasks().iter().find(|task| task.inside() == Some(local.id()));
    assert_eq!(what(inner.expect("a task in a set").id()), "mpsc receiver");
    local.abort();
    nap.abort();
}
