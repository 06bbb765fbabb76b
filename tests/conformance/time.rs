//! Time: instants, sleeping, bounding, ticking, and the clock that is moved by hand.

use creel::task::{consume_budget, yield_now};
use creel::time::{
    self, Duration, Instant, Interval, MissedTickBehavior, advance, interval, interval_at, sleep,
    sleep_until, timeout, timeout_at,
};
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

const NS: Duration = Duration::from_nanos(1);
const HOUR: Duration = Duration::from_secs(3600);

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Polls once, as the task that asks.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Polls once, for nobody.
fn poll_with<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

async fn poll_tick(interval: &mut Interval) -> Poll<Instant> {
    poll_fn(|cx| Poll::Ready(interval.poll_tick(cx))).await
}

/// Writes its name down when it is woken.
struct Named(usize, Arc<Mutex<Vec<usize>>>);

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push(self.0);
    }
}

/// Wakers with the names `0..n`, and the list they write to.
fn named(n: usize) -> (Vec<Waker>, Arc<Mutex<Vec<usize>>>) {
    let list = Arc::new(Mutex::new(Vec::new()));
    ((0..n).map(|name| Arc::new(Named(name, list.clone())).into()).collect(), list)
}

/// Counts its drops.
struct CountsDrops(Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

cases! { "time":
    async fn an_instant_does_what_std_does() {
        let now = Instant::now();
        let later = now + ms(5);
        assert!(later > now);
        assert_eq!(later - now, ms(5));
        assert_eq!(later.duration_since(now), ms(5));
        assert_eq!(later - ms(5), now);
        assert_eq!(later.checked_duration_since(now), Some(ms(5)));
        assert_eq!(now.checked_duration_since(later), None);
        assert_eq!(now.saturating_duration_since(later), Duration::ZERO);
        assert_eq!(now - later, Duration::ZERO);
        assert_eq!((now + HOUR).elapsed(), Duration::ZERO);
        let mut moved = now;
        moved += ms(7);
        moved -= ms(2);
        assert_eq!(moved, later);
    }

    async fn an_instant_does_not_overflow() {
        let now = Instant::now();
        assert_eq!(now.checked_add(Duration::MAX), None);
        assert_eq!(now.checked_sub(Duration::MAX), None);
        let year = 365 * 24 * HOUR;
        assert!(now.checked_add(200 * year).is_some());
        assert!(now.checked_sub(100 * year).is_some());
    }

    async fn time_does_not_go_backwards() {
        let mut last = Instant::now();
        for _ in 0..100 {
            let now = Instant::now();
            assert!(now >= last);
            last = now;
            yield_now().await;
        }
    }

    async fn sleep_takes_at_least_its_time() {
        let start = Instant::now();
        sleep(ms(3)).await;
        assert!(start.elapsed() >= ms(3));
    }

    async fn sleep_of_zero_ends() {
        for _ in 0..50 {
            sleep(Duration::ZERO).await;
        }
    }

    async fn sleep_until_the_past_ends() {
        sleep_until(Instant::now() - HOUR).await;
    }

    async fn sleep_of_all_time_neither_panics_nor_ends() {
        let mut forever = pin!(sleep(Duration::MAX));
        assert!(poll_once(forever.as_mut()).await.is_pending());
        sleep(ms(1)).await;
        assert!(poll_once(forever.as_mut()).await.is_pending());
        assert!(forever.deadline() > Instant::now() + 24 * 365 * HOUR);
    }

    async fn sleep_knows_its_deadline_and_whether_it_has_passed() {
        let deadline = Instant::now() + ms(2);
        let mut sleep = pin!(sleep_until(deadline));
        assert_eq!(sleep.deadline(), deadline);
        assert!(!sleep.is_elapsed());
        assert!(poll_once(sleep.as_mut()).await.is_pending());
        assert!(!sleep.is_elapsed());
        sleep.as_mut().await;
        assert!(sleep.is_elapsed());
        assert!(Instant::now() >= deadline);
        sleep.await; // ready again
    }

    async fn sleep_can_be_polled_by_one_task_and_awaited_by_another() {
        let mut sleep = Box::pin(sleep(ms(2)));
        assert!(poll_once(sleep.as_mut()).await.is_pending());
        creel::spawn(sleep).await.unwrap();
    }

    async fn sleepers_wake_in_order_of_their_deadlines() {
        time::pause();
        let start = Instant::now();
        let (wakers, woken) = named(5);
        let mut sleeps: Vec<_> =
            [30, 10, 50, 20, 40].map(|n| Box::pin(sleep_until(start + n * NS))).into();
        for (sleep, waker) in sleeps.iter_mut().zip(&wakers) {
            assert!(poll_with(sleep.as_mut(), waker).is_pending());
        }
        advance(ms(1)).await;
        assert_eq!(*woken.lock().unwrap(), [1, 3, 0, 4, 2]);
        assert!(sleeps.iter().all(|sleep| sleep.is_elapsed()));
    }

    async fn sleepers_with_one_deadline_wake_in_order_of_arrival() {
        time::pause();
        let deadline = Instant::now() + HOUR;
        let (wakers, woken) = named(100);
        let mut sleeps: Vec<_> = (0..100).map(|_| Box::pin(sleep_until(deadline))).collect();
        for (sleep, waker) in sleeps.iter_mut().zip(&wakers) {
            assert!(poll_with(sleep.as_mut(), waker).is_pending());
        }
        advance(HOUR - NS).await;
        assert_eq!(*woken.lock().unwrap(), []);
        advance(NS).await;
        assert!(woken.lock().unwrap().iter().copied().eq(0..100));
    }

    async fn a_thousand_sleepers_all_wake() {
        let tasks: Vec<_> = (0..1000).map(|n| creel::spawn(sleep(ms(n % 4)))).collect();
        for task in tasks {
            task.await.unwrap();
        }
    }

    async fn a_dropped_sleep_wakes_nobody() {
        time::pause();
        let (wakers, woken) = named(3);
        let mut sleeps: Vec<_> = (0..3).map(|_| Box::pin(sleep(ms(1)))).collect();
        for (sleep, waker) in sleeps.iter_mut().zip(&wakers) {
            assert!(poll_with(sleep.as_mut(), waker).is_pending());
        }
        drop(sleeps.remove(1));
        advance(ms(1)).await;
        assert_eq!(*woken.lock().unwrap(), [0, 2]);
    }

    async fn the_last_task_to_poll_a_sleep_is_woken() {
        time::pause();
        let (wakers, woken) = named(2);
        let mut sleep = Box::pin(sleep(ms(1)));
        assert!(poll_with(sleep.as_mut(), &wakers[0]).is_pending());
        assert!(poll_with(sleep.as_mut(), &wakers[1]).is_pending());
        advance(ms(1)).await;
        assert_eq!(*woken.lock().unwrap(), [1]);
    }

    async fn reset_to_later_and_to_earlier() {
        time::pause();
        let start = Instant::now();
        let mut timer = pin!(sleep(ms(100)));
        assert!(poll_once(timer.as_mut()).await.is_pending());
        timer.as_mut().reset(start + ms(200));
        timer.as_mut().await;
        assert_eq!(start.elapsed(), ms(200));
        timer.as_mut().reset(start + HOUR);
        assert!(poll_once(timer.as_mut()).await.is_pending());
        timer.as_mut().reset(start + ms(300));
        timer.await;
        assert_eq!(start.elapsed(), ms(300));
    }

    async fn reset_before_the_first_poll() {
        time::pause();
        let start = Instant::now();
        let mut timer = pin!(sleep(HOUR));
        timer.as_mut().reset(start + ms(1));
        assert_eq!(timer.deadline(), start + ms(1));
        timer.await;
        assert_eq!(start.elapsed(), ms(1));
    }

    async fn reset_to_the_past_is_ready_at_once() {
        time::pause();
        let start = Instant::now();
        let (wakers, woken) = named(1);
        let mut timer = Box::pin(sleep(ms(100)));
        assert!(poll_with(timer.as_mut(), &wakers[0]).is_pending());
        advance(ms(50)).await;
        timer.as_mut().reset(start + ms(40));
        assert_eq!(*woken.lock().unwrap(), [0]);
        assert!(poll_once(timer.as_mut()).await.is_ready());
    }

    async fn reset_keeps_the_task_that_waits() {
        time::pause();
        let start = Instant::now();
        let (wakers, woken) = named(1);
        let mut timer = Box::pin(sleep(ms(10)));
        assert!(poll_with(timer.as_mut(), &wakers[0]).is_pending());
        timer.as_mut().reset(start + ms(30));
        advance(ms(20)).await;
        assert_eq!(*woken.lock().unwrap(), []);
        advance(ms(10)).await;
        assert_eq!(*woken.lock().unwrap(), [0]);
    }

    async fn reset_after_the_end_starts_again() {
        let mut timer = pin!(sleep(ms(1)));
        timer.as_mut().await;
        timer.as_mut().reset(Instant::now() + HOUR);
        assert!(!timer.is_elapsed());
        assert!(poll_once(timer.as_mut()).await.is_pending());
    }

    async fn timeout_hands_out_what_is_ready() {
        assert_eq!(timeout(HOUR, ready(1)).await, Ok(1));
        assert_eq!(timeout(Duration::ZERO, ready(2)).await, Ok(2));
        assert_eq!(timeout(Duration::MAX, ready(3)).await, Ok(3));
        assert_eq!(timeout_at(Instant::now() - HOUR, ready(4)).await, Ok(4));
    }

    async fn timeout_ends_what_takes_too_long() {
        let start = Instant::now();
        let late = timeout(ms(2), pending::<()>()).await.unwrap_err();
        assert!(start.elapsed() >= ms(2));
        assert_eq!(late.to_string(), "deadline has elapsed");
        assert_eq!(std::io::Error::from(late).kind(), std::io::ErrorKind::TimedOut);
        assert!(timeout(Duration::ZERO, pending::<()>()).await.is_err());
        assert!(timeout_at(start, pending::<()>()).await.is_err());
    }

    async fn timeout_hands_out_what_becomes_ready_in_time() {
        let in_time = async {
            sleep(ms(1)).await;
            7
        };
        assert_eq!(timeout(HOUR, in_time).await, Ok(7));
    }

    async fn timeout_prefers_what_is_ready_at_the_deadline() {
        time::pause();
        assert_eq!(timeout(ms(5), sleep(ms(5))).await, Ok(()));
    }

    async fn timeout_drops_the_future_with_itself() {
        let drops = Arc::new(AtomicUsize::new(0));
        let guard = CountsDrops(drops.clone());
        let bounded = timeout(ms(1), async move {
            let _guard = guard;
            pending::<()>().await;
        });
        assert!(bounded.await.is_err());
        assert_eq!(drops.load(SeqCst), 1);
    }

    async fn timeout_gives_its_future_back() {
        let mut bounded = timeout(HOUR, ready(5));
        assert_eq!(bounded.get_ref().clone().await, 5);
        *bounded.get_mut() = ready(6);
        assert_eq!(bounded.into_inner().await, 6);
    }

    async fn timeouts_nest() {
        time::pause();
        let start = Instant::now();
        let inner_first = timeout(ms(20), timeout(ms(10), pending::<()>())).await;
        assert!(inner_first.is_ok_and(|inner| inner.is_err()));
        let outer_first = timeout(ms(10), timeout(ms(20), pending::<()>())).await;
        assert!(outer_first.is_err());
        assert_eq!(start.elapsed(), ms(20));
    }

    async fn timeout_ends_what_is_always_busy() {
        let busy = async {
            loop {
                consume_budget().await;
            }
        };
        // A simulated clock stands while there is something to do; a real one runs by itself.
        let pushed = creel::spawn(async {
            time::pause();
            advance(ms(2)).await;
        });
        assert!(timeout(ms(1), busy).await.is_err());
        pushed.await.unwrap();
    }

    async fn interval_ticks_at_once_and_then_every_period() {
        time::pause();
        let start = Instant::now();
        let mut interval = interval(ms(10));
        assert_eq!(interval.period(), ms(10));
        for n in 0..5 {
            assert_eq!(interval.tick().await, start + n * ms(10));
            assert_eq!(start.elapsed(), n * ms(10));
        }
    }

    async fn interval_keeps_its_beat_on_a_real_clock() {
        let mut interval = interval(ms(1));
        let start = interval.tick().await;
        for n in 1..5 {
            let due = interval.tick().await;
            assert!(due >= start + n * ms(1) && Instant::now() >= due);
        }
    }

    async fn interval_starts_when_it_is_told() {
        time::pause();
        let start = Instant::now() + ms(35);
        let mut interval = interval_at(start, ms(10));
        assert_eq!(interval.tick().await, start);
        assert_eq!(interval.tick().await, start + ms(10));
        assert_eq!(Instant::now(), start + ms(10));
    }

    async fn interval_of_all_time_ticks_once() {
        let mut interval = interval(Duration::MAX);
        interval.tick().await;
        assert!(poll_tick(&mut interval).await.is_pending());
        interval.reset();
        interval.reset_after(Duration::MAX);
        assert!(poll_tick(&mut interval).await.is_pending());
    }

    async fn interval_makes_up_for_missed_ticks_in_a_burst() {
        time::pause();
        let mut interval = interval(ms(10));
        assert_eq!(interval.missed_tick_behavior(), MissedTickBehavior::Burst);
        let start = interval.tick().await;
        advance(ms(35)).await;
        for n in 1..=3 {
            assert_eq!(poll_tick(&mut interval).await, Poll::Ready(start + n * ms(10)));
        }
        assert!(poll_tick(&mut interval).await.is_pending());
        assert_eq!(interval.tick().await, start + ms(40));
        assert_eq!(Instant::now(), start + ms(40));
    }

    async fn interval_forgets_missed_ticks_and_goes_on_from_now() {
        time::pause();
        let mut interval = interval(ms(10));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let start = interval.tick().await;
        advance(ms(35)).await;
        assert_eq!(interval.tick().await, start + ms(10));
        assert_eq!(interval.tick().await, start + ms(45));
        assert_eq!(interval.tick().await, start + ms(55));
    }

    async fn interval_skips_missed_ticks_and_keeps_its_beat() {
        time::pause();
        let mut interval = interval(ms(10));
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        assert_eq!(interval.missed_tick_behavior(), MissedTickBehavior::Skip);
        let start = interval.tick().await;
        advance(ms(35)).await;
        assert_eq!(interval.tick().await, start + ms(10));
        assert_eq!(interval.tick().await, start + ms(40));
        assert_eq!(interval.tick().await, start + ms(50));
    }

    async fn interval_forgives_a_little_lateness() {
        time::pause();
        let mut interval = interval(ms(10));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let start = interval.tick().await;
        advance(ms(14)).await;
        assert_eq!(interval.tick().await, start + ms(10));
        assert_eq!(interval.tick().await, start + ms(20));
    }

    async fn interval_can_be_reset() {
        time::pause();
        let mut interval = interval(ms(10));
        let start = interval.tick().await;
        advance(ms(7)).await;
        interval.reset();
        assert_eq!(interval.tick().await, start + ms(17));
        advance(ms(3)).await;
        interval.reset_immediately();
        assert_eq!(interval.tick().await, start + ms(20));
        interval.reset_after(ms(2));
        assert_eq!(interval.tick().await, start + ms(22));
        interval.reset_at(start + ms(100));
        assert_eq!(interval.tick().await, start + ms(100));
        assert_eq!(interval.tick().await, start + ms(110));
    }

    async fn a_tick_that_nobody_awaits_to_the_end_is_still_to_come() {
        time::pause();
        let mut interval = interval(ms(10));
        let start = interval.tick().await;
        assert!(timeout(ms(5), interval.tick()).await.is_err());
        assert_eq!(interval.tick().await, start + ms(10));
    }

    async fn a_paused_clock_stands_still() {
        time::pause();
        let start = Instant::now();
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    async fn a_paused_clock_jumps_to_the_next_timer_when_all_wait() {
        time::pause();
        let start = Instant::now();
        let other = creel::spawn(async {
            sleep(2 * HOUR).await;
            Instant::now()
        });
        sleep(HOUR).await;
        assert_eq!(start.elapsed(), HOUR);
        assert_eq!(other.await.unwrap(), start + 2 * HOUR);
        sleep(NS).await;
        assert_eq!(start.elapsed(), 2 * HOUR + NS);
    }

    async fn advance_moves_the_clock_and_no_more() {
        time::pause();
        let start = Instant::now();
        let mut sleep = pin!(sleep(ms(10)));
        assert!(poll_once(sleep.as_mut()).await.is_pending());
        advance(ms(10) - NS).await;
        assert_eq!(start.elapsed(), ms(10) - NS);
        assert!(poll_once(sleep.as_mut()).await.is_pending());
        advance(NS).await;
        assert!(poll_once(sleep.as_mut()).await.is_ready());
        assert_eq!(start.elapsed(), ms(10));
    }

    async fn a_paused_clock_counts_nanoseconds_and_years() {
        time::pause();
        let start = Instant::now();
        let mut expected = Duration::ZERO;
        for exponent in 0..60 {
            let ns = Duration::from_nanos(1 << exponent);
            expected += ns;
            sleep(ns).await;
            assert_eq!(start.elapsed(), expected);
        }
    }

    async fn a_resumed_clock_goes_on_from_where_it_stood() {
        time::pause();
        let start = Instant::now();
        advance(HOUR).await;
        time::resume();
        assert!(start.elapsed() >= HOUR);
        sleep(ms(1)).await;
        assert!(start.elapsed() >= HOUR + ms(1));
        time::pause();
        advance(HOUR).await;
        assert!(start.elapsed() >= 2 * HOUR + ms(1));
    }

    async fn a_sleeping_task_can_be_aborted() {
        time::pause();
        let start = Instant::now();
        let task = creel::spawn(sleep(HOUR));
        yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        sleep(ms(1)).await;
        assert_eq!(start.elapsed(), ms(1), "nothing is left of the hour");
    }
}
