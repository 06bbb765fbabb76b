//! What one waits for at a handle of the operating system, and what has become of it.

use core::fmt;
use core::ops::{BitAnd, BitOr, BitOrAssign, Sub};

const READABLE: u8 = 1;
const WRITABLE: u8 = 1 << 1;
const READ_CLOSED: u8 = 1 << 2;
const WRITE_CLOSED: u8 = 1 << 3;
const PRIORITY: u8 = 1 << 4;
const ERROR: u8 = 1 << 5;

/// What to wait for: one or more of reading, writing, urgent data, errors.
///
/// # Examples
/// ```
/// use creel::io::Interest;
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::WRITABLE), Some(Interest::READABLE));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interest(u8);

impl Interest {
    /// Something can be read, or the other side has ended its stream.
    pub const READABLE: Self = Self(READABLE);
    /// Something can be written, or the other side no longer reads.
    pub const WRITABLE: Self = Self(WRITABLE);
    /// Urgent data. Only Linux and Android report it.
    pub const PRIORITY: Self = Self(PRIORITY);
    /// An error. What counts as one differs from system to system.
    pub const ERROR: Self = Self(ERROR);

    /// Whether reading is among it.
    pub const fn is_readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// Whether writing is among it.
    pub const fn is_writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// Whether urgent data is among it.
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Whether errors are among it.
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    /// Both interests.
    #[must_use]
    #[allow(clippy::should_implement_trait)] // tokio's name; the operator is `|`
    pub const fn add(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This interest without the other; `None` if nothing is left.
    #[must_use]
    pub const fn remove(self, other: Self) -> Option<Self> {
        match self.0 & !other.0 {
            0 => None,
            left => Some(Self(left)),
        }
    }
}

impl BitOr for Interest {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_names(f, self.0)
    }
}

/// What a handle is ready for: a set.
///
/// # Examples
/// ```
/// use creel::io::Ready;
/// let ready = Ready::READABLE | Ready::READ_CLOSED;
/// assert!(ready.is_readable() && ready.is_read_closed() && !ready.is_writable());
/// assert!(Ready::READ_CLOSED.is_readable(), "reading answers at once, with the end");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const EMPTY: Self = Self(0);
    /// There is something to read.
    pub const READABLE: Self = Self(READABLE);
    /// There is room to write.
    pub const WRITABLE: Self = Self(WRITABLE);
    /// The other side has ended its stream.
    pub const READ_CLOSED: Self = Self(READ_CLOSED);
    /// The other side does not read any more.
    pub const WRITE_CLOSED: Self = Self(WRITE_CLOSED);
    /// There is urgent data. Only Linux and Android report it.
    pub const PRIORITY: Self = Self(PRIORITY);
    /// There is an error.
    pub const ERROR: Self = Self(ERROR);
    /// Everything there is.
    pub const ALL: Self = Self(READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | PRIORITY | ERROR);

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether reading answers at once, be it with the end of the stream.
    pub const fn is_readable(self) -> bool {
        self.0 & (READABLE | READ_CLOSED) != 0
    }

    /// Whether writing answers at once, be it with an error.
    pub const fn is_writable(self) -> bool {
        self.0 & (WRITABLE | WRITE_CLOSED) != 0
    }

    /// Whether the other side has ended its stream.
    pub const fn is_read_closed(self) -> bool {
        self.0 & READ_CLOSED != 0
    }

    /// Whether the other side does not read any more.
    pub const fn is_write_closed(self) -> bool {
        self.0 & WRITE_CLOSED != 0
    }

    /// Whether there is urgent data.
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Whether there is an error.
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    /// All that answers to an interest.
    pub(crate) const fn of(interest: Interest) -> Self {
        let mut bits = interest.0;
        if bits & (READABLE | PRIORITY) != 0 {
            bits |= READ_CLOSED;
        }
        if bits & WRITABLE != 0 {
            bits |= WRITE_CLOSED;
        }
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl BitOr for Ready {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Ready {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("is_readable", &self.is_readable())
            .field("is_writable", &self.is_writable())
            .field("is_read_closed", &self.is_read_closed())
            .field("is_write_closed", &self.is_write_closed())
            .field("is_error", &self.is_error())
            .field("is_priority", &self.is_priority())
            .finish()
    }
}

fn write_names(f: &mut fmt::Formatter<'_>, bits: u8) -> fmt::Result {
    const NAMES: [(u8, &str); 4] =
        [(READABLE, "READABLE"), (WRITABLE, "WRITABLE"), (PRIORITY, "PRIORITY"), (ERROR, "ERROR")];
    let mut names = NAMES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name);
    names.next().into_iter().try_for_each(|name| f.write_str(name))?;
    names.try_for_each(|name| write!(f, " | {name}"))
}
