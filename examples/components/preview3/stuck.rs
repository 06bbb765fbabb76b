//! `src/bin/stuck.rs` on preview 3, where the bindings find that nothing can wake the program.
#![cfg(target_os = "wasi")]

async fn run() {
    std::future::pending::<()>().await;
}

creel::wasip3_command!(run);
