//! What a report says besides its columns.

use super::columns::detail;
use super::page::{badge, mark, said};
use super::tests_of::{interval, side_by_side};
use super::{CheckReport, counted, pictures, unit};
use crate::number::{count, number, plural};
use crate::text::{cut, escape};
use driftgate_model::{
    ColumnDrift, DriftAction, DriftReport, DriftTestResult, DriftVerdict, EffectMinima, EstimatedPerformance,
    SeverityConfig, SeverityRule,
};

/// Most warnings shown.
const MOST_WARNINGS: usize = 20;
/// Most characters of a longer text.
const MOST_WORDS: usize = 1_500;
/// Most columns whose own smallest effects are listed.
const MOST_MINIMA: usize = 50;

/// What comes before the ranking of columns, between it and their charts, and after those.
pub(super) fn of(check: &CheckReport) -> [String; 3] {
    let r = check.report;
    [
        format!("{}<main>\n{}{}", headline(check), next(check), warnings(r)),
        format!("{}{}{}{}", performance(r), answers(r), together(r), rule(r)),
        format!("{}{}</main>\n{}", facts(check), settings(r), foot(r)),
    ]
}

fn headline(check: &CheckReport) -> String {
    let r = check.report;
    let verdict = r.overall.verdict;
    let words = said(verdict, r.overall.severity);
    let mut letters = words.chars();
    let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let (one, many) = unit(r);
    let contents = if pictures::are_in(r) { pictures::CONTENTS } else { CONTENTS };
    format!(
        "<header class=\"{}\">\n<p class=\"over\">Drift report of {} v{}</p>\n<h1>{} {capital}</h1>\n<p>{}; {} compared with {} \
         that the model was trained on.</p>\n</header>\n{contents}",
        verdict.as_str(),
        escape(&cut(r.model.as_str(), 120)),
        r.model_version,
        mark(verdict),
        counted(r),
        plural(r.batch_rows, one, many),
        count(r.reference_rows)
    )
}

fn command(text: &str) -> String {
    format!("<p class=\"command\"><code>{}</code></p>\n", escape(text))
}

/// What to do, in words.
fn next(check: &CheckReport) -> String {
    let r = check.report;
    let model = cut(r.model.as_str(), 120);
    let mut out = String::from("<h2 id=\"next\">What to do next</h2>\n");
    match r.overall.verdict {
        DriftVerdict::Drifted if check.alarm => {
            let actions: Vec<&str> = DriftAction::ALL.iter().map(|a| a.as_str()).collect();
            out += "<p>This check asks for a response. Look at what drifted, the largest effect first: has the world changed, \
                    the instrument, or the way the file is made? Then record what you decide.</p>\n";
            let respond =
                format!("driftgate drift respond {} --action investigate --reason \"…\"", check.check.short());
            out += &command(&respond);
            out += &format!("<p class=\"note\">Actions: {}.</p>\n", actions.join(", "));
        }
        DriftVerdict::Drifted => {
            out += &format!(
                "<p>The drift is below the severity that asks for a response ({}). Look at the next batches as they come.</p>\n",
                r.config.monitoring.alert_severity.as_str()
            );
            out += &command(&format!("driftgate drift summary {model}"));
        }
        DriftVerdict::Inconclusive => {
            let more = unit(r).1;
            out += &format!(
                "<p>This batch cannot tell: some effects may be as large as what matters or smaller. Collect more {more} and check \
                 again. Each test says from which effect on samples of this size find it.</p>\n"
            );
            let batch = if pictures::are_in(r) { "FOLDER" } else { "FILE" };
            out += &command(&format!("driftgate drift check {model} --batch {batch} --report FILE.html"));
        }
        DriftVerdict::Stable => {
            out += "<p>Nothing. All effects lie below the smallest that matters. Check the next batch when it comes.</p>\n";
        }
    }
    out + of_labels(r)
}

/// What the labels of the batch add to that.
fn of_labels(r: &DriftReport) -> &'static str {
    match r.performance.as_ref().map(|p| p.verdict) {
        None => "",
        Some(DriftVerdict::Drifted) => {
            "<p>On the labels of this batch the model does worse than on its own test rows, by more than what matters: think of \
             training again or of returning to an earlier version.</p>\n"
        }
        Some(DriftVerdict::Stable) => {
            "<p>On the labels of this batch the model does as well as on its own test rows, within what matters.</p>\n"
        }
        Some(DriftVerdict::Inconclusive) => {
            "<p>The labels of this batch cannot tell whether the model does worse than on its own test rows.</p>\n"
        }
    }
}

