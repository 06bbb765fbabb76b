//! How pipes are made and opened.
//!
//! Why unsafe: the system is called directly.

use super::{NamedPipeClient, NamedPipeServer, PipeMode};
use crate::native::driver::Driver;
use core::ffi::c_void;
use core::ptr;
use std::ffi::OsStr;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::vec::Vec;
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY, GENERIC_READ, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING,
    PIPE_ACCESS_INBOUND, PIPE_ACCESS_OUTBOUND, SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT,
    WRITE_DAC, WRITE_OWNER,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_REJECT_REMOTE_CLIENTS, PIPE_UNLIMITED_INSTANCES, SetNamedPipeHandleState,
};
use windows_sys::Win32::System::SystemServices::ACCESS_SYSTEM_SECURITY;

/// How to make an instance of a pipe. At first: both directions, bytes, clients of this host only, any
/// number of instances, 64 KiB each way.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    open: u32,
    mode: PipeMode,
    reject_remote: bool,
    max_instances: u32,
    out_buffer_size: u32,
    in_buffer_size: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerOptions {
    /// What a new instance is like unless something else is said.
    pub fn new() -> Self {
        Self {
            open: FILE_FLAG_OVERLAPPED | PIPE_ACCESS_INBOUND | PIPE_ACCESS_OUTBOUND,
            mode: PipeMode::Byte,
            reject_remote: true,
            max_instances: PIPE_UNLIMITED_INSTANCES,
            out_buffer_size: 65_536,
            in_buffer_size: 65_536,
        }
    }

    fn flag(&mut self, flag: u32, wanted: bool) -> &mut Self {
        self.open = if wanted { self.open | flag } else { self.open & !flag };
        self
    }

    /// What the pipe keeps apart. All instances must say the same.
    pub fn pipe_mode(&mut self, pipe_mode: PipeMode) -> &mut Self {
        self.mode = pipe_mode;
        self
    }

    /// Whether the server reads and clients write.
    pub fn access_inbound(&mut self, allowed: bool) -> &mut Self {
        self.flag(PIPE_ACCESS_INBOUND, allowed)
    }

    /// Whether the server writes and clients read.
    pub fn access_outbound(&mut self, allowed: bool) -> &mut Self {
        self.flag(PIPE_ACCESS_OUTBOUND, allowed)
    }

    /// Whether this must be the first instance: else the name may be somebody else's, who waits for
    /// your clients.
    pub fn first_pipe_instance(&mut self, first: bool) -> &mut Self {
        self.flag(FILE_FLAG_FIRST_PIPE_INSTANCE, first)
    }

    /// Whether the handle may change who may do what with the pipe.
    pub fn write_dac(&mut self, requested: bool) -> &mut Self {
        self.flag(WRITE_DAC, requested)
    }

    /// Whether the handle may change whose the pipe is.
    pub fn write_owner(&mut self, requested: bool) -> &mut Self {
        self.flag(WRITE_OWNER, requested)
    }

    /// Whether the handle may change what about the pipe is audited.
    pub fn access_system_security(&mut self, requested: bool) -> &mut Self {
        self.flag(ACCESS_SYSTEM_SECURITY, requested)
    }

    /// Whether clients of other hosts are sent away.
    pub fn reject_remote_clients(&mut self, reject: bool) -> &mut Self {
        self.reject_remote = reject;
        self
    }

    /// How many instances may be there at once: the first of them decides.
    ///
    /// # Panics
    /// If it is more than 254, which is what the system counts to.
    #[track_caller]
    pub fn max_instances(&mut self, instances: usize) -> &mut Self {
        assert!(instances < 255, "a pipe has at most 254 instances, or any number of them");
        self.max_instances = instances as u32;
        self
    }

    /// How many bytes the system shall hold on their way out of the server.
    pub fn out_buffer_size(&mut self, buffer: u32) -> &mut Self {
        self.out_buffer_size = buffer;
        self
    }

    /// How many bytes the system shall hold on their way to the server.
    pub fn in_buffer_size(&mut self, buffer: u32) -> &mut Self {
        self.in_buffer_size = buffer;
        self
    }

    /// Makes an instance of the pipe of that name, as `\\.\pipe\mine`.
    ///
    /// # Errors
    /// If the name is none of a pipe, is taken (with
    /// [`first_pipe_instance`](Self::first_pipe_instance)), or has as many instances as it may have;
    /// what else the system reports.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn create(&self, addr: impl AsRef<OsStr>) -> io::Result<NamedPipeServer> {
        // SAFETY: no attributes.
        unsafe { self.create_with_security_attributes_raw(addr, ptr::null_mut()) }
    }

    /// As [`create`](Self::create), with attributes that say who may open the pipe.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Safety
    /// `attrs` is null or the address of a valid `SECURITY_ATTRIBUTES`.
    #[track_caller]
    pub unsafe fn create_with_security_attributes_raw(
        &self,
        addr: impl AsRef<OsStr>,
        attrs: *mut c_void,
    ) -> io::Result<NamedPipeServer> {
        // SAFETY: the attributes are the caller's.
        let make = || unsafe { self.make(addr.as_ref(), attrs) };
        let handle = make().or_else(|error| {
            if !is_in_the_way(&error) {
                return Err(error);
            }
            // Perhaps it was dropped, and the system has yet to hand back what was under way there.
            Driver::look_for_what_is_kept();
            make()
        })?;
        NamedPipeServer::new(handle)
    }

    /// Has the system make an instance.
    ///
    /// # Safety
    /// As above.
    unsafe fn make(&self, name: &OsStr, attrs: *mut c_void) -> io::Result<OwnedHandle> {
        let remote = if self.reject_remote { PIPE_REJECT_REMOTE_CLIENTS } else { 0 };
        // SAFETY: the name ends with a zero and lives until then; the attributes are the caller's.
        owned(unsafe {
            CreateNamedPipeW(
                wide(name).as_ptr(),
                self.open,
                self.mode.making() | self.mode.reading() | remote,
                self.max_instances,
                self.out_buffer_size,
                self.in_buffer_size,
                0,
                attrs.cast(),
            )
        })
    }
}

