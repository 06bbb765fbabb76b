//! Whole files.

use super::in_background;
use std::borrow::ToOwned;
use std::io;
use std::path::Path;
use std::string::String;
use std::vec::Vec;

/// Reads a whole file.
///
/// # Errors
/// If there is no such file, or it cannot be read.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::read(path)).await?
}

/// Reads a whole file of text.
///
/// # Errors
/// If there is no such file, it cannot be read, or it is not UTF-8.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::read_to_string(path)).await?
}

/// Writes a whole file: makes it, or replaces what it holds.
///
/// # Errors
/// If it cannot be made or written.
///
/// # Cancel safety
/// It may be written although the future is dropped.
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let (path, contents) = (path.as_ref().to_owned(), contents.as_ref().to_owned());
    in_background(move || std::fs::write(path, contents)).await?
}

/// Copies a file with its permissions, and answers how many bytes that were. What `to` was before
/// is replaced.
///
/// # Errors
/// If `from` is not a file or cannot be read, or `to` cannot be written.
///
/// # Cancel safety
/// It may be copied although the future is dropped.
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<u64> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    in_background(move || std::fs::copy(from, to)).await?
}
