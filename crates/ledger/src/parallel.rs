//! Work on many items by several threads, in order.

use std::num::NonZeroUsize;

/// Fewer items than this are done faster than a thread is started.
const SHARE: usize = 512;

/// As many threads as the machine has processors; no result depends on it.
pub(crate) fn default_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// `one` of every item, in the order of the items.
pub(crate) fn on_threads<I: Sync, T: Send>(
    items: &[I],
    threads: NonZeroUsize,
    one: impl Fn(&I) -> T + Copy + Send,
) -> Vec<T> {
    let share = items.len().div_ceil(threads.get()).max(SHARE);
    if items.len() <= share {
        return items.iter().map(one).collect();
    }
    std::thread::scope(|scope| {
        let work = |part| scope.spawn(move || <[I]>::iter(part).map(one).collect::<Vec<T>>());
        let workers: Vec<_> = items.chunks(share).map(work).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<T>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    })
}
