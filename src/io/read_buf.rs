//! [`ReadBuf`]: where a reader puts what it has read.
//!
//! Three positions never cross: `filled <= initialized <= capacity`. The one invariant every
//! `unsafe` block here leans on: **the first `initialized` bytes of `bytes` are initialised**, and
//! no method ever takes that back.
//!
//! Why unsafe: memory need not be cleared before it is read into, and only this says how far it is.

use core::fmt;
use core::mem::MaybeUninit;

/// A byte buffer that is filled step by step and remembers how much of it is initialised.
///
/// ```text
/// [               capacity              ]
/// [  filled  |         unfilled         ]
/// [     initialized     |       ?       ]
/// ```
///
/// A reader appends with [`put_slice`](Self::put_slice), or asks for
/// [`initialize_unfilled`](Self::initialize_unfilled), writes there and calls
/// [`advance`](Self::advance). Memory that was initialised once is not cleared again.
///
/// # Examples
///
/// ```
/// use creel::io::ReadBuf;
///
/// let mut memory = [0; 8];
/// let mut buf = ReadBuf::new(&mut memory);
/// buf.put_slice(b"abc");
/// buf.initialize_unfilled_to(1)[0] = b'd';
/// buf.advance(1);
/// assert_eq!(buf.filled(), b"abcd");
/// assert_eq!(buf.remaining(), 4);
/// ```
pub struct ReadBuf<'a> {
    bytes: &'a mut [MaybeUninit<u8>],
    filled: usize,
    initialized: usize,
}

impl<'a> ReadBuf<'a> {
    /// An empty `ReadBuf` over initialised memory.
    #[inline]
    pub fn new(bytes: &'a mut [u8]) -> Self {
        let initialized = bytes.len();
        // SAFETY: `MaybeUninit<u8>` has the layout of `u8`, and nothing here writes uninitialised
        // bytes below `initialized`, which is all of it.
        let bytes = unsafe { &mut *(bytes as *mut [u8] as *mut [MaybeUninit<u8>]) };
        Self { bytes, filled: 0, initialized }
    }

    /// An empty `ReadBuf` over memory that may not be initialised yet.
    #[inline]
    pub fn uninit(bytes: &'a mut [MaybeUninit<u8>]) -> Self {
        Self { bytes, filled: 0, initialized: 0 }
    }

    /// How many bytes the buffer holds in all.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes may still be filled.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.filled
    }

    /// What has been read so far.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        // SAFETY: `filled <= initialized`.
        unsafe { assume_init(&self.bytes[..self.filled]) }
    }

    /// What has been read so far, to change it.
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: `filled <= initialized`.
        unsafe { assume_init_mut(&mut self.bytes[..self.filled]) }
    }

    /// The part known to be initialised, which begins with the filled part.
    #[inline]
    pub fn initialized(&self) -> &[u8] {
        // SAFETY: the invariant of `initialized`.
        unsafe { assume_init(&self.bytes[..self.initialized]) }
    }

    /// The part known to be initialised, to change it.
    #[inline]
    pub fn initialized_mut(&mut self) -> &mut [u8] {
        // SAFETY: the invariant of `initialized`.
        unsafe { assume_init_mut(&mut self.bytes[..self.initialized]) }
    }

    /// A `ReadBuf` over the next `n` unfilled bytes, or fewer where fewer remain.
    ///
    /// It knows what is already initialised. What it learns has to be carried back with
    /// [`assume_init`](Self::assume_init) and [`advance`](Self::advance).
    #[inline]
    pub fn take(&mut self, n: usize) -> ReadBuf<'_> {
        let n = n.min(self.remaining());
        let initialized = n.min(self.initialized - self.filled);
        ReadBuf { bytes: &mut self.bytes[self.filled..][..n], filled: 0, initialized }
    }

    /// All of the memory, initialised or not.
    ///
    /// # Safety
    ///
    /// No byte may be de-initialised, not even one that is not known to be initialised.
    #[inline]
    pub unsafe fn inner_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        self.bytes
    }

    /// The unfilled part, initialised or not.
    ///
    /// # Safety
    ///
    /// No byte may be de-initialised, not even one that is not known to be initialised.
    #[inline]
    pub unsafe fn unfilled_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.bytes[self.filled..]
    }

    /// The unfilled part, cleared where it was not initialised.
    #[inline]
    pub fn initialize_unfilled(&mut self) -> &mut [u8] {
        self.initialize_unfilled_to(self.remaining())
    }

    /// The first `n` unfilled bytes, cleared where they were not initialised.
    ///
    /// # Panics
    ///
    /// If fewer than `n` bytes remain.
    #[inline]
    #[track_caller]
    pub fn initialize_unfilled_to(&mut self, n: usize) -> &mut [u8] {
        assert!(n <= self.remaining(), "{n} bytes do not fit, {} remain", self.remaining());
        let end = self.filled + n;
        if self.initialized < end {
            self.bytes[self.initialized..end].fill(MaybeUninit::new(0));
            self.initialized = end;
        }
        // SAFETY: `end <= initialized`, established just above.
        unsafe { assume_init_mut(&mut self.bytes[self.filled..end]) }
    }

    /// Forgets what was read. What is initialised stays so.
    #[inline]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Counts the next `n` bytes as filled.
    ///
    /// # Panics
    ///
    /// If they are not known to be initialised.
    #[inline]
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        self.set_filled(self.filled.checked_add(n).expect("the filled length overflows"));
    }

    /// Counts the first `n` bytes, and no more, as filled.
    ///
    /// # Panics
    ///
    /// If they are not known to be initialised.
    #[inline]
    #[track_caller]
    pub fn set_filled(&mut self, n: usize) {
        assert!(n <= self.initialized, "only initialised bytes can count as filled");
        self.filled = n;
    }

    /// Records that the first `n` unfilled bytes are initialised.
    ///
    /// # Safety
    ///
    /// They are.
    #[inline]
    pub unsafe fn assume_init(&mut self, n: usize) {
        self.initialized = self.initialized.max(self.filled + n);
    }

    /// Appends `data` to what was read.
    ///
    /// # Panics
    ///
    /// If it does not fit into what [remains](Self::remaining).
    #[inline]
    #[track_caller]
    pub fn put_slice(&mut self, data: &[u8]) {
        let (n, remaining) = (data.len(), self.remaining());
        assert!(n <= remaining, "{n} bytes do not fit, {remaining} remain");
        let end = self.filled + n;
        // SAFETY: `u8` may be read as `MaybeUninit<u8>`.
        let data = unsafe { &*(data as *const [u8] as *const [MaybeUninit<u8>]) };
        self.bytes[self.filled..end].copy_from_slice(data);
        self.initialized = self.initialized.max(end);
        self.filled = end;
    }

    /// Fills what remains with `byte`.
    #[inline]
    pub(super) fn fill(&mut self, byte: u8) {
        self.bytes[self.filled..].fill(MaybeUninit::new(byte));
        (self.filled, self.initialized) = (self.bytes.len(), self.bytes.len());
    }

    /// Lends the next `n` unfilled bytes out, and counts what was filled there.
    ///
    /// # Panics
    ///
    /// If another `ReadBuf` was put in the place of the part.
    #[inline]
    pub(super) fn lend<R>(&mut self, n: usize, fill: impl FnOnce(&mut ReadBuf<'_>) -> R) -> R {
        let mut part = self.take(n);
        let start = part.bytes.as_ptr();
        let result = fill(&mut part);
        assert_eq!(part.bytes.as_ptr(), start, "the reader exchanged the buffer");
        let (filled, initialized) = (part.filled, part.initialized);
        self.initialized = self.initialized.max(self.filled + initialized);
        self.filled += filled;
        result
    }
}

