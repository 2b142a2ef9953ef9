//! What the libraries report on the side (`tracing`), as notes on standard error.

use crate::output::Output;
use std::fmt::{Debug, Write};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Sends the libraries' events to `output` as one JSON object a line: what a server tells, for programs that read logs.
pub fn listen_as_json(output: Output) {
    tracing::subscriber::set_global_default(JsonLines(output)).unwrap_or_default();
}

/// Writes every event of Driftgate's own crates, down to notes, as a line of JSON.
struct JsonLines(Output);

impl Subscriber for JsonLines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_shown(metadata)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let mut object = serde_json::Map::new();
        object.insert("time".into(), driftgate_host::now().to_string().into());
        object.insert("level".into(), metadata.level().as_str().to_ascii_lowercase().into());
        object.insert("target".into(), metadata.target().into());
        object.extend(fields.0);
        self.0.note(&serde_json::Value::Object(object).to_string());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message and the fields by name.
#[derive(Default)]
struct Fields(serde_json::Map<String, serde_json::Value>);

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }
}

fn is_shown(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && *metadata.level() <= Level::INFO && metadata.target().starts_with("driftgate")
}

/// Shows warnings and notes of Driftgate's own crates; spans and everything finer are for other tools.
struct Notes(Output);

/// Sends the libraries' notes to `output` from now on.
pub fn listen(output: Output) {
    // Fails only where something listens already, which then has the notes.
    tracing::subscriber::set_global_default(Notes(output)).unwrap_or_default();
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_shown(metadata)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let text = crate::render::error::sentence(&format!("{}{}", line.message, line.fields));
        if *event.metadata().level() <= Level::WARN {
            self.0.warn(&text);
        } else {
            self.0.note(&format!("note: {text}"));
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message, and the fields behind it in brackets.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let written = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " ({} {value:?})", field.name())
        };
        // Writing to a string cannot fail.
        written.unwrap_or_default();
    }
}
