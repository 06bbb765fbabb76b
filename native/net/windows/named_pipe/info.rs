//! What a pipe is like.
//!
//! Why unsafe: the system is called directly.

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use windows_sys::Win32::System::Pipes::{
    GetNamedPipeInfo, PIPE_READMODE_BYTE, PIPE_READMODE_MESSAGE, PIPE_SERVER_END, PIPE_TYPE_BYTE,
    PIPE_TYPE_MESSAGE,
};

/// What a pipe keeps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PipeMode {
    /// Nothing: it is a stream of bytes.
    Byte,
    /// What one write gave: a read ends where it ends.
    Message,
}

impl PipeMode {
    /// How an end reads.
    pub(super) fn reading(self) -> u32 {
        match self {
            Self::Byte => PIPE_READMODE_BYTE,
            Self::Message => PIPE_READMODE_MESSAGE,
        }
    }

    /// How a pipe is made.
    pub(super) fn making(self) -> u32 {
        match self {
            Self::Byte => PIPE_TYPE_BYTE,
            Self::Message => PIPE_TYPE_MESSAGE,
        }
    }
}

/// One of the two ends of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PipeEnd {
    /// That of who opened it.
    Client,
    /// That of who made it.
    Server,
}

/// How a pipe was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PipeInfo {
    /// What it keeps apart.
    pub mode: PipeMode,
    /// Whose end was asked.
    pub end: PipeEnd,
    /// How many instances may be there at once; 255 is any number.
    pub max_instances: u32,
    /// Bytes on the way out of the server that the system holds.
    pub out_buffer_size: u32,
    /// Bytes on the way to the server that the system holds.
    pub in_buffer_size: u32,
}

impl PipeInfo {
    pub(super) fn of(pipe: BorrowedHandle<'_>) -> io::Result<Self> {
        let mut flags = 0;
        let mut info = Self {
            mode: PipeMode::Byte,
            end: PipeEnd::Client,
            max_instances: 0,
            out_buffer_size: 0,
            in_buffer_size: 0,
        };
        // SAFETY: the handle is open, and the addresses are those of numbers that live until then.
        let told = unsafe {
            GetNamedPipeInfo(
                pipe.as_raw_handle(),
                &raw mut flags,
                &raw mut info.out_buffer_size,
                &raw mut info.in_buffer_size,
                &raw mut info.max_instances,
            )
        };
        if told == 0 {
            return Err(io::Error::last_os_error());
        }
        if flags & PIPE_TYPE_MESSAGE != 0 {
            info.mode = PipeMode::Message;
        }
        if flags & PIPE_SERVER_END != 0 {
            info.end = PipeEnd::Server;
        }
        Ok(info)
    }
}
