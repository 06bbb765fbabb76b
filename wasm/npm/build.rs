//! Tells the linker how much stack the core needs.

fn main() {
    // Generators run on the stack of JavaScript. A megabyte, which is usual, would be most of the memory.
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
    println!("cargo::rerun-if-changed=build.rs");
}
