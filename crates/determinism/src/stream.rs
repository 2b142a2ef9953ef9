use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers named by a seed and an index.
///
/// Streams of one seed never overlap (ChaCha's stream counter), so work number `index` draws the same numbers whichever
/// thread does it and however many there are.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of work number `index`.
    pub fn new(seed: u64, index: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(index);
        Stream(rng)
    }

    /// Uniform in [0, 1), with 53 random bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A uniform number below `n` (0 when `n` is 0), without modulo bias (Lemire 2019, "Fast random integer generation").
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        let mut product = u64::from(self.0.next_u32()) * u64::from(n);
        if (product as u32) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u32) < threshold {
                product = u64::from(self.0.next_u32()) * u64::from(n);
            }
        }
        (product >> 32) as u32
    }

    /// Shuffles the first `take` places: afterwards they hold a uniform draw without replacement (Fisher and Yates).
    pub fn draw<T>(&mut self, items: &mut [T], take: usize) {
        for i in 0..take.min(items.len()) {
            let j = i + self.below((items.len() - i) as u32) as usize;
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_uniform_and_streams_differ() {
        let mut counts = [0u32; 7];
        let mut stream = Stream::new(42, 3);
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Six standard deviations of a binomial(70000, 1/7).
        assert!(counts.iter().all(|&c| c.abs_diff(10_000) < 560), "{counts:?}");
        let first = |seed, index| Stream::new(seed, index).below(u32::MAX);
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
    }

    #[test]
    fn drawing_keeps_every_item_once() {
        let mut items: Vec<u32> = (0..50).collect();
        Stream::new(7, 0).draw(&mut items, 10);
        let mut sorted = items.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
        assert_ne!(items[..10], (0..10).collect::<Vec<_>>()[..]);
    }
}
