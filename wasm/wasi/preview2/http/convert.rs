//! Methods, headers, addresses and errors, there and back.

crate::wasm::wasi::http::convert::conversions!(wasip2::http::types, entries);
