//! Reading and writing with buffers that are handed over.

use super::super::completion::Files;
use super::super::fill::fill;
use super::File;
use crate::io::{AsyncReadOwned, AsyncWriteOwned};
use crate::platform::buf::{OwnedBuf, OwnedBufMut};
use crate::task::spawn_blocking;
use std::fs::File as StdFile;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

impl AsyncReadOwned for File {}
impl AsyncWriteOwned for File {}

impl File {
    /// Reads into `buf`, from its beginning, what stands in the file from byte `at` on, and hands it
    /// back with how many bytes that was: zero at the end of the file.
    ///
    /// The buffer is filled without a copy, and the file's own position stays as it is (not so on
    /// Windows). Several tasks may read and write a file so at the same time; each sees what was written
    /// by the traits before.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// If the future is dropped, `buf` is gone.
    ///
    /// # Examples
    /// ```
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use creel::fs::File;
    ///
    /// let manifest = File::open("Cargo.toml").await?;
    /// let (read, buf) = manifest.read_at_owned(Vec::with_capacity(16), 1).await;
    /// assert_eq!(buf.len(), read?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_at_owned<B: OwnedBufMut>(&self, buf: B, at: u64) -> (io::Result<usize>, B) {
        if let Err(error) = check(at) {
            return (Err(error), buf);
        }
        self.settle().await;
        let file = Arc::clone(&self.std);
        match Files::current() {
            Some(ring) => ring.read_at(file, buf, at).await,
            None => {
                on_pool(buf, move |buf| fill(buf, |free| system::read_at(&file, free, at))).await
            }
        }
    }

    /// Writes a beginning of `buf` into the file from byte `at` on, and hands it back with how many
    /// bytes that was.
    ///
    /// Otherwise as [`read_at_owned`](Self::read_at_owned). A file that is open for appending is
    /// written at its end.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// If the future is dropped, `buf` is gone, and it may be written or not.
    pub async fn write_at_owned<B: OwnedBuf>(&self, buf: B, at: u64) -> (io::Result<usize>, B) {
        if let Err(error) = check(at) {
            return (Err(error), buf);
        }
        self.settle().await;
        let file = Arc::clone(&self.std);
        match Files::current() {
            Some(ring) => ring.write_at(file, buf, at).await,
            None => on_pool(buf, move |buf| system::write_at(&file, buf.bytes(), at)).await,
        }
    }
}

/// Beyond this the ring knows special positions, and systems none.
fn check(at: u64) -> io::Result<()> {
    if i64::try_from(at).is_ok() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "no file has that many bytes"))
}

/// Runs `run` on the blocking pool, and brings the buffer back even if the pool does not run it.
async fn on_pool<B: Send + 'static, R: Send + 'static>(
    buf: B,
    run: impl FnOnce(&mut B) -> io::Result<R> + Send + 'static,
) -> (io::Result<R>, B) {
    let lent = Arc::new(Mutex::new(Some(buf)));
    let of_pool = Arc::clone(&lent);
    let task = spawn_blocking(move || {
        let mut buf = of_pool.lock().unwrap_or_else(PoisonError::into_inner);
        run(buf.as_mut().expect("nobody has taken it yet"))
    });
    let result = match task.await {
        Ok(result) => result,
        Err(error) => Err(error.into()),
    };
    let buf = lent.lock().unwrap_or_else(PoisonError::into_inner).take();
    (result, buf.expect("taken once"))
}

/// The file at a position, as the system has it.
mod system {
    use super::{StdFile, io};
    #[cfg(unix)]
    use std::os::unix::fs::FileExt;
    #[cfg(windows)]
    use std::os::windows::fs::FileExt;

    pub(super) fn read_at(file: &StdFile, buf: &mut [u8], at: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return file.read_at(buf, at);
        #[cfg(windows)]
        return file.seek_read(buf, at);
        #[cfg(not(any(unix, windows)))]
        return there_and_back(file, at, |mut file| io::Read::read(&mut file, buf));
    }

    pub(super) fn write_at(file: &StdFile, buf: &[u8], at: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return file.write_at(buf, at);
        #[cfg(windows)]
        return file.seek_write(buf, at);
        #[cfg(not(any(unix, windows)))]
        return there_and_back(file, at, |mut file| io::Write::write(&mut file, buf));
    }

    /// Goes to a position, and back after `transfer`: there is one thread, which does nothing else.
    #[cfg(not(any(unix, windows)))]
    fn there_and_back(
        mut file: &StdFile,
        at: u64,
        transfer: impl FnOnce(&StdFile) -> io::Result<usize>,
    ) -> io::Result<usize> {
        use std::io::{Seek, SeekFrom};
        let here = file.stream_position()?;
        file.seek(SeekFrom::Start(at))?;
        let transferred = transfer(file);
        file.seek(SeekFrom::Start(here))?;
        transferred
    }
}
