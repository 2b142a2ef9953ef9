//! The values of one column as read, before anyone declares what they mean.

use crate::error::shown;
use crate::records::{Lines, MAX_EXAMPLES};
use crate::typing::{LARGEST_EXACT, NullTexts, has_leading_zero, number, number_text, truth};
use driftgate_model::{ColumnType, ColumnValues, FindingExample, Frame, MISSING_CODE};
use foldhash::fast::FixedState;
use polars::prelude::StringChunked;
use std::collections::{HashMap, HashSet};

/// A hash map whose order is never looked at, with a fast hash that does not depend on the machine or the moment.
pub(crate) type FastMap<K, V> = HashMap<K, V, FixedState>;
/// See [`FastMap`].
pub(crate) type FastSet<K> = HashSet<K, FixedState>;

/// The columns of `frame` by name, for more look-ups than a few.
pub(crate) fn by_name(frame: &Frame) -> FastMap<&str, &ColumnValues> {
    frame.columns().iter().map(|c| (c.name.as_str(), &c.values)).collect()
}

/// Values as read.
#[derive(Debug, Clone)]
pub(crate) enum Cells {
    /// Every value is a number or missing (NaN).
    Numbers {
        values: Vec<f64>,
        /// The texts of a text file: what was written, for codes such as `007` and for messages.
        raw: Option<StringChunked>,
    },
    /// Some value is not a number.
    Texts { dictionary: Vec<String>, codes: Vec<u32> },
}

/// What a column looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumn {
    /// Its name, made unique.
    pub name: String,
    /// The narrowest type that holds every value.
    pub inferred: ColumnType,
    /// Missing values.
    pub missing: u64,
    /// Different values, missing not counted.
    pub distinct: u64,
    /// Values that read as numbers, infinities among them.
    pub numbers: u64,
    /// Infinite values.
    pub infinite: u64,
    /// The file gives it no name.
    pub unnamed: bool,
    /// Why it was read as text although it looks like numbers, if so.
    pub note: Option<String>,
}

/// How the texts of a column become values.
pub(crate) struct Reading<'a> {
    pub nulls: &'a NullTexts,
    pub decimal: u8,
}

/// What a walk over the texts of a column counts.
#[derive(Default)]
struct Tally {
    missing: u64,
    numbers: u64,
    infinite: u64,
    whole: u64,
    rounded: u64,
    padded: u64,
    shortest: usize,
    longest: usize,
}

impl Tally {
    /// Digits that are codes: leading zeros at one common length.
    fn are_codes(&self) -> bool {
        self.padded > 0 && self.whole == self.numbers && self.shortest == self.longest
    }

    /// Why a column of nothing but numbers is better read as text.
    fn note(&self) -> Option<String> {
        if self.numbers > 0 && self.are_codes() {
            Some("read as text, since its digits begin with zeros as codes do".into())
        } else if self.rounded > 0 {
            Some("read as text, since its whole numbers are beyond 2^53 and would be rounded".into())
        } else {
            None
        }
    }
}

/// Types the texts of a column.
pub(crate) fn from_texts(name: String, unnamed: bool, texts: StringChunked, reading: &Reading) -> (TableColumn, Cells) {
    let rows = texts.len();
    let mut tally = Tally { shortest: usize::MAX, ..Tally::default() };
    let mut values = Vec::with_capacity(rows);
    for text in texts.iter() {
        let text = text.unwrap_or_default().trim();
        if reading.nulls.is_missing(text) {
            tally.missing += 1;
            values.push(f64::NAN);
            continue;
        }
        let Some(n) = number(text, reading.decimal) else { continue };
        if n.value.is_nan() {
            // Still a missing number, whatever the list of null texts says.
            tally.missing += 1;
            values.push(f64::NAN);
            continue;
        }
        tally.numbers += 1;
        tally.infinite += u64::from(n.value.is_infinite());
        tally.whole += u64::from(n.whole);
        tally.rounded += u64::from(n.rounded);
        tally.padded += u64::from(n.whole && has_leading_zero(text));
        tally.shortest = tally.shortest.min(text.len());
        tally.longest = tally.longest.max(text.len());
        values.push(n.value);
    }
    let numeric = values.len() == rows;
    let note = if numeric { tally.note() } else { None };
    let mut column = TableColumn {
        name,
        inferred: ColumnType::String,
        missing: tally.missing,
        distinct: 0,
        numbers: tally.numbers,
        infinite: tally.infinite,
        unnamed,
        note,
    };
    if numeric && column.note.is_none() {
        let whole = tally.whole == tally.numbers && tally.numbers > 0;
        column.inferred = if whole { ColumnType::Int } else { ColumnType::Float };
        column.distinct = distinct_numbers(&values);
        return (column, Cells::Numbers { values, raw: Some(texts) });
    }
    drop(values);
    let (dictionary, codes) = encode(texts.iter(), reading.nulls);
    column.missing = codes.iter().filter(|c| **c == MISSING_CODE).count() as u64;
    column.distinct = dictionary.len() as u64;
    if !dictionary.is_empty() && dictionary.iter().all(|t| truth(t).is_some()) {
        column.inferred = ColumnType::Bool;
    }
    (column, Cells::Texts { dictionary, codes })
}

