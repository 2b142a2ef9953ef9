use super::chart::ChartView;
use super::chip::Chip;
use super::icon::Icon;
use super::show::Notice;
use crate::words;
use driftgate_model::{
    BeforeAfter, Comparison, DriftEvidence, GateReport, Interval, MetricComparison, RuleResult, RuleStatus, RunId,
};
use driftgate_plots::{before_after_chart, comparison_chart};
use leptos::prelude::*;
use leptos_router::components::A;

/// The gate's answer, rule by rule, with what it rests on: the comparison with Production, drift, before and after.
#[component]
pub fn GateView(
    gate: GateReport,
    /// The model, for links to its drift checks.
    #[prop(into)]
    model: String,
    /// Level of the headings, one below the heading that this stands under.
    #[prop(default = 4)]
    level: u8,
) -> impl IntoView {
    let id = gate.run.short().to_owned();
    let failed = gate.violations().count() as u64;
    let verdict = if gate.passed {
        view! { <Chip icon=Icon::Check text="Passed" tone="good"/> }.into_any()
    } else {
        view! { <Chip icon=Icon::Stop text="Blocked" tone="bad"/> }.into_any()
    };
    let said = match failed {
        0 if gate.passed => "Every rule that applies holds".to_owned(),
        0 => "No rule failed, and none applied on a split".into(),
        n => format!("{} of {} do not hold", n, words::count(gate.results.len() as u64, "rule")),
    };
    let looks = format!(
        "Asked {}. Runs have looked at the test split {}, this one counted",
        words::moment(gate.evaluated_at),
        words::count(gate.test_looks, "time")
    );
    view! {
        <div class="stack gate">
            <div class="row wrap">{verdict}<span>{said}</span></div>
            <p class="faint small">{looks}</p>
            <ul class="gate-rules">{gate.results.into_iter().map(|rule| view! { <Rule rule=rule/> }).collect_view()}</ul>
            <Head text="Against Production" level=level/>
            <Against id=format!("against-{id}") comparison=gate.comparison/>
            {gate.drift.map(|drift| view! {
                <Head text="Drift that the rules looked at" level=level/>
                <Drift drift=drift model=model/>
            })}
            {gate.adaptation.map(|found| view! {
                <Head text="Before and after the drifted rows" level=level/>
                <Adapted id=format!("adapted-{id}") found=found/>
            })}
        </div>
    }
}

/// A heading of that level.
#[component]
fn Head(text: &'static str, level: u8) -> impl IntoView {
    match level {
        ..=3 => view! { <h3 class="heading">{text}</h3> }.into_any(),
        4 => view! { <h4 class="heading">{text}</h4> }.into_any(),
        _ => view! { <h5 class="heading">{text}</h5> }.into_any(),
    }
}

/// How a rule ended: an icon and a word.
#[component]
fn RuleChip(status: RuleStatus) -> impl IntoView {
    match status {
        RuleStatus::Passed => view! { <Chip icon=Icon::Check text="Holds" tone="good"/> },
        RuleStatus::Failed => view! { <Chip icon=Icon::Stop text="Fails" tone="bad"/> },
        RuleStatus::NotApplicable => view! { <Chip icon=Icon::Dash text="Does not apply"/> },
    }
}

#[component]
fn Rule(rule: RuleResult) -> impl IntoView {
    let found = observed(&rule);
    view! {
        <li class="rule">
            <div class="row spread">
                <strong class="wrapped">{words::spelled(&rule.rule_id)}</strong>
                <RuleChip status=rule.status/>
            </div>
            <div class="wrapped">{words::sentence(&rule.description)}</div>
            <dl class="facts small">
                <dt>"Asks for"</dt><dd>{rule.requirement}</dd>
                {found.map(|found| view! { <dt>"Found"</dt><dd>{found}</dd> })}
                <dt>"Why"</dt><dd>{words::sentence(&rule.reason)}</dd>
            </dl>
        </li>
    }
}

/// `0.9231, interval 0.8615 to 0.9846, on test`; nothing where the rule compared no number.
fn observed(rule: &RuleResult) -> Option<String> {
    // Of what no rows are looked at for, the reason says it all.
    let value = rule.observed.filter(|_| rule.metric.is_some() || rule.split.is_some())?;
    let whole = value.fract() == 0.0 && rule.metric.is_none() && value.abs() < 1e15;
    let mut text = if whole { format!("{value:.0}") } else { words::number(Some(value)) };
    if let Some(interval) = rule.interval {
        text = format!("{text}, interval {}", ends(interval));
    }
    if let Some(split) = &rule.split {
        text = format!("{text}, on {}", split.replace('_', " "));
    }
    Some(text)
}

fn ends(interval: Interval) -> String {
    format!("{} to {}", words::number(Some(interval.low)), words::number(Some(interval.high)))
}

