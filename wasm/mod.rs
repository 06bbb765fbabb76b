//! Browsers and WASI.

#[cfg(all(feature = "wasi", target_os = "wasi"))]
pub mod wasi;
#[cfg(all(feature = "web", target_os = "unknown"))]
pub mod web;

#[cfg(all(feature = "web", target_os = "unknown", target_feature = "atomics"))]
compile_error!(
    "creel's feature `web` does not know shared memory: a wake from another worker would not reach \
     the event loop; build without the target feature `atomics`"
);

/// The error of a builder that was asked for several threads.
#[cfg(any(all(feature = "wasi", target_os = "wasi"), all(feature = "web", target_os = "unknown"),))]
fn refuse_threads(builder: &crate::runtime::Builder) -> std::io::Result<()> {
    match builder.config().kind {
        crate::runtime::Kind::CurrentThread => Ok(()),
        crate::runtime::Kind::MultiThread => Err(std::io::Error::new(
            std::io::ErrorKind::Unsupported,
            "WebAssembly has no threads here: use `Builder::new_current_thread`, or \
             `#[creel::main(flavor = \"current_thread\")]`",
        )),
    }
}
