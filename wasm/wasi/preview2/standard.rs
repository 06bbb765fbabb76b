//! The standard streams of preview 2.

use super::error::of_stream;
use super::stream;
use crate::wasm::wasi::reactor::{Pollables, System};
use std::io::{self, Read, Write};
use wasip2::cli::{stderr::get_stderr, stdin::get_stdin, stdout::get_stdout};
use wasip2::io::streams::{InputStream, OutputStream};

pub(crate) struct Input(InputStream);

pub(crate) struct Output(OutputStream);

pub(crate) fn input() -> Input {
    Input(get_stdin())
}

pub(crate) fn output() -> Output {
    Output(get_stdout())
}

pub(crate) fn error() -> Output {
    Output(get_stderr())
}

impl System for Input {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(self.0.subscribe()), write: None }
    }
}

impl System for Output {
    fn pollables(&self) -> Pollables {
        Pollables { read: None, write: Some(self.0.subscribe()) }
    }
}

impl Read for &Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        stream::read(&self.0, buf)
    }
}

impl Write for &Output {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        stream::write(&self.0, buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    /// Asks the host to pass on what was written.
    pub(crate) fn begin_flush(&self) -> io::Result<()> {
        self.0.flush().map_err(of_stream)
    }

    /// Whether the host has done so: until then it takes nothing more.
    pub(crate) fn end_flush(&self) -> io::Result<()> {
        stream::room(&self.0).map(drop)
    }
}
