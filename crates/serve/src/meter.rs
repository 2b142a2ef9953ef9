//! Rate and latency as somebody who looks on sees them: second by second, for two minutes.

use crate::clock::Since;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Seconds that are remembered.
const SECONDS: usize = 120;
/// Seconds over which latencies are told.
const LATENCY_SECONDS: u64 = 60;
/// Steps of the latency scale, each a tenth above the one before: from 20 µs to more than 30 s.
const STEPS: usize = 150;
const FIRST_MS: f64 = 0.02;
const STEP: f64 = 1.1;

/// What was measured. Latencies are told to a tenth of themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Requests answered so far.
    pub requests: u64,
    /// Of these, with a status of 400 or above.
    pub errors: u64,
    /// Requests in each of the last whole seconds, newest last; at most 120.
    pub rate: Vec<f64>,
    /// Median latency in milliseconds over the last minute; `None` without a request.
    pub p50_ms: Option<f64>,
    /// 95th percentile over the last minute.
    pub p95_ms: Option<f64>,
}

/// Counts requests. Cheap to clone; all clones count into one.
#[derive(Clone)]
pub(crate) struct Meter {
    start: Since,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    requests: u64,
    errors: u64,
    seconds: Box<[Second]>,
}

/// One second; it is empty once its number is an old one.
#[derive(Clone)]
struct Second {
    number: u64,
    requests: u64,
    latencies: [u32; STEPS],
}

impl Meter {
    pub(crate) fn start() -> Meter {
        let empty = Second { number: 0, requests: 0, latencies: [0; STEPS] };
        let kept = Kept { requests: 0, errors: 0, seconds: vec![empty; SECONDS].into_boxed_slice() };
        Meter { start: Since::now(), kept: Arc::new(Mutex::new(kept)) }
    }

    pub(crate) fn count(&self, status: u16, time: Duration) {
        let now = self.start.elapsed().as_secs();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).count(now, status, time);
    }

    pub(crate) fn read(&self) -> Measured {
        let now = self.start.elapsed().as_secs();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).read(now)
    }
}

impl Kept {
    fn count(&mut self, now: u64, status: u16, time: Duration) {
        self.requests += 1;
        self.errors += u64::from(status >= 400);
        let Some(second) = self.seconds.get_mut((now % SECONDS as u64) as usize) else { return };
        if second.number != now {
            *second = Second { number: now, requests: 0, latencies: [0; STEPS] };
        }
        second.requests += 1;
        if let Some(step) = second.latencies.get_mut(step_of(time)) {
            *step = step.saturating_add(1);
        }
    }

    fn read(&self, now: u64) -> Measured {
        let second = |n: u64| self.seconds.get((n % SECONDS as u64) as usize).filter(|s| s.number == n);
        // The second at work is not over yet, so its count would look like a fall.
        let from = now.saturating_sub(SECONDS as u64 - 1);
        let rate = (from..now).map(|n| second(n).map_or(0.0, |s| s.requests as f64)).collect();
        let mut all = [0u64; STEPS];
        for n in now.saturating_sub(LATENCY_SECONDS)..=now {
            for (sum, one) in all.iter_mut().zip(second(n).iter().flat_map(|s| s.latencies)) {
                *sum += u64::from(one);
            }
        }
        Measured {
            requests: self.requests,
            errors: self.errors,
            rate,
            p50_ms: quantile(&all, 0.5),
            p95_ms: quantile(&all, 0.95),
        }
    }
}

/// The first step whose upper end is not below `time`.
fn step_of(time: Duration) -> usize {
    let ms = time.as_secs_f64() * 1e3;
    if ms <= FIRST_MS {
        return 0;
    }
    ((ms / FIRST_MS).ln() / STEP.ln()).ceil().min((STEPS - 1) as f64) as usize
}

/// The middle of the step that holds the quantile.
fn quantile(counts: &[u64; STEPS], q: f64) -> Option<f64> {
    let all: u64 = counts.iter().sum();
    let wanted = ((all as f64 * q).ceil() as u64).max(1);
    let mut sum = 0;
    let step = counts.iter().position(|n| {
        sum += n;
        sum >= wanted
    })?;
    Some(FIRST_MS * STEP.powf(step as f64 - 0.5))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn empty() -> Kept {
        let meter = Meter::start();
        let kept = Arc::into_inner(meter.kept).unwrap();
        kept.into_inner().unwrap()
    }

    #[test]
    fn a_rate_is_told_second_by_second() {
        let mut kept = empty();
        for (second, status) in [(0, 200), (0, 422), (2, 200), (3, 500)] {
            kept.count(second, status, Duration::from_millis(5));
        }
        let read = kept.read(3);
        assert_eq!((read.requests, read.errors), (4, 2));
        assert_eq!(read.rate, [2.0, 0.0, 1.0]);
        assert_eq!(kept.read(4).rate, [2.0, 0.0, 1.0, 1.0]);
        // Two minutes later the places are used again, and what is old is not told.
        kept.count(122, 200, Duration::from_millis(5));
        let rate = kept.read(123).rate;
        assert_eq!(rate.len(), 119);
        assert_eq!(rate.iter().sum::<f64>(), 1.0);
        assert_eq!(rate.last(), Some(&1.0));
    }

    #[test]
    fn latencies_are_told_to_a_tenth() {
        let mut kept = empty();
        for i in 1..=100 {
            kept.count(0, 200, Duration::from_millis(i));
        }
        let read = kept.read(1);
        let (p50, p95) = (read.p50_ms.unwrap(), read.p95_ms.unwrap());
        assert!((p50 / 50.0 - 1.0).abs() < 0.1, "{p50}");
        assert!((p95 / 95.0 - 1.0).abs() < 0.1, "{p95}");
        // A minute later nothing is known.
        let later = kept.read(61);
        assert_eq!((later.p50_ms, later.p95_ms), (None, None));
        assert_eq!(later.requests, 100);
    }

    #[test]
    fn no_latency_leaves_the_scale() {
        let mut kept = empty();
        for time in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(3600)] {
            kept.count(0, 200, time);
        }
        let read = kept.read(0);
        assert!(read.p50_ms.unwrap() < 0.1);
        assert!(read.p95_ms.unwrap() > 10_000.0);
    }
}
