//! The case file: what may be written, and what it means.
//!
//! The types are both the reader of case files and the source of the published JSON Schema, so the
//! two cannot say different things.

pub(crate) mod allow;
pub(crate) mod content;
pub(crate) mod expect;
pub(crate) mod matcher;
pub(crate) mod step;
pub(crate) mod upstream;
pub(crate) mod world;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) use self::allow::{Allow, Budget};
pub(crate) use self::content::Content;
pub(crate) use self::expect::{Expect, WorldExpect};
pub(crate) use self::matcher::Matcher;
pub(crate) use self::step::{Request, Step};
pub(crate) use self::world::{Link, WorldPlan};
use crate::case::node::FilePath;

/// The version of the format that this harness reads.
pub(crate) const VERSION: u64 = 1;

/// A case file. It is also what an included file looks like, which then has no cases.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Case file of gatekey-harness", rename = "CaseFile")]
pub(crate) struct Document {
    /// The version of the format: 1.
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "checked before anything else")]
    version: u64,
    /// What the cases of this file are called together. The default is the file's name.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// What the file is about.
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the file")]
    about: Option<String>,
    /// Files that are read first, relative to this one. What this file says lies over what they
    /// say; `secrets` and `allow` add up.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) include: Vec<FilePath>,
    /// The only profiles under which the cases make sense. They are also the default to run them
    /// under; without them that is `envoy`.
    #[serde(default)]
    pub(crate) profiles: Option<Vec<String>>,
    /// Profiles under which the cases are not run, and why not.
    #[serde(default)]
    pub(crate) skip: BTreeMap<String, String>,
    /// The world that each case starts in.
    #[serde(default)]
    #[schemars(with = "WorldPlan")]
    #[expect(dead_code, reason = "merged and read elsewhere, this is for the schema")]
    world: IgnoredAny,
    /// The filters, in the order in which requests pass them. The default is one filter, the module
    /// under test, without a configuration.
    #[serde(default)]
    pub(crate) chain: Vec<Link>,
    /// Texts that must never be told: not in a log, a local response, a metric's name, a request to
    /// an upstream.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    /// What the automatic checks let pass.
    #[serde(default)]
    pub(crate) allow: Allow,
    /// What each request may cost.
    #[serde(default)]
    pub(crate) budget: Budget,
    /// The cases.
    #[serde(default)]
    #[schemars(with = "Vec<CaseBody>")]
    #[expect(dead_code, reason = "filled in and read one by one, this is for the schema")]
    cases: IgnoredAny,
}

/// One story, told in a fresh world.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Case")]
pub(crate) struct CaseBody {
    /// What the case is called.
    pub(crate) name: String,
    /// What has to be known to understand the case.
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the file")]
    about: Option<String>,
    /// As in the file, in its place.
    #[serde(default)]
    pub(crate) profiles: Option<Vec<String>>,
    /// As in the file, in addition.
    #[serde(default)]
    pub(crate) skip: BTreeMap<String, String>,
    /// Laid over the file's world.
    #[serde(default)]
    #[schemars(with = "WorldPlan")]
    #[expect(dead_code, reason = "merged and read elsewhere, this is for the schema")]
    world: IgnoredAny,
    /// In place of the file's chain.
    #[serde(default)]
    pub(crate) chain: Vec<Link>,
    /// In addition to the file's.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    /// In addition to the file's.
    #[serde(default)]
    pub(crate) allow: Allow,
    /// Laid over the file's.
    #[serde(default)]
    pub(crate) budget: Budget,
    /// Parameters: the case is run once for each row, with `{{parameter}}` replaced wherever it
    /// stands. The parameter `row` names the row. Text that is nothing but `{{parameter}}` becomes
    /// the parameter's value, whatever kind it has.
    #[serde(default)]
    #[expect(dead_code, reason = "rows are filled in before the case is read")]
    table: Vec<BTreeMap<String, serde_json::Value>>,
    /// Whether the chain starts.
    #[serde(default)]
    pub(crate) start: Start,
    /// What happens, in order.
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
}

/// What becomes of a configuration.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Start {
    /// It is taken.
    #[default]
    Accepted,
    /// It is refused; the error and the last lines of the log, as one text, are like this.
    Refused(Matcher),
}
