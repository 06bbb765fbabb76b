//! Folders.

use super::in_background;
use crate::task::{JoinHandle, spawn_blocking};
use core::future::Future;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::borrow::ToOwned;
use std::boxed::Box;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Makes a folder in one that exists.
///
/// # Errors
/// If it exists, or the system refuses it.
///
/// # Cancel safety
/// It may be made although the future is dropped.
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    DirBuilder::new().create(path).await
}

/// Makes a folder, and those that it is in, as far as they do not exist.
///
/// # Errors
/// If the system refuses it.
///
/// # Cancel safety
/// Some may be made although the future is dropped.
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path).await
}

/// Removes an empty folder.
///
/// # Errors
/// If it is not there or not empty.
///
/// # Cancel safety
/// It may be removed although the future is dropped.
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::remove_dir(path)).await?
}

/// Removes a folder with all that is in it. Symbolic links are removed, not followed.
///
/// # Errors
/// If it is not there, or something in it cannot be removed; a part may be gone then.
///
/// # Cancel safety
/// It may be removed although the future is dropped.
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::remove_dir_all(path)).await?
}

/// How to make a folder.
#[derive(Debug, Default)]
pub struct DirBuilder {
    recursive: bool,
    #[cfg(unix)]
    mode: Option<u32>,
}

impl DirBuilder {
    /// In one that exists.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether the folders that it is in are made too; it is no error then that it exists.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// Sets who may do what with it, before the system takes away what the process's mask says.
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Makes the folder.
    ///
    /// # Errors
    /// If the system refuses it.
    ///
    /// # Cancel safety
    /// It may be made although the future is dropped.
    pub async fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref().to_owned();
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.recursive);
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
        }
        in_background(move || builder.create(path)).await?
    }
}

/// What is in a folder, in no particular order.
///
/// # Errors
/// If it is no folder, or cannot be read.
///
/// # Cancel safety
/// Dropping the future loses nothing.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut entries = creel::fs::read_dir(".").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     println!("{}", entry.file_name().display());
/// }
/// # Ok(())
/// # }
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    let open = move || {
        std::fs::read_dir(path).map(|entries| Chunk::of(Box::new(entries), VecDeque::new()))
    };
    Ok(ReadDir(State::Here(in_background(open).await??)))
}

/// What is in a folder; made by [`read_dir`].
#[derive(Debug)]
#[must_use = "nothing is read unless it is asked"]
pub struct ReadDir(State);

#[derive(Debug)]
enum State {
    Here(Chunk),
    OnPool(JoinHandle<Chunk>),
    /// The pool has lost it.
    Gone,
}

/// A few entries that were read together, for each trip to the pool is expensive.
#[derive(Debug)]
struct Chunk {
    entries: VecDeque<io::Result<DirEntry>>,
    /// `None` at the end. In a box, for on Windows it is as large as the longest name.
    rest: Option<Box<std::fs::ReadDir>>,
}

impl Chunk {
    const SIZE: usize = 64;

    fn of(mut rest: Box<std::fs::ReadDir>, mut entries: VecDeque<io::Result<DirEntry>>) -> Self {
        while entries.len() < Self::SIZE {
            let Some(entry) = rest.next() else { return Self { entries, rest: None } };
            let failed = entry.is_err();
            entries.push_back(entry.map(DirEntry::new));
            if failed {
                break;
            }
        }
        Self { entries, rest: Some(rest) }
    }
}

impl ReadDir {
    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// If the folder cannot be read on. There may be more all the same.
    ///
    /// # Cancel safety
    /// Dropping the future loses no entry.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// The next entry, `None` at the end; if it has to be read first, the task of `cx` is woken
    /// when it is.
    ///
    /// # Errors
    /// As [`next_entry`](Self::next_entry).
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            match &mut self.0 {
                State::Here(chunk) => {
                    if let Some(entry) = chunk.entries.pop_front() {
                        return Poll::Ready(entry.map(Some));
                    }
                    let Some(rest) = chunk.rest.take() else { return Poll::Ready(Ok(None)) };
                    let entries = core::mem::take(&mut chunk.entries);
                    self.0 = State::OnPool(spawn_blocking(move || Chunk::of(rest, entries)));
                }
                State::OnPool(task) => {
                    let chunk = ready!(Pin::new(task).poll(cx));
                    self.0 = State::Gone;
                    self.0 = State::Here(chunk?);
                }
                State::Gone => {
                    let error = io::Error::other("reading the folder has failed before");
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

/// What is in a folder under one name.
#[derive(Debug)]
pub struct DirEntry {
    entry: Arc<std::fs::DirEntry>,
    /// Known from reading the folder, on most systems.
    kind: Option<FileType>,
}

/// Where finding out the kind of an entry costs no call to the system.
const KIND_IS_FREE: bool =
    cfg!(not(any(target_os = "solaris", target_os = "illumos", target_os = "haiku")));

impl DirEntry {
    fn new(entry: std::fs::DirEntry) -> Self {
        let kind = if KIND_IS_FREE { entry.file_type().ok() } else { None };
        Self { entry: Arc::new(entry), kind }
    }

    /// The path: that of the folder as it was given, and the name.
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// The name.
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// What the system knows about it. Symbolic links are not followed.
    ///
    /// # Errors
    /// If it is gone, or one may not ask.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let entry = Arc::clone(&self.entry);
        in_background(move || entry.metadata()).await?
    }

    /// Whether it is a file, a folder or something else. Symbolic links are not followed.
    ///
    /// # Errors
    /// If it is gone, or one may not ask.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn file_type(&self) -> io::Result<FileType> {
        if let Some(kind) = self.kind {
            return Ok(kind);
        }
        let entry = Arc::clone(&self.entry);
        in_background(move || entry.file_type()).await?
    }

    /// The number that the file system knows it by.
    #[cfg(unix)]
    pub fn ino(&self) -> u64 {
        std::os::unix::fs::DirEntryExt::ino(&*self.entry)
    }
}
