//! Rows that no file holds: values as a caller gives them, typed as a fitted transform needs them.

use crate::error::{CellError, DataError, Result, shown};
use crate::predict::declared_type;
use crate::transform::{InputColumn, Transform};
use crate::typing::{NullTexts, truth, type_words};
use driftgate_model::{Column, ColumnType, ColumnValues, Frame, MISSING_CODE};
use std::borrow::Cow;

/// One value as a caller gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenValue<'a> {
    /// No value.
    Missing,
    /// A number; one that is not finite is refused.
    Number(f64),
    /// A truth value.
    Truth(bool),
    /// A text; trimmed, and missing where the data set's contract says that it means so.
    Text(Cow<'a, str>),
    /// Something else, such as a list, as it reads in a message.
    Other(String),
}

/// The texts of a data set's contract that mean missing.
#[derive(Debug, Clone)]
pub struct MissingTexts(NullTexts);

impl MissingTexts {
    /// From `format.null_values`.
    pub fn new(null_values: &[String]) -> Self {
        MissingTexts(NullTexts::new(null_values))
    }
}

/// Makes the frame of `rows` rows that `transform` takes: `value(column, row)` gives each value, both from 0, columns in the
/// order of [`Transform::inputs`].
///
/// The same types as [`crate::frame_for_prediction`] gives the columns of a file. Errors: the first value of a wrong type,
/// with its row from 1, and whatever `value` fails with.
pub fn frame_of_rows<'a, E: From<DataError>>(
    transform: &Transform,
    missing: &MissingTexts,
    rows: usize,
    mut value: impl FnMut(usize, usize) -> Result<GivenValue<'a>, E>,
) -> Result<Frame, E> {
    let mut columns = Vec::with_capacity(transform.inputs().len());
    for (at, input) in transform.inputs().iter().enumerate() {
        let mut given = |row: usize| value(at, row);
        let values = match declared_type(input) {
            ColumnType::Bool => truths(input, rows, &mut given)?,
            ColumnType::String => texts(input, missing, rows, &mut given)?,
            ColumnType::Int | ColumnType::Float => numbers(input, rows, &mut given)?,
        };
        columns.push(Column { name: input.name.clone(), values });
    }
    Frame::new(columns).map_err(|e| E::from(DataError::Format(e.to_string())))
}

type Given<'f, 'a, E> = dyn FnMut(usize) -> Result<GivenValue<'a>, E> + 'f;

fn numbers<'a, E: From<DataError>>(
    input: &InputColumn,
    rows: usize,
    given: &mut Given<'_, 'a, E>,
) -> Result<ColumnValues, E> {
    let mut values = Vec::with_capacity(rows);
    for row in 0..rows {
        values.push(match given(row)? {
            GivenValue::Missing => f64::NAN,
            GivenValue::Number(v) if v.is_finite() => v,
            GivenValue::Number(v) => return Err(wrong(input, row, &v.to_string(), "a finite number")),
            other => return Err(wrong(input, row, &written(&other), type_words(ColumnType::Float))),
        });
    }
    Ok(ColumnValues::Number(values))
}

fn truths<'a, E: From<DataError>>(
    input: &InputColumn,
    rows: usize,
    given: &mut Given<'_, 'a, E>,
) -> Result<ColumnValues, E> {
    let mut codes = Vec::with_capacity(rows);
    for row in 0..rows {
        let value = given(row)?;
        let known = match &value {
            GivenValue::Missing => None,
            GivenValue::Truth(b) => Some(*b),
            GivenValue::Number(v) if *v == 0.0 || *v == 1.0 => Some(*v == 1.0),
            GivenValue::Text(text) if truth(text.trim()).is_some() => truth(text.trim()),
            _ => return Err(wrong(input, row, &written(&value), type_words(ColumnType::Bool))),
        };
        codes.push(known.map_or(MISSING_CODE, u32::from));
    }
    Ok(ColumnValues::Text { dictionary: vec!["false".to_owned(), "true".into()], codes })
}

fn texts<'a, E: From<DataError>>(
    input: &InputColumn,
    missing: &MissingTexts,
    rows: usize,
    given: &mut Given<'_, 'a, E>,
) -> Result<ColumnValues, E> {
    let mut known: crate::cells::FastMap<String, u32> = Default::default();
    let mut dictionary: Vec<String> = Vec::new();
    let mut codes = Vec::with_capacity(rows);
    for row in 0..rows {
        let value = given(row)?;
        let text = match &value {
            GivenValue::Missing => "",
            GivenValue::Text(text) => text.trim(),
            _ => return Err(wrong(input, row, &written(&value), type_words(ColumnType::String))),
        };
        if missing.0.is_missing(text) {
            codes.push(MISSING_CODE);
            continue;
        }
        let code = match known.get(text) {
            Some(code) => *code,
            None => {
                let code = u32::try_from(dictionary.len()).unwrap_or(MISSING_CODE);
                dictionary.push(text.to_owned());
                known.insert(text.to_owned(), code);
                code
            }
        };
        codes.push(code);
    }
    Ok(ColumnValues::Text { dictionary, codes })
}

