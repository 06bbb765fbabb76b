//! Tells the linker how much memory the core may have.

fn main() {
    // Generators run on the stack of JavaScript. A megabyte, which is usual, would be most of the memory.
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
    // All but the last page: the allocator does not expect memory to end where addresses do.
    println!("cargo::rustc-link-arg-cdylib=--max-memory={}", 0xffff_u64 * 0x10000);
    println!("cargo::rerun-if-changed=build.rs");
}
