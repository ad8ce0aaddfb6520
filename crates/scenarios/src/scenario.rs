//! One case, ready to be run: tables expanded, nothing left to choose.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cast::Cast;
use crate::document::{
    Case, Change, Document, Gateway, Policy, Record, Request, Snapshot, Step, VERSION,
};
use crate::expect;
use crate::transcript::Transcript;

/// One case of a file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// File, case and row.
    pub name: String,
    /// What the portal knows at the start.
    pub policy: Policy,
    /// What the operator decided.
    pub gateway: Gateway,
    /// How the policy reached the gateway.
    pub snapshot: Snapshot,
    /// What happens.
    pub steps: Vec<Step>,
    /// Subjects that do not run it, and why not.
    pub skip: BTreeMap<String, String>,
    /// Who is who.
    pub cast: Cast,
}

impl Scenario {
    /// The requests, in order.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.steps.iter().filter_map(|step| match step {
            Step::Request(request) => Some(request),
            Step::Delta(_) | Step::Advance(_) => None,
        })
    }

    /// The same story, told from this second on.
    ///
    /// # Errors
    ///
    /// When a token cannot be made.
    pub fn starting_at(&self, start: u64) -> Result<Self, String> {
        Ok(Self { cast: self.cast.clone().starting_at(start)?, ..self.clone() })
    }

    /// Everything that the scenario ever says about the portal, each thing as first said.
    pub(crate) fn everything(&self) -> Policy {
        let mut everything = self.policy.clone();
        let changes = self.steps.iter().filter_map(|step| match step {
            Step::Delta(changes) => Some(changes),
            Step::Request(_) | Step::Advance(_) => None,
        });
        for change in changes.flatten() {
            if let Change::Put(record) = change
                && everything.records().all(|known| known.name() != record.name())
            {
                everything.change(change);
            }
        }
        everything
    }

    /// Writes the scenario as a file with one case.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let case = Case {
            name: "case".into(),
            about: String::new(),
            with: Vec::new(),
            tokens: BTreeMap::new(),
            gateway: None,
            snapshot: None,
            skip: BTreeMap::new(),
            table: Vec::new(),
            steps: self.steps.clone(),
        };
        Document {
            version: VERSION,
            name: self.name.clone(),
            about: "Written by a test.".into(),
            policy: self.policy.clone(),
            tokens: self.cast.tokens().clone(),
            gateway: self.gateway.clone(),
            snapshot: self.snapshot,
            skip: self.skip.clone(),
            cases: vec![case],
        }
    }

    /// Compares what a subject saw with what the file says; the differences, one a line.
    #[must_use]
    pub fn differences(&self, transcript: &Transcript) -> Vec<String> {
        let mut differences = Vec::new();
        if transcript.len() != self.requests().count() {
            differences.push(format!("{}: {} outcomes", self.name, transcript.len()));
        }
        for (number, (request, outcome)) in self.requests().zip(transcript).enumerate() {
            if let Some(expected) = expect::unmet(self, request, outcome) {
                let name = &self.name;
                differences.push(format!(
                    "{name}, request {number}: expected {expected}\n    but {outcome}"
                ));
            }
        }
        differences
    }
}

/// Reads a file's text; every case and every row becomes a scenario.
///
/// # Errors
///
/// When it is not a scenario file, or speaks of things that are not there.
pub fn parse(text: &str) -> Result<Vec<Scenario>, String> {
    let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
    expand(&document)
}

/// Makes the scenarios of a file.
///
/// # Errors
///
/// When it speaks of things that are not there, or names two things alike.
pub fn expand(document: &Document) -> Result<Vec<Scenario>, String> {
    if document.version != VERSION {
        return Err(format!("`version`: {} is not {VERSION}", document.version));
    }
    let mut scenarios = Vec::new();
    for case in &document.cases {
        let title = format!("{}/{}", document.name, case.name);
        if case.table.is_empty() {
            scenarios.push(scenario(document, case, &title)?);
        }
        for row in &case.table {
            let label = row.get("row").ok_or_else(|| format!("{title}: a row lacks `row`"))?;
            let title = format!("{title}/{label}");
            let case = fill(case, row).map_err(|why| format!("{title}: {why}"))?;
            scenarios.push(scenario(document, &case, &title)?);
        }
    }
    let mut names = BTreeSet::new();
    match scenarios.iter().find(|scenario| !names.insert(&scenario.name)) {
        Some(twin) => Err(format!("two cases are called `{}`", twin.name)),
        None => Ok(scenarios),
    }
}

