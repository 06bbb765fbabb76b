//! What stands at a path.

use super::in_background;
use std::borrow::ToOwned;
use std::fs::{Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};

/// What the system knows about a file or folder; of a symbolic link, about what it leads to.
///
/// # Errors
/// If there is none, or one may not ask.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::metadata(path)).await?
}

/// What the system knows about a file, a folder, or a symbolic link itself.
///
/// # Errors
/// If there is none, or one may not ask.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::symlink_metadata(path)).await?
}

/// Whether there is something at a path. A symbolic link that leads nowhere is nothing.
///
/// # Errors
/// If it cannot be known.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    let path = path.as_ref().to_owned();
    in_background(move || path.try_exists()).await?
}

/// The absolute path without symbolic links.
///
/// # Errors
/// If there is nothing at the path.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::canonicalize(path)).await?
}

/// Where a symbolic link leads.
///
/// # Errors
/// If it is none.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::read_link(path)).await?
}

/// Changes who may do what with a file or folder.
///
/// # Errors
/// If one may not change it.
///
/// # Cancel safety
/// It may be changed although the future is dropped.
pub async fn set_permissions(path: impl AsRef<Path>, perm: Permissions) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::set_permissions(path, perm)).await?
}

/// Gives a file or folder another name, in the same file system. What `to` was before is replaced.
///
/// # Errors
/// If there is no `from`, or the system refuses it.
///
/// # Cancel safety
/// It may have its new name although the future is dropped.
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    in_background(move || std::fs::rename(from, to)).await?
}

/// Removes a file.
///
/// # Errors
/// If there is none, or the system refuses it.
///
/// # Cancel safety
/// It may be removed although the future is dropped.
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    in_background(move || std::fs::remove_file(path)).await?
}

/// Gives a file a second name.
///
/// # Errors
/// If the system refuses it.
///
/// # Cancel safety
/// It may have the name although the future is dropped.
pub async fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    in_background(move || std::fs::hard_link(original, link)).await?
}

/// Makes a symbolic link to a file or folder.
///
/// # Errors
/// If the system refuses it.
///
/// # Cancel safety
/// It may be made although the future is dropped.
#[cfg(unix)]
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    in_background(move || std::os::unix::fs::symlink(original, link)).await?
}

/// Makes a symbolic link to a file.
///
/// # Errors
/// If the system refuses it.
///
/// # Cancel safety
/// It may be made although the future is dropped.
#[cfg(windows)]
pub async fn symlink_file(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    in_background(move || std::os::windows::fs::symlink_file(original, link)).await?
}

/// Makes a symbolic link to a folder.
///
/// # Errors
/// If the system refuses it.
///
/// # Cancel safety
/// It may be made although the future is dropped.
#[cfg(windows)]
pub async fn symlink_dir(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    in_background(move || std::os::windows::fs::symlink_dir(original, link)).await?
}
