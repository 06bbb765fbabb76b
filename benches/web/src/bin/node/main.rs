//! The table of `cargo xtask bench web`, on the event loop that runs this.

#[cfg(target_family = "wasm")]
mod executors;
#[cfg(target_family = "wasm")]
mod frames;
#[cfg(target_family = "wasm")]
mod operations;
#[cfg(target_family = "wasm")]
mod table;

fn main() {
    #[cfg(target_family = "wasm")]
    table::main();
}
