//! Scenario files as case files of the host harness: names become keys, ids and headers, the
//! policy becomes a configuration with a signed snapshot, changes become a scripted portal.

pub mod configuration;
mod expectation;
mod portal;

use std::collections::{BTreeMap, BTreeSet};

use gatekey_core::time::UnixMillis;
use serde_json::{Map, Value, json};

use self::portal::Portal;
use crate::document::{HeaderValue, Request, Step};
use crate::subject::{START, fields};
use crate::{Host, Module, Scenario};

/// What a scenario file may call the harness where it lists who does not run a case.
const SUBJECT: &str = "harness";

/// How long before the first step the filter is started.
const WARM_UP_MS: u64 = 4_000;

/// How long a delta may take.
const PATIENCE_MS: u64 = 10_000;

/// Case files for hosts that tell the stories alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// As they are written.
    Envoy,
    /// As they go on nginx and Kong.
    Nginx,
}

impl Set {
    /// Every set.
    pub const ALL: [Self; 2] = [Self::Envoy, Self::Nginx];

    /// The folder of its files, which is also how the names of its cases begin.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Nginx => "nginx",
        }
    }

    /// The profiles of its hosts.
    #[must_use]
    pub const fn profiles(self) -> &'static [&'static str] {
        match self {
            Self::Envoy => &["spec", "envoy"],
            Self::Nginx => &["ngx-0.6", "ngx-0.5", "kong-3.9"],
        }
    }

    /// The host that a scenario is told for: plain nginx where it can be, which Kong is as well.
    fn host(self, scenario: &Scenario) -> Host {
        match self {
            Self::Envoy => Host::Envoy,
            Self::Nginx if Host::Nginx.cannot_tell(scenario).is_some() => Host::Kong,
            Self::Nginx => Host::Nginx,
        }
    }

    /// The profiles that do not run a scenario, each with the reason.
    fn skipped(self, scenario: &Scenario) -> BTreeMap<&'static str, &str> {
        let why = |profile| {
            let reason = scenario.skip.get(SUBJECT).map(String::as_str);
            reason.or_else(|| Host::of(profile).cannot_tell(scenario))
        };
        let profiles = self.profiles().iter();
        profiles.filter_map(|profile| Some((*profile, why(profile)?))).collect()
    }
}

/// Makes case files of the scenarios that a module runs: one for each scenario file and set, by
/// their paths.
///
/// # Errors
///
/// When a scenario makes no sense.
pub fn case_files(
    scenarios: &[Scenario],
    module: Module,
) -> Result<BTreeMap<String, String>, String> {
    let mut files: BTreeMap<&str, Vec<&Scenario>> = BTreeMap::new();
    for scenario in scenarios.iter().filter(|scenario| Module::of(scenario) == module) {
        let file = scenario.name.split('/').next().unwrap_or_default();
        files.entry(file).or_default().push(scenario);
    }
    let mut texts = BTreeMap::new();
    for set in Set::ALL {
        for (name, scenarios) in &files {
            let mut text = serde_json::to_string_pretty(&case_file(set, name, scenarios)?)
                .map_err(|error| error.to_string())?;
            text.push('\n');
            texts.insert(format!("{}/{name}.json", set.folder()), text);
        }
    }
    Ok(texts)
}

fn case_file(set: Set, name: &str, scenarios: &[&Scenario]) -> Result<Value, String> {
    let located = |scenario: &Scenario, why: String| format!("{}: {why}", scenario.name);
    let mut chains = Vec::new();
    for scenario in scenarios {
        let host = set.host(scenario);
        let configuration = configuration::of(scenario, host, START, follows(scenario));
        let configuration = configuration.map_err(|why| located(scenario, why))?;
        chains.push(json!([{
            "name": Module::of(scenario).name(), "configuration": {"json": configuration},
        }]));
    }
    // The chain that most cases have is the file's.
    let count = |chain: &Value| chains.iter().filter(|other| *other == chain).count();
    let common = chains.iter().max_by_key(|chain| count(chain)).cloned();
    let mut cases = Vec::new();
    for (scenario, chain) in scenarios.iter().zip(&chains) {
        let mut case = case(set, name, scenario).map_err(|why| located(scenario, why))?;
        if let Some(case) = case.as_object_mut()
            && Some(chain) != common.as_ref()
        {
            case.insert("chain".into(), chain.clone());
        }
        cases.push(case);
    }
    let mut file = json!({
        "version": 1,
        "name": format!("{}-{name}", set.folder()),
        "profiles": set.profiles(),
        "about": "Made from the scenario file of the same name: run its test with GATEKEY_BLESS=1 \
                  to make it anew.",
        "world": {
            "seed": 7,
            "clock": START * 1000 - WARM_UP_MS,
            // What nginx needs declared.
            "shared_zones": {"*": 1 << 20},
        },
        "chain": common,
        "cases": cases,
    });
    let tokens = scenarios.iter().any(|scenario| Module::of(scenario) != Module::KeyAuth);
    if let Some(members) = file.as_object_mut().filter(|_| tokens && set == Set::Envoy) {
        // The harness lends no verifier: the module goes on with its own.
        let message = "the host has no `verify_signature`: it is not asked again";
        members.insert("allow".into(), json!({"logs": [{"level": "warn", "message": message}]}));
    }
    Ok(file)
}