fn written(value: &GivenValue) -> String {
    match value {
        GivenValue::Missing => "null".into(),
        GivenValue::Number(v) => v.to_string(),
        GivenValue::Truth(b) => b.to_string(),
        GivenValue::Text(text) => text.to_string(),
        GivenValue::Other(text) => text.clone(),
    }
}

fn wrong<E: From<DataError>>(input: &InputColumn, row: usize, value: &str, expected: &str) -> E {
    E::from(DataError::from(CellError {
        column: input.name.clone(),
        place: format!("row {}", row + 1),
        value: shown(value),
        expected: expected.into(),
        more: String::new(),
        hint: None,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::testing::table;
    use crate::{draft_spec, frame_for_prediction};
    use driftgate_model::FileFormat;
    use driftgate_model::config::*;

    const TRAIN: &str = "size,open,colour,y\n1,true,red,1.5\n2,false,blue,2.5\n3,true,red,3.5\n4,false,blue,4.5\n5,true,red,5.25\n6,false,red,6.5\n7,true,blue,7.5\n8,true,red,8.5\n9,false,blue,9.5\n10,true,red,10.5\n";

    fn config() -> PreprocessingConfig {
        PreprocessingConfig {
            fail_on_nulls: false,
            min_rows: 1,
            numeric_features: None,
            categorical_features: None,
            encoding: EncodingConfig {
                enabled: true,
                strategy: EncodingStrategy::Onehot,
                handle_unknown: UnknownPolicy::Ignore,
                min_frequency: None,
            },
            scaling: ScalingConfig { enabled: false, strategy: ScalingStrategy::Standard },
            missing_values: MissingConfig {
                policy: MissingPolicy::Impute,
                numeric_strategy: NumericFill::Mean,
                categorical_strategy: CategoricalFill::MostFrequent,
                fill_number: None,
                fill_text: None,
            },
            image: None,
        }
    }

    fn transform() -> Transform {
        let table = table(TRAIN);
        let answers = crate::DraftAnswers { target: Some("y".into()), ..Default::default() };
        let spec = draft_spec("d", &table, &FileFormat::default(), &answers).unwrap().spec;
        Transform::fit(&config(), &spec, &table.frame(&spec).unwrap()).unwrap()
    }

    fn frame(rows: &[[GivenValue<'static>; 3]]) -> Result<Frame> {
        let t = transform();
        let order = ["size", "open", "colour"];
        let at: Vec<usize> = t.inputs().iter().map(|i| order.iter().position(|n| *n == i.name).unwrap()).collect();
        let nulls = MissingTexts::new(&["NA".into()]);
        frame_of_rows(&t, &nulls, rows.len(), |c, r| Ok(rows[r][at[c]].clone()))
    }

    fn text(t: &'static str) -> GivenValue<'static> {
        GivenValue::Text(t.into())
    }

    #[test]
    fn given_values_become_what_a_file_would() {
        let given = frame(&[
            [GivenValue::Number(1.5), GivenValue::Truth(true), text(" red ")],
            [GivenValue::Missing, GivenValue::Number(0.0), text("NA")],
            [GivenValue::Number(3.0), text("TRUE"), text("green")],
        ])
        .unwrap();
        let t = transform();
        let mut file = table("colour,open,size\nred,true,1.5\nNA,false,\ngreen,true,3\n");
        file.format.null_values = vec!["NA".into()];
        let read = frame_for_prediction(&file, &t).unwrap();
        let (a, b) = (t.apply(&given).unwrap(), t.apply(&read).unwrap());
        let bits = |m: &driftgate_model::Matrix| {
            (0..m.cols()).flat_map(|j| m.column(j).to_vec()).map(f64::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(bits(&a), bits(&b));
    }

    #[test]
    fn a_value_of_another_type_is_named() {
        let ok = [GivenValue::Number(1.0), GivenValue::Truth(true), text("red")];
        let with = |at: usize, value: GivenValue<'static>| {
            let mut row = ok.clone();
            row[at] = value;
            frame(&[ok.clone(), row]).unwrap_err().to_string()
        };
        let said = with(0, text("1.0"));
        assert!(said.contains("`size`") && said.contains("row 2") && said.contains("a number"), "{said}");
        assert!(with(0, GivenValue::Number(f64::INFINITY)).contains("finite"));
        assert!(with(0, GivenValue::Number(f64::NAN)).contains("finite"));
        assert!(with(0, GivenValue::Truth(true)).contains("`true` is not a number"));
        assert!(with(1, GivenValue::Number(2.0)).contains("`open`"));
        assert!(with(2, GivenValue::Number(2.0)).contains("is not a text"));
        assert!(with(2, GivenValue::Other("a list".into())).contains("a list"));
    }
}
