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
    /// Average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over distinct scores; needs a positive row.
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
        let roc =
            if positives > 0 && negatives > 0 { doubled as f64 / (2 * positives * negatives) as f64 } else { f64::NAN };
        let pr = if positives > 0 { precision / positives as f64 } else { f64::NAN };
        Areas { roc, pr, positives }
    }
}