/// Whether the filter must ask the portal for changes.
fn follows(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| matches!(step, Step::Delta(_)))
}

fn case(set: Set, file: &str, scenario: &Scenario) -> Result<Value, String> {
    let host = set.host(scenario);
    let retold = host.retold(scenario);
    let scenario = retold.as_ref().unwrap_or(scenario);
    let mut portal = Portal::new(scenario, START);
    let mut steps = vec![json!({"advance_to_ms": WARM_UP_MS})];
    let mut seconds = 0;
    for step in &scenario.steps {
        match step {
            Step::Request(planned) => steps.push(request(scenario, host, planned)?),
            Step::Delta(changes) => {
                portal.change(changes, UnixMillis((START + seconds) * 1000))?;
                let behaviour = portal.behaviour()?;
                steps.push(json!({"upstream": {"name": host.portal(), "behaviour": behaviour}}));
                let path = portal.followed();
                steps.push(json!({"await": {
                    "upstream": host.portal(), "path": path, "within_ms": PATIENCE_MS,
                }}));
            }
            Step::Advance(more) => {
                // A delta takes its time, which is not the scenario's.
                seconds += more;
                steps.push(json!({"advance_to_ms": WARM_UP_MS + seconds * 1000}));
            }
        }
    }
    let inner = scenario.name.strip_prefix(file).unwrap_or(&scenario.name);
    let secrets: BTreeSet<&str> = scenario.cast.secrets().collect();
    let mut case = json!({"name": inner.trim_start_matches('/')});
    let mut put = |name: &str, value: Value| {
        if let Some(members) = case.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    let skip = set.skipped(scenario);
    if !skip.is_empty() {
        put("skip", json!(skip));
    }
    if follows(scenario) || scenario.snapshot.missing {
        let behaviour = Portal::new(scenario, START).behaviour()?;
        put("world", json!({"upstreams": {host.portal(): behaviour}}));
        // A silent portal is part of the story; Envoy makes a 503 of a refused connection.
        let message = json!({"regex": "^the portal (answers with status 503|does not answer)$"});
        put("allow", json!({"logs": [{"level": "warn", "message": message}]}));
    }
    if !secrets.is_empty() {
        put("secrets", json!(secrets));
    }
    put("steps", Value::Array(steps));
    Ok(case)
}

fn request(scenario: &Scenario, host: Host, request: &Request) -> Result<Value, String> {
    let cast = &scenario.cast;
    let mut headers = Vec::new();
    for (name, value) in &request.headers {
        headers.push(json!([name, content(&cast.value(value)?)]));
    }
    for (name, value) in fields(scenario, request)?.iter().skip(request.headers.len()) {
        headers.push(json!([name, content(value)]));
    }
    let mut members = json!({
        "method": request.method,
        "authority": cast.text(&request.authority)?,
        "path": cast.text(&request.path)?,
        "headers": headers,
        "expect": expectation::of(scenario, host, request)?,
    });
    let mut set = |name: &str, value: Value| {
        if let Some(members) = members.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    let mut properties = Vec::new();
    if let Some(service) = &request.route_metadata_service {
        let value = cast.text(service)?;
        properties.push(json!({"path": host.service_property(), "value": value}));
    }
    if let Some(address) = &request.client_address {
        let value = host.stated(address);
        properties.push(json!({"path": ["source", "address"], "value": value}));
    }
    if !properties.is_empty() {
        set("properties", Value::Array(properties));
    }
    let mut allowed = Map::new();
    if expectation::tells_keys(scenario, request)? {
        allowed.insert("secrets_to".into(), json!(["origin"]));
    }
    if host.cuts_short(request) {
        let message = json!({"regex": "marshalled map truncated to 100 elements$"});
        allowed.insert("logs".into(), json!([{"level": "warn", "message": message}]));
    }
    if !allowed.is_empty() {
        set("allow", Value::Object(allowed));
    }
    Ok(json!({"request": members}))
}

/// Bytes as a case file spells them.
fn content(bytes: &[u8]) -> Value {
    match core::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"hex": digits})
        }
    }
}

/// A header's value as the scenario spells it.
fn value(scenario: &Scenario, value: &HeaderValue) -> Result<Value, String> {
    Ok(content(&scenario.cast.value(value)?))
}
