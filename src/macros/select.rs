//! `select!`: the first of several branches.
//!
//! Wholly declarative. [`select!`](crate::select) picks how to start and hands the branches to
//! `__select!`, which reads them one by one and gives each a number, a name and the narrowest mask
//! that has a bit for it; then it writes the code once.

// Why unsafe: the branches are pinned in place, in a tuple that only the expansion can name.

/// Waits for the first of several branches, drops the others, and runs the handler of the one.
///
/// ```text
/// select! {
///     pattern = future => handler,
///     pattern = future, if precondition => { handler }
///     else => handler,
/// }
/// ```
///
/// 1. All preconditions are evaluated; a branch whose precondition is false is disabled.
/// 2. All futures are made, also those of disabled branches (which are then never polled).
/// 3. The futures are polled, starting from a random branch each time, or in the order they are
///    written after `biased;`.
/// 4. The first that is ready and whose value fits its pattern wins: all futures are dropped, then
///    the handler runs and its value is the value of `select!`. A value that does not fit the
///    pattern is dropped and disables the branch.
/// 5. When all branches are disabled, the handler of `else` runs.
///
/// Up to 64 branches. All of them run in the current task: they may borrow the same data, and while
/// one blocks, none of the others proceeds. Handlers may borrow mutably what a future of another
/// branch had borrowed, and may use `.await`, `?`, `break` and `return` of the function around.
///
/// # Fairness
///
/// The random start keeps a branch that is always ready from starving the others. With `biased;`
/// the order is yours to choose: put the branch that must not starve (a shutdown signal) before the
/// one that may never run dry.
///
/// # Panics
///
/// When all branches are disabled and there is no `else`.
///
/// # Cancel safety
///
/// The futures of the branches that lose are dropped. What creel's futures lose when that happens
/// stands in their documentation under this heading. `recv` of every channel loses nothing; a
/// `send` that loses drops its value unsent, unless a place was reserved for it first. To go on
/// with a future after it has lost, pin it outside and select on `&mut future`.
///
/// # Examples
///
/// ```
/// use std::future::{pending, ready};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let first = creel::select! {
///     number = ready(7) => number,
///     () = pending() => unreachable!(),
/// };
/// assert_eq!(first, 7);
///
/// // A pattern that does not fit leaves the race to the others.
/// let word = creel::select! {
///     Some(word) = ready(None) => word,
///     else => "nobody",
/// };
/// assert_eq!(word, "nobody");
/// # }
/// ```
///
/// A future that goes on across several rounds:
///
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::future::ready;
///
/// let mut inputs = vec![1, 2, 3];
/// let work = async { 10 };
/// creel::pin!(work);
///
/// let mut total = 0;
/// let mut worked = false;
/// while !worked || !inputs.is_empty() {
///     creel::select! {
///         biased;
///         Some(input) = ready(inputs.pop()) => total += input,
///         result = &mut work, if !worked => {
///             total += result;
///             worked = true;
///         }
///     }
/// }
/// assert_eq!(total, 16);
/// # }
/// ```
#[macro_export]
macro_rules! select {
    ($(biased;)? else => $handler:expr $(,)?) => { $handler };
    (biased; $pattern:pat = $($rest:tt)+) => {
        $crate::__select! { ($crate::__private::start_in_order, drop) $pattern = $($rest)+ }
    };
    ($pattern:pat = $($rest:tt)+) => {
        $crate::__select! { ($crate::__private::start_anywhere, drop) $pattern = $($rest)+ }
    };
    ($(biased;)?) => { ::core::compile_error!("`select!` needs at least one branch") };
}

/// [`select!`](crate::select) that cancels the branches that lose, and waits for their
/// [clean-up](crate::scope::finally) and their [shields](crate::scope::shield) before the handler
/// runs.
///
/// Everything else is as there.
///
/// # Panics
///
/// When all branches are disabled and there is no `else`.
///
/// # Cancel safety
///
/// The futures of all branches are dropped.
///
/// # Examples
///
/// ```
/// use creel::scope::finally;
/// use creel::time::{Duration, sleep};
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use std::sync::Arc;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let closed = Arc::new(AtomicBool::new(false));
/// let close = closed.clone();
/// let connection = finally(std::future::pending::<u8>(), async move {
///     sleep(Duration::from_millis(1)).await;
///     close.store(true, Ordering::Relaxed);
/// });
/// let in_time = creel::select_drain! {
///     _ = connection => true,
///     () = sleep(Duration::from_millis(1)) => {
///         assert!(closed.load(Ordering::Relaxed));
///         false
///     }
/// };
/// assert!(!in_time);
/// # }
/// ```
#[cfg(feature = "alloc")]
#[macro_export]
macro_rules! select_drain {
    ($(biased;)? else => $handler:expr $(,)?) => { $handler };
    (biased; $pattern:pat = $($rest:tt)+) => {
        $crate::__select! { ($crate::__private::start_in_order, drain) $pattern = $($rest)+ }
    };
    ($pattern:pat = $($rest:tt)+) => {
        $crate::__select! { ($crate::__private::start_anywhere, drain) $pattern = $($rest)+ }
    };
    ($(biased;)?) => { ::core::compile_error!("`select_drain!` needs at least one branch") };
}