fn facts(check: &CheckReport) -> String {
    let r = check.report;
    let mut out = String::from("<h2 id=\"facts\">What was compared</h2>\n<dl>\n");
    let mut fact = |name: &str, class: &str, text: &str| {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        out += &format!("<dt>{name}</dt><dd{class}>{}</dd>\n", escape(text));
    };
    fact("model", "", &format!("{} version {}", cut(r.model.as_str(), 120), r.model_version));
    fact("task", "", r.task.as_str());
    let unit = unit(r).1;
    fact(&format!("{unit} of the batch"), "", &count(r.batch_rows));
    let from = match &r.like {
        None => "the train split".to_owned(),
        Some(batch) => format!("the drifted batch {} that it learned from too", batch.short()),
    };
    fact(&format!("{unit} of the reference"), "", &format!("{} of {from}", count(r.reference_rows)));
    fact("checked", "", &format!("{} UTC", r.generated_at.strftime("%Y-%m-%d %H:%M:%S")));
    fact("check", "hash", check.check.as_str());
    fact("run of the model", "hash", r.run.as_str());
    fact("batch, SHA-256", "hash", &r.batch.to_string());
    fact("reference profile", "hash", &r.profile.to_string());
    fact("data set version", "hash", &r.dataset_version.to_string());
    out + "</dl>\n"
}

fn rule(r: &DriftReport) -> String {
    let column = match r.config.severity.rule {
        SeverityRule::Effect => {
            "A test drifted where its adjusted p-value is at most its level and the interval of its effect lies above the smallest \
             effect that matters; it is stable where that interval lies below, and inconclusive otherwise; a column has the worst \
             verdict of its tests."
        }
        SeverityRule::Reference => {
            "A column's distribution drifted where its adjusted p-value, or for distances its score, passes the threshold; missing \
             values and new categories are judged by the interval of their effect against the smallest effect that matters."
        }
    };
    format!(
        "<h2 id=\"rule\">How it was decided</h2>\n<p>{column} The batch is {}.</p>\n",
        escape(&cut(&r.overall.rule, MOST_WORDS))
    )
}

fn answers(r: &DriftReport) -> String {
    let parts: [(&str, &str, &Option<ColumnDrift>); 3] = [
        ("predictions", "Predictions", &r.predictions),
        ("confidences", "Confidence", &r.confidences),
        ("labels", "Labels", &r.labels),
    ];
    let mut out = String::from("<h2 id=\"answers\">The model's answers</h2>\n");
    if parts.iter().all(|p| p.2.is_none()) {
        return out + "<p>Nothing of them was compared.</p>\n";
    }
    out += "<p>Predictions and confidence are compared with those on rows that the model did not learn from, labels with the train \
            split.</p>\n";
    for (id, heading, column) in parts {
        if let Some(c) = column {
            out += &detail(id, heading, c, unit(r));
        }
    }
    out
}

pub(super) fn alone(name: &str, t: &DriftTestResult) -> String {
    format!(
        "<p>{}</p>\n<div class=\"scroll\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\">{}</div>\n",
        badge(t.verdict, driftgate_model::DriftSeverity::None),
        side_by_side("What the test found", &[t])
    )
}

fn performance(r: &DriftReport) -> String {
    let mut out = String::from("<h2 id=\"performance\">Performance</h2>\n");
    match (&r.performance, &r.estimated) {
        (None, None) => out += "<p>The batch has no labels, and nothing could be estimated without.</p>\n",
        (found, estimated) => {
            if let Some(t) = found {
                out += "<p>On the labels of this batch, against the model's own test rows.</p>\n";
                out += &alone("Performance", t);
            }
            if let Some(e) = estimated {
                out += &estimate(e);
            }
        }
    }
    out
}

fn estimate(e: &EstimatedPerformance) -> String {
    let words = |text: &str| escape(&cut(text, MOST_WORDS));
    let mut out = match e.value {
        Some(v) => format!(
            "<p>Estimated without labels: {} of about <strong>{}</strong>, interval {}; {} on the model's own test rows.</p>\n",
            words(&e.metric),
            number(Some(v)),
            interval(e.interval),
            number(e.reference)
        ),
        None => format!(
            "<p>The {} on this batch is unknown: {}.</p>\n",
            words(&e.metric),
            words(e.reason.as_deref().unwrap_or("no estimate was made"))
        ),
    };
    if !e.assumption.is_empty() {
        out += &format!("<p>This assumes: {}.</p>\n", words(&e.assumption));
    }
    out
}

fn together(r: &DriftReport) -> String {
    if pictures::are_in(r) {
        return pictures::together(r);
    }
    let mut out = String::from("<h2 id=\"together\">All columns together</h2>\n");
    match &r.global {
        Some(t) => {
            out += "<p>Columns can change together while each of them looks as before.</p>\n";
            out += &alone("All columns together", t);
        }
        None => out += "<p>They were not tested together: <code>global.enabled</code> is off.</p>\n",
    }
    out
}

