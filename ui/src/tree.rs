//! Reading answers from a tree of JSON.
//!
//! serde writes the reading of a type anew for every format that it is read from, and for every form that the format has for it.
//! `serde_json`'s own reader has two forms for a struct, a map and a list, and a parser in each. Here the parser is run once, into a
//! tree, and a struct is read from a map alone: a good part of the wasm is the difference.

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

/// Reads a value from JSON. Errors: it is no JSON, or not what is wanted.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    T::deserialize(Tree(serde_json::from_slice(bytes)?))
}

struct Tree(Value);

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(b) => Unexpected::Bool(*b),
        Value::Number(n) => Unexpected::Float(n.as_f64().unwrap_or(f64::NAN)),
        Value::String(s) => Unexpected::Str(s),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

fn wrong<'de, V: Visitor<'de>>(value: &Value, visitor: &V) -> Error {
    Error::invalid_type(unexpected(value), visitor)
}

fn number<'de, V: Visitor<'de>>(value: &Value, visitor: V) -> Result<V::Value, Error> {
    let Value::Number(n) = value else { return Err(wrong(value, &visitor)) };
    match (n.as_u64(), n.as_i64()) {
        (Some(u), _) => visitor.visit_u64(u),
        (_, Some(i)) => visitor.visit_i64(i),
        _ => visitor.visit_f64(n.as_f64().unwrap_or(f64::NAN)),
    }
}

macro_rules! numbers {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            number(&self.0, visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(b),
            value @ Value::Number(_) => number(&value, visitor),
            Value::String(s) => visitor.visit_string(s),
            Value::Array(list) => visitor.visit_seq(List(list.into_iter())),
            Value::Object(map) => visitor.visit_map(Entries::of(map)),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Bool(b) => visitor.visit_bool(b),
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(s) => visitor.visit_string(s),
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_unit() } else { Err(wrong(&self.0, &visitor)) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(list) => visitor.visit_seq(List(list.into_iter())),
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Entries::of(map)),
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant { name, content: None }),
            Value::Object(map) if map.len() == 1 => match map.into_iter().next() {
                Some((name, content)) => visitor.visit_enum(Variant { name, content: Some(content) }),
                None => Err(Error::custom("a variant is missing")),
            },
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit_struct }
}

struct List(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for List {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.next().map(|value| seed.deserialize(Tree(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries {
    rest: serde_json::map::IntoIter,
    value: Option<Value>,
}

impl Entries {
    fn of(map: Map<String, Value>) -> Entries {
        Entries { rest: map.into_iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Tree(self.value.take().unwrap_or_default()))
    }
}

/// The key of an entry, which may stand for a number.
struct Key(String);

macro_rules! numbers_in_keys {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match serde_json::from_str(&self.0) {
                Ok(value @ Value::Number(_)) => number(&value, visitor),
                _ => Err(Error::invalid_type(Unexpected::Str(&self.0), &visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Key {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.0)
    }

    numbers_in_keys! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant { name: self.0, content: None })
    }

    forward_to_deserialize_any! {
        bool f32 f64 i128 u128 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

struct Variant {
    name: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Error;
    type Variant = Content;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content), Error> {
        Ok((seed.deserialize(self.name.into_deserializer())?, Content(self.content)))
    }
}

/// What a variant holds.
struct Content(Option<Value>);

impl Content {
    fn there(self) -> Result<Tree, Error> {
        self.0.map(Tree).ok_or_else(|| Error::custom("the variant holds nothing"))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None | Some(Value::Null) => Ok(()),
            Some(other) => Err(Error::invalid_type(unexpected(&other), &"a variant that holds nothing")),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.there()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.there()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.there()?.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::read;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Nothing,
        Side(u32),
        Box { width: u8, height: i64 },
        Pair(u8, String),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", content = "body")]
    enum Event {
        #[serde(rename = "a.b")]
        Made {
            shape: Shape,
        },
        Gone,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Name(String);

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    struct Number(u64);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        text: String,
        name: Name,
        share: f64,
        whole: f64,
        small: f32,
        negative: i32,
        none: Option<u8>,
        some: Option<Option<String>>,
        #[serde(default)]
        absent: Vec<u8>,
        list: Vec<(String, u64)>,
        by_number: BTreeMap<u32, bool>,
        by_newtype: BTreeMap<Number, u8>,
        by_shape: BTreeMap<Shape, Vec<Shape>>,
        events: Vec<Event>,
        free: serde_json::Value,
        unit: (),
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }

    fn same<T: for<'a> Deserialize<'a> + PartialEq + Debug>(text: &str) -> T {
        let own: T = read(text.as_bytes()).unwrap();
        assert_eq!(own, serde_json::from_str::<T>(text).unwrap());
        own
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        let text = r#"{"text":"é\n","name":"n","share":0.25,"whole":3,"small":1.5,"negative":-7,"none":null,"some":"x",
            "list":[["a",1],["b",18446744073709551615]],"by_number":{"7":true,"40":false},"by_newtype":{"9":1},
            "by_shape":{"nothing":["nothing",{"side":3},{"box":{"width":1,"height":-2}},{"pair":[1,"z"]}]},
            "events":[{"kind":"a.b","body":{"shape":"nothing"}},{"body":{"shape":{"side":1}},"kind":"a.b"},{"kind":"Gone"}],
            "free":{"a":[1,null,"x"]},"unit":null,"more":[1],"and":{"b":2}}"#;
        let all: Everything = same(text);
        assert_eq!((all.list[1].1, all.by_number[&7], all.rest.len()), (u64::MAX, true, 2));
        assert_eq!(same::<Option<u8>>("null"), None);
        same::<Vec<Option<f64>>>("[1, null, -2.5]");
        same::<serde_json::Value>(r#"{"a":[1,-2,0.5,"b",true,null]}"#);
    }

    #[test]
    fn what_is_wrong_is_an_error() {
        for text in
            ["", "{", r#"{"width":1}"#, "[1]", "3", "\"circle\"", r#"{"side":-1}"#, r#"{"side":1,"box":2}"#, "\"side\""]
        {
            assert!(read::<Shape>(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read::<u8>(b"300").is_err() && read::<u8>(b"1.5").is_err() && read::<bool>(b"1").is_err());
        assert!(read::<BTreeMap<u8, u8>>(br#"{"x":1}"#).is_err());
        let error = read::<Vec<String>>(b"[1]").unwrap_err().to_string();
        assert!(error.contains("expected a string"), "{error}");
    }
}
