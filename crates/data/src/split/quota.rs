//! How many rows of which label go where.

use crate::error::{DataError, Result};
use driftgate_model::SplitPolicy;

/// Rows for train, val and test.
pub(crate) type Triple = [usize; 3];

/// The sizes of the splits of `rows` rows, as two calls of scikit-learn's `train_test_split` give them: the rest beside train is
/// rounded up, then test is, as a part of the rest. With 0.70/0.15/0.15, 150 rows are 105/22/23.
///
/// Errors: shares that do not add up, and fewer rows than the splits need.
pub(crate) fn totals(rows: usize, policy: &SplitPolicy) -> Result<Triple> {
    let shares = [policy.train, policy.val, policy.test];
    let sum: f64 = shares.iter().sum();
    if shares.iter().any(|s| !(0.0..=1.0).contains(s)) || (sum - 1.0).abs() > 1e-6 || policy.train <= 0.0 {
        return Err(DataError::Split {
            message: format!("the shares {}, {} and {} do not add up to 1", shares[0], shares[1], shares[2]),
            hint: "Give train, val and test shares between 0 and 1 that add up to 1, train above 0".into(),
        });
    }
    // A share such as 0.15 + 0.15 is a hair above or below 0.3; the hair must not add a row.
    let up = |x: f64| (x - 1e-9).ceil().max(0.0) as usize;
    let beside = policy.val + policy.test;
    let rest = up(rows as f64 * beside).min(rows);
    let test = if beside > 0.0 { up(rest as f64 * (policy.test / beside)).min(rest) } else { 0 };
    let sizes = [rows - rest, rest - test, test];
    if shares.iter().zip(sizes).any(|(share, size)| *share > 0.0 && size == 0) {
        return Err(DataError::Insufficient {
            message: format!("{rows} rows cannot fill the splits ({}/{}/{} rows)", sizes[0], sizes[1], sizes[2]),
            hint: "Add rows; four are the fewest for 0.70/0.15/0.15, and far more are needed to judge a model".into(),
        });
    }
    Ok(sizes)
}

/// Shares `totals` out over strata of `counts` rows: every stratum and every total is met exactly, and every cell is its
/// ideal share rounded down or up (controlled rounding, which always exists: Bacharach 1966).
pub(crate) fn apportion(counts: &[usize], totals: Triple) -> Vec<Triple> {
    let rows: u128 = counts.iter().map(|c| *c as u128).sum();
    if rows == 0 {
        return vec![[0; 3]; counts.len()];
    }
    let mut cells = Vec::with_capacity(counts.len());
    let mut parts: Vec<[u128; 3]> = Vec::with_capacity(counts.len());
    let mut ones: Vec<[bool; 3]> = Vec::with_capacity(counts.len());
    let mut spare: [i64; 3] = totals.map(|t| t as i64);
    for &count in counts {
        let products = totals.map(|t| count as u128 * t as u128);
        let floor = products.map(|p| (p / rows) as usize);
        let part = products.map(|p| p % rows);
        let mut order = [0, 1, 2];
        order.sort_by_key(|s| (std::cmp::Reverse(part[*s]), *s));
        let left = count - floor.iter().sum::<usize>();
        let mut one = [false; 3];
        for s in order.into_iter().take(left) {
            one[s] = true;
        }
        for s in 0..3 {
            spare[s] -= floor[s] as i64 + i64::from(one[s]);
        }
        cells.push(floor);
        parts.push(part);
        ones.push(one);
    }
    while let Some(full) = (0..3).find(|s| spare[*s] < 0) {
        if !shift(&mut ones, &parts, &mut spare, full) {
            break;
        }
    }
    for (cell, one) in cells.iter_mut().zip(&ones) {
        for s in 0..3 {
            cell[s] += usize::from(one[s]);
        }
    }
    cells
}

