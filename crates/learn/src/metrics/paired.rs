//! Two models on the same rows: paired differences, and the comparison they make.

use super::classes::{Tally, Wanted};
use super::interval::{Spread, check_level, defined, joined, percent};
use super::limit::{Discordance, Loss};
use super::scorer::{Scorer, leaves_ranking_out, not_ranked, plan, strata, why_undefined};
use super::{Answers, MetricError};
use driftgate_model::config::EvaluationConfig;
use driftgate_model::{CancelToken, Comparison, Digest, Interval, MetricComparison, VersionNumber, lower_is_better};
use std::collections::BTreeMap;

/// Values closer than this count as equal.
pub const EQUAL_WITHIN: f64 = 1e-6;

/// Candidate minus champion on one metric, on the same rows and the same resamples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PairedDifference {
    /// The candidate's value; `None` where not defined.
    pub candidate: Option<f64>,
    /// The champion's value; `None` where not defined.
    pub champion: Option<f64>,
    /// Candidate − champion.
    pub delta: Option<f64>,
    /// Two-sided percentile interval of the difference at the configured level.
    pub interval: Option<Interval>,
    /// One-sided: the difference is at least this, with the asked confidence. For metrics where more is better.
    pub lower_bound: Option<f64>,
    /// One-sided: the difference is at most this, with the asked confidence. For metrics where less is better.
    pub upper_bound: Option<f64>,
    /// Why something is not defined, how many resamples were left out, or that the interval has no width.
    pub note: Option<String>,
    /// What `lower_bound` rests on where resampling alone would promise more than so many rows can hold.
    pub limit: Option<String>,
}

impl PairedDifference {
    /// `better`, `worse` or `equal` (within [`EQUAL_WITHIN`]) by value, from the candidate's side; `undefined` where
    /// either value is.
    pub fn verdict(&self, metric: &str) -> &'static str {
        match self.delta {
            None => "undefined",
            Some(delta) if delta.abs() <= EQUAL_WITHIN => "equal",
            Some(delta) if (delta < 0.0) == lower_is_better(metric) => "better",
            Some(_) => "worse",
        }
    }

    /// Holds the resampled bounds against what the rows can hold.
    fn limit(
        &mut self,
        name: &str,
        rows: Option<&Discordance>,
        no_width: bool,
        config: &EvaluationConfig,
        confidence: f64,
    ) {
        let (Some(delta), Some(lower), Some(upper)) = (self.delta, self.lower_bound, self.upper_bound) else {
            return;
        };
        let unknown = if no_width { Loss::Unknown } else { Loss::Resampled };
        let loss = |mirrored| rows.map_or(unknown, |d| d.loss(name, config, confidence, (delta, no_width, mirrored)));
        match loss(false) {
            Loss::AtLeast { loss, rows } if lower > -loss => {
                self.lower_bound = Some(-loss);
                self.limit = Some(format!("{rows} rows cannot rule out less at {} %", percent(confidence)));
            }
            Loss::Unknown => self.lower_bound = None,
            _ => {}
        }
        match loss(true) {
            Loss::AtLeast { loss, .. } => self.upper_bound = Some(upper.max(loss)),
            Loss::Unknown => self.upper_bound = None,
            Loss::Resampled => {}
        }
    }
}

/// The paired differences of the named metrics.
///
/// Both models answered the same rows; each resample weighs these rows once and scores both models with it, so that what
/// makes a resample hard for both cancels out. `confidence` is that of the one-sided bounds, such as 0.95.
///
/// A bound never promises more than the rows can hold. For accuracy, top-k or not, it is at best the exact limit on a share that no row
/// shows, `1 − (1 − confidence)^(1/rows)`, unless the rows on which the models differ tell the direction by themselves.
/// Where every resample gives one difference, the metrics made of right and wrong answers have that limit for their most
/// thinly covered class, if no row is lost; all others have no bound.
///
/// # Errors
/// Answers that do not hold together, differ in truth or labels, an unknown name, a level outside 0 and 1, cancellation.
pub fn paired(
    names: &[&str],
    candidate: &Answers,
    champion: &Answers,
    config: &EvaluationConfig,
    confidence: f64,
    threads: usize,
    cancel: &CancelToken,
) -> Result<BTreeMap<String, PairedDifference>, MetricError> {
    check_level("level", config.bootstrap.level)?;
    check_level("confidence", confidence)?;
    candidate.check(config)?;
    champion.check(config)?;
    check_same_rows(candidate, champion)?;
    let places = names.iter().map(|name| candidate.place(name)).collect::<Result<Vec<_>, _>>()?;

    let (sizes, order) = strata(candidate);
    let wanted = Wanted::of(names);
    let scorers = [candidate, champion].map(|answers| Scorer::new(answers, &order, config, wanted));
    let light = leaves_ranking_out(candidate).then(|| {
        let wanted = Wanted { ranking: false, ..wanted };
        [candidate, champion].map(|answers| Scorer::new(answers, &order, config, wanted))
    });
    let resampled = light.as_ref().unwrap_or(&scorers);
    let (rows, metrics) = (candidate.rows(), candidate.names().len());
    let mut tally = Tally::default();
    let [ours, theirs] = scorers.each_ref().map(|s| s.point(rows, metrics, &mut tally));
    let deltas = plan(sizes, config).run(names.len(), threads, cancel, |weights, room: &mut Room, out| {
        let Room { tally, values } = room;
        for (scorer, values) in resampled.iter().zip(values.iter_mut()) {
            values.resize(metrics, f64::NAN);
            scorer.score(weights, tally, values);
        }
        for (out, &place) in out.iter_mut().zip(&places) {
            *out = values[0][place] - values[1][place];
        }
    })?;

    let discordance = Discordance::of(names, candidate, champion, config);
    let mut differences = BTreeMap::new();
    for (i, (name, &place)) in names.iter().zip(&places).enumerate() {
        let spread = Spread::new(deltas.iter().skip(i).step_by(names.len()).copied());
        let mut difference = difference(name, (ours[place], theirs[place]), &spread, candidate, config, confidence);
        if let Some(note) = not_ranked(name, candidate)
            && config.bootstrap.resamples > 0
        {
            difference.note = Some(note);
        }
        difference.limit(name, discordance.as_ref(), spread.is_degenerate(), config, confidence);
        differences.insert((*name).to_owned(), difference);
    }
    Ok(differences)
}

