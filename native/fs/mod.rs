//! Files and folders.
//!
//! Names and meaning are those of `tokio::fs`. Systems have no readiness for files, so what is
//! asked for is done on the blocking pool; a [`File`] also by the ring of its runtime where there is
//! one (feature `io-uring`, see [`IoDriver`](crate::runtime::IoDriver)).
//!
//! Each function costs a trip to another thread, so prefer the large ones: [`read`] a file whole
//! rather than by pieces, or read through a [`BufReader`](crate::io::BufReader). For reading and
//! writing at a position, without copies and several at a time, [`File::read_at_owned`] and
//! [`File::write_at_owned`] take the buffer over.
//!
//! # Cancel safety
//! What is under way on another thread goes on when the future that asked for it is dropped: the
//! folder may be made, the file removed.
//!
//! # Examples
//! ```
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use creel::fs;
//!
//! # let folder = std::env::temp_dir().join(format!("creel-fs-{}", std::process::id()));
//! fs::create_dir_all(&folder).await?;
//! fs::write(folder.join("greeting"), "hello").await?;
//! assert_eq!(fs::read_to_string(folder.join("greeting")).await?, "hello");
//! fs::remove_dir_all(&folder).await
//! # }
//! ```

#[cfg(not(target_family = "wasm"))]
use crate::native::driver as completion;
// On a host without threads a closure on the pool runs in its task's turn.
#[cfg(target_family = "wasm")]
#[path = "../driver/files_none.rs"]
mod completion;
mod contents;
mod dir;
mod file;
mod fill;
mod open_options;
mod path;
mod times;

use crate::task::spawn_blocking;
use core::future::Future;
use std::io;

pub use contents::{copy, read, read_to_string, write};
pub use dir::{
    DirBuilder, DirEntry, ReadDir, create_dir, create_dir_all, read_dir, remove_dir, remove_dir_all,
};
pub use file::File;
pub use open_options::OpenOptions;
#[cfg(unix)]
pub use path::symlink;
pub use path::{
    canonicalize, hard_link, metadata, read_link, remove_file, rename, set_permissions,
    symlink_metadata, try_exists,
};
#[cfg(windows)]
pub use path::{symlink_dir, symlink_file};
pub use times::FileTimes;

/// Runs `function` on the blocking pool.
///
/// An error of its own: there was no pool any more, or the function panicked.
#[track_caller]
fn in_background<R: Send + 'static>(
    function: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> impl Future<Output = io::Result<io::Result<R>>> {
    let task = spawn_blocking(|| function().map_err(with_kind));
    async { task.await.map_err(|_| io::Error::other("background task failed")) }
}

/// Numbers of errors whose kind the standard library does not know. Under WASI these are "directory not
/// empty", and "capabilities insufficient" for what was not lent.
#[cfg(target_os = "wasi")]
const KINDS: &[(i32, io::ErrorKind)] =
    &[(55, io::ErrorKind::DirectoryNotEmpty), (76, io::ErrorKind::PermissionDenied)];
#[cfg(not(target_os = "wasi"))]
const KINDS: &[(i32, io::ErrorKind)] = &[];

fn with_kind(error: io::Error) -> io::Error {
    let known = KINDS.iter().find(|(number, _)| error.raw_os_error() == Some(*number));
    match known {
        Some((_, kind)) => io::Error::new(*kind, error),
        None => error,
    }
}
