use std::time::SystemTime;

/// Which times of a file to set; those that are not named stay as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileTimes(pub(super) std::fs::FileTimes);

impl FileTimes {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// When it was read last.
    #[must_use]
    pub fn set_accessed(self, t: SystemTime) -> Self {
        Self(self.0.set_accessed(t))
    }

    /// When it was changed last.
    #[must_use]
    pub fn set_modified(self, t: SystemTime) -> Self {
        Self(self.0.set_modified(t))
    }

    /// When it was made.
    #[cfg(any(windows, target_vendor = "apple"))]
    #[must_use]
    pub fn set_created(self, t: SystemTime) -> Self {
        #[cfg(target_vendor = "apple")]
        use std::os::darwin::fs::FileTimesExt;
        #[cfg(windows)]
        use std::os::windows::fs::FileTimesExt;
        Self(self.0.set_created(t))
    }
}
