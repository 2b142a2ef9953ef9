//! What the libraries report on the side (`tracing`), as notes on standard error.

use crate::output::Output;
use std::fmt::{Debug, Write};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Shows warnings and notes of Driftgate's own crates; spans and everything finer are for other tools.
struct Notes(Output);

/// Sends the libraries' notes to `output` from now on.
pub fn listen(output: Output) {
    // Fails only where something listens already, which then has the notes.
    tracing::subscriber::set_global_default(Notes(output)).unwrap_or_default();
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::INFO && metadata.target().starts_with("driftgate")
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
