//! One test of all columns together.

use crate::dependence::{Change, Dependence, MOST_COLUMNS, Pair, Score, most_scores};
use crate::energy::{BLOCK, Distances, Energy};
use crate::error::DriftError;
use crate::result::{JOINT, untested};
use driftgate_determinism::{Stream, Workers};
use driftgate_model::{CancelToken, DependenceChange, DriftConfig, DriftTestResult, DriftVerdict, Matrix};
use std::sync::atomic::{AtomicU64, Ordering};

const BY_ENERGY: &str = "energy coefficient";
const BY_PAIR: &str = "largest change of a rank correlation";
const BY_PAIRS: &str = "root mean square change of the rank correlations, in standard errors";
/// Multiply-adds that the correlations of all labellings may take together: above it, fewer rows are drawn.
const MOST_WORK: f64 = 2e10;
/// Rows a side that the work never goes below.
const FEWEST_ROWS: usize = 200;
/// Pairs of columns that a result names.
const MOST_PAIRS: usize = 10;
/// Sums of the same terms in another order agree to about this share.
const ROUNDING: f64 = 1e-6;

/// One side of [`joint`]: rows of the whole side, or a uniform sample of them.
#[derive(Debug, Clone, Copy)]
pub struct JointSide<'a> {
    /// Rows by numeric columns, categories encoded by the caller; NaN is missing.
    pub rows: &'a Matrix,
    /// Rows that these were drawn from.
    pub of: u64,
}

/// Whether reference and batch are samples of one joint distribution, by permutation of their rows, on at most
/// `config.global.sample` rows a side.
///
/// Three statistics see what single columns do not show:
/// - the energy distance (Székely and Rizzo 2004) of the rows, each column as its mid-rank among the pooled rows, sees columns
///   that all moved a little;
/// - the largest change of a correlation of two columns sees one pair among many. Correlated are the ranks within each side and
///   their second Legendre polynomials, so that y = |x| is seen as well as y = x, and a column that merely moved changes none;
///   each difference is divided by its standard error;
/// - the mean square of all these changes sees many small ones.
///
/// A labelling's share of labellings that reach its value, the smallest of the three, is its combined value, and the p-value is
/// the share of labellings whose combined value is at most the observed one (Westfall and Young 1993, min-p): exact whatever
/// the distributions, and one for the three. Ties are broken by the largest standardised statistic. Pairs of columns whose own
/// p-value, adjusted the same way, is at most `config.global.alpha` are named in `together`.
///
/// Up to 100 columns both polynomials are looked at, up to 200 the ranks alone, beyond these the first 200 columns' pairs (the
/// energy distance takes all columns). Of very many columns fewer rows are drawn, at least 200; the note says how many. Effect
/// and statistic are those of the statistic that is rarest; there is no interval, so the verdict is drifted or inconclusive,
/// never stable. `names` are the columns' names; `threads` (0: all) changes nothing; `progress` is told
/// how many labellings of how many were looked at.
///
/// # Errors
/// [`DriftError::ColumnCount`], [`DriftError::LengthMismatch`], [`DriftError::Threads`] and [`DriftError::Cancelled`].
pub fn joint(
    reference: JointSide<'_>,
    batch: JointSide<'_>,
    names: &[String],
    config: &DriftConfig,
    threads: usize,
    progress: &(dyn Fn(u64, u64) + Sync),
    cancel: &CancelToken,
) -> Result<DriftTestResult, DriftError> {
    let cols = reference.rows.cols();
    if cols != batch.rows.cols() {
        return Err(DriftError::ColumnCount { reference: cols, batch: batch.rows.cols() });
    }
    if cols != names.len() {
        return Err(DriftError::LengthMismatch { what: "columns and names", left: cols, right: names.len() });
    }
    let most = most_rows(cols, config);
    let rows_r = sample(reference.rows.rows(), most, config.seed, 0);
    let rows_b = sample(batch.rows.rows(), most, config.seed, 1);
    let (n, m) = (rows_r.len(), rows_b.len());
    if n < 2 || m < 2 || cols == 0 {
        let note = "at least 2 rows on either side and one column are needed".to_owned();
        return Ok(untested(JOINT, BY_ENERGY, 0.0, note));
    }
    let columns: Vec<Vec<f64>> = (0..cols)
        .map(|j| {
            let (r, b) = (reference.rows.column(j), batch.rows.column(j));
            rows_r.iter().map(|&i| r[i]).chain(rows_b.iter().map(|&i| b[i])).collect()
        })
        .collect();
    let found = Workers::run(threads, |workers| Labelled::new(&columns, n, config, workers, progress, cancel))?;
    let mut result = found.result(names, config);
    let said = |side: JointSide<'_>, taken: usize, what: &str| match side.of {
        all if all == taken as u64 => format!("all {taken} {what} rows"),
        all => format!("{taken} of {all} {what} rows"),
    };
    let mut note = format!(
        "{} and {}, {} permutations",
        said(reference, n, "reference"),
        said(batch, m, "batch"),
        config.global.permutations
    );
    if cols > MOST_COLUMNS {
        note += &format!("; pairs among the first {MOST_COLUMNS} of {cols} columns");
    }
    result.note = Some(match result.note.take() {
        Some(more) => format!("{note}; {more}"),
        None => note,
    });
    Ok(result)
}