/// Room for scoring both models; kept between resamples.
#[derive(Default)]
struct Room {
    tally: Tally,
    values: [Vec<f64>; 2],
}

fn difference(
    name: &str,
    (candidate, champion): (f64, f64),
    spread: &Spread,
    answers: &Answers,
    config: &EvaluationConfig,
    confidence: f64,
) -> PairedDifference {
    let (candidate, champion) = (defined(candidate), defined(champion));
    let values = PairedDifference { candidate, champion, ..PairedDifference::default() };
    let (Some(ours), Some(theirs)) = (candidate, champion) else {
        return PairedDifference { note: Some(why_undefined(name, answers)), ..values };
    };
    let values = PairedDifference { delta: Some(ours - theirs), ..values };
    if config.bootstrap.resamples == 0 {
        return PairedDifference { note: Some("no interval, resampling is turned off".to_owned()), ..values };
    }
    let mut notes = spread.notes(config.bootstrap.level);
    notes.extend(spread.too_few(1.0 - confidence, &format!("a one-sided bound at {} %", percent(confidence))));
    if spread.is_degenerate() {
        notes.push(
            "every resample gives the same difference, so the interval has no width and tells nothing about other rows"
                .to_owned(),
        );
    }
    PairedDifference {
        interval: spread.interval(config.bootstrap.level),
        lower_bound: spread.quantile(1.0 - confidence),
        upper_bound: spread.quantile(confidence),
        note: joined(notes),
        ..values
    }
}

fn check_same_rows(candidate: &Answers, champion: &Answers) -> Result<(), MetricError> {
    match (candidate, champion) {
        (Answers::Classes { labels, truth, .. }, Answers::Classes { labels: labels_b, truth: truth_b, .. }) => {
            if labels != labels_b {
                return Err(MetricError::NotPaired { what: "labels" });
            }
            if truth != truth_b {
                return Err(MetricError::NotPaired { what: "rows" });
            }
            Ok(())
        }
        (Answers::Values { truth, .. }, Answers::Values { truth: truth_b, .. }) => {
            if truth == truth_b {
                Ok(())
            } else {
                Err(MetricError::NotPaired { what: "rows" })
            }
        }
        _ => Err(MetricError::Kind { what: "Production", found: champion.kind(), expected: candidate.kind() }),
    }
}

/// The stored comparison of paired differences with the version in Production.
///
/// Overall: `better` or `worse` where every defined metric is; `equal` where every one is, or none was asked for; `mixed`
/// otherwise, and where none of those asked for is defined, so that ignorance never reads as equality.
pub fn compare(
    differences: &BTreeMap<String, PairedDifference>,
    production: (VersionNumber, Digest),
    split: &str,
    config: &EvaluationConfig,
) -> Comparison {
    let mut verdicts = Vec::new();
    let mut per_metric = BTreeMap::new();
    for (name, difference) in differences {
        let verdict = difference.verdict(name);
        if verdict != "undefined" {
            verdicts.push(verdict);
        }
        per_metric.insert(
            name.clone(),
            MetricComparison {
                candidate: difference.candidate,
                production: difference.champion,
                delta: difference.delta,
                interval: difference.interval,
                verdict: verdict.to_owned(),
            },
        );
    }
    let all = |verdict: &str| !verdicts.is_empty() && verdicts.iter().all(|v| *v == verdict);
    let overall = match () {
        () if all("better") => "better",
        () if all("worse") => "worse",
        () if all("equal") || differences.is_empty() => "equal",
        () => "mixed",
    };
    let (version, artifact) = production;
    Comparison {
        production_version: Some(version),
        production_artifact: Some(artifact),
        overall_verdict: overall.to_owned(),
        split: split.to_owned(),
        per_metric,
        method: method(config),
    }
}

/// The comparison where nothing is in Production.
pub fn no_baseline(split: &str, config: &EvaluationConfig) -> Comparison {
    Comparison {
        production_version: None,
        production_artifact: None,
        overall_verdict: "no_baseline".to_owned(),
        split: split.to_owned(),
        per_metric: BTreeMap::new(),
        method: method(config),
    }
}

/// Level, resamples and seed of the paired intervals, for people.
fn method(config: &EvaluationConfig) -> String {
    let bootstrap = &config.bootstrap;
    if bootstrap.resamples == 0 {
        return "both re-evaluated on the same rows, no intervals".to_owned();
    }
    format!(
        "both re-evaluated on the same rows, {} % paired percentile bootstrap, {} resamples, seed {}",
        percent(bootstrap.level),
        bootstrap.resamples,
        bootstrap.seed
    )
}
