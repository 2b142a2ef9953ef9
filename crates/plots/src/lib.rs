//! Charts as SVG, each with the table of the numbers it shows, and the drift report as one HTML file.
//!
//! Pure: values in, texts out; no files, no fonts, no clock. It compiles to wasm32, so that the window, the command line and
//! reports show the same bytes. Colours are design tokens ([`TOKENS`]): one chart serves light and dark themes. Whatever the
//! data, a chart is well-formed and its texts are escaped; names and categories come from outside.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may panic"))]

mod axis;
mod balance;
mod bars;
mod before_after;
mod calibration;
mod classes;
mod comparison;
mod confusion;
mod curve;
mod effects;
mod histogram;
mod history;
mod importance;
mod intervals;
mod multiscale;
mod number;
mod palette;
mod pen;
mod rate;
mod report;
mod robustness;
mod standalone;
mod table;
mod text;
mod versions;

pub use balance::balance_chart;
pub use before_after::before_after_chart;
pub use calibration::calibration_chart;
pub use classes::classes_chart;
pub use comparison::comparison_chart;
pub use confusion::confusion_chart;
pub use curve::{Series, curve_chart, curve_charts};
pub use effects::effects_chart;
pub use history::history_chart;
pub use importance::importance_chart;
pub use intervals::{IntervalRow, compare_runs_chart, intervals_chart, metrics_chart};
pub use multiscale::multiscale_chart;
pub use palette::{TOKENS, Token};
pub use rate::rate_chart;
pub use report::{CheckReport, MOST_BYTES, drift_report, drift_report_with_pictures};
pub use robustness::{augmentations_chart, robustness_chart};
pub use standalone::Ground;
pub use table::{ChartCell, ChartTable};
pub use versions::versions_chart;

use driftgate_model::ColumnChart;
use pen::Names;

/// How wide most charts are: they read well from 560 to 960 CSS pixels.
const WIDTH: i32 = 640;

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows, in a few words.
    pub title: String,
    /// What it shows, for whoever does not see it.
    pub description: String,
    /// An `<svg>` element with `role="img"`, a title and a description. Colours are `var(--dg-…)` with light fallbacks.
    pub svg: String,
    /// The numbers it shows.
    pub table: ChartTable,
}

/// Reference and batch of one column: a histogram of numbers, bars of categories.
///
/// `id` is the prefix of the element ids in the SVG, unique on its page; other characters than letters, digits and hyphens
/// become hyphens. At most 200 bins and 30 categories are shown, neighbours and the rest summed up.
pub fn column_chart(id: &str, name: &str, chart: &ColumnChart) -> Chart {
    let id = tidy(id);
    let name = if text::clean(name).trim().is_empty() { "(without a name)" } else { name };
    match chart {
        ColumnChart::Histogram { edges, reference, batch } => histogram::draw(&id, name, edges, reference, batch),
        ColumnChart::Bars { labels, reference, batch } => bars::draw(&id, name, labels, reference, batch),
    }
}

/// An id that needs no escaping.
fn tidy(id: &str) -> String {
    let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    if id.starts_with(|c: char| c.is_ascii_alphabetic()) { id } else { format!("chart{id}") }
}

impl Chart {
    fn new(
        title: String,
        description: String,
        id: &str,
        table: ChartTable,
        svg: impl FnOnce(Names) -> String,
    ) -> Chart {
        let svg = svg(Names { id, title: &title, description: &description });
        Chart { title, description, svg, table }
    }
}

/// A share that can be drawn.
fn share(value: f64) -> f64 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}

/// The top of an axis of shares: round, and at least as large as all of them.
fn top(shares: impl Iterator<Item = f64>) -> f64 {
    let most = shares.map(share).fold(0.0, f64::max);
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8].into_iter().find(|t| most <= *t).unwrap_or(1.0)
}

/// `12 %`, with a decimal where the axis is short.
fn percent(share: f64, top: f64) -> String {
    if top < 0.05 { format!("{:.1} %", share * 100.0) } else { format!("{:.0} %", share * 100.0) }
}
