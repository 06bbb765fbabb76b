//! An open file.

mod handle;
mod owned;
mod state;
mod streams;

use super::completion::{Files, Flush};
use super::in_background;
use super::{FileTimes, OpenOptions};
use crate::sync::Mutex;
use core::fmt;
use core::time::Duration;
use state::Inner;
use std::fs::{File as StdFile, Metadata, Permissions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// An open file, which is read, written and moved about in by the traits of [`io`](crate::io), or at
/// any position by the methods with `at` in their name.
///
/// # Writing
/// A write is done when the data is in a buffer; it goes to the file in the background, one write
/// at a time. An error is told by the next write, or by
/// [`flush`](crate::io::AsyncWriteExt::flush), which waits for it: flush before a file is dropped.
/// What was written is written in the end all the same, also if the runtime ends before.
///
/// # Dropping
/// The file is closed when nothing is under way any more.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::fs::File;
/// use creel::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
///
/// # let path = std::env::temp_dir().join(format!("creel-file-{}", std::process::id()));
/// let mut file = File::options().read(true).write(true).create(true).open(&path).await?;
/// file.write_all(b"hello").await?;
/// file.flush().await?;
/// file.rewind().await?;
/// let mut text = String::new();
/// file.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # creel::fs::remove_file(path).await?;
/// # Ok(())
/// # }
/// ```
pub struct File {
    std: Arc<StdFile>,
    inner: Mutex<Inner>,
    max_buf_size: usize,
}

/// As much as is read or written at a time, unless something else is asked for.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::options().read(true).open(path).await
    }

    /// Opens an empty file for writing: makes it, or empties it.
    ///
    /// # Errors
    /// If the system refuses it.
    ///
    /// # Cancel safety
    /// It may be made or emptied although the future is dropped.
    pub async fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::options().write(true).create(true).truncate(true).open(path).await
    }

    /// Makes a file for reading and writing.
    ///
    /// # Errors
    /// If it exists, or the system refuses it.
    ///
    /// # Cancel safety
    /// It may be made although the future is dropped.
    pub async fn create_new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::options().read(true).write(true).create_new(true).open(path).await
    }

    /// How to open a file.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Takes over an open file.
    pub fn from_std(std: StdFile) -> Self {
        let inner = Mutex::new(Inner::default());
        Self { std: Arc::new(std), inner, max_buf_size: MAX_BUF_SIZE }
    }

    /// Waits for what is under way. If a write fails, the next write or flush tells it.
    pub(crate) async fn settle(&self) {
        self.inner.lock().await.settle().await;
    }

    /// Waits until all that was written is on the disk, and what the system knows about the file.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn sync_all(&self) -> io::Result<()> {
        self.sync(Flush::All, StdFile::sync_all).await
    }

    /// Waits until all that was written is on the disk, and what it takes to read it again.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn sync_data(&self) -> io::Result<()> {
        self.sync(Flush::Data, StdFile::sync_data).await
    }

    async fn sync(&self, what: Flush, on_pool: fn(&StdFile) -> io::Result<()>) -> io::Result<()> {
        self.settle().await;
        let std = Arc::clone(&self.std);
        match Files::current() {
            Some(ring) => ring.sync(std, what).await,
            None => in_background(move || on_pool(&std)).await?,
        }
    }

    /// Cuts the file, or fills it up with zeroes, to this many bytes. The position stays as it is.
    ///
    /// # Errors
    /// If the file is not open for writing, or the system refuses it.
    ///
    /// # Cancel safety
    /// It may be done although the future is dropped.
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        let mut inner = self.inner.lock().await;
        inner.settle().await;
        inner.set_len(&self.std, size).await
    }

    /// What the system knows about the file.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let std = Arc::clone(&self.std);
        in_background(move || std.metadata()).await?
    }

    /// Changes who may do what with the file.
    ///
    /// # Errors
    /// If one may not change it.
    ///
    /// # Cancel safety
    /// It may be changed although the future is dropped.
    pub async fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        let std = Arc::clone(&self.std);
        in_background(move || std.set_permissions(perm)).await?
    }

    /// Changes when the file was read, changed or made, after what is under way.
    ///
    /// # Errors
    /// If one may not change it.
    ///
    /// # Cancel safety
    /// It may be changed although the future is dropped.
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.settle().await;
        let std = Arc::clone(&self.std);
        in_background(move || std.set_times(times.0)).await?
    }

    /// Changes when the file was changed. As [`set_times`](Self::set_times).
    ///
    /// # Errors
    /// If one may not change it.
    ///
    /// # Cancel safety
    /// It may be changed although the future is dropped.
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// The same open file once more, with the same position.
    ///
    /// # Errors
    /// If the system has no descriptor to give.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn try_clone(&self) -> io::Result<Self> {
        self.settle().await;
        let std = Arc::clone(&self.std);
        let mut other = Self::from_std(in_background(move || std.try_clone()).await??);
        other.max_buf_size = self.max_buf_size;
        Ok(other)
    }

    /// The standard library's file, when nothing is under way any more. What was read ahead is
    /// lost, and whether the last write failed is not told: flush before.
    ///
    /// # Cancel safety
    /// The file is dropped.
    pub async fn into_std(mut self) -> StdFile {
        self.inner.get_mut().settle().await;
        loop {
            match self.try_into_std() {
                Ok(std) => return std,
                // An operation at a position whose future was dropped is not done yet.
                Err(file) => self = file,
            }
            crate::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The standard library's file, if nothing is under way. As [`into_std`](Self::into_std).
    ///
    /// # Errors
    /// If something is: the file.
    #[allow(clippy::result_large_err)] // it is tokio's signature
    pub fn try_into_std(mut self) -> Result<StdFile, Self> {
        match Arc::try_unwrap(self.std) {
            Ok(std) => Ok(std),
            Err(std) => {
                self.std = std;
                Err(self)
            }
        }
    }

    /// Sets how many bytes are read or written at a time, at most. 2 MiB at first.
    ///
    /// # Panics
    /// If it is zero.
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        self.max_buf_size = max_buf_size;
    }

    /// How many bytes are read or written at a time, at most.
    pub fn max_buf_size(&self) -> usize {
        self.max_buf_size
    }
}

impl From<StdFile> for File {
    fn from(std: StdFile) -> Self {
        Self::from_std(std)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("std", &self.std).finish()
    }
}
