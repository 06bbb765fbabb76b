//! How times spread: counts of how many fell into each of some ranges.

mod log;

pub use log::{InvalidHistogramConfiguration, LogHistogram, LogHistogramBuilder};

use super::Count;
use alloc::boxed::Box;
use core::ops::Range;
use core::time::Duration;

/// Into which ranges the times of a histogram are sorted; see
/// [`Builder::metrics_poll_time_histogram_configuration`](crate::runtime::Builder::metrics_poll_time_histogram_configuration).
///
/// # Examples
/// ```
/// use creel::runtime::{HistogramConfiguration, LogHistogram};
/// use std::time::Duration;
///
/// // Ten buckets of a millisecond each; the last one takes what is longer, too.
/// let even = HistogramConfiguration::linear(Duration::from_millis(1), 10);
/// // From a microsecond to a second, each bucket's width at most an eighth of where it begins.
/// let fine = HistogramConfiguration::log(
///     LogHistogram::builder()
///         .min_value(Duration::from_micros(1))
///         .max_value(Duration::from_secs(1))
///         .max_error(0.125),
/// );
/// # let _ = (even, fine);
/// ```
#[derive(Clone, Debug)]
pub struct HistogramConfiguration {
    ranges: Ranges,
}

impl HistogramConfiguration {
    /// Buckets of one width.
    ///
    /// Making the runtime panics if there is no bucket, or if they have no width.
    pub fn linear(bucket_width: Duration, num_buckets: usize) -> Self {
        let width = nanos(bucket_width);
        Self { ranges: Ranges::Linear { width, count: num_buckets } }
    }

    /// Buckets whose width grows with the time they stand for.
    pub fn log(configuration: impl Into<LogHistogram>) -> Self {
        Self { ranges: Ranges::Log(configuration.into()) }
    }
}

/// Whether the buckets of a histogram have one width or double; for
/// [`Builder::metrics_poll_count_histogram_scale`](crate::runtime::Builder::metrics_poll_count_histogram_scale),
/// which [`HistogramConfiguration`] has replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistogramScale {
    /// One width.
    Linear,
    /// Each bucket is twice as wide as the one before.
    Log,
}

/// What a builder was told about a histogram.
#[derive(Clone, Debug)]
pub(crate) struct HistogramOptions {
    ranges: Ranges,
    /// What was told by the methods that went before `HistogramConfiguration`; it wins.
    pub(crate) simple: Option<Simple>,
}

/// A scale, the width of its first bucket and the number of buckets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Simple {
    pub(crate) scale: HistogramScale,
    pub(crate) resolution: Duration,
    pub(crate) buckets: usize,
}

impl Default for Simple {
    fn default() -> Self {
        let resolution = Duration::from_micros(100);
        Self { scale: HistogramScale::Linear, resolution, buckets: 10 }
    }
}

impl Default for HistogramOptions {
    fn default() -> Self {
        HistogramConfiguration::linear(Duration::from_micros(100), 10).into()
    }
}

impl From<HistogramConfiguration> for HistogramOptions {
    fn from(configuration: HistogramConfiguration) -> Self {
        Self { ranges: configuration.ranges, simple: None }
    }
}

impl HistogramOptions {
    /// # Panics
    /// If there is no bucket, or the buckets have no width.
    pub(crate) fn build(&self) -> Histogram {
        let ranges = self.simple.map_or(self.ranges, Ranges::simple);
        assert!(ranges.count() > 0, "a histogram needs at least one bucket");
        assert!(
            !matches!(ranges, Ranges::Linear { width: 0, .. } | Ranges::Doubling { first: 0, .. }),
            "the buckets of a histogram need a width"
        );
        Histogram { buckets: (0..ranges.count()).map(|_| Count::default()).collect(), ranges }
    }
}

/// See [`HistogramConfiguration`].
#[derive(Clone, Copy, Debug)]
enum Ranges {
    Linear { width: u64, count: usize },
    Doubling { first: u64, count: usize },
    Log(LogHistogram),
}

impl Ranges {
    fn simple(told: Simple) -> Self {
        let (width, count) = (nanos(told.resolution), told.buckets);
        match told.scale {
            HistogramScale::Linear => Self::Linear { width, count },
            HistogramScale::Log => Self::Doubling { first: width.next_power_of_two(), count },
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Linear { count, .. } | Self::Doubling { count, .. } => *count,
            Self::Log(log) => log.count(),
        }
    }

