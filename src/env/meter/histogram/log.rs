//! Ranges that grow: between two powers of two lie `2^p` buckets of one width, so that the width is
//! at most `2^-p` of where the bucket begins. (The scheme is called H2; <https://h2histogram.org>.)
//!
//! Numbered from zero, the first `2^(p+1)` buckets are one nanosecond wide, and each further group of
//! `2^p` is twice as wide as the one before. What lies below the least time of interest is one
//! bucket, and so is what lies above the greatest.

use super::nanos;
use core::fmt;
use core::time::Duration;

/// Buckets whose width grows with the time they stand for, such that it is at most a given part of
/// it. Made by [`LogHistogram::builder`]; the default is the builder's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHistogram {
    /// How many buckets there are.
    count: usize,
    /// Between two powers of two lie `2^precision` buckets.
    precision: u32,
    /// How many buckets of the scheme are one here, the first, besides its own.
    skipped: u64,
}

impl LogHistogram {
    /// Asks what it shall be like.
    pub fn builder() -> LogHistogramBuilder {
        LogHistogramBuilder::default()
    }

    /// Up to which time, in nanoseconds, the error keeps to its limit: where the last bucket begins.
    pub fn max_value(&self) -> u64 {
        self.start(self.count - 1)
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn index(&self, ns: u64) -> u64 {
        number(ns, self.precision).saturating_sub(self.skipped)
    }

    pub(super) fn start(&self, bucket: usize) -> u64 {
        start(bucket as u64 + self.skipped, self.precision)
    }
}

impl Default for LogHistogram {
    fn default() -> Self {
        LogHistogramBuilder::default().build()
    }
}

/// The number of the bucket of the scheme that `ns` lies in.
fn number(ns: u64, precision: u32) -> u64 {
    let Some(top) = ns.checked_ilog2() else { return 0 };
    // How many low bits the bucket does not tell apart; each of them is one more group before it.
    let blurred = top.saturating_sub(precision);
    (u64::from(blurred) << precision) + (ns >> blurred)
}

/// Where a bucket of the scheme begins.
fn start(number: u64, precision: u32) -> u64 {
    let blurred = (number >> precision).saturating_sub(1);
    let first = u128::from(number - (blurred << precision));
    u64::try_from(first << blurred).unwrap_or(u64::MAX)
}

/// Makes a [`LogHistogram`]. Unless told, the buckets reach from 100 ns to about a minute, with an
/// error of at most a quarter: 119 buckets.
///
/// # Examples
/// ```
/// use creel::runtime::LogHistogram;
/// use std::time::Duration;
///
/// let coarse = LogHistogram::builder()
///     .min_value(Duration::from_micros(20))
///     .max_value(Duration::from_millis(4))
///     .precision_exact(0) // each bucket is twice as wide as the one before
///     .max_buckets(10);
/// assert!(coarse.is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LogHistogramBuilder {
    min: Option<Duration>,
    max: Option<Duration>,
    precision: Option<u32>,
}

const MAX_PRECISION: u32 = 10;

impl LogHistogramBuilder {
    /// How wide a bucket may be, as a part of where it begins; a quarter unless told, and never less
    /// than 1/1024.
    ///
    /// # Panics
    /// Unless `max_error` lies between 0 and 1.
    #[must_use]
    #[track_caller]
    pub fn max_error(self, max_error: f64) -> Self {
        assert!(max_error > 0.0, "max_error must be greater than 0");
        assert!(max_error < 1.0, "max_error must be less than 1");
        let keeps = |precision: &u32| 1.0 / f64::from(1_u32 << precision) <= max_error;
        let precision = (2..MAX_PRECISION).find(keeps).unwrap_or(MAX_PRECISION);
        Self { precision: Some(precision), ..self }
    }

    /// Sets the error to `2^-p`. With zero each bucket is twice as wide as the one before.
    ///
    /// # Panics
    /// If `p` is more than 10.
    #[must_use]
    #[track_caller]
    pub fn precision_exact(self, p: u32) -> Self {
        assert!(p <= MAX_PRECISION, "precision must be <= {MAX_PRECISION}");
        Self { precision: Some(p), ..self }
    }

    /// Up to which time nothing need be told apart; 100 ns unless told. The first bucket ends there
    /// or earlier.
    #[must_use]
    pub fn min_value(self, duration: Duration) -> Self {
        Self { min: Some(duration), ..self }
    }

    /// From which time on nothing need be told apart; a minute unless told. The last bucket begins
    /// there or later.
    ///
    /// # Panics
    /// If it is zero.
    #[must_use]
    #[track_caller]
    pub fn max_value(self, duration: Duration) -> Self {
        assert!(!duration.is_zero(), "max value must be greater than 0");
        Self { max: Some(duration), ..self }
    }

    /// Makes it, if it has so many buckets at most.
    ///
    /// # Errors
    /// [`InvalidHistogramConfiguration::TooManyBuckets`] if it had more.
    pub fn max_buckets(
        &mut self,
        max_buckets: usize,
    ) -> Result<LogHistogram, InvalidHistogramConfiguration> {
        let made = self.build();
        if made.count > max_buckets {
            let required_bucket_count = made.count;
            return Err(InvalidHistogramConfiguration::TooManyBuckets { required_bucket_count });
        }
        Ok(made)
    }

    /// Makes it.
    pub fn build(&self) -> LogHistogram {
        let max = nanos(self.max.unwrap_or(Duration::from_secs(60)));
        let min = nanos(self.min.unwrap_or(Duration::from_nanos(100)));
        let precision = self.precision.unwrap_or(2);
        // The first bucket takes in all before that of `min`, the last one begins after that of
        // the greatest time that is told apart.
        let skipped = number(min, precision).saturating_sub(1);
        let last = number(max - 1, precision) + 1;
        let count = last.saturating_sub(skipped) as usize + 1;
        LogHistogram { count: count.max(2), precision, skipped }
    }
}

impl From<LogHistogramBuilder> for LogHistogram {
    fn from(builder: LogHistogramBuilder) -> Self {
        builder.build()
    }
}

/// Why there is no such histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidHistogramConfiguration {
    /// It had more buckets than allowed.
    TooManyBuckets {
        /// How many it had.
        required_bucket_count: usize,
    },
}

impl fmt::Display for InvalidHistogramConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyBuckets { required_bucket_count } => {
                write!(f, "this histogram would have {required_bucket_count} buckets")?;
                f.write_str(": allow more, a greater error, or tell less apart")
            }
        }
    }
}

impl core::error::Error for InvalidHistogramConfiguration {}
