//! Words and numbers as they stand on the screen: sentence case, no full stop after a single sentence, an ellipsis on what opens
//! a dialog.

use driftgate_model::views::{JobOutcome, JobState};
use driftgate_model::{DriftAction, DriftSeverity, DriftVerdict, RunStatus, Task, Timestamp};

/// What a run's status is called.
pub fn status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "Running",
        RunStatus::Completed => "Completed",
        RunStatus::AwaitingApproval => "Awaiting approval",
        RunStatus::Approved => "Approved",
        RunStatus::Rejected => "Rejected",
        RunStatus::Blocked => "Blocked",
        RunStatus::Failed => "Failed",
        RunStatus::Cancelled => "Cancelled",
        RunStatus::Interrupted => "Interrupted",
    }
}

/// What a verdict is called.
pub fn verdict(verdict: DriftVerdict) -> &'static str {
    match verdict {
        DriftVerdict::Stable => "Stable",
        DriftVerdict::Inconclusive => "Inconclusive",
        DriftVerdict::Drifted => "Drifted",
    }
}

/// A verdict with its severity, where there is one.
pub fn verdict_and_severity(v: DriftVerdict, severity: DriftSeverity) -> String {
    match severity {
        DriftSeverity::None => verdict(v).into(),
        other => format!("{}, {}", verdict(v), other.as_str()),
    }
}

/// What an answer to an alarm is called.
pub fn action(action: DriftAction) -> &'static str {
    match action {
        DriftAction::Accept => "Accept",
        DriftAction::CollectData => "Collect data",
        DriftAction::Investigate => "Investigate",
        DriftAction::Retrain => "Retrain",
        DriftAction::FineTune => "Fine-tune",
        DriftAction::AdjustIsp => "Adjust the ISP",
        DriftAction::Rollback => "Roll back",
    }
}

/// What the state of a job is called.
pub fn job_state(state: JobState) -> &'static str {
    match state {
        JobState::Running => "Running",
        JobState::Stopping => "Stopping",
        JobState::Done => "Done",
        JobState::Failed => "Failed",
        JobState::Cancelled => "Stopped",
    }
}

/// What a job came to, in words.
pub fn outcome(outcome: &JobOutcome) -> String {
    match outcome {
        JobOutcome::Demo { .. } => "ready".into(),
        JobOutcome::Imported { dataset, number, new: true, warnings: 0 } => format!("{dataset} version {number}"),
        JobOutcome::Imported { dataset, number, new: true, warnings } => {
            format!("{dataset} version {number}, {}", count(*warnings, "warning"))
        }
        JobOutcome::Imported { dataset, number, new: false, .. } => {
            format!("nothing new: these are the bytes of {dataset} version {number}")
        }
        JobOutcome::Ran { status: s, .. } => status(*s).to_lowercase(),
        JobOutcome::Reproduced { identical: true, .. } => "byte for byte the same".into(),
        JobOutcome::Reproduced { identical: false, .. } => "not the same".into(),
        JobOutcome::Checked { verdict: v, severity, .. } => verdict_and_severity(*v, *severity).to_lowercase(),
        JobOutcome::Simulated { rows, .. } => format!("{} written", count(*rows, "row")),
        JobOutcome::Staged { dataset, train, holdout, .. } => {
            format!("{} of {dataset} to learn from, {holdout} held out", count(*train, "row"))
        }
        JobOutcome::Predicted { rows, .. } => format!("{} answered", count(*rows, "row")),
        JobOutcome::Verified { holds: true, events } => format!("{} hold", count(*events, "event")),
        JobOutcome::Verified { holds: false, .. } => "a fault was found".into(),
    }
}