/// A candidate against Production, metric by metric, with the words that fit the intervals.
#[component]
fn Against(id: String, comparison: Comparison) -> impl IntoView {
    let Some(version) = comparison.production_version else {
        return view! { <p class="faint">"Nothing was in Production, so there is nothing to compare with"</p> }
            .into_any();
    };
    let chart = (!comparison.per_metric.is_empty()).then(|| comparison_chart(&id, &comparison));
    let rows =
        comparison.per_metric.into_iter().map(|(name, m)| view! { <Difference name=name found=m/> }).collect_view();
    view! {
        <p>{format!("Version {version}, on the same rows of {}: {}", comparison.split.replace('_', " "), overall(&comparison.overall_verdict))}</p>
        {chart.map(|chart| view! { <ChartView chart=chart/> })}
        <table class="table">
            <thead><tr>
                <th scope="col">"Metric"</th><th scope="col" class="number">"Candidate"</th><th scope="col" class="number">"Production"</th>
                <th scope="col" class="number">"Difference"</th><th scope="col">"In words"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        <p class="faint small">{words::sentence(&comparison.method)}</p>
    }
    .into_any()
}

#[component]
fn Difference(name: String, found: MetricComparison) -> impl IntoView {
    let said = words::spelled(found.words());
    view! {
        <tr>
            <td>{words::metric(&name)}</td>
            <td class="number">{words::number(found.candidate)}</td>
            <td class="number">{words::number(found.production)}</td>
            <td class="number">
                {signed(found.delta)}
                {found.interval.map(|i| view! { <div class="faint small nowrap">{ends(i)}</div> })}
            </td>
            <td>{said}</td>
        </tr>
    }
}

/// A difference with its sign; `–` where there is none.
fn signed(delta: Option<f64>) -> String {
    match delta {
        Some(d) if d > 0.0 => format!("+{}", words::number(Some(d))),
        other => words::number(other),
    }
}

fn overall(verdict: &str) -> &'static str {
    match verdict {
        "better" => "better by value in what differs",
        "worse" => "worse by value in what differs",
        "equal" => "equal",
        "mixed" => "better by value in some metrics, worse in others",
        _ => "not comparable",
    }
}

#[component]
fn Drift(drift: DriftEvidence, model: String) -> impl IntoView {
    let model = StoredValue::new(model);
    let link = move |check: RunId| {
        let route = model.with_value(|m| format!("/drift/{m}/{check}"));
        view! { <A href=route>{format!("Check {}", check.short())}</A> }
    };
    let open = drift.open;
    let lines = [
        ("Newest check", drift.newest),
        ("Newest that drifted", drift.newest_drifted),
        ("Newest with labels that drifted", drift.newest_labelled),
    ];
    view! {
        {if open.is_empty() {
            view! { <Notice tone="good">"Every drift alarm about Production was answered"</Notice> }.into_any()
        } else {
            view! {
                <Notice tone="warn">
                    <div>{format!("Nobody has answered {}", words::count(open.len() as u64, "drift alarm"))}</div>
                    <div class="row wrap">{open.into_iter().map(link).collect_view()}</div>
                </Notice>
            }.into_any()
        }}
        <dl class="facts">
            {lines.into_iter().map(|(name, check)| view! {
                <dt>{name}</dt>
                <dd>{match check { Some(check) => link(check).into_any(), None => view! { "None" }.into_any() }}</dd>
            }).collect_view()}
        </dl>
    }
}

#[component]
fn Adapted(id: String, found: BeforeAfter) -> impl IntoView {
    let chart = before_after_chart(&id, &found);
    view! {
        <p>
            {format!(
                "Production before and this candidate after, on {} that neither learned from",
                words::count(found.clean_rows + found.drifted_rows, "row")
            )}
        </p>
        <ChartView chart=chart/>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(metric: Option<&str>, observed: Option<f64>, interval: Option<Interval>) -> RuleResult {
        RuleResult {
            rule_id: "r".into(),
            kind: "threshold".into(),
            metric: metric.map(String::from),
            requirement: String::new(),
            split: Some("drift_holdout".into()),
            observed,
            interval,
            status: RuleStatus::Passed,
            reason: String::new(),
            description: String::new(),
        }
    }

    #[test]
    fn a_rule_says_what_it_found() {
        assert_eq!(observed(&rule(None, None, None)), None);
        assert_eq!(observed(&rule(None, Some(65.0), None)).as_deref(), Some("65, on drift holdout"));
        let nowhere = RuleResult { split: None, ..rule(None, Some(0.0), None) };
        assert_eq!(observed(&nowhere), None);
        let interval = Some(Interval { low: 0.86, high: 1.0 });
        let said = observed(&rule(Some("accuracy"), Some(1.0), interval));
        assert_eq!(said.as_deref(), Some("1.0000, interval 0.8600 to 1.0000, on drift holdout"));
    }

    #[test]
    fn differences_have_a_sign() {
        assert_eq!(signed(Some(0.25)), "+0.2500");
        assert_eq!(signed(Some(-0.25)), "-0.2500");
        assert_eq!(signed(None), "–");
    }
}