fn scenario(document: &Document, case: &Case, title: &str) -> Result<Scenario, String> {
    let located = |why: String| format!("{title}: {why}");
    let mut policy = document.policy.clone();
    case.with.iter().for_each(|change| policy.change(change));
    let mut tokens = document.tokens.clone();
    tokens.extend(case.tokens.clone());
    let cast = Cast::of(&policy, &tokens, &case.steps).map_err(located)?;
    let mut skip = document.skip.clone();
    skip.extend(case.skip.clone());
    let scenario = Scenario {
        name: title.into(),
        policy,
        gateway: case.gateway.clone().unwrap_or_else(|| document.gateway.clone()),
        snapshot: case.snapshot.unwrap_or(document.snapshot),
        steps: case.steps.clone(),
        skip,
        cast,
    };
    check(&scenario).map_err(located)?;
    Ok(scenario)
}

/// Nothing may be named twice, and every text must make sense: a typing error in a scenario
/// would otherwise pass for a refusal.
fn check(scenario: &Scenario) -> Result<(), String> {
    let mut names = Vec::new();
    let mut policy = scenario.policy.clone();
    for record in policy.records() {
        let name = record.name();
        if names.contains(&name) {
            return Err(format!("{name:?} is there twice"));
        }
        names.push(name);
    }
    unique_digests(scenario, &policy)?;
    for step in &scenario.steps {
        if let Step::Delta(changes) = step {
            for change in changes {
                policy.change(change);
                unique_digests(scenario, &policy)?;
                if let Change::Put(Record::Credential(credential)) = change {
                    scenario.cast.digest(credential)?;
                }
            }
        }
    }
    for request in scenario.requests() {
        expect::check(scenario, request)?;
        for (_, value) in &request.headers {
            scenario.cast.value(value)?;
        }
    }
    Ok(())
}

fn unique_digests(scenario: &Scenario, policy: &Policy) -> Result<(), String> {
    let mut digests = BTreeSet::new();
    for credential in &policy.credentials {
        if !digests.insert(scenario.cast.digest(credential)?) {
            return Err(format!("credential `{}` has the digest of another", credential.name));
        }
    }
    Ok(())
}

/// Replaces `{{parameter}}` in every text of a case.
fn fill(case: &Case, row: &BTreeMap<String, String>) -> Result<Case, String> {
    let mut value = serde_json::to_value(case).map_err(|error| error.to_string())?;
    let mut unused: BTreeSet<&str> = row.keys().map(String::as_str).collect();
    unused.remove("row");
    fill_value(&mut value, row, &mut unused);
    if let Some(unused) = unused.first() {
        return Err(format!("the parameter `{unused}` is not used"));
    }
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn fill_value<'r>(
    value: &mut serde_json::Value,
    row: &'r BTreeMap<String, String>,
    unused: &mut BTreeSet<&'r str>,
) {
    match value {
        serde_json::Value::String(text) => {
            for (parameter, argument) in row {
                let place = format!("{{{{{parameter}}}}}");
                if text.contains(&place) {
                    unused.remove(parameter.as_str());
                    *text = text.replace(&place, argument);
                }
            }
        }
        serde_json::Value::Array(items) => {
            items.iter_mut().for_each(|item| fill_value(item, row, unused));
        }
        serde_json::Value::Object(fields) => {
            let steps = fields.iter_mut().filter(|(name, _)| *name != "table");
            steps.for_each(|(_, item)| fill_value(item, row, unused));
        }
        _ => {}
    }
}

/// The folder of this crate's scenario files.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Reads every file of a folder, in the order of their names.
///
/// # Errors
///
/// When one cannot be read, or is not called what it calls itself.
pub fn load(folder: &Path) -> Result<Vec<Scenario>, String> {
    let located = |path: &Path, why: String| format!("{}: {why}", path.display());
    let entries = std::fs::read_dir(folder).map_err(|error| located(folder, error.to_string()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let mut scenarios = Vec::new();
    for path in paths {
        let text =
            std::fs::read_to_string(&path).map_err(|error| located(&path, error.to_string()))?;
        let document: Document =
            serde_json::from_str(&text).map_err(|error| located(&path, error.to_string()))?;
        if path.file_stem().is_none_or(|stem| *stem != *document.name) {
            return Err(located(&path, format!("it calls itself `{}`", document.name)));
        }
        scenarios.extend(expand(&document).map_err(|why| located(&path, why))?);
    }
    Ok(scenarios)
}
