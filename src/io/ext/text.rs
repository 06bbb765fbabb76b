//! [`Text`]: appending bytes to a `String` across polls.
//!
//! Why unsafe: what is known to be UTF-8 is not checked again.

use core::mem;
use core::str::Utf8Error;
use std::string::String;
use std::vec::Vec;

/// The bytes of a borrowed string while they are appended to.
///
/// The string itself is empty meanwhile, so that it is valid UTF-8 even if this is leaked. Dropping
/// puts back as much as is UTF-8: everything, or else what the string held before.
#[derive(Debug)]
pub struct Text<'a> {
    /// Gone once the bytes have been put back.
    string: Option<&'a mut String>,
    bytes: Vec<u8>,
    old_len: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(string: &'a mut String) -> Self {
        let bytes = mem::take(string).into_bytes();
        Self { old_len: bytes.len(), bytes, string: Some(string) }
    }

    /// Where to append; nothing may be done to what is already there.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        assert!(self.string.is_some(), "polled after completion");
        &mut self.bytes
    }

    /// Forgets what was appended.
    pub(super) fn revert(&mut self) {
        self.bytes.truncate(self.old_len);
    }

    /// Puts the string back, without what was appended if that is not UTF-8.
    pub(super) fn put_back(&mut self) -> Result<(), Utf8Error> {
        let Some(string) = self.string.take() else { return Ok(()) };
        let mut bytes = mem::take(&mut self.bytes);
        // Only the new part is looked at, else reading line by line into one string would take
        // quadratic time. The error counts from the beginning all the same.
        let checked = match str::from_utf8(&bytes[self.old_len..]) {
            Ok(_) => Ok(()),
            Err(_) => str::from_utf8(&bytes).map(drop),
        };
        if checked.is_err() {
            bytes.truncate(self.old_len);
        }
        // SAFETY: the first `old_len` bytes were a string (nobody but this module shortens or
        // changes them), and what follows is one too, or it is gone.
        *string = unsafe { String::from_utf8_unchecked(bytes) };
        checked
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        let _ = self.put_back();
    }
}
