//! How pairs of columns depend on one another, in reference and batch.

use driftgate_determinism::Workers;

/// Columns whose pairs are looked at.
pub(crate) const MOST_COLUMNS: usize = 200;
/// Up to so many columns the second score is taken too: 200 scores in all.
const MOST_BENT: usize = 100;
/// Columns of scores side by side.
const LANES: usize = 8;
/// Rows of the half of a panel that one pass multiplies: with [`LANES`] they fill the registers every x86-64 has.
const HALF: usize = 4;
/// A squared standard error below this is no change that chance could make: such a pair is one column twice.
const LEAST_VARIANCE: f64 = 1e-6;

/// A polynomial of a column's rank u in (0, 1), s = 2u − 1: Legendre's first (s) or second ((3s² − 1)/2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) column: usize,
    pub(crate) bent: bool,
}

/// The rows of one column that have a value, ascending by it.
struct Ranked {
    order: Vec<u32>,
    /// Where each run of equal values ends.
    ends: Vec<u32>,
}

impl Ranked {
    fn new(values: &[f64]) -> Ranked {
        let mut order: Vec<u32> = (0..values.len() as u32).filter(|&i| !values[i as usize].is_nan()).collect();
        // Adding 0 makes the two zeros one.
        let value = |i: u32| values[i as usize] + 0.0;
        order.sort_unstable_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
        let last = order.len();
        let ends = (1..=last).filter(|&i| i == last || value(order[i - 1]) != value(order[i])).map(|i| i as u32);
        Ranked { ends: ends.collect(), order }
    }
}

/// Rows of [`LANES`] scores each.
type Panel = Vec<[f32; LANES]>;

/// The scores of one group of rows, each with mean 0 and sum of squares 1 (0 for a constant one).
struct Group {
    panels: Vec<Panel>,
}

impl Group {
    fn new(rows: usize, scores: usize) -> Group {
        Group { panels: vec![vec![[0.0; LANES]; rows]; scores.div_ceil(LANES)] }
    }
}

/// What one labelling of the rows shows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Change {
    /// The largest standardised difference of a pair's correlations.
    pub(crate) largest: f64,
    /// The mean of their squares.
    pub(crate) mean_square: f64,
}

/// One pair of scores.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) scores: (Score, Score),
    pub(crate) reference: f64,
    pub(crate) batch: f64,
    /// The standardised difference, without sign.
    pub(crate) size: f64,
}

/// The pooled rows of reference and batch, ready for labellings.
pub(crate) struct Dependence {
    rows: usize,
    ranked: Vec<Ranked>,
    scores: Vec<Score>,
    /// By panels a ≤ b, one factor for each pair: 1 / its standard error at one row a side, 0 for a pair that does not count.
    scale: Vec<Tile>,
    pairs: usize,
}

/// Correlations of the scores of one panel with those of another.
type Tile = [[f32; LANES]; LANES];

/// How many scores a table of `cols` columns has at most.
pub(crate) fn most_scores(cols: usize) -> usize {
    if cols <= MOST_BENT { 2 * cols } else { cols.min(MOST_COLUMNS) }
}

impl Dependence {
    /// From the pooled rows, column by column; at most the first [`MOST_COLUMNS`] columns are looked at.
    pub(crate) fn new(columns: &[Vec<f64>], workers: Workers) -> Dependence {
        let bent = columns.len() <= MOST_BENT;
        let looked = &columns[..columns.len().min(MOST_COLUMNS)];
        let ranked = workers.map(looked.len(), |j| Ranked::new(&looked[j]));
        let mut scores = Vec::new();
        for (column, r) in ranked.iter().enumerate() {
            // One value has no score, two have no second one.
            scores.extend((r.ends.len() > 1).then_some(Score { column, bent: false }));
            scores.extend((bent && r.ends.len() > 2).then_some(Score { column, bent: true }));
        }
        let rows = columns.first().map_or(0, Vec::len);
        let mut made = Dependence { rows, ranked, scores, scale: Vec::new(), pairs: 0 };
        made.scale = made.scales(workers);
        made.pairs = made.scale.iter().flatten().flatten().filter(|s| **s > 0.0).count();
        made
    }

    /// Pairs of scores that are compared.
    pub(crate) fn pairs(&self) -> usize {
        self.pairs
    }

    /// What the labelling with `reference[row]` shows.
    pub(crate) fn change(&self, reference: &[bool]) -> Change {
        let (groups, root) = self.groups(reference);
        let (mut largest, mut squares) = (0.0_f32, 0.0_f64);
        for (tile, (a, b)) in self.scale.iter().zip(self.tiles()) {
            let r = product(&groups[0].panels[a], &groups[0].panels[b]);
            let c = product(&groups[1].panels[a], &groups[1].panels[b]);
            for i in 0..LANES {
                let mut sum = 0.0_f32;
                for l in 0..LANES {
                    let t = (r[i][l] - c[i][l]) * tile[i][l];
                    largest = largest.max(t.abs());
                    sum += t * t;
                }
                squares += f64::from(sum);
            }
        }
        let pairs = self.pairs.max(1) as f64;
        Change { largest: f64::from(largest) * root, mean_square: squares * root * root / pairs }
    }

