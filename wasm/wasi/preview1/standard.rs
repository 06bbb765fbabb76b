//! The standard streams of preview 1. Reads and writes wait with the host, so a read asks first
//! whether it would.
//!
//! Why unsafe: the bindings of preview 1 take bare pointers.

use super::poll::{Pollable, poll};
use crate::wasm::wasi::reactor::{Pollables, System};
use std::io::{self, Read, Write};
use std::time::Duration;

pub(crate) struct Input;

pub(crate) struct Output(wasip1::Fd);

const STDIN: wasip1::Fd = 0;
const STDOUT: wasip1::Fd = 1;
const STDERR: wasip1::Fd = 2;

pub(crate) fn input() -> Input {
    Input
}

pub(crate) fn output() -> Output {
    Output(STDOUT)
}

pub(crate) fn error() -> Output {
    Output(STDERR)
}

impl System for Input {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(Pollable::Read(STDIN)), write: None }
    }
}

impl System for Output {
    fn pollables(&self) -> Pollables {
        Pollables { read: None, write: Some(Pollable::Write(self.0)) }
    }
}

impl Read for &Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if poll(std::vec![&Pollable::Read(STDIN)], Some(Duration::ZERO)).is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let iovec = wasip1::Iovec { buf: buf.as_mut_ptr(), buf_len: buf.len() };
        // SAFETY: the vector is that of a slice which may be written.
        unsafe { wasip1::fd_read(STDIN, &[iovec]) }.map_err(error_of)
    }
}

impl Write for &Output {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let iovec = wasip1::Ciovec { buf: buf.as_ptr(), buf_len: buf.len() };
        // SAFETY: the vector is that of a slice.
        unsafe { wasip1::fd_write(self.0, &[iovec]) }.map_err(error_of)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    /// What was written is with the host.
    pub(crate) fn begin_flush(&self) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn end_flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn error_of(errno: wasip1::Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.raw().into())
}
