//! Drift statistics: two-sample tests, distances, and one decision rule.
//!
//! Arrays in, reports out: no files, no clock, no global random state. Random draws are seeded streams; the number of threads
//! never changes a bit of the result. Columns are checked one at a time, so that a caller holds few of them in memory.
//!
//! [`check_numeric`] and [`check_categorical`] test one column; [`finish()`] adjusts the p-values of all of them together and
//! draws the verdicts. [`joint()`] tests all columns at once, [`performance()`] and [`estimate`] say what the model reaches.
//! Distances (PSI, Wasserstein, Jensen–Shannon) are judged against their permutation distribution: at the sizes of the batch,
//! or through [`DistanceThresholds`] made beforehand by [`column_thresholds`]. Every test comes with an effect and its interval.
//! The formulas are from the papers named beside them; `tests/golden.rs` compares with scipy.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may panic"))]

pub mod adjust;
pub mod bins;
mod chart;
pub mod chi2;
mod column;
pub mod decide;
mod dependence;
mod energy;
mod error;
mod finish;
mod images;
pub mod jensenshannon;
mod joint;
pub mod ks;
pub mod nulls;
mod partly;
mod performance;
pub mod proportion;
pub mod psi;
mod random;
mod result;
mod simulate;
mod sort;
pub mod special;
mod thresholds;
pub mod trend;
pub mod wasserstein;

pub use chart::{MOST_BARS, MOST_BINS, bars_chart, histogram_chart};
pub use column::{CategoricalColumn, NumericColumn, check_categorical, check_numeric};
pub use error::DriftError;
pub use finish::{Finished, finish, multiple};
pub use images::{
    Embeddings, MMD, MOST_COMPARED, PIXEL_WASSERSTEIN, Shifted, mmd, most_shifted, multiscale, pixel_columns,
};
pub use joint::{JointSide, joint, sample_rows};
pub use performance::{BatchPerformance, CHECK_LEVEL, FEWEST_ROWS, chance, estimate, fit_calibration, performance};
pub use result::{JOINT, MISSING, NEW_CATEGORY, PERFORMANCE};
pub use simulate::{SimulateError, simulate};
pub use sort::sort;
pub use thresholds::{ColumnThresholds, DistanceThresholds, ReferenceValues, SizeThresholds, column_thresholds};
