//! Common cells of two samples, for PSI and the Jensen–Shannon distance.

/// Up to this many distinct reference values, every value is a cell of its own.
pub const DISTINCT: usize = 20;

/// Counts of two samples in the same cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cells {
    /// Of the reference.
    pub reference: Vec<u64>,
    /// Of the batch.
    pub batch: Vec<u64>,
}

/// Cells of two **sorted**, finite slices, as Evidently 0.6.7 makes them: up to [`DISTINCT`] distinct reference values, each
/// value of either side is a cell; else bins of equal width over both, as many as Sturges (1926) asks for.
pub fn numeric(reference: &[f64], batch: &[f64]) -> Cells {
    let distinct = 1 + reference.windows(2).filter(|w| w[0] != w[1]).count();
    if distinct <= DISTINCT {
        return by_value(reference, batch);
    }
    let edges = sturges_edges(reference, batch);
    Cells { reference: histogram(reference, &edges), batch: histogram(batch, &edges) }
}

fn by_value(reference: &[f64], batch: &[f64]) -> Cells {
    let (mut i, mut j, mut cells) = (0, 0, Cells::default());
    while i < reference.len() || j < batch.len() {
        let value = match (reference.get(i), batch.get(j)) {
            (Some(&a), Some(&b)) => a.min(b),
            (Some(&a), None) => a,
            (None, Some(&b)) => b,
            (None, None) => break,
        };
        let run = |values: &[f64]| values.iter().take_while(|v| **v == value).count();
        let (a, b) = (run(&reference[i..]), run(&batch[j..]));
        // NaN against the contract: nothing is equal to it.
        if a + b == 0 {
            break;
        }
        (i, j) = (i + a, j + b);
        cells.reference.push(a as u64);
        cells.batch.push(b as u64);
    }
    cells
}

/// numpy's `histogram_bin_edges(pooled, "sturges")`: `⌈range / (range / (log2 N + 1))⌉` bins of equal width.
pub(crate) fn sturges_edges(reference: &[f64], batch: &[f64]) -> Vec<f64> {
    let ends = [reference.first(), reference.last(), batch.first(), batch.last()];
    let ends = ends.into_iter().flatten().copied();
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return vec![0.0, 1.0];
    }
    if low == high {
        return vec![low - 0.5, high + 0.5];
    }
    let wanted = ((reference.len() + batch.len()) as f64).log2() + 1.0;
    let (range, width) = (high - low, (high - low) / wanted);
    let ratio = range / width;
    let bins = if ratio.is_finite() { ratio.ceil() } else { wanted.ceil() };
    equal_edges(low, high, (bins as usize).max(1))
}

/// `bins` bins of equal width from `low` to `high`, both ends exact; no difference is taken that could overflow.
pub(crate) fn equal_edges(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let range = high - low;
    let step = range / bins as f64;
    let inner = |i: usize| {
        if range.is_finite() {
            low + i as f64 * step
        } else {
            let t = i as f64 / bins as f64;
            low * (1.0 - t) + high * t
        }
    };
    (0..=bins).map(|i| if i == bins { high } else { inner(i) }).collect()
}

/// Counts of a sorted slice in bins `[edge, next edge)`, the last one closed; what lies outside is not counted.
pub(crate) fn histogram(sorted: &[f64], edges: &[f64]) -> Vec<u64> {
    let below = |edge: f64| sorted.partition_point(|v| *v < edge) as u64;
    let last = edges.len().saturating_sub(2);
    edges
        .windows(2)
        .enumerate()
        .map(|(i, w)| {
            let upper = if i == last { sorted.partition_point(|v| *v <= w[1]) as u64 } else { below(w[1]) };
            upper.saturating_sub(below(w[0]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_numpys() {
        let a: Vec<f64> = (0..100).map(f64::from).collect();
        // log2(100) + 1 = 7.64: 8 bins.
        let edges = sturges_edges(&a, &[]);
        assert_eq!(edges.len(), 9);
        assert_eq!((edges[0], edges[8]), (0.0, 99.0));
        assert_eq!(histogram(&a, &edges).iter().sum::<u64>(), 100);
        assert_eq!(sturges_edges(&[3.0, 3.0], &[3.0]), [2.5, 3.5]);
        let huge = sturges_edges(&[-f64::MAX, 0.0], &[f64::MAX]);
        assert!(huge.iter().all(|e| e.is_finite()) && huge.windows(2).all(|w| w[0] < w[1]), "{huge:?}");
    }

    #[test]
    fn few_values_are_cells() {
        let cells = numeric(&[1.0, 1.0, 2.0], &[2.0, 3.0]);
        assert_eq!(cells, Cells { reference: vec![2, 1, 0], batch: vec![0, 1, 1] });
    }
}