/// # Safety
///
/// All of `bytes` is initialised.
#[inline]
unsafe fn assume_init(bytes: &[MaybeUninit<u8>]) -> &[u8] {
    // SAFETY: same layout, and the caller vouches for the contents.
    unsafe { &*(bytes as *const [MaybeUninit<u8>] as *const [u8]) }
}

/// # Safety
///
/// All of `bytes` is initialised.
#[inline]
unsafe fn assume_init_mut(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: same layout, the caller vouches for the contents, and a `u8` written through the
    // result is initialised.
    unsafe { &mut *(bytes as *mut [MaybeUninit<u8>] as *mut [u8]) }
}

impl fmt::Debug for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("initialized", &self.initialized)
            .field("capacity", &self.capacity())
            .finish()
    }
}

// SAFETY: `chunk_mut` is the unfilled part, and `advance_mut` fills exactly its beginning.
#[cfg(feature = "bytes")]
unsafe impl bytes::BufMut for ReadBuf<'_> {
    fn remaining_mut(&self) -> usize {
        self.remaining()
    }

    unsafe fn advance_mut(&mut self, n: usize) {
        // SAFETY: the caller has initialised `n` bytes of `chunk_mut`.
        unsafe { self.assume_init(n) };
        self.advance(n);
    }

    fn chunk_mut(&mut self) -> &mut bytes::buf::UninitSlice {
        // An `UninitSlice` cannot be de-initialised.
        bytes::buf::UninitSlice::uninit(&mut self.bytes[self.filled..])
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn take_knows_what_is_initialised() {
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        buf.put_slice(b"ab");
        buf.initialize_unfilled_to(3);
        assert_eq!(buf.initialized().len(), 5);

        let mut part = buf.take(2);
        assert_eq!((part.initialized().len(), part.remaining()), (2, 2));
        part.put_slice(b"c");
        assert_eq!(buf.take(usize::MAX).capacity(), 6);
    }

    #[test]
    fn filled_never_passes_initialised() {
        let mut memory = [MaybeUninit::uninit(); 4];
        let mut buf = ReadBuf::uninit(&mut memory);
        let refused = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| buf.advance(1)));
        assert!(refused.is_err());
        assert_eq!(buf.initialize_unfilled(), [0; 4]);
        buf.set_filled(4);
        buf.clear();
        assert_eq!((buf.filled().len(), buf.initialized().len()), (0, 4));
    }

    #[test]
    #[should_panic = "5 bytes do not fit, 4 remain"]
    fn too_much_is_refused() {
        ReadBuf::new(&mut [0; 4]).put_slice(&[1; 5]);
    }
}