/// At most `most` row numbers below `rows`, drawn without replacement and rising: what a profile keeps of its table, and what
/// a check keeps of a batch that is larger than memory.
pub fn sample_rows(rows: usize, most: usize, seed: u64) -> Vec<usize> {
    sample(rows, most, seed, 2)
}

/// At most `most` rows, drawn without replacement, ascending.
pub(crate) fn sample(rows: usize, most: usize, seed: u64, side: u64) -> Vec<usize> {
    if rows <= most {
        return (0..rows).collect();
    }
    // Streams from the end: those from the start belong to the permutations.
    let mut stream = Stream::new(seed, u64::MAX - side);
    // Floyd's algorithm: memory of the draw, not of the rows.
    let mut drawn = std::collections::BTreeSet::new();
    for i in rows - most..rows {
        let j = stream.below((i + 1).min(u32::MAX as usize) as u32) as usize;
        if !drawn.insert(j) {
            drawn.insert(i);
        }
    }
    drawn.into_iter().collect()
}

fn most_rows(cols: usize, config: &DriftConfig) -> usize {
    let scores = most_scores(cols) as f64;
    let labellings = f64::from(config.global.permutations) + 1.0;
    let affordable = MOST_WORK / (scores * scores * labellings);
    (config.global.sample.max(2) as usize).min((affordable as usize).max(FEWEST_ROWS))
}

/// The three statistics of one labelling.
type Parts = [f64; 3];

/// All labellings, the observed one first.
struct Labelled {
    energies: Vec<Energy>,
    parts: Vec<Parts>,
    /// The pairs under the observed labelling, the largest change first.
    pairs: Vec<Pair>,
    /// nm/(n+m).
    scale: f64,
}

impl Labelled {
    fn new(
        columns: &[Vec<f64>],
        n: usize,
        config: &DriftConfig,
        workers: Workers,
        progress: &(dyn Fn(u64, u64) + Sync),
        cancel: &CancelToken,
    ) -> Result<Labelled, DriftError> {
        let rows = columns.first().map_or(0, Vec::len);
        let distances = Distances::new(&ranked(columns, rows), rows, columns.len(), workers);
        cancel.check()?;
        let dependence = Dependence::new(columns, workers);
        let all = config.global.permutations as usize + 1;
        let done = AtomicU64::new(0);
        let found = workers.map(all.div_ceil(BLOCK), |b| -> Result<_, DriftError> {
            let numbers = b * BLOCK..all.min((b + 1) * BLOCK);
            let labellings: Vec<Vec<bool>> = numbers.map(|i| labelling(i, rows, n, config.seed)).collect();
            cancel.check()?;
            let energies = distances.block(&labellings);
            let mut changes = Vec::with_capacity(labellings.len());
            for labelling in &labellings {
                cancel.check()?;
                changes.push(if dependence.pairs() > 0 { dependence.change(labelling) } else { Change::default() });
            }
            let some = labellings.len() as u64;
            progress(done.fetch_add(some, Ordering::Relaxed) + some, all as u64);
            Ok((energies, changes))
        });
        let (mut energies, mut parts) = (Vec::with_capacity(all), Vec::with_capacity(all));
        for block in found {
            let (e, c) = block?;
            parts.extend(e.iter().zip(c).map(|(e, c)| [e.distance, c.largest, c.mean_square]));
            energies.extend(e);
        }
        let mut pairs = if dependence.pairs() > 0 { dependence.all(&labelling(0, rows, n, 0)) } else { Vec::new() };
        pairs.sort_by(|a, b| b.size.total_cmp(&a.size));
        let scale = n as f64 * (rows - n) as f64 / rows as f64;
        Ok(Labelled { energies, parts, pairs, scale })
    }

