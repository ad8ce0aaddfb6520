//! Scripted upstreams.

use core::fmt;
use core::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::content::Content;
use super::matcher::Matcher;
use crate::{Upstream, UpstreamReply, UpstreamRequest};

/// What an upstream does: a list of replies, one for each request, after which connections are
/// refused; or an object.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    Script(Vec<Reply>),
    Always(Reply),
    Routes { routes: Vec<Route>, otherwise: Option<Reply> },
}

#[derive(JsonSchema)]
#[schemars(rename = "Behaviour", untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Shown {
    /// A reply for each request; then connections are refused.
    Script(Vec<Reply>),
    /// The same reply to every request, or replies by request.
    Spelled(Box<Spelled>),
}

/// The same reply to every request (`always`), or replies by request (`routes`).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SpelledBehaviour")]
struct Spelled {
    /// The reply to every request.
    #[serde(default)]
    always: Option<Reply>,
    /// Replies by request; the first route that fits answers.
    #[serde(default)]
    routes: Option<Vec<Route>>,
    /// The reply where no route fits. The default is 404.
    #[serde(default)]
    otherwise: Option<Reply>,
}

impl JsonSchema for Behaviour {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Behaviour".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shown::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Behaviour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Behaviour;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of replies, or an object with `always` or `routes`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Behaviour, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Behaviour::Script)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Behaviour, A::Error> {
                let spelled = Spelled::deserialize(MapAccessDeserializer::new(map))?;
                match spelled {
                    Spelled { always: Some(reply), routes: None, otherwise: None } => {
                        Ok(Behaviour::Always(reply))
                    }
                    Spelled { always: None, routes: Some(routes), otherwise } => {
                        Ok(Behaviour::Routes { routes, otherwise })
                    }
                    _ => Err(Error::custom("needs either `always` or `routes`")),
                }
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// Which requests are answered how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// What the method must be like.
    #[serde(default)]
    method: Option<Matcher>,
    /// What the path, with its query, must be like.
    #[serde(default)]
    path: Option<Matcher>,
    /// What headers must be like.
    #[serde(default)]
    headers: std::collections::BTreeMap<String, Matcher>,
    /// What the body must be like.
    #[serde(default)]
    body: Option<Matcher>,
    /// The reply to each request. Not with `replies`.
    #[serde(default)]
    reply: Option<Reply>,
    /// A reply for each request; then connections are refused.
    #[serde(default)]
    replies: Option<Vec<Reply>>,
}

impl Route {
    fn fits(&self, request: &UpstreamRequest) -> bool {
        let header = |name: &str, matcher: &Matcher| matcher.holds(&request.headers.get_all(name));
        self.method.as_ref().is_none_or(|matcher| header(":method", matcher))
            && self.path.as_ref().is_none_or(|matcher| header(":path", matcher))
            && self.headers.iter().all(|(name, matcher)| header(name, matcher))
            && self.body.as_ref().is_none_or(|matcher| matcher.holds_one(&request.body))
    }
}

/// One reply.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reply {
    /// Status. The default is 200.
    status: Option<u16>,
    /// Header fields in order, as pairs of name and value.
    headers: Vec<(String, Content)>,
    /// Body.
    body: Option<Content>,
    /// Body, in pieces that a filter sees one by one.
    chunks: Vec<Content>,
    /// Trailer fields in order.
    trailers: Vec<(String, Content)>,
    /// Milliseconds until the reply, or the failure.
    after_ms: u64,
    /// It is no reply: this happens instead.
    fails: Option<Fails>,
}

/// What happens in place of a reply.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Fails {
    /// The connection breaks before the reply.
    Reset,
    /// The connection breaks in the middle of the reply.
    CutOff,
    /// The connection is refused.
    ConnectError,
    /// Nothing ever comes.
    Never,
    /// The call cannot even be started.
    NotStarted,
}

impl Reply {
    fn reply(&self) -> UpstreamReply {
        let mut reply = match self.fails {
            None => UpstreamReply::status(self.status.unwrap_or(200)),
            Some(Fails::Reset) => UpstreamReply::reset(),
            Some(Fails::CutOff) => UpstreamReply::cut_off(),
            Some(Fails::ConnectError) => UpstreamReply::connect_error(),
            Some(Fails::Never) => UpstreamReply::never(),
            Some(Fails::NotStarted) => UpstreamReply::not_started(),
        };
        for (name, Content(value)) in &self.headers {
            reply = reply.header(name, value);
        }
        if let Some(Content(body)) = &self.body {
            reply = reply.body(body.clone());
        }
        for Content(chunk) in &self.chunks {
            reply = reply.chunk(chunk.clone());
        }
        for (name, Content(value)) in &self.trailers {
            reply = reply.trailer(name, value);
        }
        reply.after(Duration::from_millis(self.after_ms))
    }
}

#[cfg(feature = "against")]
impl Behaviour {
    /// How many requests are answered before connections are refused, if they ever are.
    pub(crate) fn answers_before_refusal(&self) -> Option<usize> {
        let refuses = |reply: &Reply| matches!(reply.fails, Some(Fails::ConnectError));
        match self {
            Self::Script(replies) => {
                Some(replies.iter().position(refuses).unwrap_or(replies.len()))
            }
            Self::Always(reply) => refuses(reply).then_some(0),
            Self::Routes { .. } => None,
        }
    }

    /// Why no real server can behave like this, if none can. Replies may take so long.
    pub(crate) fn only_virtual(&self, longest: Duration) -> Option<&'static str> {
        let (replies, routed): (Vec<&Reply>, bool) = match self {
            Self::Script(replies) => (replies.iter().collect(), false),
            Self::Always(reply) => (vec![reply], false),
            Self::Routes { routes, otherwise } => {
                let replies = routes
                    .iter()
                    .flat_map(|route| route.reply.iter().chain(route.replies.iter().flatten()));
                (replies.chain(otherwise).collect(), true)
            }
        };
        let fails = |wanted: fn(&Fails) -> bool| {
            replies.iter().position(|reply| reply.fails.as_ref().is_some_and(wanted))
        };
        if fails(|fails| matches!(fails, Fails::NotStarted)).is_some() {
            return Some("a call that cannot be started");
        }
        if let Some(at) = fails(|fails| matches!(fails, Fails::ConnectError))
            && (routed || at + 1 < replies.len())
        {
            return Some("a port that is closed for some requests only");
        }
        let late = |reply: &&Reply| Duration::from_millis(reply.after_ms) > longest;
        replies.iter().any(late).then_some("an upstream that takes too long")
    }
}

impl Behaviour {
    /// An upstream that behaves like this from now on.
    pub(crate) fn upstream(&self) -> Upstream {
        match self {
            Self::Script(replies) => Upstream::script(replies.iter().map(Reply::reply)),
            Self::Always(reply) => Upstream::always(reply.reply()),
            Self::Routes { routes, otherwise } => {
                let otherwise =
                    otherwise.as_ref().map_or_else(|| UpstreamReply::status(404), Reply::reply);
                let routes = routes.clone();
                let mut used = vec![0_usize; routes.len()];
                Upstream::respond(move |request| {
                    let fitting = routes.iter().zip(&mut used);
                    let route = fitting.into_iter().find(|(route, _)| route.fits(request));
                    let Some((route, used)) = route else { return otherwise.clone() };
                    let reply = match (&route.reply, &route.replies) {
                        (Some(reply), _) => Some(reply),
                        (None, Some(replies)) => replies.get(*used),
                        (None, None) => None,
                    };
                    *used += 1;
                    reply.map_or_else(UpstreamReply::connect_error, Reply::reply)
                })
            }
        }
    }
}
