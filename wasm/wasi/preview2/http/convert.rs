//! Methods, headers and addresses, there and back.

crate::wasm::wasi::http::convert::conversions!(wasip2::http::types, entries);
