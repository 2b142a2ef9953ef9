//! The newest answers, and what labels said of them.

use super::{FeedbackLabel, FeedbackOutcome, REMEMBERED};
use driftgate_model::{ModelName, VersionNumber};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The predicted side of a remembered answer, and what labels said of it.
pub(super) struct Remembered {
    pub(super) known: Arc<Known>,
    pub(super) predicted: Predicted,
    pub(super) terms: Option<Vec<f64>>,
}

/// A version that has answered: one for all its answers.
pub(super) struct Known {
    pub(super) model: ModelName,
    pub(super) version: VersionNumber,
    pub(super) labels: Vec<String>,
}

pub(super) enum Predicted {
    Classes(Vec<u32>),
    Values(Vec<f64>),
}

impl Predicted {
    /// The term of each row: 1 for a hit and 0 for a miss, or the absolute error.
    fn terms(&self, labels: &[String], given: &[FeedbackLabel]) -> Result<Vec<f64>, String> {
        let rows = match self {
            Predicted::Classes(codes) => codes.len(),
            Predicted::Values(values) => values.len(),
        };
        if given.len() != rows {
            return Err(format!("{rows} rows were answered, and {} labels are given", given.len()));
        }
        let one = |(row, label): (usize, &FeedbackLabel)| match (self, label) {
            (Predicted::Classes(codes), given) => {
                let text = match given {
                    FeedbackLabel::Text(text) => text.clone(),
                    // Labels such as 0 and 1 are texts of the model, and numbers to many a caller.
                    FeedbackLabel::Number(v) => v.to_string(),
                };
                let known = labels.iter().position(|l| *l == text);
                let known = known.ok_or_else(|| format!("`{}` is none of the model's labels", cut(&text)))?;
                Ok(f64::from(u8::from(codes.get(row).is_some_and(|c| *c as usize == known))))
            }
            (Predicted::Values(values), FeedbackLabel::Number(v)) if v.is_finite() => {
                Ok(values.get(row).map_or(f64::NAN, |p| (p - v).abs()))
            }
            (Predicted::Values(_), _) => Err("a label of this model is a finite number".into()),
        };
        given.iter().enumerate().map(one).collect()
    }
}

pub(super) fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// The newest answers, by id.
#[derive(Default)]
pub(super) struct Memory {
    answers: BTreeMap<Arc<str>, Remembered>,
    order: VecDeque<Arc<str>>,
}

impl Memory {
    /// Takes an answer in; the oldest gives way.
    pub(super) fn add(&mut self, id: &str, answer: Remembered) {
        let id: Arc<str> = id.into();
        if self.answers.insert(id.clone(), answer).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.answers.remove(&oldest);
            }
        }
    }

    /// Takes in what was remembered after this.
    pub(super) fn add_all(&mut self, mut newer: Memory) {
        for id in newer.order {
            if let Some(answer) = newer.answers.remove(&id) {
                self.add(&id, answer);
            }
        }
    }

    /// Takes the labels of an answer in.
    pub(super) fn label(&mut self, id: &str, labels: &[FeedbackLabel]) -> FeedbackOutcome {
        let Some(answer) = self.answers.get_mut(id) else { return FeedbackOutcome::Unknown };
        match answer.predicted.terms(&answer.known.labels, labels) {
            Ok(terms) => {
                answer.terms = Some(terms);
                FeedbackOutcome::Kept { model: answer.known.model.clone(), version: answer.known.version }
            }
            Err(why) => FeedbackOutcome::Refused(why),
        }
    }

    /// The terms of a version's labelled answers.
    pub(super) fn terms(&self, model: &str, version: VersionNumber) -> Vec<f64> {
        let of = |a: &&Remembered| a.known.version == version && a.known.model.as_str() == model;
        self.answers.values().filter(of).filter_map(|a| a.terms.as_ref()).flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn labels_must_fit_the_answer() {
        let classes = Predicted::Classes(vec![0, 1]);
        let labels = ["a".to_string(), "b".into()];
        let text = |t: &str| FeedbackLabel::Text(t.into());
        assert_eq!(classes.terms(&labels, &[text("a"), text("a")]).unwrap(), [1.0, 0.0]);
        assert!(classes.terms(&labels, &[text("a")]).unwrap_err().contains("2 rows"));
        assert!(classes.terms(&labels, &[text("a"), text("c")]).unwrap_err().contains("`c`"));
        assert!(classes.terms(&labels, &[text("a"), FeedbackLabel::Number(1.0)]).is_err());
        let values = Predicted::Values(vec![1.5]);
        assert_eq!(values.terms(&[], &[FeedbackLabel::Number(1.0)]).unwrap(), [0.5]);
        assert!(values.terms(&[], &[text("1")]).is_err());
    }

    #[test]
    fn the_memory_forgets_the_oldest() {
        let mut memory = Memory::default();
        let known = Arc::new(Known { model: ModelName::new("m").unwrap(), version: 1, labels: Vec::new() });
        for i in 0..=REMEMBERED {
            let predicted = Predicted::Values(vec![1.0]);
            memory.add(&i.to_string(), Remembered { known: known.clone(), predicted, terms: None });
        }
        assert_eq!(memory.label("0", &[FeedbackLabel::Number(1.0)]), FeedbackOutcome::Unknown);
        assert!(matches!(memory.label("1", &[FeedbackLabel::Number(1.0)]), FeedbackOutcome::Kept { .. }));
        assert_eq!(memory.terms("m", 1), [0.0]);
    }
}
