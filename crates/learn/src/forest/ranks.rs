use driftgate_determinism::Workers;
use driftgate_model::Matrix;

/// Every value as its rank among the column's distinct values.
pub(crate) struct Ranks {
    columns: Vec<RankedColumn>,
}

/// One column.
pub(crate) struct RankedColumn {
    /// Distinct values, ascending.
    pub values: Vec<f64>,
    /// The rank of each row.
    pub ranks: Vec<u32>,
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
        let mut ranks = vec![0; column.len()];
        for (value, row) in order {
            // `==`: −0 and 0 are one value to a split.
            if values.last().is_none_or(|&last| last != value) {
                values.push(value);
            }
            ranks[row as usize] = values.len() as u32 - 1;
        }
        RankedColumn { values, ranks }
    }

    /// A threshold between two ranks: their midpoint, or the lower value where the midpoint would round to the upper.
    pub(crate) fn threshold(&self, below: u32, above: u32) -> f64 {
        let (low, high) = (self.values[below as usize], self.values[above as usize]);
        let middle = low / 2.0 + high / 2.0;
        if middle >= low && middle < high { middle } else { low }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_the_order_of_values() {
        let column: Vec<f64> = (0..500u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) % 300)).collect();
        let ranked = RankedColumn::new(&column);
        assert!(ranked.values.windows(2).all(|w| w[0] < w[1]));
        assert!(column.iter().zip(&ranked.ranks).all(|(&v, &r)| ranked.values[r as usize] == v));
        let ranked = RankedColumn::new(&[2.0, -0.0, 0.0, 7.0, 2.0]);
        assert_eq!(ranked.ranks, [1, 0, 0, 2, 1]);
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
