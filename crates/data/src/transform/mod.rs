//! How columns become the numbers an estimator takes: fitted on train, part of the model, the same for training and serving.

mod apply;
mod fit;

pub use fit::check_features;

use crate::error::{DataError, Result};
use driftgate_model::config::UnknownPolicy;
use driftgate_model::{ColumnType, Frame, Matrix};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const SCHEMA: &str = "driftgate/transform/1";

/// A fitted transform: the only way from a [`Frame`] to a [`Matrix`], for training and for every answer.
///
/// Numeric features come first, then categorical ones, each in their listed order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    pub(crate) schema: String,
    /// Missing values pass (as NaN, or as a category of their own).
    pub(crate) missing_passes: bool,
    pub(crate) unknown: UnknownPolicy,
    pub(crate) numeric: Vec<NumericColumn>,
    pub(crate) categorical: Vec<CategoricalColumn>,
    pub(crate) output_features: Vec<String>,
    pub(crate) inputs: Vec<InputColumn>,
}

/// A numeric feature: `(x − offset) / scale` after filling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NumericColumn {
    pub name: String,
    /// What replaces a missing value.
    pub fill: Option<f64>,
    pub scaling: Option<Scaling>,
}

/// `(x − offset) / scale`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scaling {
    pub offset: f64,
    pub scale: f64,
}

/// A categorical feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CategoricalColumn {
    pub name: String,
    pub fill: Option<String>,
    /// The train categories in order, with what each becomes.
    pub categories: Vec<Category>,
    pub encoding: Encoding,
}

/// A train category; `text` is `None` for the missing value where that is a category of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Category {
    pub text: Option<String>,
    /// Its output column within the feature's block (one-hot), or its rank (ordinal).
    pub code: u32,
}

/// What a feature's block of output columns looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    /// `width` 0/1 columns; `infrequent` is the one of rare categories.
    Onehot { width: u32, infrequent: Option<u32> },
    /// One column of ranks.
    Ordinal,
}

/// Whether a feature is a number or a category for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A number.
    Numeric,
    /// One of some texts.
    Categorical,
}

/// What a caller must give for one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputColumn {
    /// Its name.
    pub name: String,
    /// Number or category.
    pub kind: InputKind,
    /// Its type in the data set.
    pub declared: ColumnType,
    /// The smallest train value of a numeric feature.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// The train categories of a categorical feature, rare ones too.
    pub categories: Vec<String>,
}

impl Transform {
    /// Names of the matrix's columns, in order.
    pub fn output_features(&self) -> &[String] {
        &self.output_features
    }

    /// The features a caller must give: numeric ones first.
    pub fn inputs(&self) -> &[InputColumn] {
        &self.inputs
    }

    /// The reference's `feature_map.json`: `output_features`, `target`, `numeric_input`, `categorical_input`.
    pub fn feature_map(&self, target: &str) -> Value {
        json!({
            "output_features": self.output_features,
            "target": target,
            "numeric_input": self.numeric.iter().map(|c| &c.name).collect::<Vec<_>>(),
            "categorical_input": self.categorical.iter().map(|c| &c.name).collect::<Vec<_>>(),
        })
    }

    /// Whether a value may be missing: it passes, or it is filled.
    pub fn takes_missing(&self) -> bool {
        let filled = self.numeric.iter().all(|c| c.fill.is_some()) && self.categorical.iter().all(|c| c.fill.is_some());
        self.missing_passes || filled
    }

    /// Whether NaN can come out: only estimators that take missing values may follow.
    pub fn has_missing_output(&self) -> bool {
        let ordinal = self.categorical.iter().any(|c| c.encoding == Encoding::Ordinal);
        self.missing_passes && (!self.numeric.is_empty() || ordinal)
    }

    /// `full_pipeline` where anything is filled, scaled or encoded, else `column_selection_only`, as the reference says it.
    pub fn description(&self) -> &'static str {
        let plain = self.numeric.iter().all(|c| c.fill.is_none() && c.scaling.is_none()) && self.categorical.is_empty();
        if plain { "column_selection_only" } else { "full_pipeline" }
    }

    /// JSON bytes from which [`Transform::from_json`] gets the same bits back.
    pub fn to_json(&self) -> Vec<u8> {
        // Fitting refuses what is not finite, so every number has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Transform::to_json`] wrote. Errors: damaged bytes, a newer format.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let corrupt = |why: String| DataError::Corrupt { what: "transform", why };
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|e| corrupt(e.to_string()))?;
        if head.schema != SCHEMA {
            return Err(if head.schema.starts_with("driftgate/transform/") {
                DataError::Newer { what: "transform", found: head.schema, known: SCHEMA.into() }
            } else {
                corrupt(format!("it is a `{}`", head.schema))
            });
        }
        let transform: Transform = serde_json::from_slice(bytes).map_err(|e| corrupt(e.to_string()))?;
        transform.check().map_err(corrupt)?;
        Ok(transform)
    }

    /// Widths and codes must agree with the names, or applying would write beside its columns.
    fn check(&self) -> std::result::Result<(), String> {
        let mut width = self.numeric.len();
        for c in &self.categorical {
            let block = match c.encoding {
                Encoding::Ordinal => 1,
                Encoding::Onehot { width, infrequent } => {
                    if infrequent.is_some_and(|i| i >= width) || c.categories.iter().any(|k| k.code >= width) {
                        return Err(format!("column `{}` has a category beyond its block", c.name));
                    }
                    width as usize
                }
            };
            width += block;
        }
        if width == self.output_features.len() {
            Ok(())
        } else {
            Err(format!("it names {} output features and makes {width}", self.output_features.len()))
        }
    }

    /// Fits on `train` and applies to it at once.
    pub fn fit_apply(
        cfg: &driftgate_model::config::PreprocessingConfig,
        spec: &driftgate_model::DatasetSpec,
        train: &Frame,
    ) -> Result<(Self, Matrix)> {
        let transform = Transform::fit(cfg, spec, train)?;
        let matrix = transform.apply(train)?;
        Ok((transform, matrix))
    }
}
