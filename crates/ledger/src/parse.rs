//! Reading an event from its bytes without the detour that `#[serde(flatten)]` takes.
//!
//! The derived reader collects every field of an event in a buffer before it knows the kind, and in canonical JSON `body`
//! stands before `kind`. Here the kind is known first, and the bytes are read straight into its body.

use crate::{LedgerError, Result};
use driftgate_model::{Digest, Event, EventBody, ReviewerSignature, Sealed, Timestamp};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use std::borrow::Cow;

/// The event in `bytes`, exactly as the derived reader gives it.
pub(crate) fn parse_event(seq: u64, bytes: &[u8]) -> Result<Event> {
    // In canonical JSON the last `"kind"` is the event's own. Where that guess is wrong, the bytes are read for it.
    if let Some(event) = likely_kind(bytes).and_then(|kind| read(bytes, kind).ok()) {
        return Ok(event);
    }
    let damaged = |e: serde_json::Error| LedgerError::corrupt(format!("event {seq}"), e.to_string());
    let KindOnly { kind } = serde_json::from_slice(bytes).map_err(damaged)?;
    read(bytes, &kind).map_err(damaged)
}

fn read(bytes: &[u8], kind: &str) -> serde_json::Result<Event> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let event = (&mut reader).deserialize_map(EventVisitor { kind })?;
    reader.end()?;
    Ok(event)
}

fn likely_kind(bytes: &[u8]) -> Option<&str> {
    const KEY: &[u8] = br#","kind":""#;
    let at = bytes.windows(KEY.len()).rposition(|window| window == KEY)?;
    let rest = bytes.get(at + KEY.len()..)?;
    let end = rest.iter().position(|b| *b == b'"')?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

#[derive(Deserialize)]
struct KindOnly<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

/// The keys of an event.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    V,
    Seq,
    Time,
    Actor,
    Via,
    Prev,
    Signed,
    Kind,
    Body,
    #[serde(other)]
    Other,
}

struct EventVisitor<'k> {
    kind: &'k str,
}

impl<'de> Visitor<'de> for EventVisitor<'_> {
    type Value = Event;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Event, A::Error> {
        let (mut v, mut seq, mut time, mut actor) = (None, None, None, None);
        let (mut via, mut prev, mut body, mut kind) = (None, None, None, None);
        let mut signed = None;
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::V => once(&mut v, "v", map.next_value::<u32>()?)?,
                Key::Seq => once(&mut seq, "seq", map.next_value::<u64>()?)?,
                Key::Time => once(&mut time, "time", map.next_value::<Timestamp>()?)?,
                Key::Actor => once(&mut actor, "actor", map.next_value::<Sealed>()?)?,
                Key::Via => once(&mut via, "via", map.next_value::<String>()?)?,
                Key::Prev => once(&mut prev, "prev", map.next_value::<Digest>()?)?,
                Key::Signed => once(&mut signed, "signed", map.next_value::<Option<ReviewerSignature>>()?)?,
                Key::Kind => once(&mut kind, "kind", map.next_value_seed(Expected(self.kind))?)?,
                Key::Body => once(&mut body, "body", map.next_value_seed(BodySeed { kind: self.kind })?)?,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        needed(kind, "kind")?;
        Ok(Event {
            v: needed(v, "v")?,
            seq: needed(seq, "seq")?,
            time: needed(time, "time")?,
            actor: needed(actor, "actor")?,
            via: needed(via, "via")?,
            prev: needed(prev, "prev")?,
            signed: signed.flatten(),
            body: needed(body, "body")?,
        })
    }
}

fn needed<T, E: serde::de::Error>(value: Option<T>, name: &'static str) -> std::result::Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}

fn once<T, E: serde::de::Error>(slot: &mut Option<T>, name: &'static str, value: T) -> std::result::Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

/// A text that must be this one.
struct Expected<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for Expected<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> std::result::Result<(), D::Error> {
        text.deserialize_str(self)
    }
}

impl Visitor<'_> for Expected<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`", self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<(), E> {
        if text == self.0 { Ok(()) } else { Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)) }
    }
}

/// Reads a body whose kind is known.
struct BodySeed<'k> {
    kind: &'k str,
}

impl<'de> DeserializeSeed<'de> for BodySeed<'_> {
    type Value = EventBody;

    fn deserialize<D: Deserializer<'de>>(self, body: D) -> std::result::Result<EventBody, D::Error> {
        EventBody::deserialize(Tagged { kind: self.kind, body })
    }
}

/// Shows the derived reader of [`EventBody`] a map of `kind` and `body`, in the order in which it needs no buffer.
struct Tagged<'k, D> {
    kind: &'k str,
    body: D,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tagged<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, D::Error> {
        visitor.visit_map(TaggedFields { kind: Some(self.kind), body: Some(self.body) })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct TaggedFields<'k, D> {
    kind: Option<&'k str>,
    body: Option<D>,
}

impl<'de, D: Deserializer<'de>> MapAccess<'de> for TaggedFields<'_, D> {
    type Error = D::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> std::result::Result<Option<K::Value>, D::Error> {
        let key = match (&self.kind, &self.body) {
            (Some(_), _) => "kind",
            (None, Some(_)) => "body",
            (None, None) => return Ok(None),
        };
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> std::result::Result<S::Value, D::Error> {
        match (self.kind.take(), self.body.take()) {
            (Some(kind), body) => {
                self.body = body;
                seed.deserialize(StrDeserializer::new(kind))
            }
            (None, Some(body)) => seed.deserialize(body),
            (None, None) => Err(D::Error::custom("a value without a key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::from_json;

    /// What both readers make of the bytes, as text, since [`Event`] may hold a NaN nowhere but compares floats.
    fn both(bytes: &[u8]) -> (Option<Event>, Option<Event>) {
        (parse_event(0, bytes).ok(), from_json(bytes).ok())
    }

    #[test]
    fn it_agrees_with_the_derived_reader_also_about_what_is_no_event() {
        let zero = "0".repeat(64);
        let event = format!(
            r#"{{"actor":{{"commitment":"{zero}"}},"body":{{"intent":3,"model":"m"}},"kind":"rollback.abandoned","prev":"{zero}","seq":7,"time":"2026-01-02T03:04:05Z","v":1,"via":"cli"}}"#
        );
        let (ours, derived) = both(event.as_bytes());
        assert!(ours.is_some());
        assert_eq!(ours, derived);
        // Cut anywhere, and with any one byte replaced: both read the same or both refuse.
        for at in 0..event.len() {
            assert!(parse_event(0, &event.as_bytes()[..at]).is_err());
            for byte in [b'"', b'0', b'}', b',', b'x', 0xff] {
                let mut changed = event.clone().into_bytes();
                changed[at] = byte;
                let (ours, derived) = both(&changed);
                assert_eq!(ours, derived, "{}", String::from_utf8_lossy(&changed));
            }
        }
        let (ours, derived) = both(event.replace("\"via\":\"cli\"", "\"via\":\"cli\",\"via\":\"web\"").as_bytes());
        assert_eq!(ours, derived);
    }
}