    /// All pairs under the labelling with `reference[row]`.
    pub(crate) fn all(&self, reference: &[bool]) -> Vec<Pair> {
        let (groups, root) = self.groups(reference);
        let mut out = Vec::with_capacity(self.pairs);
        for (tile, (a, b)) in self.scale.iter().zip(self.tiles()) {
            let r = product(&groups[0].panels[a], &groups[0].panels[b]);
            let c = product(&groups[1].panels[a], &groups[1].panels[b]);
            for i in 0..LANES {
                for l in (0..LANES).filter(|&l| tile[i][l] > 0.0) {
                    let (reference, batch) = (f64::from(r[i][l]), f64::from(c[i][l]));
                    let size = (reference - batch).abs() * f64::from(tile[i][l]) * root;
                    let scores = (self.scores[a * LANES + i], self.scores[b * LANES + l]);
                    out.push(Pair { scores, reference, batch, size });
                }
            }
        }
        out
    }

    /// Pairs of panels, a ≤ b.
    fn tiles(&self) -> impl Iterator<Item = (usize, usize)> {
        let panels = self.scores.len().div_ceil(LANES);
        (0..panels).flat_map(move |a| (a..panels).map(move |b| (a, b)))
    }

    /// The scores of both groups, ranked anew within each, so that a column that merely moved shows no change; and
    /// √(nm/(n+m)).
    fn groups(&self, reference: &[bool]) -> ([Group; 2], f64) {
        let mut sizes = [0_usize; 2];
        let places: Vec<Place> = reference
            .iter()
            .map(|&r| {
                let group = usize::from(!r);
                sizes[group] += 1;
                ((sizes[group] as u32 - 1) << 1) | group as u32
            })
            .collect();
        let mut groups = sizes.map(|rows| Group::new(rows, self.scores.len()));
        let mut first = 0;
        for scores in self.scores.chunk_by(|a, b| a.column == b.column) {
            fill(&mut groups, first, scores, &self.ranked[scores[0].column], &places);
            first += scores.len();
        }
        let [n, m] = sizes.map(|v| v as f64);
        (groups, (n * m / (n + m)).sqrt())
    }

    /// The factors of all pairs, from the pooled rows: the same for every labelling, so that permutation stays exact.
    ///
    /// The variance of a correlation of standardised scores is that of z₁z₂ − ρ(z₁² + z₂²)/2, by the delta method.
    fn scales(&self, workers: Workers) -> Vec<Tile> {
        let everyone = vec![true; self.rows];
        let ([mut pooled, _], _) = self.groups(&everyone);
        let root = (self.rows as f32).sqrt();
        pooled.panels.iter_mut().flatten().flatten().for_each(|z| *z *= root);
        let power = |p: &Panel, k: i32| p.iter().map(|r| r.map(|z| z.powi(k))).collect::<Panel>();
        let squares: Vec<Panel> = pooled.panels.iter().map(|p| power(p, 2)).collect();
        let cubes: Vec<Panel> = pooled.panels.iter().map(|p| power(p, 3)).collect();
        let fourth = |s: usize| {
            let sum: f64 = squares[s / LANES].iter().map(|r| f64::from(r[s % LANES]).powi(2)).sum();
            sum / self.rows as f64
        };
        let tiles: Vec<(usize, usize)> = self.tiles().collect();
        let n = self.rows.max(1) as f64;
        workers.map(tiles.len(), |t| {
            let (a, b) = tiles[t];
            let plain = product(&pooled.panels[a], &pooled.panels[b]);
            let both = product(&squares[a], &squares[b]);
            let left = product(&cubes[a], &pooled.panels[b]);
            let right = product(&pooled.panels[a], &cubes[b]);
            let mut tile = [[0.0; LANES]; LANES];
            for (i, row) in tile.iter_mut().enumerate() {
                for (l, scale) in row.iter_mut().enumerate() {
                    let (x, y) = (a * LANES + i, b * LANES + l);
                    if x >= y || y >= self.scores.len() || self.scores[x].column == self.scores[y].column {
                        continue;
                    }
                    let mean = |tile: &Tile| f64::from(tile[i][l]) / n;
                    let (rho, q) = (mean(&plain), mean(&both));
                    let variance =
                        q - rho * (mean(&left) + mean(&right)) + rho * rho / 4.0 * (fourth(x) + 2.0 * q + fourth(y));
                    if variance > LEAST_VARIANCE {
                        *scale = (1.0 / variance.sqrt()) as f32;
                    }
                }
            }
            tile
        })
    }
}

/// Where a row is: its place within its group, doubled, plus the group.
type Place = u32;

fn group_of(place: Place) -> usize {
    (place & 1) as usize
}

