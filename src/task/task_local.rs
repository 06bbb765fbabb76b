//! Values that belong to a task.

use crate::env::context::pinned;
use core::cell::RefCell;
use core::fmt;
use core::future::Future;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use std::thread::LocalKey as ThreadKey;

/// Declares values that belong to a task: [`LocalKey`]s.
///
/// # Examples
/// ```
/// creel::task_local! {
///     static USER: &'static str;
/// }
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// USER.scope("ada", async {
///     assert_eq!(USER.get(), "ada");
///     USER.scope("bob", async { assert_eq!(USER.get(), "bob") }).await;
///     // A task has its own values; this one is handed down on purpose.
///     creel::spawn(USER.inherit(async { assert_eq!(USER.get(), "ada") })).await.unwrap();
/// })
/// .await;
/// # });
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty; $($rest:tt)*) => {
        $crate::__task_local!($(#[$attribute])* $vis $name, $type);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty) => {
        $crate::__task_local!($(#[$attribute])* $vis $name, $type);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __task_local {
    ($(#[$attribute:meta])* $vis:vis $name:ident, $type:ty) => {
        $(#[$attribute])*
        $vis static $name: $crate::task::LocalKey<$type> = {
            ::std::thread_local! {
                static SLOT: ::core::cell::RefCell<::core::option::Option<$type>> =
                    const { ::core::cell::RefCell::new(::core::option::Option::None) };
            }
            $crate::task::LocalKey::__new(&SLOT)
        };
    };
}

/// A value that belongs to a task, declared by [`task_local!`](crate::task_local).
///
/// It has a value only inside [`scope`](Self::scope): around each poll of the scope's future the
/// value stands in a slot of the thread.
pub struct LocalKey<T: 'static> {
    slot: &'static ThreadKey<RefCell<Option<T>>>,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn __new(slot: &'static ThreadKey<RefCell<Option<T>>>) -> Self {
        Self { slot }
    }

    /// Runs `future` with `value` in the key.
    ///
    /// # Cancel safety
    /// That of `future`, which is dropped with it; the value is dropped too.
    ///
    /// # Panics
    /// When polled while the key is borrowed by [`with`](Self::with) or after the thread's locals
    /// are gone.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture { key: self, value: Some(value), future: Some(future), _pin: PhantomPinned }
    }

    /// Runs `f` with `value` in the key.
    ///
    /// # Panics
    /// Like [`scope`](Self::scope).
    #[track_caller]
    pub fn sync_scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        let mut value = Some(value);
        match self.swapped(&mut value, f) {
            Ok(result) => result,
            Err(error) => error.panic(),
        }
    }

    /// Hands the value of the running task down to `future`, which may be spawned.
    ///
    /// # Panics
    /// If the key has no value here.
    #[track_caller]
    pub fn inherit<F: Future>(&'static self, future: F) -> TaskLocalFuture<T, F>
    where
        T: Clone,
    {
        self.scope(self.get(), future)
    }

    /// Runs `f` with the value.
    ///
    /// # Panics
    /// If the key has no value here.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(_) => panic!("a task-local value was read outside the `scope` that sets it"),
        }
    }

    /// Runs `f` with the value, if there is one.
    ///
    /// # Errors
    /// [`AccessError`] if the key has no value here.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.slot
            .try_with(|slot| pinned(|| slot.borrow().as_ref().map(f)))
            .ok()
            .flatten()
            .ok_or(AccessError(()))
    }

    /// A copy of the value.
    ///
    /// # Panics
    /// If the key has no value here.
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value, if there is one.
    ///
    /// # Errors
    /// [`AccessError`] if the key has no value here.
    pub fn try_get(&'static self) -> Result<T, AccessError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }

    /// Runs `f` with `value` swapped into the slot, and swaps it back, also when `f` panics.
    fn swapped<R>(
        &'static self,
        value: &mut Option<T>,
        f: impl FnOnce() -> R,
    ) -> Result<R, ScopeError> {
        struct SwapBack<'a, T: 'static>(&'static LocalKey<T>, &'a mut Option<T>);
        impl<T: 'static> Drop for SwapBack<'_, T> {
            fn drop(&mut self) {
                // It worked on the way in and nothing holds a borrow across the scope.
                let _ =
                    self.0.slot.try_with(|slot| core::mem::swap(&mut *slot.borrow_mut(), self.1));
            }
        }
        let swapped = self.slot.try_with(|slot| {
            slot.try_borrow_mut().map(|mut slot| core::mem::swap(&mut *slot, value))
        });
        match swapped {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(ScopeError::Borrowed),
            Err(_) => return Err(ScopeError::Destroyed),
        }
        let _back = SwapBack(self, value);
        Ok(pinned(f))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

enum ScopeError {
    Borrowed,
    Destroyed,
}

impl ScopeError {
    #[track_caller]
    fn panic(self) -> ! {
        match self {
            Self::Borrowed => panic!("a task-local scope was entered while its value is borrowed"),
            Self::Destroyed => panic!(
                "a task-local scope was entered while the thread ends and its locals are destroyed"
            ),
        }
    }
}

/// There is no value in the key here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task-local value not set")
    }
}

impl core::error::Error for AccessError {}

pin_project! {
    /// A future with a value in a [`LocalKey`]; made by [`LocalKey::scope`].
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct TaskLocalFuture<T: 'static, F> {
        key: &'static LocalKey<T>,
        value: Option<T>,
        #[pin]
        future: Option<F>,
        #[pin]
        _pin: PhantomPinned,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            // The future's own drop sees the value too.
            let this = this.project();
            let mut future = this.future;
            if future.is_some() {
                let _ = this.key.swapped(this.value, || future.set(None));
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out of the scope; the future must not be polled after that unless it is
    /// complete.
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut future = this.future;
        let polled = this.key.swapped(this.value, || {
            let poll = future.as_mut().as_pin_mut()?.poll(cx);
            if poll.is_ready() {
                future.set(None);
            }
            Some(poll)
        });
        match polled {
            Ok(Some(poll)) => poll,
            Ok(None) => panic!("`TaskLocalFuture` polled after completion"),
            Err(error) => error.panic(),
        }
    }
}

impl<T: fmt::Debug, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture").field("value", &self.value).finish_non_exhaustive()
    }
}
