//! Areas under the ROC and precision-recall curves of one class against the rest, for any row weights.
//!
//! Rows are sorted by score once. A resample only changes how often each row counts, so its areas take one pass over that
//! order instead of a sort. All counts are integers: the ROC area of a resample equals, bit for bit, that of the rows
//! written out as often as they were drawn.

const POSITIVE: u32 = 1;
const LAST_OF_TIE: u32 = 2;

/// One class against the rest, rows by falling score.
#[derive(Debug, Clone)]
pub(super) struct Ranking {
    /// Row << 2, with [`POSITIVE`] and [`LAST_OF_TIE`].
    entries: Vec<u32>,
}

/// Areas; NaN where not defined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Areas {
    /// Under the ROC curve, ties counted half; needs a positive and a negative row.
    pub roc: f64,
    /// Average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over distinct scores; needs both too, being 1 for any model without negatives.
    pub pr: f64,
    /// Weight of the positive rows.
    pub positives: u64,
}

impl Ranking {
    /// Sorts rows by falling score. Both slices are by row; scores are finite.
    pub(super) fn new(scores: &[f64], positive: impl Fn(usize) -> bool) -> Self {
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        order.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
        let entries = order
            .iter()
            .enumerate()
            .map(|(place, &row)| {
                let score = scores[row as usize];
                let last = order.get(place + 1).is_none_or(|&next| scores[next as usize] != score);
                (row << 2) | if positive(row as usize) { POSITIVE } else { 0 } | if last { LAST_OF_TIE } else { 0 }
            })
            .collect();
        Ranking { entries }
    }

    /// One pass over the order.
    pub(super) fn areas(&self, weights: &[u32]) -> Areas {
        let (mut positives, mut negatives) = (0u64, 0u64);
        let (mut positives_above, mut negatives_above) = (0u64, 0u64);
        let mut doubled = 0u64;
        let mut precision = 0.0;
        for &entry in &self.entries {
            let weight = u64::from(weights[(entry >> 2) as usize]);
            let counted = weight * u64::from(entry & POSITIVE);
            positives += counted;
            negatives += weight - counted;
            if entry & LAST_OF_TIE != 0 {
                let gained = positives - positives_above;
                doubled += (negatives - negatives_above) * (positives_above + positives);
                if gained > 0 {
                    precision += gained as f64 * (positives as f64 / (positives + negatives) as f64);
                }
                positives_above = positives;
                negatives_above = negatives;
            }
        }
        if positives == 0 || negatives == 0 {
            return Areas { roc: f64::NAN, pr: f64::NAN, positives };
        }
        let roc = doubled as f64 / (2 * positives * negatives) as f64;
        Areas { roc, pr: precision / positives as f64, positives }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows of (score, positive, weight); scores in tenths tie often.
    fn rows() -> impl Strategy<Value = Vec<(u8, bool, u32)>> {
        prop::collection::vec((0u8..=10, any::<bool>(), 0u32..4), 1..60)
    }

    /// Every row written out as often as it was drawn.
    fn written_out(rows: &[(u8, bool, u32)]) -> Vec<(f64, bool)> {
        let each = |&(score, positive, weight): &(u8, bool, u32)| {
            std::iter::repeat_n((f64::from(score) / 10.0, positive), weight as usize)
        };
        rows.iter().flat_map(each).collect()
    }

    fn areas(rows: &[(u8, bool, u32)]) -> Areas {
        let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.0) / 10.0).collect();
        let weights: Vec<u32> = rows.iter().map(|r| r.2).collect();
        Ranking::new(&scores, |i| rows[i].1).areas(&weights)
    }

    /// The share of (positive, negative) pairs in the right order, ties half: the definition, without a sort.
    fn roc_by_pairs(rows: &[(f64, bool)]) -> f64 {
        let (mut doubled, mut pairs) = (0u64, 0u64);
        for &(high, _) in rows.iter().filter(|r| r.1) {
            for &(low, _) in rows.iter().filter(|r| !r.1) {
                pairs += 1;
                doubled += if high > low { 2 } else { u64::from(high == low) };
            }
        }
        doubled as f64 / (2 * pairs) as f64
    }

    /// Σ over distinct scores of the recall gained times the precision there: the definition, without a sweep.
    fn pr_by_thresholds(rows: &[(f64, bool)]) -> f64 {
        let mut thresholds: Vec<f64> = rows.iter().map(|r| r.0).collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let positives = rows.iter().filter(|r| r.1).count() as f64;
        let (mut area, mut recall) = (0.0, 0.0);
        for threshold in thresholds {
            let above = rows.iter().filter(|r| r.0 >= threshold);
            let hits = above.clone().filter(|r| r.1).count() as f64;
            area += (hits / positives - recall) * hits / above.count() as f64;
            recall = hits / positives;
        }
        area
    }

    proptest! {
        #[test]
        fn weighted_areas_are_those_of_the_rows_written_out(rows in rows()) {
            let plain = written_out(&rows);
            let found = areas(&rows);
            if plain.iter().all(|r| r.1) || !plain.iter().any(|r| r.1) {
                prop_assert!(found.roc.is_nan() && found.pr.is_nan());
                return Ok(());
            }
            prop_assert_eq!(found.roc.to_bits(), roc_by_pairs(&plain).to_bits());
            prop_assert!((found.pr - pr_by_thresholds(&plain)).abs() < 1e-12);

            let scores: Vec<f64> = plain.iter().map(|r| r.0).collect();
            let sorted_again = Ranking::new(&scores, |i| plain[i].1).areas(&vec![1; plain.len()]);
            prop_assert_eq!(found, sorted_again);
        }
    }
}