/// Whether it says that another instance is one too many, or unlike this one.
fn is_in_the_way(error: &io::Error) -> bool {
    let refusals = [ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY];
    error.raw_os_error().is_some_and(|code| refusals.contains(&code.cast_unsigned()))
}

/// How to open a pipe. At first: to read and write bytes, as somebody whom the server may identify.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    access: u32,
    quality: u32,
    mode: PipeMode,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientOptions {
    /// How a pipe is opened unless something else is said.
    pub fn new() -> Self {
        Self {
            access: GENERIC_READ | GENERIC_WRITE,
            quality: SECURITY_IDENTIFICATION | SECURITY_SQOS_PRESENT,
            mode: PipeMode::Byte,
        }
    }

    fn access(&mut self, right: u32, wanted: bool) -> &mut Self {
        self.access = if wanted { self.access | right } else { self.access & !right };
        self
    }

    /// Whether the client reads.
    pub fn read(&mut self, allowed: bool) -> &mut Self {
        self.access(GENERIC_READ, allowed)
    }

    /// Whether the client writes.
    pub fn write(&mut self, allowed: bool) -> &mut Self {
        self.access(GENERIC_WRITE, allowed)
    }

    /// What the server may do in the client's name: one of the `SECURITY_` constants of the system.
    pub fn security_qos_flags(&mut self, flags: u32) -> &mut Self {
        self.quality = flags | SECURITY_SQOS_PRESENT;
        self
    }

    /// Whether a read ends where the write did; the pipe must keep its messages apart, too.
    pub fn pipe_mode(&mut self, pipe_mode: PipeMode) -> &mut Self {
        self.mode = pipe_mode;
        self
    }

    /// Opens the pipe of that name.
    ///
    /// # Errors
    /// `NotFound` if there is none; `ERROR_PIPE_BUSY` (231) if all its instances have clients: try
    /// again a little later; what else the system reports.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn open(&self, addr: impl AsRef<OsStr>) -> io::Result<NamedPipeClient> {
        // SAFETY: no attributes.
        unsafe { self.open_with_security_attributes_raw(addr, ptr::null_mut()) }
    }

    /// As [`open`](Self::open), with attributes that say whether children inherit the handle.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Safety
    /// `attrs` is null or the address of a valid `SECURITY_ATTRIBUTES`.
    #[track_caller]
    pub unsafe fn open_with_security_attributes_raw(
        &self,
        addr: impl AsRef<OsStr>,
        attrs: *mut c_void,
    ) -> io::Result<NamedPipeClient> {
        // SAFETY: the name ends with a zero and lives until then; the attributes are the caller's.
        let handle = owned(unsafe {
            CreateFileW(
                wide(addr.as_ref()).as_ptr(),
                self.access,
                0,
                attrs.cast(),
                OPEN_EXISTING,
                self.quality | FILE_FLAG_OVERLAPPED,
                ptr::null_mut(),
            )
        })?;
        if self.mode == PipeMode::Message {
            let (mode, none) = (self.mode.reading(), ptr::null());
            // SAFETY: the handle is open, and the number lives until then.
            let done = unsafe {
                SetNamedPipeHandleState(handle.as_raw_handle(), &raw const mode, none, none)
            };
            if done == 0 {
                return Err(io::Error::last_os_error());
            }
        }
        NamedPipeClient::new(handle)
    }
}

/// A name as the system reads it.
fn wide(name: &OsStr) -> Vec<u16> {
    name.encode_wide().chain([0]).collect()
}

/// What the system made, or why it did not.
fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just made, for us.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}