fn warnings(r: &DriftReport) -> String {
    if r.warnings.is_empty() {
        return String::new();
    }
    let mut out = String::from("<h2 id=\"warnings\">Warnings</h2>\n<ul>\n");
    for w in r.warnings.iter().take(MOST_WARNINGS) {
        out += &format!("<li>{}</li>\n", escape(&cut(w, MOST_WORDS)));
    }
    if let Some(more) = r.warnings.len().checked_sub(MOST_WARNINGS).filter(|m| *m > 0) {
        out += &format!("<li>{}</li>\n", plural(more as u64, "further warning", "further warnings"));
    }
    out + "</ul>\n"
}

fn settings(r: &DriftReport) -> String {
    let c = &r.config;
    let mut out = String::from("<h2 id=\"settings\">Settings used</h2>\n<dl>\n");
    let mut fact = |name: &str, text: String| out += &format!("<dt>{name}</dt><dd>{}</dd>\n", escape(&text));
    let (e, s, m) = (&c.effect, &c.severity, &c.monitoring);
    fact("test of numbers", format!("{}, level {}", c.numerical.as_str(), number(Some(c.threshold_numerical))));
    fact("test of categories", format!("{}, level {}", c.categorical.as_str(), number(Some(c.threshold_categorical))));
    fact("adjustment for many tests", c.correction.as_str().into());
    fact("level of intervals", number(Some(e.level)));
    fact("smallest effects that matter", minima(&e.min));
    if !e.columns.is_empty() {
        let mut own: Vec<String> =
            e.columns.iter().take(MOST_MINIMA).map(|(n, v)| format!("{} {}", cut(n, 60), number(Some(*v)))).collect();
        if e.columns.len() > MOST_MINIMA {
            own.push(format!("and {} more", count((e.columns.len() - MOST_MINIMA) as u64)));
        }
        fact("of single columns", own.join(", "));
    }
    let global = match c.global.enabled {
        true => format!(
            "level {}, at most {} rows a side, {} permutations",
            number(Some(c.global.alpha)),
            count(u64::from(c.global.sample)),
            count(u64::from(c.global.permutations))
        ),
        false => "off".into(),
    };
    if !pictures::are_in(r) {
        fact("all columns together", global);
    }
    if pictures::are_in(r) {
        let image = c.image.clone().unwrap_or_default();
        pictures::settings(&image).into_iter().for_each(|(name, text)| fact(name, text));
    }
    fact("severity", severity(s));
    fact("smallest batch", plural(m.min_batch_size, "row", "rows"));
    fact("asks for a response from", m.alert_severity.as_str().into());
    fact("fails from", m.fail_on_severity.map_or_else(|| "never".into(), |f| f.as_str().into()));
    fact("permutations", count(u64::from(c.permutations)));
    fact("seed", c.seed.to_string());
    out + "</dl>\n"
}

/// The smallest effects that matter, by test.
fn minima(m: &EffectMinima) -> String {
    let minima = [
        ("ks", m.ks),
        ("chisquare", m.chisquare),
        ("psi", m.psi),
        ("wasserstein", m.wasserstein),
        ("jensenshannon", m.jensenshannon),
        ("missing", m.missing),
        ("new_category", m.new_category),
        ("performance", m.performance),
    ];
    let minima: Vec<String> = minima.iter().map(|(name, v)| format!("{name} {}", number(Some(*v)))).collect();
    minima.join(", ")
}

/// From what on a drift is how bad, in words.
fn severity(s: &SeverityConfig) -> String {
    match s.rule {
        SeverityRule::Effect => format!(
            "by effect: medium from {} and high from {} times what matters; at least medium above a share of {} drifted columns, \
             high above {}",
            number(Some(s.medium_from)),
            number(Some(s.high_from)),
            number(Some(s.low_max)),
            number(Some(s.medium_max))
        ),
        SeverityRule::Reference => format!(
            "by the Python reference: low up to a share of {}, medium up to {}; drift from a share of {}; a column is high below a \
             score of {}, medium below {}",
            number(Some(s.low_max)),
            number(Some(s.medium_max)),
            number(Some(s.drift_share)),
            number(Some(s.high_below)),
            number(Some(s.medium_below))
        ),
    }
}

const CONTENTS: &str = "<nav aria-label=\"Contents\"><a href=\"#next\">What to do next</a> <a href=\"#columns\">Columns by effect</a> \
<a href=\"#performance\">Performance</a> <a href=\"#answers\">The model's answers</a> <a href=\"#together\">All columns together</a> \
<a href=\"#rule\">How it was decided</a> <a href=\"#facts\">What was compared</a> <a href=\"#settings\">Settings used</a></nav>\n";

fn foot(r: &DriftReport) -> String {
    let shows = if pictures::are_in(r) {
        "and no path of this machine, but it shows pictures of the batch and of the training data and their names"
    } else {
        "and no path, but it shows shares of training and batch values and names of categories"
    };
    format!(
        "<footer><p>This file holds everything it shows: it runs no script and fetches nothing. It names no person {shows}: pass it \
         on to those who may see the data. The workspace's signed ledger holds the digest of the report it was made \
         from.</p></footer>\n"
    )
}
