//! The columns of a report: a chart of their effects, a row for each, and charts and tests of as many as fit.

use super::page::badge;
use super::pictures;
use super::tests_of::{HEAD, interval, row, side_by_side};
use super::{CheckReport, counted, unit};
use crate::number::{count, four, p_value, plural, times};
use crate::text::{cut, escape};
use crate::{Chart, column_chart, effects_chart};
use driftgate_model::{ColumnDrift, DriftTestResult, ProfileKind};

/// Columns in the chart of effects.
const IN_EFFECTS: usize = 30;
/// Most columns with a chart of their own: more, and a page is slow to open.
const MOST_CHARTS: usize = 400;
/// Most characters of a name in a table's row.
const IN_ROW: usize = 60;
/// Most characters of a name in a heading.
const IN_HEADING: usize = 160;
/// Bytes of a link from a column's row to its chart.
const LINK: usize = 24;

/// What a report says about columns.
pub(super) struct Columns {
    /// The ranking: a chart, and a row for each.
    pub(super) ranking: String,
    /// Charts and tests of as many as fit.
    pub(super) details: String,
}

/// The sections about columns, in at most about `room` bytes.
pub(super) fn of(check: &CheckReport, room: usize) -> Columns {
    let columns = &check.report.columns;
    let mut out = pictures::heading(check.report).to_owned();
    if columns.is_empty() {
        out += "<p>No input column was compared.</p>\n";
        return Columns { ranking: out, details: String::new() };
    }
    out += &format!(
        "<p>{}. The effect of a column is shown in multiples of the smallest effect that matters, so that columns of different \
         tests can be compared.</p>\n",
        counted(check.report)
    );
    out += pictures::about_channels(check.report);
    out += &figure(&effects_chart("effects", columns, IN_EFFECTS));
    let room = room.saturating_sub(out.len());
    let links = LINK * columns.len().min(MOST_CHARTS);
    let (unlinked, listed) = rows(columns, room * 7 / 10 - links.min(room / 10), 0);
    let left = room.saturating_sub(unlinked.len() + links);
    let (charts, charted) = charts(columns, left * 6 / 10, unit(check.report));
    let (tests, tested) = tests(columns, charted, left.saturating_sub(charts.len()));
    let (list, _) = rows(&columns[..listed], usize::MAX, charted);
    out += &format!(
        "<div class=\"scroll long\" role=\"region\" aria-label=\"All columns\" tabindex=\"0\"><table><caption>Each column with the \
         test that its verdict rests on</caption>{LIST_HEAD}<tbody>\n{list}</tbody></table></div>\n"
    );
    out += &left_out(check, listed, charted, tested);
    let mut details = String::new();
    if charted > 0 {
        details += &format!("<h2 id=\"charts\">Column by column</h2>\n{charts}");
    }
    if !tests.is_empty() {
        details += &format!(
            "<h2 id=\"tests\">Tests of further columns</h2>\n<div class=\"scroll long\" role=\"region\" aria-label=\"Tests of further \
             columns\" tabindex=\"0\"><table><caption>All tests of columns without a chart here</caption>{HEAD}<tbody>\n{tests}</tbody>\
             </table></div>\n"
        );
    }
    Columns { ranking: out, details }
}

/// What this file does not show, and where it is.
fn left_out(check: &CheckReport, listed: usize, charted: usize, tested: usize) -> String {
    let all = check.report.columns.len();
    if charted == all {
        return String::new();
    }
    let mut said = vec![format!("the {} largest effects have charts", count(charted as u64))];
    if tested < all {
        said.push(format!("all tests are shown of the first {}", plural(tested as u64, "column", "columns")));
    }
    if listed < all {
        said.push(format!("{} are not listed", plural((all - listed) as u64, "column", "columns")));
    }
    format!(
        "<p class=\"note\">So that this file stays small, {}. <code>driftgate drift show {} --all --json</code> has everything.</p>\n",
        said.join(", "),
        check.check.short()
    )
}

const LIST_HEAD: &str = "<thead><tr><th scope=\"col\">#</th><th scope=\"col\">column</th><th scope=\"col\">verdict</th>\
<th scope=\"col\">× what matters</th><th scope=\"col\">test</th><th scope=\"col\">effect</th><th scope=\"col\">interval</th>\
<th scope=\"col\">adjusted p</th></tr></thead>";

