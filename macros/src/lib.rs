//! The procedural macros of creel: `#[creel::main]` and `#[creel::test]`. Use them through the
//! `creel` crate, where they are documented.
//!
//! Without dependencies on purpose: everybody who uses the attributes waits for this crate to
//! compile. An attribute is read in three steps, one file each: [`function`] takes the function
//! apart, [`options`] reads what stands in the parentheses, [`expand`] writes the new function.
//! [`manifest`] finds out what the user calls the crate `creel`, and [`error`] points at the
//! tokens that are wrong.
// The documentation stands where `creel` exports them, so that its examples can use `creel`.
#![allow(missing_docs)]

mod error;
mod expand;
mod function;
mod manifest;
mod options;

use expand::Kind;
use proc_macro::TokenStream;

#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Main, options, item)
}

#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Test, options, item)
}
