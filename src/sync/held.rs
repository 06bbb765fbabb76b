//! What the guards of mutex and reader-writer lock have in common: permits that are returned on
//! drop, and reading through to the value.
//!
//! A guard is made of a [`Share`] or a [`Whole`], which returns permits, and a pointer to the
//! value. It has no `Drop` of its own, so mapping it is taking it apart.
//!
//! Why unsafe: the way from a guard to its value is a pointer, valid because of the permits beside it.

use super::permits::Permits;
use core::ops::Deref;

/// Why asking for the permits of a lock does not fail.
pub(super) const NEVER_CLOSED: &str = "the permits of a lock are never closed";

/// What has permits for its value.
pub(super) trait Locked {
    fn permits(&self) -> &Permits;
}

impl Locked for Permits {
    fn permits(&self) -> &Permits {
        self
    }
}

/// One permit, returned on drop.
pub(super) struct Share<L: Deref<Target: Locked>>(pub(super) L);

impl<'a, L: Locked + ?Sized> Share<&'a L> {
    /// Forgets what the value is.
    #[inline]
    pub(super) fn narrow(self) -> Share<&'a Permits> {
        let permits = self.0.permits();
        core::mem::forget(self);
        Share(permits)
    }
}

impl<L: Deref<Target: Locked>> Drop for Share<L> {
    #[inline]
    fn drop(&mut self) {
        self.0.permits().release(1);
    }
}

/// All permits that there are, returned on drop.
pub(super) struct Whole<L: Deref<Target: Locked>> {
    pub(super) lock: L,
    pub(super) permits: u32,
}

impl<L: Deref<Target: Locked> + Clone> Whole<L> {
    /// Returns all but one permit.
    pub(super) fn downgrade(mut self) -> Share<L> {
        self.permits -= 1;
        Share(self.lock.clone())
    }
}

impl<L: Deref<Target: Locked>> Drop for Whole<L> {
    #[inline]
    fn drop(&mut self) {
        self.lock.permits().release(self.permits as usize);
    }
}

/// Reading through, for guards that answer with `pointer()` where their value is.
macro_rules! reads_through {
    ($([$($generics:tt)*] $guard:ty => $target:ident;)*) => {$(
        impl<$($generics)*> core::ops::Deref for $guard {
            type Target = $target;

            #[inline]
            fn deref(&self) -> &$target {
                // SAFETY: the guard's permits keep others from writing to the value while it lives.
                unsafe { &*self.pointer() }
            }
        }

        impl<$($generics)*> core::fmt::Debug for $guard
        where
            $target: core::fmt::Debug,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($generics)*> core::fmt::Display for $guard
        where
            $target: core::fmt::Display,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }
    )*};
}

/// Writing through, for guards that are alone with their value.
macro_rules! writes_through {
    ($([$($generics:tt)*] $guard:ty => $target:ident;)*) => {$(
        impl<$($generics)*> core::ops::DerefMut for $guard {
            #[inline]
            fn deref_mut(&mut self) -> &mut $target {
                // SAFETY: the guard holds all permits, so nobody else has the value while it lives.
                unsafe { &mut *self.pointer() }
            }
        }
    )*};
}

pub(super) use {reads_through, writes_through};
