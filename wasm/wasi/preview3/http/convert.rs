//! Methods, headers and addresses, there and back.

crate::wasm::wasi::http::convert::conversions!(wasip3::http::types, copy_all);