/// Writes the scores of one column, number `first` on, into both groups: mid-ranks within the group, their polynomial, centred,
/// sum of squares 1; missing is 0.
fn fill(groups: &mut [Group; 2], first: usize, scores: &[Score], ranked: &Ranked, places: &[Place]) {
    // How many rows of either group each run of equal values has.
    let mut here = vec![[0_u32; 2]; ranked.ends.len()];
    let mut from = 0;
    for (counts, &end) in here.iter_mut().zip(&ranked.ends) {
        ranked.order[from..end as usize].iter().for_each(|&row| counts[group_of(places[row as usize])] += 1);
        from = end as usize;
    }
    for (s, score) in scores.iter().enumerate() {
        let values = standardised(&here, score.bent);
        let (panel, lane) = ((first + s) / LANES, (first + s) % LANES);
        let [reference, batch] = groups;
        let panels = [&mut reference.panels[panel], &mut batch.panels[panel]];
        let mut from = 0;
        for (value, &end) in values.iter().zip(&ranked.ends) {
            for &row in &ranked.order[from..end as usize] {
                let place = places[row as usize];
                panels[group_of(place)][(place >> 1) as usize][lane] = value[group_of(place)];
            }
            from = end as usize;
        }
    }
}

/// The score of each run of equal values in either group.
fn standardised(here: &[[u32; 2]], bent: bool) -> Vec<[f32; 2]> {
    let size = [0, 1].map(|g| here.iter().map(|h| f64::from(h[g])).sum::<f64>().max(1.0));
    let (mut seen, mut sum, mut squares) = ([0.0_f64; 2], [0.0_f64; 2], [0.0_f64; 2]);
    let mut values = Vec::with_capacity(here.len());
    for counts in here {
        let mut value = [0.0_f64; 2];
        for g in 0..2 {
            let count = f64::from(counts[g]);
            let s = (2.0 * seen[g] + count) / size[g] - 1.0;
            value[g] = if bent { (3.0 * s * s - 1.0) / 2.0 } else { s };
            seen[g] += count;
            sum[g] += count * value[g];
            squares[g] += count * value[g] * value[g];
        }
        values.push(value);
    }
    let mean = [0, 1].map(|g| sum[g] / size[g]);
    let factor = [0, 1].map(|g| {
        let spread = squares[g] - mean[g] * sum[g];
        if spread > 1e-9 { 1.0 / spread.sqrt() } else { 0.0 }
    });
    values.iter().map(|v| [0, 1].map(|g| ((v[g] - mean[g]) * factor[g]) as f32)).collect()
}

/// aᵀb.
fn product(a: &Panel, b: &Panel) -> Tile {
    let (low, high) = (half::<0>(a, b), half::<HALF>(a, b));
    let mut tile = [[0.0; LANES]; LANES];
    tile[..HALF].copy_from_slice(&low);
    tile[HALF..].copy_from_slice(&high);
    tile
}

#[inline]
fn half<const FROM: usize>(a: &Panel, b: &Panel) -> [[f32; LANES]; HALF] {
    let mut sums = [[0.0_f32; LANES]; HALF];
    for (x, y) in a.iter().zip(b) {
        for i in 0..HALF {
            let v = x[FROM + i];
            for l in 0..LANES {
                sums[i][l] += v * y[l];
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_are_spearmans() {
        // scipy.stats.spearmanr([3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]).
        let spearman = 0.198_853_681_209_924_64;
        let columns =
            [vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], vec![2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0]].map(|c| {
                let mut twice = c.clone();
                twice.extend(c.iter().map(|v| v * 2.0 + 100.0));
                twice
            });
        let dependence = Dependence::new(&columns, Workers::alone());
        let labels: Vec<bool> = (0..16).map(|i| i < 8).collect();
        let all = dependence.all(&labels);
        let plain = all.iter().find(|p| !p.scores.0.bent && !p.scores.1.bent).unwrap();
        assert!((plain.reference - spearman).abs() < 1e-6, "{plain:?}");
        // The same dependence elsewhere is no change.
        assert!(all.iter().all(|p| p.size < 1e-4), "{all:?}");
    }

    #[test]
    fn what_has_no_dependence_has_no_pairs() {
        let labels = [true, true, false, false];
        for columns in
            [vec![vec![1.0, 2.0, 3.0, 4.0]], vec![vec![1.0; 4], vec![1.0, 2.0, 3.0, 4.0]], vec![vec![f64::NAN; 4]; 3]]
        {
            let none = Dependence::new(&columns, Workers::alone());
            assert_eq!((none.pairs(), none.change(&labels)), (0, Change::default()));
        }
        // One column twice can change nothing.
        let same = Dependence::new(&[vec![1.0, 2.0, 3.0, 4.0], vec![2.0, 4.0, 6.0, 8.0]], Workers::alone());
        assert!(same.all(&labels).iter().all(|p| p.scores.0.bent != p.scores.1.bent));
    }
}
