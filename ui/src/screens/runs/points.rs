//! Points of the metrics of an iterative fit: as curves, and whether it diverged.

use crate::words;
use driftgate_model::views::MetricPoint;
use driftgate_plots::{Chart, Series, curve_chart, curve_charts};

/// The points by metric, in the order in which the metrics come.
fn by_metric(points: &[MetricPoint]) -> Vec<(String, Vec<(u64, f64)>)> {
    let mut all: Vec<(String, Vec<(u64, f64)>)> = Vec::new();
    for point in points {
        match all.iter_mut().find(|(name, _)| *name == point.name) {
            Some((_, list)) => list.push((point.step, point.value)),
            None => all.push((point.name.clone(), vec![(point.step, point.value)])),
        }
    }
    all
}

/// The curves of a fit: a network's have several units, and so as many charts; any other's are one.
pub fn charts(id: &str, title: &str, points: &[MetricPoint]) -> Vec<Chart> {
    let metrics = by_metric(points);
    let series: Vec<Series> = metrics.iter().map(|(name, points)| Series { name, points }).collect();
    if series.iter().any(|s| s.name == "val_accuracy") {
        return curve_charts(id, &series);
    }
    vec![curve_chart(id, title, &series)]
}

/// One of these charts; an empty one where there are fewer.
pub fn nth(charts: &[Chart], at: usize) -> Chart {
    charts.get(at).cloned().unwrap_or_else(|| curve_chart("none", "", &[]))
}

/// The first point that is no number, in words.
pub fn diverged(points: &[MetricPoint]) -> Option<String> {
    let point = points.iter().find(|p| !p.value.is_finite())?;
    Some(format!("{} is not a number from step {} on", words::metric(&point.name), words::whole(point.step)))
}

/// All points so far: `asked` are those up to some moment, `heard` those that came since, and maybe some of both.
pub fn together(asked: Vec<MetricPoint>, heard: &[MetricPoint]) -> Vec<MetricPoint> {
    let known = by_metric(&asked);
    let newer = |p: &&MetricPoint| {
        let last = known.iter().find(|(name, _)| *name == p.name).and_then(|(_, list)| list.last());
        last.is_none_or(|(step, _)| p.step > *step)
    };
    let more: Vec<MetricPoint> = heard.iter().filter(newer).cloned().collect();
    asked.into_iter().chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, step: u64, value: f64) -> MetricPoint {
        MetricPoint { name: name.into(), step, value }
    }

    #[test]
    fn each_metric_is_a_curve() {
        let points = [point("loss", 1, 0.9), point("val_loss", 1, 1.0), point("loss", 2, 0.5)];
        let metrics = by_metric(&points);
        assert_eq!(metrics, [("loss".into(), vec![(1, 0.9), (2, 0.5)]), ("val_loss".into(), vec![(1, 1.0)])]);
        let drawn = charts("c", "Fit", &points);
        assert!(drawn.len() == 1 && drawn[0].svg.contains("val_loss"));
    }

    #[test]
    fn a_network_has_a_chart_for_each_unit() {
        let points = [point("train_loss", 1, 0.9), point("val_loss", 1, 1.0), point("val_accuracy", 1, 0.5)];
        let drawn = charts("c", "Fit", &points);
        assert_eq!(drawn.len(), 2);
        assert_eq!(nth(&drawn, 0).title, "Loss");
        assert!(!nth(&drawn, 7).svg.contains("train_loss"), "there is no such chart");
    }

    #[test]
    fn a_fit_that_diverged_says_where() {
        assert_eq!(diverged(&[point("loss", 1, 0.5)]), None);
        let said = diverged(&[point("loss", 1, 0.5), point("loss", 1200, f64::NAN), point("loss", 1201, f64::NAN)]);
        assert_eq!(said.as_deref(), Some("loss is not a number from step 1,200 on"));
    }

    #[test]
    fn points_heard_twice_are_there_once() {
        let asked = vec![point("loss", 1, 0.9), point("loss", 2, 0.5)];
        let heard = [point("loss", 2, 0.5), point("loss", 3, 0.4), point("acc", 1, 0.1)];
        let steps: Vec<(String, u64)> = together(asked, &heard).into_iter().map(|p| (p.name, p.step)).collect();
        assert_eq!(steps, [("loss".into(), 1), ("loss".into(), 2), ("loss".into(), 3), ("acc".into(), 1)]);
    }
}