    /// Which bucket a time belongs to, were there no last one.
    fn index(&self, ns: u64) -> u64 {
        match self {
            Self::Linear { width, .. } => ns / width,
            // The bucket ends at a power of two: as many bits as `ns` has more than its first end.
            Self::Doubling { first, .. } => (u64::BITS - (ns / first).leading_zeros()).into(),
            Self::Log(log) => log.index(ns),
        }
    }

    /// Where a bucket begins, were there no first one. The one after the last says where that ends.
    fn start(&self, bucket: usize) -> u64 {
        match self {
            Self::Linear { width, .. } => width.saturating_mul(bucket as u64),
            Self::Doubling { first, .. } => match bucket.checked_sub(1) {
                None => 0,
                Some(doublings) => first.checked_shl(doublings as u32).unwrap_or(u64::MAX),
            },
            Self::Log(log) => log.start(bucket),
        }
    }
}

/// Counts of times, by one thread.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: Box<[Count]>,
    ranges: Ranges,
}

impl Histogram {
    /// Only the thread whose histogram it is.
    pub(crate) fn measure(&self, time: Duration) {
        let last = self.buckets.len() - 1;
        self.buckets[self.ranges.index(nanos(time)).min(last as u64) as usize].add(1);
    }

    pub(crate) fn num_buckets(&self) -> usize {
        self.buckets.len()
    }

    /// # Panics
    /// If there is no such bucket.
    #[track_caller]
    pub(crate) fn count(&self, bucket: usize) -> usize {
        self.buckets[bucket].get()
    }

    /// The times that a bucket counts.
    ///
    /// # Panics
    /// If there is no such bucket.
    #[track_caller]
    pub(crate) fn range(&self, bucket: usize) -> Range<Duration> {
        let count = self.buckets.len();
        assert!(bucket < count, "this histogram has {count} buckets; there is no bucket {bucket}");
        let start = if bucket == 0 { 0 } else { self.ranges.start(bucket) };
        let end = if bucket == count - 1 { u64::MAX } else { self.ranges.start(bucket + 1) };
        Duration::from_nanos(start)..Duration::from_nanos(end)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const NS: Duration = Duration::from_nanos(1);

    /// Every bucket begins where the one before ends, and counts its own first and last time.
    fn check(histogram: &Histogram) {
        let mut end = Duration::ZERO;
        for bucket in 0..histogram.num_buckets() {
            let range = histogram.range(bucket);
            assert_eq!(range.start, end, "{bucket} of {histogram:?}");
            assert!(range.end > range.start, "{bucket} of {histogram:?}");
            histogram.measure(range.start);
            assert_eq!(histogram.count(bucket), 1, "{bucket} of {histogram:?}");
            histogram.measure(range.end - NS);
            assert_eq!(histogram.count(bucket), 2, "{bucket} of {histogram:?}");
            end = range.end;
        }
        assert_eq!(end, Duration::from_nanos(u64::MAX));
    }

    fn simple(scale: HistogramScale, resolution: Duration, buckets: usize) -> Histogram {
        let simple = Some(Simple { scale, resolution, buckets });
        HistogramOptions { simple, ..HistogramOptions::default() }.build()
    }

    #[test]
    fn each_time_is_counted_in_the_range_it_lies_in() {
        for width in [1, 2, 7, 1000] {
            check(&simple(HistogramScale::Linear, width * NS, 10));
            check(&simple(HistogramScale::Log, width * NS, 10));
        }
        for precision in 0..=10 {
            for (min, max) in [(1, 1000), (100, 60_000_000_000), (5, 6), (1024, 1025), (0, 1 << 40)]
            {
                let log = LogHistogram::builder().precision_exact(precision);
                let log = log.min_value(min * NS).max_value(Duration::from_nanos(max));
                check(&HistogramOptions::from(HistogramConfiguration::log(log)).build());
            }
        }
        check(&HistogramOptions::default().build());
    }

    #[test]
    fn a_log_histogram_keeps_to_its_error() {
        for (error, parts) in [(0.25, 4), (0.2, 8), (0.01, 128)] {
            let log = LogHistogram::builder().max_error(error);
            let histogram = HistogramOptions::from(HistogramConfiguration::log(log)).build();
            for bucket in 1..histogram.num_buckets() - 1 {
                let range = histogram.range(bucket);
                let width = (range.end - range.start).max(NS);
                assert!(width == NS || width * parts <= range.start, "{range:?} for {error}");
            }
        }
    }

    #[test]
    fn doubling_buckets_double() {
        let histogram = simple(HistogramScale::Log, 50_000 * NS, 4);
        let first = Duration::from_nanos(65_536);
        let ends = [0, 1, 2].map(|bucket| histogram.range(bucket).end);
        assert_eq!(ends, [first, 2 * first, 4 * first]);
    }
}
