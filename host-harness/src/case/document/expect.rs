//! What must come of a request, and how the world must be.

use core::fmt;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::content::Content;
use super::matcher::Matcher;
use super::world::Level;

/// What must come of a request. What is not said is not checked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expect {
    /// How it ends.
    pub(crate) outcome: Option<Ending>,
    /// The status that the client gets.
    pub(crate) status: Option<u16>,
    /// The response code details.
    pub(crate) details: Option<Matcher>,
    /// The request as the upstream receives it; `false` means that it must not receive it.
    pub(crate) upstream: Option<MessageOr>,
    /// The response as the client receives it; `false` means that it must not get one.
    pub(crate) client: Option<MessageOr>,
    /// Lines that must be logged, in this order; there may be others between them.
    pub(crate) logs: Vec<LogLine>,
    /// Lines that must not be logged.
    pub(crate) no_logs: Vec<LogLine>,
    /// The calls made for the request: exactly these, in this order.
    pub(crate) callouts: Option<Vec<CalloutExpect>>,
    /// Most calls into the host.
    pub(crate) host_calls_at_most: Option<u64>,
    /// Most fuel.
    pub(crate) fuel_at_most: Option<u64>,
    /// Least virtual time, in milliseconds, until it is over.
    pub(crate) takes_ms_at_least: Option<u64>,
    /// Most virtual time, in milliseconds, until it is over.
    pub(crate) takes_ms_at_most: Option<u64>,
    /// How the VM failed; `absent` if it must not.
    pub(crate) failure: Option<Matcher>,
    /// Whether the VM was down and the request went by it.
    pub(crate) bypassed: Option<bool>,
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Outcome")]
pub enum Ending {
    /// It reached the upstream.
    Upstream,
    /// The filter answered it.
    Local,
    /// It was held and never decided.
    Paused,
    /// The VM failed and the host refused it.
    Failed,
    /// The stream was closed.
    Reset,
    /// The client went away.
    Aborted,
}

impl Ending {
    pub(crate) fn of(outcome: &crate::Outcome) -> Self {
        match outcome {
            crate::Outcome::Upstream { .. } => Self::Upstream,
            crate::Outcome::Local { .. } => Self::Local,
            crate::Outcome::Paused => Self::Paused,
            crate::Outcome::Failed { .. } => Self::Failed,
            crate::Outcome::Reset => Self::Reset,
            crate::Outcome::Aborted => Self::Aborted,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upstream => "upstream",
            Self::Local => "local",
            Self::Paused => "paused",
            Self::Failed => "failed",
            Self::Reset => "reset",
            Self::Aborted => "aborted",
        })
    }
}

/// A message that must be there, or `false`.
#[derive(Clone, Debug)]
pub(crate) enum MessageOr {
    Message(Box<MessageExpect>),
    Any,
    None,
}

#[derive(JsonSchema)]
#[schemars(rename = "MessageOrNot", untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Shown {
    /// Whether there is a message at all.
    Is(bool),
    /// What the message is like.
    Message(MessageExpect),
}

impl JsonSchema for MessageOr {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MessageOrNot".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shown::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for MessageOr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> serde::de::Visitor<'de> for Read {
            type Value = MessageOr;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, `true` or `false`")
            }

            fn visit_bool<E>(self, there: bool) -> Result<MessageOr, E> {
                Ok(if there { MessageOr::Any } else { MessageOr::None })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<MessageOr, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                MessageExpect::deserialize(map).map(|message| MessageOr::Message(Box::new(message)))
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// What a message must be like.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Message")]
pub(crate) struct MessageExpect {
    /// Header fields, by name.
    pub(crate) headers: BTreeMap<String, Matcher>,
    /// Of the header fields with certain names, exactly some are there.
    pub(crate) exactly: Vec<Exactly>,
    /// Body.
    pub(crate) body: Option<Matcher>,
    /// Trailer fields, by name.
    pub(crate) trailers: BTreeMap<String, Matcher>,
}

/// Of the header fields with certain names, exactly these are there, in any order.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exactly {
    /// What the names, in lower case, are like.
    pub(crate) names: Matcher,
    /// The fields.
    pub(crate) fields: Vec<(String, Content)>,
}

/// A line of the log.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogLine {
    /// Its level.
    #[serde(default)]
    pub(crate) level: Option<Level>,
    /// What it says.
    #[serde(default)]
    pub(crate) message: Option<Matcher>,
}

impl LogLine {
    pub(crate) fn fits(&self, log: &crate::Log) -> bool {
        self.level.is_none_or(|level| crate::LogLevel::from(level) == log.level)
            && self.message.as_ref().is_none_or(|message| message.holds_one(&log.bytes))
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "[{}]", crate::LogLevel::from(level).as_str())?,
            None => f.write_str("[any level]")?,
        }
        match &self.message {
            Some(message) => write!(f, " {message}"),
            None => f.write_str(" anything"),
        }
    }
}

/// What a call to an upstream must be like.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Callout")]
pub(crate) struct CalloutExpect {
    /// The upstream.
    pub(crate) upstream: Option<Matcher>,
    /// Method.
    pub(crate) method: Option<Matcher>,
    /// Path, with its query.
    pub(crate) path: Option<Matcher>,
    /// Header fields, by name.
    pub(crate) headers: BTreeMap<String, Matcher>,
    /// Body.
    pub(crate) body: Option<Matcher>,
    /// Milliseconds that the guest allowed.
    pub(crate) timeout_ms: Option<u64>,
}

/// How the world must be at this moment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WorldExpect {
    /// The worker that `logs`, `callouts` and so on speak of. The default is 0.
    pub(crate) worker: usize,
    /// Values of metrics, by their names without the host's prefix.
    pub(crate) metrics: BTreeMap<String, Matcher>,
    /// Values in shared data.
    pub(crate) shared_data: Vec<SharedValue>,
    /// Lines that the worker has logged since the start, in this order.
    pub(crate) logs: Vec<LogLine>,
    /// Lines that the worker must not have logged since the start.
    pub(crate) no_logs: Vec<LogLine>,
    /// The calls that the worker made for no request since the start: exactly these.
    pub(crate) callouts: Option<Vec<CalloutExpect>>,
    /// Most bytes of linear memory.
    pub(crate) memory_bytes_at_most: Option<usize>,
    /// Requests that are not over.
    pub(crate) open_streams: Option<usize>,
    /// How the worker's VM failed; `absent` if it is well.
    pub(crate) failure: Option<Matcher>,
    /// How often the VM was made anew.
    pub(crate) reloads: Option<u64>,
}

/// A value in shared data.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharedValue {
    /// The VM id. The default is that of the first filter.
    #[serde(default)]
    pub(crate) vm_id: Option<String>,
    /// The key.
    pub(crate) key: Content,
    /// What the value is like.
    pub(crate) value: Matcher,
}
