//! `join!` and `try_join!`: all of several branches.
//!
//! The public macros pick the order of polling and hand the branches to `__join!`, which gives each
//! a number and writes the code once.

// Why unsafe: the branches are pinned in place, in a tuple that only the expansion can name.

/// Waits for all of several futures and gives their outputs as a tuple.
///
/// All of them run in the current task: they may borrow the same data and need no allocation, and
/// while one blocks, none of the others proceeds. To use several threads, spawn them and join the
/// handles.
///
/// Each time, polling starts from the next branch in turn, so that none can use up the budget of
/// the task before the others had theirs. After `biased;` it always starts from the first.
///
/// # Cancel safety
///
/// Dropping it drops all the futures, also the outputs of those that have completed.
///
/// # Examples
///
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// async fn square(x: u32) -> u32 {
///     x * x
/// }
///
/// let (nine, sixteen, word) = creel::join!(square(3), square(4), async { "done" });
/// assert_eq!((nine, sixteen, word), (9, 16, "done"));
///
/// let (first, second) = creel::join!(biased; square(1), square(2));
/// assert_eq!(first + second, 5);
/// # }
/// ```
#[macro_export]
macro_rules! join {
    ($(biased;)?) => { async {}.await };
    (biased; $($future:expr),+ $(,)?) => {
        $crate::__join! { join, $crate::__private::InOrder, $($future),+ }
    };
    ($($future:expr),+ $(,)?) => {
        $crate::__join! { join, $crate::__private::InTurn, $($future),+ }
    };
}

/// Waits until all of several futures are `Ok`, or one is `Err`.
///
/// The value is `Ok` with a tuple of what the futures gave, or the first error; then the futures
/// that are not finished are dropped. All errors have the same type. Otherwise as
/// [`join!`](crate::join).
///
/// # Cancel safety
///
/// Dropping it drops all the futures, also the outputs of those that have completed.
///
/// # Examples
///
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::num::ParseIntError;
///
/// async fn parse(text: &str) -> Result<u32, ParseIntError> {
///     text.parse()
/// }
///
/// assert_eq!(creel::try_join!(parse("1"), parse("2")), Ok((1, 2)));
/// assert!(creel::try_join!(parse("1"), parse("two")).is_err());
/// # }
/// ```
#[macro_export]
macro_rules! try_join {
    ($(biased;)?) => { async { ::core::result::Result::Ok(()) }.await };
    (biased; $($future:expr),+ $(,)?) => {
        $crate::__join! { try_join, $crate::__private::InOrder, $($future),+ }
    };
    ($($future:expr),+ $(,)?) => {
        $crate::__join! { try_join, $crate::__private::InTurn, $($future),+ }
    };
}

/// The inside of [`join!`](crate::join) and [`try_join!`](crate::try_join).
#[doc(hidden)]
#[macro_export]
macro_rules! __join {
    // Entry: nothing read yet, all numbers free.
    ($kind:ident, $order:ty, $($future:expr),+) => {
        $crate::__join! { @number $kind, $order, {} {
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29
            30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56
            57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83
            84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 100 101 102 103 104 105 106 107
            108 109 110 111 112 113 114 115 116 117 118 119
        } $($future,)+ }
    };
    (@number $kind:ident, $order:ty, { $($done:tt)* } { $n:tt $($free:tt)* }
        $future:expr, $($rest:expr,)*
    ) => {
        $crate::__join! { @number $kind, $order, { $($done)* [$n $future] } { $($free)* }
            $($rest,)*
        }
    };
    (@number $kind:ident, $order:ty, { $($done:tt)* } {} $($rest:expr,)+) => {
        ::core::compile_error!("too many branches: join some of them first")
    };

    (@number $kind:ident, $order:ty, { $([$n:tt $future:expr])+ } { $($free:tt)* }) => {{
        let mut futures = ($($crate::__private::maybe_done($future),)+);
        // The closure holds a reference to the futures, which therefore stay where they are even
        // if it moves.
        let futures = &mut futures;
        let mut order = <$order as $crate::__private::Default>::default();
        $crate::__private::poll_fn(move |cx| {
            let mut is_pending = false;
            let count: u32 = <[()]>::len(&[$($crate::__unit!($n)),+]) as u32;
            let mut turn: u32 = order.start(count);
            for _ in 0..count {
                match turn {
                    $($n => {
                        // SAFETY: the futures lie in a variable of the block around, are reached
                        // through this reference only, and are never moved.
                        let future = unsafe {
                            $crate::__private::Pin::new_unchecked(&mut futures.$n)
                        };
                        $crate::__join! { @poll $kind, future, cx, is_pending }
                    })+
                    _ => ::core::unreachable!("there are {count} branches"),
                }
                turn = if turn + 1 == count { 0 } else { turn + 1 };
            }
            if is_pending {
                return $crate::__private::Poll::Pending;
            }
            // Unreachable if one of the outputs can have no value.
            #[allow(unreachable_code)]
            $crate::__private::Poll::Ready($crate::__join! { @finish $kind, ($({
                // SAFETY: as above.
                let future = unsafe {
                    $crate::__private::Pin::new_unchecked(&mut futures.$n)
                };
                $crate::__join! { @take $kind, future }
            },)+) })
        })
        .await
    }};

    (@poll join, $future:ident, $cx:ident, $is_pending:ident) => {
        $is_pending |= $crate::__private::Future::poll($future, $cx).is_pending()
    };
    (@poll try_join, $future:ident, $cx:ident, $is_pending:ident) => {
        match $future.poll_ok($cx) {
            $crate::__private::Poll::Ready($crate::__private::Ok(())) => {}
            $crate::__private::Poll::Ready($crate::__private::Err(error)) => {
                return $crate::__private::Poll::Ready($crate::__private::Err(error));
            }
            $crate::__private::Poll::Pending => $is_pending = true,
        }
    };
    (@take join, $future:ident) => { $future.take_output() };
    (@take try_join, $future:ident) => { $future.take_ok() };
    (@finish join, $outputs:expr) => { $outputs };
    (@finish try_join, $outputs:expr) => { $crate::__private::Ok($outputs) };
}
