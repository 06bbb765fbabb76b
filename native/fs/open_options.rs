use super::File;
use super::in_background;
use std::borrow::ToOwned;
use std::fs::OpenOptions as StdOptions;
use std::io;
use std::path::Path;

/// How to open a file.
///
/// # Examples
/// ```no_run
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let log = creel::fs::OpenOptions::new().append(true).create(true).open("log").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    std: StdOptions,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl From<StdOptions> for OpenOptions {
    fn from(std: StdOptions) -> Self {
        Self { std }
    }
}

macro_rules! options {
    ($($(#[$cfg:meta])* $option:ident, $kind:ty: $what:literal;)*) => {
        $(
            #[doc = concat!("Sets ", $what, ".")]
            $(#[$cfg])*
            pub fn $option(&mut self, $option: $kind) -> &mut Self {
                self.std.$option($option);
                self
            }
        )*
    };
}

#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
#[cfg(windows)]
use std::os::windows::fs::OpenOptionsExt;

impl OpenOptions {
    /// For nothing yet: what the file is opened for has to be said.
    pub fn new() -> Self {
        StdOptions::new().into()
    }

    options! {
        read, bool: "whether it can be read";
        write, bool: "whether it can be written; what it holds is overwritten, not removed";
        append, bool: "whether whatever is written is added at its end";
        truncate, bool: "whether it is emptied";
        create, bool: "whether it is made if it is not there, which needs `write` or `append`";
        create_new, bool: "whether it must be made, and an error if it is there";
        #[cfg(unix)]
        mode, u32: "who may do what with a file that is made, less what the process's mask says";
        #[cfg(unix)]
        custom_flags, i32: "flags of the system that have no name here";
        #[cfg(windows)]
        access_mode, u32: "what it is opened for, by the system's own flags";
        #[cfg(windows)]
        share_mode, u32: "what others may open it for meanwhile";
        #[cfg(windows)]
        custom_flags, u32: "flags of the system that have no name here";
        #[cfg(windows)]
        attributes, u32: "its attributes";
        #[cfg(windows)]
        security_qos_flags, u32: "how far a server of named pipes may act for this process";
    }

    /// Opens a file.
    ///
    /// # Errors
    /// If it is not there, or there already, or the system refuses it.
    ///
    /// # Cancel safety
    /// It may be made or emptied although the future is dropped; it is closed then.
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let (options, path) = (self.std.clone(), path.as_ref().to_owned());
        Ok(in_background(move || options.open(path)).await??.into())
    }
}
