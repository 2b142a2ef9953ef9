//! What a model asks for, with a row to begin with.

use crate::artifact::Sample;
use crate::estimator::{Estimator, NetworkModel};
use crate::{EngineError, Result, Workspace};
use driftgate_data::{InputColumn, InputKind};
use driftgate_model::ColumnType;
use driftgate_model::views::{Signature, SignatureColumn};

impl Workspace {
    /// What `model` (`NAME` is the version in Production, or `NAME@3`) asks for and answers, with a row of its training data.
    ///
    /// Errors: no such version; it does not load.
    pub fn signature(&self, model: &str) -> Result<Signature> {
        let (row, number) = self.find_version(model)?;
        let version = row.version(number).ok_or_else(|| EngineError::corrupt("a version vanished"))?;
        let loaded = self.load_model(&version.artifact)?;
        let sample: Sample = self.get_json(&loaded.manifest.parts.sample)?;
        Ok(Signature {
            schema: "driftgate/signature/1".into(),
            model: row.name.clone(),
            version: number,
            target: loaded.manifest.target.clone(),
            task: loaded.manifest.task,
            labels: loaded.manifest.labels.clone(),
            columns: match &loaded.model {
                Estimator::Table(_) => loaded.transform.inputs().iter().map(|input| column(input, &sample)).collect(),
                Estimator::Network(network) => vec![picture(network)],
            },
        })
    }
}

/// The one thing that a network asks for.
fn picture(network: &NetworkModel) -> SignatureColumn {
    SignatureColumn {
        name: "image".into(),
        kind: "image".into(),
        categories: Vec::new(),
        range: None,
        example: network.tile_words(),
    }
}

fn column(input: &InputColumn, sample: &Sample) -> SignatureColumn {
    let kind = match (input.declared, input.kind) {
        (ColumnType::Bool, _) => "bool",
        (ColumnType::String, InputKind::Categorical) => "text",
        _ => "number",
    };
    SignatureColumn {
        name: input.name.clone(),
        kind: kind.into(),
        categories: if input.kind == InputKind::Categorical { input.categories.clone() } else { Vec::new() },
        range: input.min.zip(input.max),
        example: example(input, kind, sample),
    }
}

/// The first value of the column that the sample has.
fn example(input: &InputColumn, kind: &str, sample: &Sample) -> String {
    let Some(column) = sample.columns.iter().find(|c| c.name == input.name) else { return String::new() };
    let number = column.numbers.iter().flatten().flatten().next();
    let text = column.texts.iter().flatten().flatten().next();
    match (number, text) {
        (Some(n), _) if kind == "bool" => (*n != 0.0).to_string(),
        (Some(n), _) => n.to_string(),
        (None, Some(text)) => text.clone(),
        (None, None) => String::new(),
    }
}