/// Moves one extra row out of the split `full`, directly or through the third split. False when there is no way.
fn shift(ones: &mut [[bool; 3]], parts: &[[u128; 3]], spare: &mut [i64; 3], full: usize) -> bool {
    let Some(wanting) = (0..3).find(|s| spare[*s] > 0) else { return false };
    // The stratum that loses least by the move.
    let mover = |ones: &[[bool; 3]], from: usize, to: usize| {
        (0..ones.len())
            .filter(|i| ones[*i][from] && !ones[*i][to] && parts[*i][to] > 0)
            .min_by_key(|i| (parts[*i][from] as i128 - parts[*i][to] as i128, *i))
    };
    let mut go = |ones: &mut [[bool; 3]], i: usize, from: usize, to: usize| {
        ones[i][from] = false;
        ones[i][to] = true;
        spare[from] += 1;
        spare[to] -= 1;
    };
    if let Some(i) = mover(ones, full, wanting) {
        go(ones, i, full, wanting);
        return true;
    }
    let middle = 3 - full - wanting;
    if let (Some(i), Some(j)) = (mover(ones, full, middle), mover(ones, middle, wanting)) {
        go(ones, i, full, middle);
        go(ones, j, middle, wanting);
        return true;
    }
    false
}

/// What `new` more rows bring each split nearest to `quota`, where `have` rows are already placed.
pub(crate) fn fill(quota: Triple, have: Triple, new: usize) -> Triple {
    let mut need = [0; 3];
    for _ in 0..new {
        let short = |s: usize| quota[s] as i64 - have[s] as i64 - need[s] as i64;
        let mut best = 0;
        for s in 1..3 {
            if short(s) > short(best) {
                best = s;
            }
        }
        need[best] += 1;
    }
    need
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_sizes() {
        let policy = SplitPolicy::default();
        for (rows, sizes) in [
            (150, [105, 22, 23]),
            (178, [124, 27, 27]),
            (569, [398, 85, 86]),
            (20_640, [14_448, 3_096, 3_096]),
            (4, [2, 1, 1]),
        ] {
            assert_eq!(totals(rows, &policy).unwrap(), sizes);
        }
        assert!(totals(3, &policy).is_err());
        assert!(totals(0, &policy).is_err());
    }

    #[test]
    fn shares_must_add_up() {
        let mut policy = SplitPolicy { train: 0.8, ..SplitPolicy::default() };
        assert!(totals(100, &policy).is_err());
        policy = SplitPolicy { train: 0.8, val: 0.0, test: 0.2, ..SplitPolicy::default() };
        assert_eq!(totals(100, &policy).unwrap(), [80, 0, 20]);
        policy.train = f64::NAN;
        assert!(totals(100, &policy).is_err());
    }

    #[test]
    fn filling_goes_where_rows_are_short() {
        assert_eq!(fill([70, 15, 15], [70, 15, 15], 0), [0, 0, 0]);
        assert_eq!(fill([140, 30, 30], [70, 15, 15], 100), [70, 15, 15]);
        assert_eq!(fill([70, 15, 15], [80, 5, 5], 10), [0, 5, 5]);
    }

    proptest! {
        #[test]
        fn margins_are_exact_and_cells_within_one(counts in prop::collection::vec(0usize..400, 1..40), a in 0.05f64..0.9, b in 0.1f64..0.9) {
            let rows: usize = counts.iter().sum();
            let train = (rows as f64 * a) as usize;
            let val = ((rows - train) as f64 * b) as usize;
            let totals = [train, val, rows - train - val];
            let cells = apportion(&counts, totals);
            for s in 0..3 {
                prop_assert_eq!(cells.iter().map(|c| c[s]).sum::<usize>(), totals[s]);
            }
            for (cell, count) in cells.iter().zip(&counts) {
                prop_assert_eq!(cell.iter().sum::<usize>(), *count);
                for s in 0..3 {
                    let ideal = *count as f64 * totals[s] as f64 / rows.max(1) as f64;
                    prop_assert!((cell[s] as f64 - ideal).abs() < 1.0, "{} for {}", cell[s], ideal);
                }
            }
        }
    }
}
