//! What tests found, as tables.

use super::page::badge;
use crate::number::{four, number, p_value, times};
use crate::text::{cut, escape};
use driftgate_model::{DriftSeverity, DriftTestResult, Interval};

/// Most characters of a note.
const MOST_NOTE: usize = 400;
/// Most characters of a test's other texts.
const MOST_WORDS: usize = 60;
/// Most tests side by side.
const MOST_TESTS: usize = 8;

/// `[0.8701, 1.0000]`, on one line.
pub(super) fn interval(interval: Option<Interval>) -> String {
    interval.map_or_else(|| "—".into(), |i| format!("[{},\u{a0}{}]", four(Some(i.low)), four(Some(i.high))))
}

fn words(text: &str) -> String {
    escape(&cut(text, MOST_WORDS))
}

/// One test a column, one number a row: beside a chart.
pub(super) fn side_by_side(caption: &str, tests: &[&DriftTestResult]) -> String {
    let tests = &tests[..tests.len().min(MOST_TESTS)];
    let mut out =
        format!("<table class=\"of\"><caption>{}</caption><thead><tr><th scope=\"col\">test</th>", words(caption));
    for t in tests {
        out += &format!("<th scope=\"col\">{}</th>", words(&t.test));
    }
    out += "</tr></thead><tbody>\n";
    let mut row = |name: &str, cell: &dyn Fn(&DriftTestResult) -> String| {
        out += &format!("<tr><th scope=\"row\">{name}</th>");
        for t in tests {
            out += &format!("<td>{}</td>", cell(t));
        }
        out += "</tr>\n";
    };
    row("verdict", &|t| badge(t.verdict, DriftSeverity::None));
    row("measured as", &|t| escape(&cut(&t.effect_name, MOST_WORDS * 2)));
    row("effect", &|t| four(t.effect));
    row("its interval", &|t| interval(t.interval));
    row("smallest that matters", &|t| number(Some(t.min_effect)));
    row("multiple of that", &|t| {
        if t.effect.is_some() && t.min_effect > 0.0 { times(t.multiple()) } else { "—".into() }
    });
    row("p", &|t| escape(&p_value(t.p_value)));
    row("adjusted p", &|t| escape(&p_value(t.adjusted_p)));
    row("found with 80 % power from", &|t| four(t.detectable));
    row("statistic", &|t| four(Some(t.statistic)));
    row("method", &|t| words(&t.method));
    if tests.iter().any(|t| t.note.is_some()) {
        row("note", &|t| t.note.as_deref().map_or_else(|| "—".into(), |n| escape(&cut(n, MOST_NOTE))));
    }
    out + "</tbody></table>\n"
}

/// The head of a table with one test a row.
pub(super) const HEAD: &str = "<thead><tr><th scope=\"col\">#</th><th scope=\"col\">column</th><th scope=\"col\">test</th>\
<th scope=\"col\">verdict</th><th scope=\"col\">effect</th><th scope=\"col\">interval</th><th scope=\"col\">matters</th>\
<th scope=\"col\">p</th><th scope=\"col\">adjusted p</th><th scope=\"col\">80 % power from</th><th scope=\"col\">statistic</th>\
<th scope=\"col\">method</th><th scope=\"col\">note</th></tr></thead>";

/// A row of it.
pub(super) fn row(rank: usize, column: &str, t: &DriftTestResult) -> String {
    format!(
        "<tr><td>{rank}</td><th scope=\"row\">{column}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"note\">{}</td></tr>\n",
        words(&t.test),
        badge(t.verdict, DriftSeverity::None),
        four(t.effect),
        interval(t.interval),
        number(Some(t.min_effect)),
        escape(&p_value(t.p_value)),
        escape(&p_value(t.adjusted_p)),
        four(t.detectable),
        four(Some(t.statistic)),
        words(&t.method),
        t.note.as_deref().map_or_else(String::new, |n| escape(&cut(n, MOST_NOTE / 2))),
    )
}
