use crate::parts::{Chip, Icon};
use crate::words;
use driftgate_model::{RuleResult, RuleStatus};
use leptos::prelude::*;

/// A gate's answer, rule by rule.
#[component]
pub fn Rules(results: Vec<RuleResult>) -> impl IntoView {
    view! {
        <table class="table rules">
            <thead><tr>
                <th scope="col">"Result"</th><th scope="col">"Rule"</th><th scope="col">"Found"</th><th scope="col">"Rows of"</th>
            </tr></thead>
            <tbody>
                {results.into_iter().map(|r| {
                    let (icon, tone, word) = match r.status {
                        RuleStatus::Passed => (Icon::Check, "good", "Holds"),
                        RuleStatus::Failed => (Icon::Stop, "bad", "Fails"),
                        RuleStatus::NotApplicable => (Icon::Dash, "", "Does not apply"),
                    };
                    view! {
                        <tr>
                            <td><Chip icon=icon text=word tone=tone/></td>
                            <th scope="row">
                                <div>{words::sentence(&r.requirement)}</div>
                                <div class="faint small">{if r.description.is_empty() { words::spelled(&r.rule_id) } else { r.description }}</div>
                            </th>
                            <td>{words::sentence(&r.reason)}</td>
                            <td>{r.split.map(|s| words::spelled(&s))}</td>
                        </tr>
                    }
                }).collect_view()}
            </tbody>
        </table>
    }
}
