//! The tables as JSON Schema (draft 2020-12).

use crate::shape::{End, Field, LARGEST, Literal, Map, Need, Shape, Tagged};
use driftgate_model::Task;
use serde_json::{Map as Object, Value as Json, json};
use std::collections::BTreeMap;

fn literal(value: Literal) -> Json {
    match value {
        Literal::Bool(b) => json!(b),
        Literal::Int(i) => json!(i),
        Literal::Number(n) => json!(n),
        Literal::Text(t) => json!(t),
        Literal::Map => json!({}),
    }
}

fn number(low: End, high: End) -> Json {
    let mut schema = Object::new();
    schema.insert("type".into(), "number".into());
    match low {
        End::Open => None,
        End::With(n) => schema.insert("minimum".into(), json!(n)),
        End::Without(n) => schema.insert("exclusiveMinimum".into(), json!(n)),
    };
    match high {
        End::Open => None,
        End::With(n) => schema.insert("maximum".into(), json!(n)),
        End::Without(n) => schema.insert("exclusiveMaximum".into(), json!(n)),
    };
    Json::Object(schema)
}

fn shape(of: &Shape) -> Json {
    match of {
        Shape::Text => json!({ "type": "string", "minLength": 1 }),
        Shape::Written => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Int { min, max } if *max == LARGEST => json!({ "type": "integer", "minimum": min, "maximum": LARGEST }),
        Shape::Int { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Number { low, high } => number(*low, *high),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::List { of, empty, unique } => {
            let least = usize::from(empty.is_some());
            json!({ "type": "array", "items": shape(of), "minItems": least, "uniqueItems": unique })
        }
        Shape::Map(map) => mapping(map),
        Shape::Dict(of) => json!({ "type": "object", "additionalProperties": shape(of) }),
        Shape::Part(map) => {
            json!({ "anyOf": [{ "type": "string", "minLength": 1, "description": "A path seen from this file" }, mapping(map)] })
        }
        Shape::Tagged(tagged) => variants(tagged),
        Shape::Either { of, .. } => json!({ "anyOf": of.iter().map(shape).collect::<Vec<_>>() }),
        Shape::Anything => json!({}),
    }
}

fn nullable(schema: Json) -> Json {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn property(field: &Field) -> Json {
    let schema = shape(&field.shape);
    let (schema, default) = match field.need {
        Need::Required => (schema, None),
        Need::Optional => (nullable(schema), None),
        Need::Default(Literal::Map) => (nullable(schema), None),
        Need::Default(default) => (schema, Some(literal(default))),
        Need::DefaultOrNull(default) => (nullable(schema), Some(literal(default))),
        Need::Idle => {
            return json!({ "description": format!("Accepted without effect. {}", field.about), "deprecated": true });
        }
    };
    let mut schema = match schema {
        Json::Object(schema) => schema,
        other => return other,
    };
    schema.insert("description".into(), field.about.into());
    if let Some(default) = default {
        schema.insert("default".into(), default);
    }
    Json::Object(schema)
}

fn object(map: &Map) -> (Object<String, Json>, Vec<Json>) {
    let properties = map.fields.iter().map(|f| (f.key.to_owned(), property(f))).collect();
    let required = map.fields.iter().filter(|f| f.need == Need::Required).map(|f| f.key.into()).collect();
    (properties, required)
}

fn mapping(map: &Map) -> Json {
    let (properties, required) = object(map);
    json!({
        "type": "object",
        "description": map.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn variants(tagged: &Tagged) -> Json {
    let variant = |(name, map): &(&'static str, &'static Map)| {
        let (mut properties, mut required) = object(map);
        properties.insert(tagged.tag.into(), json!({ "const": name }));
        if tagged.default != Some(*name) {
            required.push(tagged.tag.into());
        }
        json!({
            "type": "object",
            "description": map.about,
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    };
    json!({ "description": tagged.about, "oneOf": tagged.variants.iter().map(variant).collect::<Vec<_>>() })
}

fn document(name: &str, map: &Map) -> Json {
    let mut schema = mapping(map);
    if let Json::Object(schema) = &mut schema {
        schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        schema.insert("$id".into(), format!("driftgate:config/{name}/1").into());
        schema.insert("title".into(), format!("Driftgate {name} config").into());
    }
    schema
}

/// What a table must have and a folder of pictures has not.
fn tables_or_pictures(schema: &mut Json) {
    let Json::Object(schema) = schema else { return };
    let pictures = json!({ "properties": { "task_type": { "const": Task::ImageClassificationCnn.as_str() } } });
    schema.insert("if".into(), pictures);
    schema.insert("then".into(), json!({ "properties": { "features": { "maxItems": 0 } } }));
    let of_tables = json!({
        "properties": { "features": { "type": "array", "minItems": 1 }, "schema": { "type": "object" } },
        "required": ["features", "target", "schema"],
    });
    schema.insert("else".into(), of_tables);
}

/// A JSON Schema (draft 2020-12) of each kind of config file, made from the tables that the checks use.
///
/// A schema says less than the checks: what one key means for another (the stages' needs, an algorithm's task) it leaves out.
pub fn schemas() -> BTreeMap<&'static str, Json> {
    let all: [(&'static str, &Map); 8] = [
        ("pipeline", &crate::pipeline::PIPELINE),
        ("preprocessing", &crate::preprocessing::PREPROCESSING),
        ("training", &crate::training::TRAINING),
        ("evaluation", &crate::evaluation::EVALUATION),
        ("promotion", &crate::promotion::PROMOTION),
        ("deployment", &crate::deployment::DEPLOYMENT),
        ("drift", &crate::drift::DRIFT_FILE),
        ("dataset", &crate::dataset::DATASET),
    ];
    let mut schemas: BTreeMap<_, _> = all.into_iter().map(|(name, map)| (name, document(name, map))).collect();
    if let Some(dataset) = schemas.get_mut("dataset") {
        tables_or_pictures(dataset);
    }
    schemas
}
