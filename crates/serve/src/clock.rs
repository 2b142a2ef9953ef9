//! Short times on a clock that never goes back.

use std::time::Duration;

/// A moment to measure from. What is measured is shown in metrics and in the log of answers, and reaches no hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since(std::time::Instant);

impl Since {
    #[allow(clippy::disallowed_methods, reason = "latencies in microseconds: the host's clock counts milliseconds")]
    pub(crate) fn now() -> Since {
        Since(std::time::Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The time until now, and from now on.
    pub(crate) fn lap(&mut self) -> Duration {
        let now = Since::now();
        let time = now.0.duration_since(self.0);
        *self = now;
        time
    }
}