/// Where to look at what a job came to: a route, and what its link says.
pub fn outcome_link(outcome: &JobOutcome) -> Option<(String, String)> {
    let link = |route: String, text: &str| Some((route, text.to_owned()));
    match outcome {
        JobOutcome::Demo { .. } | JobOutcome::Simulated { .. } | JobOutcome::Predicted { .. } => None,
        JobOutcome::Imported { dataset, .. } | JobOutcome::Staged { dataset, .. } => {
            link(format!("/datasets/{dataset}"), "Show the data set")
        }
        JobOutcome::Ran { run, .. } | JobOutcome::Reproduced { run, .. } => {
            link(format!("/runs/{run}"), "Show the run")
        }
        JobOutcome::Checked { model, check, .. } => link(format!("/drift/{model}/{check}"), "Show the check"),
        JobOutcome::Verified { .. } => link("/audit".into(), "Show the audit"),
    }
}

/// `1 row`, `2 rows`, `1,234 rows`.
pub fn count(n: u64, what: &str) -> String {
    format!("{} {what}{}", whole(n), if n == 1 { "" } else { "s" })
}

/// `1 class`, `3 classes`.
pub fn classes(n: u64) -> String {
    format!("{} class{}", whole(n), if n == 1 { "" } else { "es" })
}

