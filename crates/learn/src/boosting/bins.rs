use driftgate_determinism::Stream;
use driftgate_determinism::Workers;
use driftgate_model::Matrix;

/// Columns whose codes lie side by side, so that one load brings all of them.
pub(crate) const LANES: usize = 4;

/// Above this many rows the cuts are made from a sample, as in scikit-learn.
const SAMPLE: usize = 200_000;

/// Every value as a bin code. Missing values have the code one past the last bin.
pub(crate) struct Bins {
    /// Cuts of each column, ascending: value v has the code of the first cut ≥ v, or the number of cuts.
    cuts: Vec<Vec<f64>>,
    /// Whether the column has missing values.
    missing: Vec<bool>,
    /// Codes of columns LANES·g to LANES·g + LANES − 1, row by row.
    groups: Vec<Vec<[u8; LANES]>>,
    rows: usize,
}

impl Bins {
    /// Cuts each column into at most `most` bins (2 to 255) of about equal numbers of rows.
    pub(crate) fn new(x: &Matrix, most: usize, seed: u64, stream: u64, workers: Workers) -> Self {
        let sample = sample_rows(x.rows(), seed, stream);
        let cut = |j: usize| {
            let column = x.column(j);
            let mut seen: Vec<f64> = match &sample {
                None => column.iter().copied().filter(|v| !v.is_nan()).collect(),
                Some(rows) => rows.iter().map(|&r| column[r as usize]).filter(|v| !v.is_nan()).collect(),
            };
            // A column whose few values the sample missed still has the values themselves.
            if seen.is_empty() {
                seen = column.iter().copied().filter(|v| !v.is_nan()).collect();
            }
            (cuts(&mut seen, most), column.iter().any(|v| v.is_nan()))
        };
        let (cuts, missing): (Vec<_>, Vec<_>) = workers.map(x.cols(), cut).into_iter().unzip();
        let groups = workers.map(x.cols().div_ceil(LANES), |g| {
            let mut codes = vec![[0u8; LANES]; x.rows()];
            for lane in 0..LANES.min(x.cols() - g * LANES) {
                let cuts: &[f64] = &cuts[g * LANES + lane];
                for (code, &v) in codes.iter_mut().zip(x.column(g * LANES + lane)) {
                    code[lane] = if v.is_nan() { cuts.len() as u8 + 1 } else { cuts.partition_point(|&c| c < v) as u8 };
                }
            }
            codes
        });
        Bins { cuts, missing, groups, rows: x.rows() }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.cuts.len()
    }

    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The codes of group `g`, row by row.
    pub(crate) fn group(&self, g: usize) -> &[[u8; LANES]] {
        &self.groups[g]
    }

    /// The columns of group `g`.
    pub(crate) fn columns_of(&self, g: usize) -> std::ops::Range<usize> {
        g * LANES..((g + 1) * LANES).min(self.columns())
    }

    /// Bins of column `j`, missing not counted.
    pub(crate) fn regular(&self, j: usize) -> usize {
        self.cuts[j].len() + 1
    }

    pub(crate) fn has_missing(&self, j: usize) -> bool {
        self.missing[j]
    }

    /// The threshold right of bin `bin`: infinite behind the last, where only missing values are beyond.
    pub(crate) fn threshold(&self, j: usize, bin: usize) -> f64 {
        self.cuts[j].get(bin).copied().unwrap_or(f64::INFINITY)
    }
}

fn sample_rows(rows: usize, seed: u64, stream: u64) -> Option<Vec<u32>> {
    (rows > SAMPLE).then(|| {
        let mut all: Vec<u32> = (0..rows as u32).collect();
        Stream::new(seed, stream).draw(&mut all, SAMPLE);
        all.truncate(SAMPLE);
        all
    })
}

/// Midpoints between distinct values where they are few, else percentiles, each once.
///
/// Percentiles are numpy's `averaged_inverted_cdf` (definition 2 of Hyndman and Fan 1996), as in scikit-learn 1.9.
fn cuts(seen: &mut [f64], most: usize) -> Vec<f64> {
    seen.sort_unstable_by(f64::total_cmp);
    let midpoint = |a: f64, b: f64| a / 2.0 + b / 2.0;
    let mut distinct: Vec<f64> = Vec::with_capacity(most + 1);
    for &v in seen.iter() {
        if distinct.last().is_none_or(|&last| last != v) {
            if distinct.len() == most {
                distinct.clear();
                break;
            }
            distinct.push(v);
        }
    }
    let mut cuts: Vec<f64> = if distinct.is_empty() && !seen.is_empty() {
        let quantile = |q: usize| match (q * seen.len() / most, q * seen.len() % most) {
            (at, 0) => midpoint(seen[at - 1], seen[at]),
            (at, _) => seen[at],
        };
        (1..most).map(quantile).collect()
    } else {
        distinct.windows(2).map(|w| midpoint(w[0], w[1])).collect()
    };
    cuts.dedup();
    cuts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn few_values_are_cut_between_and_many_at_percentiles() {
        assert_eq!(cuts(&mut [3.0, 1.0, 1.0, 2.0], 255), [1.5, 2.5]);
        assert_eq!(cuts(&mut [5.0, 5.0], 255), [] as [f64; 0]);
        assert_eq!(cuts(&mut [], 255), [] as [f64; 0]);
        let mut many: Vec<f64> = (0..1001).map(f64::from).collect();
        // numpy.percentile(arange(1001), [25, 50, 75], method="averaged_inverted_cdf")
        assert_eq!(cuts(&mut many, 4), [250.0, 500.0, 750.0]);
        // numpy.percentile(arange(1000), [25, 50, 75], method="averaged_inverted_cdf")
        assert_eq!(cuts(&mut many[..1000], 4), [249.5, 499.5, 749.5]);
        // The same of arange(10), where nothing is whole.
        assert_eq!(cuts(&mut many[..10], 4), [2.0, 4.5, 7.0]);
    }

    #[test]
    fn codes_agree_with_thresholds() {
        let data = vec![0.1, f64::NAN, 0.9, 0.5, 0.5, -3.0];
        let x = Matrix::from_columns(6, 1, data.clone()).unwrap();
        let bins = Bins::new(&x, 255, 0, 1, Workers::alone());
        assert_eq!(bins.regular(0), 4);
        assert!(bins.has_missing(0));
        for (v, code) in data.iter().zip(bins.group(0)) {
            if v.is_nan() {
                assert_eq!(code[0], 4);
            } else {
                for bin in 0..4 {
                    assert_eq!(code[0] as usize <= bin, *v <= bins.threshold(0, bin));
                }
            }
        }
        assert_eq!(bins.threshold(0, 3), f64::INFINITY);
    }
}
