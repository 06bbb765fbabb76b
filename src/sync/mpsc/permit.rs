//! Permits: places in the channel that are taken in advance.

use super::Sender;
use super::chan::{Bounded, Chan};
use core::fmt;
use core::iter::FusedIterator;

/// A place in a bounded channel, for one value: sending through it cannot fail or wait.
///
/// A permit that is dropped gives its place back. It keeps its worth when the receiver closes:
/// what is sent is received.
///
/// Made by [`Sender::reserve`] and [`Sender::try_reserve`].
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(1);
/// let permit = tx.try_reserve().unwrap();
/// assert!(tx.try_send("no room").is_err());
/// permit.send("first");
/// assert_eq!(rx.try_recv(), Ok("first"));
/// ```
#[must_use = "a permit that is dropped gives its place back"]
pub struct Permit<'a, T> {
    chan: &'a Chan<T, Bounded>,
}

/// Several places in a bounded channel, given out one [`Permit`] after another.
///
/// Places that are left when it is dropped are given back.
///
/// Made by [`Sender::reserve_many`] and [`Sender::try_reserve_many`].
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(3);
/// for (permit, value) in tx.try_reserve_many(2).unwrap().zip(["a", "b"]) {
///     permit.send(value);
/// }
/// assert_eq!((rx.try_recv(), rx.try_recv()), (Ok("a"), Ok("b")));
/// ```
#[must_use = "permits that are dropped give their places back"]
pub struct PermitIterator<'a, T> {
    chan: &'a Chan<T, Bounded>,
    left: usize,
}

/// A place in a bounded channel that owns its [`Sender`].
///
/// Dropping it gives the place back and drops the sender.
///
/// Made by [`Sender::reserve_owned`] and [`Sender::try_reserve_owned`].
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(1);
/// let permit = tx.try_reserve_owned().unwrap();
/// let tx = permit.send(1);
/// assert_eq!(rx.try_recv(), Ok(1));
/// tx.try_send(2).unwrap();
/// ```
#[must_use = "a permit that is dropped gives its place back"]
pub struct OwnedPermit<T> {
    /// `None` once the permit is used.
    sender: Option<Sender<T>>,
}

impl<'a, T> Permit<'a, T> {
    /// For one place that is taken.
    #[inline]
    pub(super) fn new(chan: &'a Chan<T, Bounded>) -> Self {
        Self { chan }
    }

    /// Sends the value in the place of this permit.
    #[inline]
    pub fn send(self, value: T) {
        let chan = self.chan;
        // The place goes to the value, also if the receiver's waker panics.
        core::mem::forget(self);
        chan.send_reserved(value);
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.chan.release(1);
    }
}

impl<'a, T> PermitIterator<'a, T> {
    /// For so many places that are taken.
    #[inline]
    pub(super) fn new(chan: &'a Chan<T, Bounded>, left: usize) -> Self {
        Self { chan, left }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        self.left = self.left.checked_sub(1)?;
        Some(Permit::new(self.chan))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        self.chan.release(self.left);
    }
}

impl<T> OwnedPermit<T> {
    /// For one place that is taken in the channel of `sender`.
    #[inline]
    pub(super) fn new(sender: Sender<T>) -> Self {
        Self { sender: Some(sender) }
    }

    /// Sends the value in the place of this permit, and gives the sender back.
    pub fn send(mut self, value: T) -> Sender<T> {
        let sender = self.take();
        sender.chan().send_reserved(value);
        sender
    }

    /// Gives the place back, and the sender.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u8>(1);
    /// let permit = tx.try_reserve_owned().unwrap();
    /// assert_eq!(permit.release().capacity(), 1);
    /// ```
    pub fn release(mut self) -> Sender<T> {
        let sender = self.take();
        sender.chan().release(1);
        sender
    }

    /// Whether both permits are for the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        match (&self.sender, &other.sender) {
            (Some(own), Some(other)) => own.same_channel(other),
            _ => false,
        }
    }

    /// Whether the permit is for the channel of `sender`.
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.sender.as_ref().is_some_and(|own| own.same_channel(sender))
    }

    fn take(&mut self) -> Sender<T> {
        self.sender.take().expect("a permit has its sender until it is used")
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.chan().release(1);
        }
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("chan", self.chan).finish()
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator").field("chan", self.chan).field("left", &self.left).finish()
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").field("sender", &self.sender).finish()
    }
}