/// A whole number with commas.
pub fn whole(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A number with at most four digits that tell something; `–` where there is none.
pub fn number(value: Option<f64>) -> String {
    match value {
        None => "–".into(),
        Some(v) if !v.is_finite() => v.to_string(),
        Some(v) if v != 0.0 && (v.abs() < 1e-3 || v.abs() >= 1e6) => format!("{v:.2e}"),
        Some(v) if v.abs() >= 100.0 => format!("{v:.1}"),
        Some(v) => format!("{v:.4}"),
    }
}

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Milliseconds for a person: `340 ms`, `2.4 s`, `3 min 5 s`, `2 h 10 min`.
pub fn duration(ms: u64) -> String {
    let s = ms / 1000;
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        60_000..3_600_000 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

/// A moment in the machine's own time zone: `2026-11-26 19:40`.
pub fn moment(at: Timestamp) -> String {
    let shifted = at.as_second() - minutes_behind_utc(at.as_second()) * 60;
    let text = Timestamp::from_second(shifted).map(|t| t.to_string()).unwrap_or_default();
    text.get(..16).map(|t| t.replace('T', " ")).unwrap_or(text)
}

/// This moment.
pub fn now() -> Timestamp {
    Timestamp::from_second(now_second()).unwrap_or_default()
}

/// How long ago that was: `just now`, `5 min ago`, `3 h ago`, `2 days ago`; the date once it is a month.
pub fn ago(at: Timestamp) -> String {
    let seconds = now_second() - at.as_second();
    match seconds {
        i64::MIN..45 => "just now".into(),
        45..3600 => format!("{} min ago", (seconds + 30) / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        86_400..2_592_000 => {
            let days = seconds / 86_400;
            format!("{days} day{} ago", if days == 1 { "" } else { "s" })
        }
        _ => moment(at).get(..10).unwrap_or_default().to_owned(),
    }
}

/// Minutes that the machine's own time zone was behind UTC at that second: winter and summer differ.
#[cfg(target_arch = "wasm32")]
pub fn minutes_behind_utc(second: i64) -> i64 {
    js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(second as f64 * 1000.0)).get_timezone_offset() as i64
}

#[cfg(target_arch = "wasm32")]
fn now_second() -> i64 {
    (js_sys::Date::now() / 1000.0) as i64
}

/// Minutes that the machine's own time zone was behind UTC at that second: winter and summer differ.
#[cfg(not(target_arch = "wasm32"))]
pub fn minutes_behind_utc(_second: i64) -> i64 {
    0
}

#[cfg(not(target_arch = "wasm32"))]
fn now_second() -> i64 {
    0
}

/// A sentence with a capital letter in front, where it begins with a plain word.
pub fn sentence(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let plain = first.chars().all(|c| c.is_ascii_lowercase() || matches!(c, ',' | ';' | '\''));
    let mut letters = text.chars();
    match letters.next() {
        Some(c) if plain => c.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// The name of a metric: `test.f1_score` is `F1 score (test)`.
pub fn metric(name: &str) -> String {
    let (split, plain) = match name.split_once('.') {
        Some((split, rest)) if matches!(split, "test" | "val" | "train" | "drift_holdout") => (Some(split), rest),
        _ => (None, name),
    };
    let known = match plain {
        "accuracy" => "Accuracy",
        "balanced_accuracy" => "Balanced accuracy",
        "precision" => "Precision",
        "recall" => "Recall",
        "f1_score" => "F1 score",
        "mcc" => "MCC",
        "roc_auc" => "ROC AUC",
        "pr_auc" => "PR AUC",
        "log_loss" => "Log loss",
        "brier" => "Brier score",
        "ece" => "Calibration error",
        "mae" => "MAE",
        "mse" => "MSE",
        "rmse" => "RMSE",
        "r2" => "R²",
        "mape" => "MAPE",
        "train_loss" => "Loss on the train split",
        "val_loss" => "Loss on validation",
        "val_accuracy" => "Accuracy on validation",
        "drift_val_loss" => "Loss on drifted pictures held out",
        "drift_val_accuracy" => "Accuracy on drifted pictures held out",
        other => other,
    };
    match split {
        Some(split) => format!("{known} ({})", split.replace('_', " ")),
        None => known.into(),
    }
}

/// A column's name; the pixels of a picture are called by their colour.
pub fn column(name: &str) -> &str {
    match name {
        "pixels_red" => "Red pixels",
        "pixels_green" => "Green pixels",
        "pixels_blue" => "Blue pixels",
        "pixels_gray" => "Grey pixels",
        other => other,
    }
}

/// An identifier as words: `random_forest` is `Random forest`, `cnn` is `CNN`.
pub fn spelled(identifier: &str) -> String {
    if identifier == "cnn" {
        return "CNN".into();
    }
    let text = identifier.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What a task is called.
pub fn task(task: Task) -> &'static str {
    match task {
        Task::Classification => "Classification",
        Task::Regression => "Regression",
        Task::ImageClassificationCnn => "Image classification",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            (whole(0), whole(999), whole(1000), whole(1_234_567)),
            ("0".into(), "999".into(), "1,000".into(), "1,234,567".into())
        );
        assert_eq!((count(1, "row"), count(2, "row")), ("1 row".into(), "2 rows".into()));
        assert_eq!(number(Some(0.98765)), "0.9877");
        assert_eq!(number(Some(1234.56)), "1234.6");
        assert_eq!(number(Some(0.00012)), "1.20e-4");
        assert_eq!((number(Some(0.0)), number(None)), ("0.0000".into(), "–".into()));
        assert_eq!(
            (duration(340), duration(2449), duration(185_000), duration(7_800_000)),
            ("340 ms".into(), "2.4 s".into(), "3 min 5 s".into(), "2 h 10 min".into())
        );
    }

    #[test]
    fn messages_begin_with_a_capital_unless_they_begin_with_a_name() {
        assert_eq!(sentence("cannot read it"), "Cannot read it");
        assert_eq!(sentence("`data.csv` is empty"), "`data.csv` is empty");
        assert_eq!(sentence("breast_cancer has no version 9"), "breast_cancer has no version 9");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn names_become_words() {
        assert_eq!(metric("test.f1_score"), "F1 score (test)");
        assert_eq!(metric("drift_holdout.r2"), "R² (drift holdout)");
        assert_eq!(metric("validation_loss"), "validation_loss");
        assert_eq!(spelled("random_forest"), "Random forest");
    }

    #[test]
    fn moments_are_short() {
        let at: Timestamp = "2026-11-26T19:40:44.123Z".parse().expect("a moment");
        assert_eq!(moment(at), "2026-11-26 19:40");
    }
}