/// A row for each column, as many as fit in `room`, and how many those are. The first `linked` lead to their charts.
fn rows(columns: &[ColumnDrift], room: usize, linked: usize) -> (String, usize) {
    let mut out = String::new();
    for (i, c) in columns.iter().enumerate() {
        let text = list_row(i + 1, c, i < linked);
        if out.len() + text.len() > room {
            return (out, i);
        }
        out += &text;
    }
    (out, columns.len())
}

fn list_row(rank: usize, c: &ColumnDrift, linked: bool) -> String {
    let name = escape(&cut(&c.name, IN_ROW));
    let name = if linked { format!("<a href=\"#c{rank}\">{name}</a>") } else { name };
    let begin = format!(
        "<tr><td>{rank}</td><th scope=\"row\">{name}</th><td>{}</td><td>{}</td>",
        badge(c.verdict, c.severity),
        times(c.multiple())
    );
    match c.leading() {
        Some(t) => format!(
            "{begin}<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            escape(&cut(&t.test, 40)),
            four(t.effect),
            interval(t.interval),
            escape(&p_value(t.adjusted_p.or(t.p_value)))
        ),
        None => format!("{begin}<td>—</td><td>—</td><td>—</td><td>—</td></tr>\n"),
    }
}

/// Charts and tests of the first columns, as many as fit in `room`, and how many those are.
fn charts(columns: &[ColumnDrift], room: usize, unit: (&str, &str)) -> (String, usize) {
    let mut out = String::new();
    for (i, c) in columns.iter().enumerate().take(MOST_CHARTS) {
        let text = detail(&format!("c{}", i + 1), &format!("{}. {}", i + 1, cut(&c.name, IN_HEADING)), c, unit);
        if out.len() + text.len() > room {
            return (out, i);
        }
        out += &text;
    }
    (out, columns.len().min(MOST_CHARTS))
}

/// The tests of the columns from `first` on, as many as fit in `room`, and up to which column those are.
fn tests(columns: &[ColumnDrift], first: usize, room: usize) -> (String, usize) {
    let mut out = String::new();
    for (i, c) in columns.iter().enumerate().skip(first) {
        let name = escape(&cut(&c.name, IN_ROW));
        let text: String = c.tests.iter().map(|t| row(i + 1, &name, t)).collect();
        if out.len() + text.len() > room {
            return (out, i);
        }
        out += &text;
    }
    (out, columns.len())
}

/// A column or an answer with its chart, its tests, and the chart's table.
pub(super) fn detail(id: &str, heading: &str, c: &ColumnDrift, unit: (&str, &str)) -> String {
    let kind = match c.kind {
        ProfileKind::Numeric => "numbers",
        ProfileKind::Categorical => "categories",
    };
    let head = format!(
        "<h3>{} {}</h3>\n<p class=\"meta\">{kind}; {} of the reference and {} of the batch have a value</p>\n",
        escape(heading),
        badge(c.verdict, c.severity),
        plural(c.reference_rows, unit.0, unit.1),
        plural(c.batch_rows, unit.0, unit.1)
    );
    let list: Vec<&DriftTestResult> = c.tests.iter().collect();
    let tests = format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"Tests of {}\" tabindex=\"0\">{}</div>\n",
        escape(heading),
        side_by_side("What its tests found", &list)
    );
    let chart = c.chart.as_ref().map(|chart| column_chart(id, &cut(&c.name, IN_HEADING), chart));
    match chart {
        Some(chart) => format!("<section class=\"column\" id=\"{id}\">\n{head}{}{tests}</section>\n", figure(&chart)),
        None => format!("<section class=\"column plain\" id=\"{id}\">\n{head}{tests}</section>\n"),
    }
}

/// A chart with its table, folded.
pub(super) fn figure(chart: &Chart) -> String {
    // Within HTML the namespace goes without saying.
    let svg = chart.svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
    format!(
        "<figure>{svg}\n<details><summary>The numbers of this chart</summary>\n<div class=\"scroll\">{}</div></details></figure>\n",
        chart.table.to_html(&chart.title)
    )
}
