use crate::DriftError;
use rayon::prelude::*;

/// The threads of one piece of work.
///
/// Results come back in the order of the work, never of its completion, so that sums over them do not depend on the
/// number of threads. The process-wide thread pool is never used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workers {
    threads: usize,
}

impl Workers {
    /// Runs `work` with that many threads; 0 means all the machine has.
    pub(crate) fn run<T: Send>(
        threads: usize,
        work: impl FnOnce(Workers) -> Result<T, DriftError> + Send,
    ) -> Result<T, DriftError> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        if threads == 1 {
            return work(Workers { threads });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("drift-{i}"))
            .build()
            .map_err(|e| DriftError::Threads { threads, reason: e.to_string() })?;
        pool.install(|| work(Workers { threads }))
    }

    /// This thread only.
    pub(crate) fn alone() -> Workers {
        Workers { threads: 1 }
    }

    /// `f(0), …, f(n − 1)`, in that order.
    pub(crate) fn map<T: Send>(self, n: usize, f: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
        if self.threads == 1 || n < 2 {
            (0..n).map(f).collect()
        } else {
            (0..n).into_par_iter().with_max_len(1).map(f).collect()
        }
    }
}
