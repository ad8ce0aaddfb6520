//! What expressions of a template have as values.

use core::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Number, Value as Json};

use super::Fault;
use crate::clock;

/// The largest value, in bytes, counted roughly.
const LARGEST: usize = 16 << 10;
/// What a member of a list or a dictionary counts beside its content.
const MEMBER: usize = 8;
/// The deepest nesting of lists and dictionaries.
const DEEPEST: usize = 32;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing: a label that is not there.
    Nil,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(String),
    /// An instant, in milliseconds since 1970.
    Time(i64),
    /// A list.
    List(Vec<Self>),
    /// Values by name.
    Dict(BTreeMap<String, Self>),
    /// Something that is written as JSON: what `toJson` and `quote` make.
    Written(Json),
}

impl Value {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The members of a JSON document, as values.
    pub(super) fn of_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(flag) => Self::Flag(flag),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Float(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Self::Text(text),
            Json::Array(items) => Self::List(items.into_iter().map(Self::of_json).collect()),
            Json::Object(members) => Self::Dict(
                members.into_iter().map(|(name, value)| (name, Self::of_json(value))).collect(),
            ),
        }
    }

    /// The value as a claim has it.
    pub(super) fn into_json(self) -> Json {
        match self {
            Self::Nil => Json::Null,
            Self::Flag(flag) => Json::Bool(flag),
            Self::Int(number) => Json::from(number),
            Self::Float(number) => Number::from_f64(number).map_or(Json::Null, Json::Number),
            Self::Text(text) => Json::String(text),
            Self::Time(millis) => Json::String(clock::format(millis)),
            Self::List(items) => items.into_iter().map(Self::into_json).collect(),
            Self::Dict(members) => {
                members.into_iter().map(|(name, value)| (name, value.into_json())).collect()
            }
            Self::Written(json) => json,
        }
    }

    /// The value as text. Lists and dictionaries become JSON.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Nil => String::new(),
            Self::Flag(flag) => flag.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => text,
            Self::Time(millis) => clock::format(millis),
            other => other.into_json().to_string(),
        }
    }

    /// The nearest whole number; what is none is 0.
    pub(super) fn as_int(&self) -> i64 {
        match self {
            Self::Int(number) => *number,
            Self::Float(number) => *number as i64,
            Self::Flag(flag) => i64::from(*flag),
            Self::Time(millis) => millis / 1_000,
            Self::Text(text) => {
                let text = text.trim();
                text.parse().or_else(|_| text.parse::<f64>().map(|n| n as i64)).unwrap_or_default()
            }
            _ => 0,
        }
    }

    /// The nearest number; what is none is 0.
    pub(super) fn as_float(&self) -> f64 {
        match self {
            Self::Float(number) => *number,
            Self::Text(text) => {
                text.trim().parse().ok().filter(|n: &f64| n.is_finite()).unwrap_or_default()
            }
            other => other.as_int() as f64,
        }
    }

    /// Whether the value counts as false: nothing, zero, or without content.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::Flag(flag) => !flag,
            Self::Int(number) => *number == 0,
            Self::Float(number) => *number == 0.0,
            Self::Text(text) => text.is_empty(),
            Self::Time(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Dict(members) => members.is_empty(),
            Self::Written(json) => json.is_null(),
        }
    }

    /// The items of a list. Anything else is a list of itself, and nothing is no list.
    pub(super) fn into_items(self) -> Vec<Self> {
        match self {
            Self::List(items) => items,
            Self::Dict(members) => members.into_values().collect(),
            Self::Nil => Vec::new(),
            other => vec![other],
        }
    }

    /// The member of a dictionary; nothing if there is none.
    pub(super) fn member(self, name: &str) -> Self {
        match self {
            Self::Dict(mut members) => members.remove(name).unwrap_or(Self::Nil),
            _ => Self::Nil,
        }
    }

    /// Whether two values are the same. Numbers are, whatever their kind.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(_), Self::Float(_)) | (Self::Float(_), Self::Int(_)) => {
                self.as_float() == other.as_float()
            }
            (Self::Written(_), Self::Text(_)) | (Self::Text(_), Self::Written(_)) => {
                self.clone().into_text() == other.clone().into_text()
            }
            _ => self == other,
        }
    }

    /// Which of two values comes first: numbers by size, times by time, the rest as text.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) | (Self::Time(left), Self::Time(right)) => {
                left.cmp(right)
            }
            (Self::Int(_) | Self::Float(_), Self::Int(_) | Self::Float(_)) => {
                self.as_float().total_cmp(&other.as_float())
            }
            _ => self.clone().into_text().cmp(&other.clone().into_text()),
        }
    }

    /// The size of the value; a fault when it is too large or too deep.
    pub(super) fn measure(&self) -> Result<usize, Fault> {
        self.measure_at(0)
    }

    fn measure_at(&self, depth: usize) -> Result<usize, Fault> {
        if depth > DEEPEST {
            return Err(Fault::costly("nests lists too deep"));
        }
        let size = match self {
            Self::Nil | Self::Flag(_) | Self::Int(_) | Self::Float(_) | Self::Time(_) => 1,
            Self::Text(text) => text.len(),
            Self::List(items) => sum(items.iter().map(|item| item.measure_at(depth + 1)))?,
            Self::Dict(members) => sum(members
                .iter()
                .map(|(name, value)| Ok(name.len().saturating_add(value.measure_at(depth + 1)?))))?,
            Self::Written(json) => written_size(json),
        };
        if size > LARGEST {
            Err(Fault::costly("makes a value that is too large"))
        } else {
            Ok(size)
        }
    }
}

fn sum(sizes: impl Iterator<Item = Result<usize, Fault>>) -> Result<usize, Fault> {
    let mut total = 0_usize;
    for size in sizes {
        total = total.saturating_add(size?).saturating_add(MEMBER);
    }
    Ok(total)
}

fn written_size(json: &Json) -> usize {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 1,
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(|item| MEMBER + written_size(item)).sum(),
        Json::Object(members) => {
            members.iter().map(|(name, value)| MEMBER + name.len() + written_size(value)).sum()
        }
    }
}