    fn result(&self, names: &[String], config: &DriftConfig) -> DriftTestResult {
        let Some(energy) = self.energies.first().filter(|_| self.parts.iter().flatten().all(|v| v.is_finite())) else {
            return untested(JOINT, BY_ENERGY, 0.0, "the distances are not numbers".into());
        };
        let combined = Combined::new(&self.parts);
        let p_value = combined.p_value(combined.observed());
        let (effect_name, statistic, effect) = match (combined.rarest(), self.pairs.first()) {
            (1, Some(pair)) => (BY_PAIR, pair.size, (pair.reference - pair.batch).abs()),
            (2, Some(_)) => (BY_PAIRS, self.parts[0][2], self.parts[0][2].sqrt()),
            _ => {
                let share = if energy.across > 0.0 { (energy.distance / energy.across).clamp(0.0, 1.0) } else { 0.0 };
                (BY_ENERGY, self.scale * energy.distance, share)
            }
        };
        let together = self.together(&combined, names, config.global.alpha);
        let note = (!together.is_empty()).then(|| {
            let pairs: Vec<String> = together.iter().map(sentence).collect();
            format!("changed together: {}", pairs.join(", "))
        });
        DriftTestResult {
            method: "permutation".into(),
            statistic,
            p_value: Some(p_value),
            effect: Some(effect),
            verdict: DriftVerdict::Inconclusive,
            together,
            note,
            ..untested(JOINT, effect_name, 0.0, String::new())
        }
    }

    /// The pairs of columns whose adjusted p-value is at most `alpha`: of each its largest change, at most [`MOST_PAIRS`].
    fn together(&self, combined: &Combined, names: &[String], alpha: f64) -> Vec<DependenceChange> {
        let mut named: Vec<(usize, usize)> = Vec::new();
        let mut out = Vec::new();
        for pair in &self.pairs {
            let (a, b) = (pair.scores.0.column, pair.scores.1.column);
            if named.contains(&(a, b)) {
                continue;
            }
            let adjusted_p = combined.p_value(combined.of_part(1, pair.size));
            if adjusted_p > alpha || out.len() == MOST_PAIRS {
                break;
            }
            named.push((a, b));
            out.push(DependenceChange {
                first: names[a].clone(),
                second: names[b].clone(),
                measure: measure(pair.scores).into(),
                reference: pair.reference,
                batch: pair.batch,
                adjusted_p,
            });
        }
        out
    }
}

fn measure((a, b): (Score, Score)) -> &'static str {
    match (a.bent, b.bent) {
        (false, false) => "ranks",
        (true, false) => "extremes of first",
        (false, true) => "extremes of second",
        (true, true) => "extremes of both",
    }
}

fn sentence(change: &DependenceChange) -> String {
    let of = if change.measure == "ranks" { String::new() } else { format!(" of the {}", change.measure) };
    format!(
        "`{}` and `{}` (correlation{of} {:.2}, now {:.2})",
        change.first, change.second, change.reference, change.batch
    )
}

/// Labelling number `index` of `rows` rows, `n` of them the reference; number 0 is the observed one, the first `n` rows.
fn labelling(index: usize, rows: usize, n: usize, seed: u64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..rows).collect();
    if index > 0 {
        Stream::new(seed, index as u64).draw(&mut order, n);
    }
    let mut labels = vec![false; rows];
    order[..n].iter().for_each(|&i| labels[i] = true);
    labels
}

