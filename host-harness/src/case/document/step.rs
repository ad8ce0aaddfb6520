//! What happens in a case.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Start;
use super::allow::Allow;
use super::content::Content;
use super::expect::{Expect, WorldExpect};
use super::matcher::Matcher;
use super::upstream::Behaviour;
use super::world::{Link, Property};

/// One step: an object with exactly one member.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// A client sends a request, and waits until it is over.
    Request(Box<Request>),
    /// A client sends a request that stays open under a name: other steps happen meanwhile.
    Open(Box<Open>),
    /// An open request is let run to its end, as far as it comes without time passing.
    Finish(End),
    /// The client of an open request goes away.
    Abort(End),
    /// Milliseconds go by.
    AdvanceMs(u64),
    /// Time goes by until so many milliseconds after the start; none if it is later already.
    AdvanceToMs(u64),
    /// Time goes by until a filter makes a certain call.
    Await(Await),
    /// The wall clock jumps by so many milliseconds, forwards or backwards.
    ClockSkewMs(i64),
    /// A worker thread ends without a word to its guests.
    Stop(usize),
    /// An upstream behaves otherwise from now on.
    Upstream(SetUpstream),
    /// The upstream that requests go to behaves otherwise from now on.
    Origin(Behaviour),
    /// The chain is replaced while the proxy runs.
    Reconfigure(Reconfigure),
    /// Something is looked at.
    Expect(Box<WorldExpect>),
}

/// A request and what must come of it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Request {
    /// The worker that gets it. The default is 0.
    pub(crate) worker: usize,
    /// The method. The default is `GET`.
    pub(crate) method: Option<String>,
    /// Host and port. The default is `localhost`.
    pub(crate) authority: Option<Content>,
    /// The scheme. The default is `http`.
    pub(crate) scheme: Option<Content>,
    /// The path, with its query. The default is `/`.
    pub(crate) path: Option<Content>,
    /// Header fields in order, as pairs of name and value. With `bare`, pseudo-headers are given
    /// here too.
    pub(crate) headers: Vec<(Content, Content)>,
    /// There are no pseudo-headers but those in `headers`.
    pub(crate) bare: bool,
    /// Body.
    pub(crate) body: Option<Content>,
    /// Body, in pieces that a filter sees one by one.
    pub(crate) chunks: Vec<Content>,
    /// Trailer fields in order.
    pub(crate) trailers: Vec<(Content, Content)>,
    /// Properties that can be read for this request.
    pub(crate) properties: Vec<Property>,
    /// How long the client waits for a request that is held. The default is a minute.
    pub(crate) patience_ms: Option<u64>,
    /// How often it is sent, with the same expectation each time. From the second half of the
    /// repetitions on, memory must not grow.
    pub(crate) repeat: Option<usize>,
    /// What must come of it.
    pub(crate) expect: Expect,
    /// What the automatic checks let pass for this request.
    pub(crate) allow: Allow,
}

/// A request that stays open.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// The name under which later steps speak of it.
    pub(crate) r#as: String,
    /// The request. What is expected of it is said where it ends.
    pub(crate) request: Request,
}

/// The end of an open request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    /// The name it was opened under.
    pub(crate) stream: String,
    /// What must come of it.
    #[serde(default)]
    pub(crate) expect: Expect,
}

/// A call that is waited for. The step fails when it is not made in time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Await {
    /// The upstream that is called.
    pub(crate) upstream: String,
    /// What the path, with its query, must be like.
    #[serde(default)]
    pub(crate) path: Option<Matcher>,
    /// How long to wait. The default is ten seconds.
    #[serde(default)]
    pub(crate) within_ms: Option<u64>,
}

/// An upstream and what it does from now on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetUpstream {
    /// Its name.
    pub(crate) name: String,
    /// What it does.
    pub(crate) behaviour: Behaviour,
}

/// A new chain.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reconfigure {
    /// The filters.
    pub(crate) chain: Vec<Link>,
    /// Whether it is taken.
    #[serde(default)]
    pub(crate) expect: Start,
}
