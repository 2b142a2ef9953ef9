use crate::workers::Workers;
use driftgate_model::Matrix;

/// Bins of a column for nodes with many samples. Codes fit a byte.
const BINS: usize = 256;

/// Every value as its rank among the column's distinct values, and as one of at most 256 bins of consecutive ranks.
pub(crate) struct Ranks {
    columns: Vec<RankedColumn>,
}

/// One column.
pub(crate) struct RankedColumn {
    /// Distinct values, ascending.
    pub values: Vec<f64>,
    /// The rank of each row.
    pub ranks: Vec<u32>,
    /// The bin of each row.
    pub bins: Vec<u8>,
    /// The first rank of each bin, and one past the last rank at the end.
    pub starts: Vec<u32>,
}

impl Ranks {
    pub(crate) fn new(x: &Matrix, workers: Workers) -> Self {
        Ranks { columns: workers.map(x.cols(), |j| RankedColumn::new(x.column(j))) }
    }

    pub(crate) fn column(&self, j: usize) -> &RankedColumn {
        &self.columns[j]
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }
}

impl RankedColumn {
    /// Ranks a column without NaN.
    fn new(column: &[f64]) -> Self {
        let mut order: Vec<(f64, u32)> = column.iter().enumerate().map(|(i, &v)| (v, i as u32)).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut values: Vec<f64> = Vec::new();
        let mut counts: Vec<usize> = Vec::new();
        let mut ranks = vec![0; column.len()];
        for (value, row) in order {
            // `==`: −0 and 0 are one value to a split.
            if values.last().is_none_or(|&last| last != value) {
                values.push(value);
                counts.push(0);
            }
            ranks[row as usize] = values.len() as u32 - 1;
            if let Some(count) = counts.last_mut() {
                *count += 1;
            }
        }
        let starts = bin_starts(&counts, column.len());
        let mut bin_of_rank = vec![0u8; values.len()];
        for (bin, range) in starts.windows(2).enumerate() {
            bin_of_rank[range[0] as usize..range[1] as usize].fill(bin as u8);
        }
        let bins = ranks.iter().map(|&r| bin_of_rank[r as usize]).collect();
        RankedColumn { values, ranks, bins, starts }
    }

    /// Whether every bin holds a single distinct value, so that bins lose nothing.
    pub(crate) fn exact(&self) -> bool {
        self.values.len() <= BINS
    }

    /// A threshold between two ranks: their midpoint, or the lower value where the midpoint would round to the upper.
    pub(crate) fn threshold(&self, below: u32, above: u32) -> f64 {
        let (low, high) = (self.values[below as usize], self.values[above as usize]);
        let middle = low / 2.0 + high / 2.0;
        if middle >= low && middle < high { middle } else { low }
    }
}

/// Cuts ranks into at most 256 bins of about equal numbers of rows.
fn bin_starts(counts: &[usize], rows: usize) -> Vec<u32> {
    let distinct = counts.len() as u32;
    if counts.len() <= BINS {
        return (0..=distinct).collect();
    }
    let mut starts = vec![0];
    let mut seen = 0;
    for (rank, count) in counts.iter().enumerate() {
        // The bin that the row `seen` belongs to, were all bins of equal size.
        if rank > 0 && starts.len() < BINS && seen * BINS >= starts.len() * rows {
            starts.push(rank as u32);
        }
        seen += count;
    }
    starts.push(distinct);
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_bins_follow_the_order_of_values() {
        let column: Vec<f64> = (0..5000u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) % 3000)).collect();
        let ranked = RankedColumn::new(&column);
        assert!(!ranked.exact());
        assert_eq!(ranked.starts.len(), BINS + 1);
        for (i, &v) in column.iter().enumerate() {
            assert_eq!(ranked.values[ranked.ranks[i] as usize], v);
            let bin = ranked.bins[i] as usize;
            assert!((ranked.starts[bin]..ranked.starts[bin + 1]).contains(&ranked.ranks[i]));
        }
        let mut sizes = vec![0; BINS];
        ranked.bins.iter().for_each(|&b| sizes[b as usize] += 1);
        assert!(sizes.iter().all(|&s| (10..=30).contains(&s)), "{sizes:?}");
    }

    #[test]
    fn few_values_get_a_bin_each() {
        let ranked = RankedColumn::new(&[2.0, -0.0, 0.0, 7.0, 2.0]);
        assert_eq!(ranked.ranks, [1, 0, 0, 2, 1]);
        assert_eq!(ranked.bins, [1, 0, 0, 2, 1]);
        assert_eq!(ranked.threshold(1, 2), 4.5);
    }

    #[test]
    fn a_threshold_separates_neighbouring_numbers() {
        let next = f64::from_bits(1.0f64.to_bits() + 1);
        let ranked = RankedColumn::new(&[1.0, next]);
        let t = ranked.threshold(0, 1);
        assert!(1.0 <= t && t < next);
        let far = RankedColumn::new(&[-f64::MAX, f64::MAX]);
        assert_eq!(far.threshold(0, 1), 0.0);
    }
}
