//! Browsers and WASI.
