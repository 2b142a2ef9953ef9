use rayon::prelude::*;

/// The worker threads could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{threads} worker threads could not be started: {reason}")]
pub struct ThreadsError {
    /// How many were asked for.
    pub threads: usize,
    /// What the system said.
    pub reason: String,
}

/// The threads of one piece of work.
///
/// Results come back in the order of the work, never of its completion, so that sums over them do not depend on the
/// number of threads. The process-wide thread pool is never used.
#[derive(Debug, Clone, Copy)]
pub struct Workers {
    threads: usize,
}

impl Workers {
    /// Runs `work` with that many threads; 0 means all the machine has.
    ///
    /// Errors: those of the work; threads that cannot be started.
    pub fn run<T: Send, E: From<ThreadsError> + Send>(
        threads: usize,
        work: impl FnOnce(Workers) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        if threads == 1 {
            return work(Workers { threads });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("work-{i}"))
            .build()
            .map_err(|e| ThreadsError { threads, reason: e.to_string() })?;
        pool.install(|| work(Workers { threads }))
    }

    /// This thread only.
    pub fn alone() -> Workers {
        Workers { threads: 1 }
    }

    /// Threads there are.
    pub fn threads(self) -> usize {
        self.threads
    }

    /// `f(0), …, f(n − 1)`, in that order.
    pub fn map<T: Send>(self, n: usize, f: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
        if self.threads == 1 || n < 2 {
            (0..n).map(f).collect()
        } else {
            (0..n).into_par_iter().with_max_len(1).map(f).collect()
        }
    }

    /// `f(0, item 0), f(1, item 1), …`, in that order; on this thread unless `parallel`.
    pub fn map_owned<A: Send, T: Send>(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_work() {
        for threads in [1, 2, 7] {
            let found = Workers::run(threads, |w| -> Result<_, ThreadsError> {
                Ok((w.map(100, |i| i * i), w.map_owned(vec![3, 1, 2], true, |i, a| i + a)))
            });
            assert_eq!(found, Ok(((0..100).map(|i| i * i).collect(), vec![3, 2, 4])));
        }
    }
}