/// The number of different values; NaN is none.
pub(crate) fn distinct_numbers(values: &[f64]) -> u64 {
    let mut seen: FastSet<u64> = FastSet::with_capacity_and_hasher(values.len(), FixedState::default());
    // Adding zero turns −0 into 0, so that the two count once.
    seen.extend(values.iter().filter(|v| !v.is_nan()).map(|v| (v + 0.0).to_bits()));
    seen.len() as u64
}

/// Gives each different trimmed text a code, in order of first appearance.
pub(crate) fn encode<'a>(texts: impl Iterator<Item = Option<&'a str>>, nulls: &NullTexts) -> (Vec<String>, Vec<u32>) {
    let mut known: FastMap<&'a str, u32> = FastMap::default();
    let mut dictionary = Vec::new();
    let codes = texts
        .map(|text| {
            let text = text.unwrap_or_default().trim();
            if nulls.is_missing(text) {
                return MISSING_CODE;
            }
            *known.entry(text).or_insert_with(|| {
                dictionary.push(text.to_owned());
                (dictionary.len() - 1) as u32
            })
        })
        .collect();
    (dictionary, codes)
}

/// Values that do not fit a declared type, and infinities, which fit none.
#[derive(Debug, Default, Clone)]
pub(crate) struct Misfits {
    pub wrong: Mismatch,
    pub infinite: Mismatch,
}

/// Cells of one kind, counted, with the first few.
#[derive(Debug, Default, Clone)]
pub(crate) struct Mismatch {
    /// How many.
    pub count: usize,
    /// Rows from 0 and values, the first few.
    pub examples: Vec<(usize, String)>,
}

impl Mismatch {
    pub(crate) fn add(&mut self, row: usize, value: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push((row, value()));
        }
    }

    /// As examples of a finding.
    pub(crate) fn examples(&self, lines: &Lines) -> Vec<FindingExample> {
        self.examples
            .iter()
            .map(|(row, value)| FindingExample { row: *row as u64 + 1, line: lines.of(*row), value: shown(value) })
            .collect()
    }
}

impl Cells {
    /// The text of row `row` as written, or what stands for it; empty when missing.
    pub(crate) fn text(&self, row: usize) -> String {
        match self {
            Cells::Numbers { values, raw } => match (raw.as_ref().and_then(|r| r.get(row)), values.get(row)) {
                (Some(text), _) => text.trim().to_owned(),
                (None, Some(v)) if !v.is_nan() => number_text(*v),
                _ => String::new(),
            },
            Cells::Texts { dictionary, codes } => {
                codes.get(row).and_then(|c| dictionary.get(*c as usize)).cloned().unwrap_or_default()
            }
        }
    }

    /// The rows (from 0) without a value.
    pub(crate) fn gaps(&self) -> Vec<usize> {
        match self {
            Cells::Numbers { values, .. } => (0..values.len()).filter(|i| values[*i].is_nan()).collect(),
            Cells::Texts { codes, .. } => (0..codes.len()).filter(|i| codes[*i] == MISSING_CODE).collect(),
        }
    }

