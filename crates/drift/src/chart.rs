//! What a column's chart shows: shares in common bins.

use crate::bins::equal_edges;
use crate::partly::Ranks;
use driftgate_model::ColumnChart;
use std::collections::BTreeMap;

/// Most bins of a histogram.
pub const MOST_BINS: usize = 40;
/// Most bars, the one for the rest included.
pub const MOST_BARS: usize = 20;
/// Share on either side that the outermost bins take in, so that a few far values do not squeeze all others into one bin.
const TAIL: f64 = 0.005;

/// Shares of two sorted, finite slices. `None` where both are empty. Values beyond the outermost edges count in the
/// outermost bins.
pub fn histogram_chart(reference: &[f64], batch: &[f64]) -> Option<ColumnChart> {
    let (mut reference, mut batch) = (reference, batch);
    histogram_of(&mut reference, &mut batch)
}

/// The same for samples of finite values that are sorted as far as needed.
pub(crate) fn histogram_of(reference: &mut dyn Ranks, batch: &mut dyn Ranks) -> Option<ColumnChart> {
    let (n, m) = (reference.len(), batch.len());
    let inner = |values: &mut dyn Ranks| {
        let last = values.len().checked_sub(1)?;
        let skip = (last as f64 * TAIL) as usize;
        Some((values.at(skip), values.at(last - skip)))
    };
    let ends: Vec<(f64, f64)> = [inner(reference), inner(batch)].into_iter().flatten().collect();
    let low = ends.iter().map(|e| e.0).reduce(f64::min)?;
    let high = ends.iter().map(|e| e.1).reduce(f64::max)?;
    let edges = edges(low, high, n.max(m));
    Some(ColumnChart::Histogram { reference: shares(reference, &edges), batch: shares(batch, &edges), edges })
}

/// Twice as many bins as Sturges would take, at most [`MOST_BINS`]; one where all values are equal.
fn edges(low: f64, high: f64, rows: usize) -> Vec<f64> {
    let bins = ((2.0 * ((rows.max(1) as f64).log2() + 1.0)).ceil() as usize).clamp(1, MOST_BINS);
    let edges = equal_edges(low, high, bins);
    if low < high && edges.windows(2).all(|w| w[0] < w[1]) {
        return edges;
    }
    // Equal, or so near one another that no edge fits between.
    let half = (low.abs() * 0.01).max(0.5);
    vec![(low - half).max(f64::MIN), (high + half).min(f64::MAX)]
}

/// The outermost bins take in what lies beyond.
fn shares(values: &mut dyn Ranks, edges: &[f64]) -> Vec<f64> {
    let all = values.len();
    let bins = edges.len().saturating_sub(1);
    let mut below: Vec<usize> = edges.iter().skip(1).take(bins.saturating_sub(1)).map(|e| values.below(*e)).collect();
    below.insert(0, 0);
    below.push(all);
    below.windows(2).take(bins).map(|w| (w[1] - w[0]) as f64 / all.max(1) as f64).collect()
}

/// Shares of the categories, the most frequent (in either sample) first, the rest in one last bar. `None` where both are
/// empty.
pub fn bars_chart(reference: &BTreeMap<String, u64>, batch: &BTreeMap<String, u64>) -> Option<ColumnChart> {
    let (n, m) = (reference.values().sum::<u64>(), batch.values().sum::<u64>());
    if n + m == 0 {
        return None;
    }
    let share = |count: Option<&u64>, all: u64| count.map_or(0.0, |&c| c as f64 / all.max(1) as f64);
    let mut bars: Vec<(&String, f64, f64)> = reference
        .keys()
        .chain(batch.keys().filter(|k| !reference.contains_key(*k)))
        .map(|k| (k, share(reference.get(k), n), share(batch.get(k), m)))
        .collect();
    bars.sort_by(|a, b| b.1.max(b.2).total_cmp(&a.1.max(a.2)).then_with(|| a.0.cmp(b.0)));
    let rest = if bars.len() > MOST_BARS { bars.split_off(MOST_BARS - 1) } else { Vec::new() };
    let mut labels: Vec<String> = bars.iter().map(|b| b.0.clone()).collect();
    let mut of_reference: Vec<f64> = bars.iter().map(|b| b.1).collect();
    let mut of_batch: Vec<f64> = bars.iter().map(|b| b.2).collect();
    if !rest.is_empty() {
        labels.push(format!("({} others)", rest.len()));
        of_reference.push(rest.iter().map(|b| b.1).sum());
        of_batch.push(rest.iter().map(|b| b.2).sum());
    }
    Some(ColumnChart::Bars { labels, reference: of_reference, batch: of_batch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_values_fall_into_the_outermost_bins() {
        let mut values: Vec<f64> = (0..1000).map(f64::from).collect();
        values.push(1e12);
        let Some(ColumnChart::Histogram { edges, reference, batch }) = histogram_chart(&values, &[f64::MAX; 3]) else {
            panic!("no histogram")
        };
        assert!(edges.iter().all(|e| e.is_finite()) && reference.len() <= MOST_BINS);
        assert!((reference.iter().sum::<f64>() - 1.0).abs() < 1e-12 && batch.last() == Some(&1.0));
        assert_eq!(histogram_chart(&[], &[]), None);
        for v in [f64::MIN, -0.0, 3.0, f64::MAX] {
            assert!(edges_of(v).windows(2).all(|w| w[0] < w[1]), "{v}");
        }
    }

    fn edges_of(v: f64) -> Vec<f64> {
        edges(v, v, 10)
    }

    #[test]
    fn rare_categories_share_the_last_bar() {
        let counts: BTreeMap<String, u64> = (0..50).map(|i| (format!("c{i:02}"), 100 - i)).collect();
        let Some(ColumnChart::Bars { labels, reference, batch }) = bars_chart(&counts, &BTreeMap::new()) else {
            panic!("no bars")
        };
        assert_eq!((labels.len(), labels[0].as_str(), labels[19].as_str()), (20, "c00", "(31 others)"));
        assert!((reference.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(batch.iter().all(|b| *b == 0.0));
    }
}
