//! Waiting for the end of a child: a thread of the system does, and calls back.
//!
//! The streams are anonymous pipes, which the system has no readiness for: they are read and written
//! on the blocking pool.
//!
//! Why unsafe: the system calls back through an untyped pointer.

use crate::env::atomic_waker::AtomicWaker;
use crate::io::blocking::Blocking;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use core::ffi::c_void;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::fs::File;
use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEINWAITTHREAD,
    WT_EXECUTEONLYONCE,
};

/// A child that was not waited for.
#[derive(Debug)]
pub(super) struct Process {
    // Before the child, whose handle it waits on.
    news: Option<News>,
    child: Child,
}

impl Process {
    pub(super) fn new(child: Child) -> Self {
        Self { news: None, child }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn raw_handle(&self) -> RawHandle {
        self.child.as_raw_handle()
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    pub(super) fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        if self.news.is_none() {
            self.news = Some(News::of(&self.child)?);
        }
        // First the waker, then the look: an end in between wakes.
        self.news.iter().for_each(|news| news.waker.register(cx.waker()));
        match self.try_wait()? {
            Some(status) => Poll::Ready(Ok(status)),
            None => Poll::Pending,
        }
    }
}

/// A thread of the system waits, and wakes the task.
#[derive(Debug)]
struct News {
    wait: HANDLE,
    waker: Box<AtomicWaker>,
}

// SAFETY: the handle may be used from any thread, and the waker is `Send` and `Sync`.
unsafe impl Send for News {}
// SAFETY: as above.
unsafe impl Sync for News {}

impl News {
    fn of(child: &Child) -> io::Result<Self> {
        let waker = Box::new(AtomicWaker::new());
        let mut wait = ptr::null_mut();
        // SAFETY: the child's handle is open, and the waker is where it is, until `wait` is given
        // back in `drop`, which waits for a call that is under way.
        let began = unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                child.as_raw_handle(),
                Some(ended),
                ptr::from_ref(&*waker).cast(),
                INFINITE,
                WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE,
            )
        };
        if began == 0 { Err(io::Error::last_os_error()) } else { Ok(Self { wait, waker }) }
    }
}

unsafe extern "system" fn ended(waker: *mut c_void, _: bool) {
    // SAFETY: see `News::of`.
    unsafe { &*waker.cast::<AtomicWaker>() }.wake();
}

impl Drop for News {
    fn drop(&mut self) {
        // SAFETY: it was registered once, and is given back once.
        unsafe { UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE) };
    }
}

/// One end of a pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    /// Also while an operation has the other reference.
    file: Arc<File>,
    io: Blocking<Arc<File>>,
}

pub(super) type Sender = Pipe;
pub(super) type Receiver = Pipe;

/// Our end of a pipe that the standard library has made.
pub(super) fn sender(pipe: impl Into<OwnedHandle>) -> io::Result<Sender> {
    let file = Arc::new(File::from(pipe.into()));
    Ok(Pipe { io: Blocking::new(Arc::clone(&file)), file })
}

/// As [`sender`].
pub(super) fn receiver(pipe: impl Into<OwnedHandle>) -> io::Result<Receiver> {
    sender(pipe)
}

impl Pipe {
    pub(super) fn into_owned_handle(self) -> io::Result<OwnedHandle> {
        self.file.try_clone().map(Into::into)
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_flush(cx)
    }
}

impl AsRawHandle for Pipe {
    fn as_raw_handle(&self) -> RawHandle {
        self.file.as_raw_handle()
    }
}

impl AsHandle for Pipe {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.file.as_handle()
    }
}