    /// The values as `declared`, and those that do not fit (they become missing).
    pub(crate) fn convert(&self, declared: ColumnType, reading: &Reading) -> (ColumnValues, Misfits) {
        let mut bad = Misfits::default();
        let values = match (self, declared) {
            (Cells::Numbers { values, .. }, ColumnType::Float | ColumnType::Int) => {
                ColumnValues::Number(self.checked_numbers(values, declared, &mut bad))
            }
            (Cells::Texts { dictionary, codes }, ColumnType::Float | ColumnType::Int) => {
                let parsed: Vec<Option<f64>> = dictionary
                    .iter()
                    .map(|t| number(t, reading.decimal).filter(|n| !(n.rounded && declared == ColumnType::Int)))
                    .map(|n| n.map(|n| n.value))
                    .collect();
                let numbers: Vec<f64> = codes
                    .iter()
                    .enumerate()
                    .map(|(row, code)| match parsed.get(*code as usize) {
                        Some(Some(v)) => *v,
                        Some(None) => {
                            bad.wrong.add(row, || self.text(row));
                            f64::NAN
                        }
                        None => f64::NAN,
                    })
                    .collect();
                ColumnValues::Number(self.checked_numbers(&numbers, declared, &mut bad))
            }
            (Cells::Numbers { values, raw }, ColumnType::String) => {
                let (dictionary, codes) = match raw {
                    Some(raw) => encode(raw.iter(), reading.nulls),
                    None => encode_numbers(values),
                };
                ColumnValues::Text { dictionary, codes }
            }
            (Cells::Texts { dictionary, codes }, ColumnType::String) => {
                ColumnValues::Text { dictionary: dictionary.clone(), codes: codes.clone() }
            }
            (_, ColumnType::Bool) => self.truths(&mut bad),
        };
        (values, bad)
    }

    /// Infinities fit no type, and a whole number has no fraction and is exact.
    fn checked_numbers(&self, values: &[f64], declared: ColumnType, bad: &mut Misfits) -> Vec<f64> {
        let int = declared == ColumnType::Int;
        values
            .iter()
            .enumerate()
            .map(|(row, v)| {
                if v.is_infinite() {
                    bad.infinite.add(row, || self.text(row));
                    f64::NAN
                } else if int && !v.is_nan() && (v.fract() != 0.0 || v.abs() > LARGEST_EXACT) {
                    bad.wrong.add(row, || self.text(row));
                    f64::NAN
                } else {
                    *v
                }
            })
            .collect()
    }

    fn truths(&self, bad: &mut Misfits) -> ColumnValues {
        let dictionary = vec!["false".to_owned(), "true".to_owned()];
        let codes = match self {
            Cells::Numbers { values, .. } => values
                .iter()
                .enumerate()
                .map(|(row, v)| {
                    if *v == 0.0 || *v == 1.0 {
                        *v as u32
                    } else {
                        if !v.is_nan() {
                            bad.wrong.add(row, || self.text(row));
                        }
                        MISSING_CODE
                    }
                })
                .collect(),
            Cells::Texts { dictionary, codes } => {
                let meaning: Vec<Option<bool>> = dictionary.iter().map(|t| truth(t)).collect();
                codes
                    .iter()
                    .enumerate()
                    .map(|(row, code)| match meaning.get(*code as usize) {
                        Some(Some(b)) => u32::from(*b),
                        Some(None) => {
                            bad.wrong.add(row, || self.text(row));
                            MISSING_CODE
                        }
                        None => MISSING_CODE,
                    })
                    .collect()
            }
        };
        ColumnValues::Text { dictionary, codes }
    }
}

/// Numbers as texts with codes.
pub(crate) fn encode_numbers(values: &[f64]) -> (Vec<String>, Vec<u32>) {
    let mut known: FastMap<u64, u32> = FastMap::default();
    let mut dictionary = Vec::new();
    let codes = values
        .iter()
        .map(|v| {
            if v.is_nan() {
                return MISSING_CODE;
            }
            *known.entry((v + 0.0).to_bits()).or_insert_with(|| {
                dictionary.push(number_text(*v));
                (dictionary.len() - 1) as u32
            })
        })
        .collect();
    (dictionary, codes)
}
