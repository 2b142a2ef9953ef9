//! The drift report: one HTML file that holds everything it shows.
//!
//! No script, no address outside itself, a content security policy that forbids both. It renders the stored verdict object and
//! decides nothing. It names no person and no path.

mod columns;
mod page;
mod pictures;
mod sections;
mod tests_of;

use crate::number::{count, plural};
use driftgate_model::{Digest, DriftReport, RunId};
use std::collections::BTreeMap;

/// No report is larger, whatever the batch: it can be mailed, and a browser opens it at once.
pub const MOST_BYTES: usize = 2_000_000;

/// Bytes that the parts of a report share out among them; the rest is for what frames them.
const TO_SHARE: usize = MOST_BYTES - 40_000;

/// A check and what it found.
#[derive(Debug, Clone, Copy)]
pub struct CheckReport<'a> {
    /// The check's id.
    pub check: &'a RunId,
    /// Whether it asks for a response.
    pub alarm: bool,
    /// What it found.
    pub report: &'a DriftReport,
}

/// The report as one HTML file of at most [`MOST_BYTES`] bytes, the same bytes for the same check.
///
/// Every column has a row; the columns with the largest effects have a chart, its table and all their tests, the next ones their
/// tests. Where there are too many for one file, it says what was left out and how to see it.
pub fn drift_report(check: &CheckReport) -> String {
    drift_report_with_pictures(check, &BTreeMap::new())
}

/// The same, with the pictures that it speaks of: PNG files by the digest of the picture that each shows, 256 pixels wide or less.
/// Of a picture that is not among them, is no PNG or does not fit, the name alone is shown.
pub fn drift_report_with_pictures(check: &CheckReport, pictures: &BTreeMap<Digest, Vec<u8>>) -> String {
    let shown = pictures::in_words(check.report);
    let check = &CheckReport { report: &shown, ..*check };
    let [before, between, after] = sections::of(check);
    let images = pictures::of(check.report, pictures);
    let room = TO_SHARE.saturating_sub(before.len() + images.len() + between.len() + after.len());
    let columns = columns::of(check, room);
    let body = format!("{before}{}{images}{between}{}{after}", columns.ranking, columns.details);
    page::page(&page::title(check), &body, pictures::are_in(check.report))
}

/// `1 of 30 columns drifted, 1 inconclusive`.
fn counted(report: &DriftReport) -> String {
    let o = &report.overall;
    let (one, many) = if pictures::are_in(report) { ("measurement", "measurements") } else { ("column", "columns") };
    format!(
        "{} of {} drifted, {} inconclusive",
        count(o.drifted_columns),
        plural(o.total_columns, one, many),
        count(o.inconclusive_columns)
    )
}

/// What is counted of batch and reference: `row` and `rows`, or `picture` and `pictures`.
fn unit(report: &DriftReport) -> (&'static str, &'static str) {
    if pictures::are_in(report) { ("picture", "pictures") } else { ("row", "rows") }
}
