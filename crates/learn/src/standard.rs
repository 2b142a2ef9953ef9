use driftgate_model::Matrix;

/// The columns of a table that vary, each with mean 0 and standard deviation 1.
pub(crate) struct Standardised {
    /// Which columns of the table these are.
    pub columns: Vec<usize>,
    /// Their means.
    pub means: Vec<f64>,
    /// Their population standard deviations.
    pub scales: Vec<f64>,
    data: Vec<f64>,
    rows: usize,
}

impl Standardised {
    /// Copies and standardises `x`, which must be finite.
    pub(crate) fn new(x: &Matrix) -> Self {
        let rows = x.rows();
        let mut z = Standardised { columns: vec![], means: vec![], scales: vec![], data: vec![], rows };
        for j in 0..x.cols() {
            let column = x.column(j);
            let Some((mean, scale)) = moments(column) else { continue };
            z.columns.push(j);
            z.means.push(mean);
            z.scales.push(scale);
            z.data.extend(column.iter().map(|v| (v - mean) / scale));
        }
        z
    }

    /// Column `c` of the standardised table.
    pub(crate) fn column(&self, c: usize) -> &[f64] {
        &self.data[c * self.rows..(c + 1) * self.rows]
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
}

/// Mean and population standard deviation; `None` for a column that does not vary beyond rounding.
fn moments(column: &[f64]) -> Option<(f64, f64)> {
    let n = column.len() as f64;
    let first = *column.first()?;
    if column.iter().all(|&v| v == first) {
        return None;
    }
    // Around the first value: a column of large numbers close together keeps its digits.
    let mean = first + column.iter().map(|v| (v - first) / n).sum::<f64>();
    // Divided by the largest deviation, so that its square neither overflows nor vanishes.
    let largest = column.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max);
    if !(largest.is_finite() && largest > f64::MIN_POSITIVE) {
        return None;
    }
    let scale = largest * (column.iter().map(|v| ((v - mean) / largest).powi(2)).sum::<f64>() / n).sqrt();
    (scale.is_finite() && scale > f64::EPSILON * mean.abs()).then_some((mean, scale))
}
