//! Browsers and WASI.

#[cfg(all(feature = "wasi", target_os = "wasi"))]
pub mod wasi;
#[cfg(all(feature = "web", target_os = "unknown"))]
pub mod web;

/// The error of a builder that was asked for several threads.
#[cfg(any(all(feature = "wasi", target_os = "wasi"), all(feature = "web", target_os = "unknown"),))]
fn refuse_threads(builder: &crate::runtime::Builder) -> std::io::Result<()> {
    match builder.config().kind {
        crate::runtime::Kind::CurrentThread => Ok(()),
        crate::runtime::Kind::MultiThread => Err(std::io::Error::new(
            std::io::ErrorKind::Unsupported,
            if cfg!(target_feature = "atomics") {
                "a pool needs to know from where its workers load the program: use \
                 `Builder::build_on_workers`"
            } else {
                "WebAssembly has no threads here: use `Builder::new_current_thread`, or \
                 `#[creel::main(flavor = \"current_thread\")]`"
            },
        )),
    }
}
