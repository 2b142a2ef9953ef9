//! The shapes of config files as data: one table per file, read by the checks and by the JSON schemas.

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A text of at least one character.
    Text,
    /// A label, column name or free text: any scalar, taken as written.
    Written,
    /// `true` or `false`.
    Bool,
    /// A whole number within the ends.
    Int { min: u64, max: u64 },
    /// A finite number within the ends.
    Number { low: End, high: End },
    /// One of some words.
    Word(&'static [&'static str]),
    /// A list; `empty` is what is said of one without items, where that is refused.
    List { of: &'static Shape, empty: Option<&'static str>, unique: bool },
    /// Keys known beforehand.
    Map(&'static Map),
    /// Keys that the file names, all with values of one shape.
    Dict(&'static Shape),
    /// The path of a file of that shape, or its content in place.
    Part(&'static Map),
    /// A mapping whose other keys depend on one of them.
    Tagged(&'static Tagged),
    /// The first that fits.
    Either { of: &'static [Shape], expects: &'static str },
    /// A value that is not looked at.
    Anything,
}

/// An end of a range of numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// None.
    Open,
    /// The number itself is allowed.
    With(f64),
    /// The number itself is not allowed.
    Without(f64),
}

/// A mapping whose keys are known.
#[derive(Debug)]
pub(crate) struct Map {
    /// One line for the JSON schema.
    pub about: &'static str,
    pub fields: &'static [Field],
}

/// A key.
#[derive(Debug)]
pub(crate) struct Field {
    pub key: &'static str,
    pub shape: Shape,
    pub need: Need,
    /// One line for the JSON schema.
    pub about: &'static str,
}

/// What happens when a key is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Need {
    /// An error.
    Required,
    /// Nothing; an explicit `null` means the same.
    Optional,
    /// The value is this; an empty mapping for [`Literal::Map`].
    Default(Literal),
    /// The value is this, and an explicit `null` means none.
    DefaultOrNull(Literal),
    /// Nothing: the reference's key is accepted and has no effect.
    Idle,
}

/// A default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Int(u64),
    Number(f64),
    Text(&'static str),
    Map,
}

/// A mapping whose other keys depend on one of them.
#[derive(Debug)]
pub(crate) struct Tagged {
    /// That key.
    pub tag: &'static str,
    /// Its value when left out.
    pub default: Option<&'static str>,
    /// One line for the JSON schema.
    pub about: &'static str,
    pub variants: &'static [(&'static str, &'static Map)],
}

impl Map {
    /// The keys.
    pub fn keys(&self) -> Vec<&'static str> {
        self.fields.iter().map(|f| f.key).collect()
    }
}

impl Tagged {
    /// The values of the tag.
    pub fn names(&self) -> Vec<&'static str> {
        self.variants.iter().map(|(name, _)| *name).collect()
    }
}

/// The largest whole number that every reader of JSON keeps: 2^53.
pub(crate) const LARGEST: u64 = 1 << 53;

pub(crate) const fn field(key: &'static str, shape: Shape, need: Need, about: &'static str) -> Field {
    Field { key, shape, need, about }
}

pub(crate) const fn idle(key: &'static str, about: &'static str) -> Field {
    Field { key, shape: Shape::Anything, need: Need::Idle, about }
}

pub(crate) const fn flag(key: &'static str, default: bool, about: &'static str) -> Field {
    Field { key, shape: Shape::Bool, need: Need::Default(Literal::Bool(default)), about }
}

pub(crate) const fn word(
    key: &'static str,
    words: &'static [&'static str],
    default: &'static str,
    about: &'static str,
) -> Field {
    Field { key, shape: Shape::Word(words), need: Need::Default(Literal::Text(default)), about }
}

pub(crate) const fn int(key: &'static str, min: u64, max: u64, default: u64, about: &'static str) -> Field {
    Field { key, shape: Shape::Int { min, max }, need: Need::Default(Literal::Int(default)), about }
}

pub(crate) const fn number(key: &'static str, low: End, high: End, default: f64, about: &'static str) -> Field {
    Field { key, shape: Shape::Number { low, high }, need: Need::Default(Literal::Number(default)), about }
}

pub(crate) const fn section(key: &'static str, map: &'static Map, about: &'static str) -> Field {
    Field { key, shape: Shape::Map(map), need: Need::Default(Literal::Map), about }
}
