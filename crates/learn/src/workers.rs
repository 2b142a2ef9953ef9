use crate::LearnError;
use rayon::prelude::*;

/// The threads of one fit.
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
        work: impl FnOnce(Workers) -> Result<T, LearnError> + Send,
    ) -> Result<T, LearnError> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        if threads == 1 {
            return work(Workers { threads });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("learn-{i}"))
            .build()
            .map_err(|e| LearnError::Threads { threads, reason: e.to_string() })?;
        pool.install(|| work(Workers { threads }))
    }

    /// Threads there are.
    pub(crate) fn threads(self) -> usize {
        self.threads
    }

    /// `f(0), …, f(n − 1)`, in that order.
    pub(crate) fn map<T: Send>(self, n: usize, f: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
        if self.threads == 1 || n < 2 {
            (0..n).map(f).collect()
        } else {
            (0..n).into_par_iter().with_max_len(1).map(f).collect()
        }
    }

    /// `f(0, item 0), f(1, item 1), …`, in that order; on this thread unless `parallel`.
    pub(crate) fn map_owned<A: Send, T: Send>(
        self,
        items: Vec<A>,
        parallel: bool,
        f: impl Fn(usize, A) -> T + Send + Sync,
    ) -> Vec<T> {
        if self.threads == 1 || !parallel || items.len() < 2 {
            items.into_iter().enumerate().map(|(i, a)| f(i, a)).collect()
        } else {
            items.into_par_iter().enumerate().with_max_len(1).map(|(i, a)| f(i, a)).collect()
        }
    }
}
