//! A module that its host drives: messages come in by an export, answers go out by an import.
//! `cargo xtask test wasi/reactor` has Node drive it, and `wasi/host` a Rust program.

#![cfg_attr(target_os = "wasi", allow(missing_docs))]

#[cfg(target_os = "wasi")]
mod guest {
    use creel::sync::mpsc;
    use creel::time::{Duration, sleep};
    use std::cell::RefCell;

    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        safe fn answer(number: i32);
    }

    thread_local! {
        static MESSAGES: RefCell<Option<mpsc::UnboundedSender<i32>>> = const { RefCell::new(None) };
    }

    /// What the module does: each message sleeps as many milliseconds as it says, then is answered.
    async fn start() {
        let (sender, mut messages) = mpsc::unbounded_channel();
        MESSAGES.set(Some(sender));
        while let Some(number) = messages.recv().await {
            creel::task::spawn_local(async move {
                let nap = u64::try_from(number).expect("a negative number ends the module");
                sleep(Duration::from_millis(nap)).await;
                answer(number);
            });
        }
    }

    creel::wasi_reactor!(start);

    /// The host has something to say. Before the first tick nobody listens.
    #[unsafe(no_mangle)]
    extern "C" fn message(number: i32) -> i32 {
        MESSAGES.with_borrow(|sender| {
            sender.as_ref().is_some_and(|sender| sender.send(number).is_ok()).into()
        })
    }
}