/// Pooled mid-ranks in [0, 1], row by row; a missing value is ranked in the middle.
fn ranked(columns: &[Vec<f64>], rows: usize) -> Vec<f32> {
    let cols = columns.len();
    let mut out = vec![0.5_f32; cols * rows];
    for (j, values) in columns.iter().enumerate() {
        let mut order: Vec<usize> = (0..rows).filter(|&i| !values[i].is_nan()).collect();
        // Adding 0 makes the two zeros one.
        order.sort_unstable_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)).then(a.cmp(&b)));
        let mut from = 0;
        while from < order.len() {
            let value = values[order[from]];
            let to = from + order[from..].iter().take_while(|&&i| values[i] == value).count();
            let rank = (from + to) as f64 / 2.0 / order.len() as f64;
            order[from..to].iter().for_each(|&i| out[i * cols + j] = rank as f32);
            from = to;
        }
    }
    out
}

/// How rare a labelling is: the share of labellings that reach its value, and by how many standard deviations it lies above
/// their mean, which tells equally rare ones apart.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rarity {
    share: f64,
    height: f64,
}

impl Rarity {
    fn is_at_most(&self, other: &Rarity) -> bool {
        let (same, limit) = (other.share * (1.0 + 1e-12), other.height - ROUNDING * other.height.abs().max(1.0));
        self.share * (1.0 + 1e-12) < other.share || (self.share <= same && self.height >= limit)
    }
}

/// Labellings compared with one another by several statistics.
struct Combined {
    /// Of each statistic, its values ascending, their mean and their standard deviation.
    sorted: Vec<(Vec<f64>, f64, f64)>,
    rarities: Vec<Rarity>,
    rarest: usize,
}

impl Combined {
    fn new(parts: &[Parts]) -> Combined {
        let sorted = (0..3).map(|k| {
            let mut values: Vec<f64> = parts.iter().map(|p| p[k]).collect();
            values.sort_unstable_by(f64::total_cmp);
            let n = values.len().max(1) as f64;
            let mean = values.iter().sum::<f64>() / n;
            let sd = (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
            (values, mean, sd)
        });
        let mut made = Combined { sorted: sorted.collect(), rarities: Vec::new(), rarest: 0 };
        let of = |p: &Parts| (0..3).map(|k| made.of_part(k, p[k])).collect::<Vec<_>>();
        let first = parts.first().map(of).unwrap_or_default();
        let rarest = (0..first.len()).reduce(|a, b| if first[a].is_at_most(&first[b]) { a } else { b }).unwrap_or(0);
        made.rarities = parts
            .iter()
            .map(|p| {
                let all = of(p);
                let share = all.iter().map(|r| r.share).fold(1.0, f64::min);
                let height = all.iter().map(|r| r.height).fold(f64::NEG_INFINITY, f64::max);
                Rarity { share, height }
            })
            .collect();
        made.rarest = rarest;
        made
    }

    fn observed(&self) -> Rarity {
        self.rarities.first().copied().unwrap_or(Rarity { share: 1.0, height: 0.0 })
    }

    /// The statistic that is rarest in the observed labelling.
    fn rarest(&self) -> usize {
        self.rarest
    }

    /// How rare `value` of statistic `k` is.
    fn of_part(&self, k: usize, value: f64) -> Rarity {
        let (values, mean, sd) = &self.sorted[k];
        let size = values.last().map_or(0.0, |v| v.abs());
        let below = values.partition_point(|v| *v < value - ROUNDING * size);
        let share = (values.len() - below) as f64 / values.len().max(1) as f64;
        let height = if *sd > ROUNDING * size { (value - mean) / sd } else { 0.0 };
        Rarity { share, height }
    }

    /// The share of labellings at least as rare.
    fn p_value(&self, rarity: Rarity) -> f64 {
        let as_rare = self.rarities.iter().filter(|r| r.is_at_most(&rarity)).count();
        as_rare.max(1) as f64 / self.rarities.len().max(1) as f64
    }
}
