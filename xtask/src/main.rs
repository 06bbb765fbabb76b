//! What a person does by hand in this repository: `cargo xtask help`.
fn main() {}