/// The inside of [`select!`](crate::select).
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    // Entry: nothing read yet, all numbers free.
    (($($how:tt)+) $($rest:tt)+) => {
        $crate::__select! { @read ($($how)+), u8, {} {
            [0 B0 u8] [1 B1 u8] [2 B2 u8] [3 B3 u8] [4 B4 u8] [5 B5 u8] [6 B6 u8] [7 B7 u8]
            [8 B8 u16] [9 B9 u16] [10 B10 u16] [11 B11 u16] [12 B12 u16] [13 B13 u16]
            [14 B14 u16] [15 B15 u16] [16 B16 u32] [17 B17 u32] [18 B18 u32] [19 B19 u32]
            [20 B20 u32] [21 B21 u32] [22 B22 u32] [23 B23 u32] [24 B24 u32] [25 B25 u32]
            [26 B26 u32] [27 B27 u32] [28 B28 u32] [29 B29 u32] [30 B30 u32] [31 B31 u32]
            [32 B32 u64] [33 B33 u64] [34 B34 u64] [35 B35 u64] [36 B36 u64] [37 B37 u64]
            [38 B38 u64] [39 B39 u64] [40 B40 u64] [41 B41 u64] [42 B42 u64] [43 B43 u64]
            [44 B44 u64] [45 B45 u64] [46 B46 u64] [47 B47 u64] [48 B48 u64] [49 B49 u64]
            [50 B50 u64] [51 B51 u64] [52 B52 u64] [53 B53 u64] [54 B54 u64] [55 B55 u64]
            [56 B56 u64] [57 B57 u64] [58 B58 u64] [59 B59 u64] [60 B60 u64] [61 B61 u64]
            [62 B62 u64] [63 B63 u64]
        } $($rest)+ }
    };

    // The end; before the branches, because no pattern may begin with `else`.
    (@read $how:tt, $mask:ty, { $($done:tt)+ } { $($free:tt)* } else => $else:expr $(,)?) => {
        $crate::__select! { @write $how, $mask, { $($done)+ } $else }
    };
    (@read $how:tt, $mask:ty, { $($done:tt)+ } { $($free:tt)* }) => {
        $crate::__select! { @write $how, $mask, { $($done)+ }
            ::core::panic!("all branches of `select!` are disabled and there is no `else`")
        }
    };
    (@read $how:tt, $mask:ty, { $($done:tt)+ } {} $pattern:pat = $($rest:tt)*) => {
        ::core::compile_error!("`select!` has at most 64 branches")
    };

    // One branch. The handler is a block and may do without a comma, or an expression and may not.
    (@read $how:tt, $_:ty, { $($done:tt)* } { [$n:tt $name:ident $mask:ty] $($free:tt)* }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:block, $($rest:tt)*
    ) => {
        $crate::__select! { @read $how, $mask, {
            $($done)* [$n $name] $pattern = $future, [$($condition)?] => $handler,
        } { $($free)* } $($rest)* }
    };
    (@read $how:tt, $_:ty, { $($done:tt)* } { [$n:tt $name:ident $mask:ty] $($free:tt)* }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:block $($rest:tt)*
    ) => {
        $crate::__select! { @read $how, $mask, {
            $($done)* [$n $name] $pattern = $future, [$($condition)?] => $handler,
        } { $($free)* } $($rest)* }
    };
    (@read $how:tt, $_:ty, { $($done:tt)* } { [$n:tt $name:ident $mask:ty] $($free:tt)* }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:expr
    ) => {
        $crate::__select! { @read $how, $mask, {
            $($done)* [$n $name] $pattern = $future, [$($condition)?] => $handler,
        } {} }
    };
    (@read $how:tt, $_:ty, { $($done:tt)* } { [$n:tt $name:ident $mask:ty] $($free:tt)* }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:expr, $($rest:tt)*
    ) => {
        $crate::__select! { @read $how, $mask, {
            $($done)* [$n $name] $pattern = $future, [$($condition)?] => $handler,
        } { $($free)* } $($rest)* }
    };

    (@write ($start:path, $losers:ident), $mask:ty, {
        $([$n:tt $name:ident] $pattern:pat = $future:expr, [$($condition:expr)?] => $handler:expr,)+
    } $else:expr) => {{
        // What came of it, a variant a branch.
        #[doc(hidden)]
        enum __CreelSelected<$($name),+> {
            $($name($name),)+
            Disabled,
        }

        let mut disabled: $mask = 0;
        $($(
            if !$condition {
                disabled |= 1 << $n;
            }
        )?)+

        #[allow(unused_mut)]
        let mut selected = {
            // First the bare expressions, so that temporaries in them live as long as the futures.
            let futures = ($($future,)+);
            let contest = $crate::__losers!(@open $losers);
            let mut futures = ($($crate::__losers!(
                @enter $losers contest,
                $crate::__private::IntoFuture::into_future(futures.$n)
            ),)+);
            // The closure holds a reference to the futures, which therefore stay where they are
            // even if it moves.
            let futures = &mut futures;
            let selected = $crate::__private::poll_fn(|cx| {
                // With the budget spent, creel's futures would yield and others would not.
                $crate::__private::ready!($crate::__private::poll_budget(cx));
                let futures = &mut *futures;
                let mut is_pending = false;
                let count: u32 = <[()]>::len(&[$($crate::__unit!($n)),+]) as u32;
                let mut turn: u32 = $start(count);
                for _ in 0..count {
                    let branch = turn;
                    turn = if turn + 1 == count { 0 } else { turn + 1 };
                    match branch {
                        $(
                            #[allow(unreachable_code)]
                            $n => {
                                if disabled & (1 << $n) != 0 {
                                    continue;
                                }
                                // SAFETY: the futures lie in a variable of the block around, are
                                // reached through this reference only, and are never moved.
                                let future = unsafe {
                                    $crate::__private::Pin::new_unchecked(&mut futures.$n)
                                };
                                #[allow(unused_mut)]
                                let mut output =
                                    match $crate::__private::Future::poll(future, cx) {
                                        $crate::__private::Poll::Ready(output) => output,
                                        $crate::__private::Poll::Pending => {
                                            is_pending = true;
                                            continue;
                                        }
                                    };
                                disabled |= 1 << $n;
                                // The guard refuses what fits, so that nothing is moved out yet.
                                let mut fits = false;
                                #[allow(unused_variables, unused_mut, unreachable_patterns, clippy::all)]
                                match output {
                                    $pattern if { fits = true; false } => ::core::unreachable!(),
                                    _ => {}
                                }
                                if fits {
                                    return $crate::__private::Poll::Ready(
                                        __CreelSelected::$name(output),
                                    );
                                }
                            }
                        )+
                        _ => ::core::unreachable!("there are {count} branches"),
                    }
                }
                if is_pending {
                    $crate::__private::Poll::Pending
                } else {
                    $crate::__private::Poll::Ready(__CreelSelected::Disabled)
                }
            })
            .await;
            $crate::__losers!(@end $losers contest, futures, $($n)+);
            selected
        };

        match selected {
            $(__CreelSelected::$name($pattern) => $handler,)+
            __CreelSelected::Disabled => $else,
            #[allow(unreachable_patterns)]
            _ => ::core::unreachable!("the pattern fitted before"),
        }
    }};
}

/// What becomes of the branches that lose: `drop`, or `drain`.
#[doc(hidden)]
#[macro_export]
macro_rules! __losers {
    (@open drop) => {
        ()
    };
    (@enter drop $contest:ident, $future:expr) => {
        $future
    };
    (@end drop $contest:ident, $futures:ident, $($n:tt)+) => {
        let () = $contest;
    };
    (@open drain) => {
        $crate::__private::Contest::open()
    };
    (@enter drain $contest:ident, $future:expr) => {
        $contest.enter($future)
    };
    (@end drain $contest:ident, $futures:ident, $($n:tt)+) => {
        $contest.end();
        $crate::__private::poll_fn(|cx| {
            let mut is_pending = false;
            $({
                // SAFETY: as above: the futures stay where they are until they are dropped.
                let future = unsafe { $crate::__private::Pin::new_unchecked(&mut $futures.$n) };
                is_pending |= future.poll_end(cx).is_pending();
            })+
            if is_pending {
                $crate::__private::Poll::Pending
            } else {
                $crate::__private::Poll::Ready(())
            }
        })
        .await;
        $contest.drain().await;
    };
}
