//! From files and folders to cases that can be run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Case;
use super::document::{CaseBody, Document, Start, Step, VERSION, WorldPlan};
use super::error::CaseError;
use super::layer::Layer;
use super::node::fill::Row;
use super::node::{Node, Value};
use crate::profile::Profile;

/// More workers than this are a mistake.
const MAX_WORKERS: usize = 64;

/// Reads the cases of files and folders.
///
/// A folder stands for the `.yaml`, `.yml` and `.json` files in it and in its folders that have
/// cases, in the order of their paths. Includes are read and tables are filled in: every row is a
/// case of its own.
///
/// # Errors
/// When something cannot be read, breaks a rule of the format, or has the name of something else.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Case>, CaseError> {
    let mut cases: Vec<Case> = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut files = Vec::new();
            collect(path, &mut files)?;
            files.sort();
            for file in files {
                cases.extend(read(&file, true)?);
            }
        } else {
            cases.extend(read(path, false)?);
        }
    }
    let mut names = BTreeSet::new();
    match cases.iter().find(|case| !names.insert(&case.name)) {
        Some(twin) => {
            Err(CaseError::in_file(&twin.file, format!("two cases are called `{}`", twin.name)))
        }
        None => Ok(cases),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), CaseError> {
    let unreadable =
        |error: std::io::Error| CaseError::in_file(folder, format!("cannot be read: {error}"));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // What a link leads to is not followed: it could lead back here.
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if kind.is_dir() {
            collect(&path, files)?;
        } else if matches!(ending, Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path, in_folder: bool) -> Result<Vec<Case>, CaseError> {
    let mut node = parse(path)?;
    if in_folder && node.member("cases").is_none() {
        return Ok(Vec::new());
    }
    let cases = node.member("cases").cloned();
    let layer = Layer::read(&mut node, &mut Vec::new())?;
    let Some(cases) = cases else {
        return Err(CaseError::at(&node.position, "there are no `cases`"));
    };
    let Some(items) = cases.items() else {
        let rule = format!("expected a list, not {}", cases.kind());
        return Err(CaseError::at(&cases.position, rule).about("cases"));
    };
    let mut expanded = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let rows = rows(item).map_err(|error| error.inside(&format!("cases[{number}]")))?;
        for (label, node) in rows {
            let case = case(path, &layer, label.as_deref(), node);
            expanded.push(case.map_err(|error| error.inside(&format!("cases[{number}]")))?);
        }
    }
    Ok(expanded)
}

/// Reads a file as a tree, and checks that it is a case file of a version that is known.
pub(super) fn parse(path: &Path) -> Result<Node, CaseError> {
    let bytes = fs::read(path)
        .map_err(|error| CaseError::in_file(path, format!("cannot be read: {error}")))?;
    let node = Node::parse(path, &bytes)?;
    let Value::Object(_) = &node.value else {
        let rule = format!("a case file is an object, not {}", node.kind());
        return Err(CaseError::at(&node.position, rule));
    };
    match node.member("version") {
        Some(version) if version.value == Value::Number(VERSION.into()) => Ok(node),
        Some(version) => {
            let rule = format!("this harness reads version {VERSION} of the format");
            Err(CaseError::at(&version.position, rule).about("version"))
        }
        // Other files than case files may lie in a folder of them.
        None if node.member("cases").is_none() => Ok(node),
        None => Err(CaseError::at(&node.position, "`version` is missing")),
    }
}

/// A case for each row of its table, or the case itself.
fn rows(case: &Node) -> Result<Vec<(Option<String>, Node)>, CaseError> {
    let mut plain = case.clone();
    let Some(table) = plain.take("table") else { return Ok(vec![(None, plain)]) };
    let Some(rows) = table.items() else {
        let rule = format!("expected a list of rows, not {}", table.kind());
        return Err(CaseError::at(&table.position, rule).about("table"));
    };
    let mut filled = Vec::new();
    for (number, node) in rows.iter().enumerate() {
        let about = |error: CaseError| error.about(format!("table[{number}]"));
        let label = node.member("row").and_then(Node::text).ok_or_else(|| {
            about(CaseError::at(&node.position, "a row needs the text `row`, which names it"))
        })?;
        let mut row = Row::of(node);
        let mut case = plain.clone();
        row.fill(&mut case)?;
        if let Some((name, node)) = row.unused() {
            let rule = format!("the parameter `{name}` is not used");
            return Err(about(CaseError::at(&node.position, rule)));
        }
        case.without_placeholders()?;
        filled.push((Some(label.to_owned()), case));
    }
    Ok(filled)
}

fn case(path: &Path, layer: &Layer, row: Option<&str>, mut node: Node) -> Result<Case, CaseError> {
    let above = node.take("world");
    let world = layer.world_under(above.as_ref());
    let plan: WorldPlan = match &world {
        Some(world) => world.typed().map_err(|error| error.inside("world"))?,
        None => WorldPlan::default(),
    };
    let body: CaseBody = node.typed()?;
    check_plan(&plan, world.as_ref())?;
    check_steps(&plan, &body, &node)?;
    let title = format!("{}/{}", layer.name(path), body.name);
    let mut allow = layer.allow.clone();
    allow.extend(body.allow);
    let mut skip = layer.skip.clone();
    skip.extend(body.skip);
    let profiles = body.profiles.or_else(|| layer.profiles.clone());
    for profile in profiles.iter().flatten().chain(skip.keys()) {
        if Profile::named(profile).is_none() {
            let rule = format!(
                "no profile is called `{profile}`, known are `{}`",
                Profile::NAMES.join("`, `")
            );
            return Err(CaseError::at(&node.position, rule));
        }
    }
    Ok(Case {
        name: row.map_or_else(|| title.clone(), |row| format!("{title}/{row}")),
        file: path.to_owned(),
        profiles,
        skip,
        world: plan,
        chain: if body.chain.is_empty() { layer.chain.clone() } else { body.chain },
        secrets: layer.secrets.iter().cloned().chain(body.secrets).collect(),
        allow,
        budget: body.budget.over(layer.budget),
        start: body.start,
        steps: body.steps,
    })
}

/// What the types of the world cannot say.
fn check_plan(plan: &WorldPlan, node: Option<&Node>) -> Result<(), CaseError> {
    let refused = |member: &str, rule: String| {
        let place = node.map(|node| node.member(member).unwrap_or(node));
        let error = place.map(|place| CaseError::at(&place.position, rule.clone()));
        let error = error.unwrap_or_else(|| CaseError::in_file(Path::new(""), rule));
        Err(error.about(format!("world.{member}")))
    };
    if plan.workers.is_some_and(|workers| workers == 0 || workers > MAX_WORKERS) {
        return refused("workers", format!("there are 1 to {MAX_WORKERS} workers"));
    }
    match plan.profile_over(&Profile::spec()) {
        Ok(_) => Ok(()),
        Err(rule) => refused("profile", rule),
    }
}

/// What the types of the steps cannot say.
fn check_steps(plan: &WorldPlan, body: &CaseBody, node: &Node) -> Result<(), CaseError> {
    let place = |number: usize| {
        let steps = node.member("steps").and_then(Node::items);
        steps.and_then(|steps| steps.get(number)).unwrap_or(node)
    };
    let workers = plan.workers.unwrap_or(1);
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (number, step) in body.steps.iter().enumerate() {
        let broken = |rule: String| {
            Err(CaseError::at(&place(number).position, rule).about(format!("steps[{number}]")))
        };
        if matches!(body.start, Start::Refused(_)) {
            return broken("nothing can happen after a refused start".into());
        }
        let worker = match step {
            Step::Request(request) => Some(request.worker),
            Step::Open(open) => Some(open.request.worker),
            Step::Stop(worker) => Some(*worker),
            Step::Expect(expect) => Some(expect.worker),
            _ => None,
        };
        if let Some(worker) = worker.filter(|worker| *worker >= workers) {
            return broken(format!("there is no worker {worker}: they are counted from 0"));
        }
        match step {
            Step::Request(request) if request.repeat == Some(0) => {
                return broken("`repeat` is at least 1".into());
            }
            Step::Open(stream) => {
                if stream.request.repeat.is_some() {
                    return broken("a request that stays open is not repeated".into());
                }
                if !open.insert(&stream.r#as) {
                    return broken(format!("a request is open as `{}` already", stream.r#as));
                }
            }
            Step::Finish(end) | Step::Abort(end) if !open.remove(end.stream.as_str()) => {
                return broken(format!("no request is open as `{}`", end.stream));
            }
            _ => {}
        }
    }
    match open.first() {
        Some(left) => {
            let rule = format!("the request `{left}` is neither finished nor aborted");
            Err(CaseError::at(&node.position, rule).about("steps"))
        }
        None => Ok(()),
    }
}

impl Layer {
    /// What the file and the files that it includes say, before any case.
    pub(super) fn read(node: &mut Node, above: &mut Vec<PathBuf>) -> Result<Self, CaseError> {
        let world = node.take("world");
        let document: Document = node.typed()?;
        let file = node.position.file.clone();
        // Two ways of writing a path lead to the same file.
        let known = fs::canonicalize(&file).unwrap_or_else(|_| file.to_path_buf());
        if above.contains(&known) {
            let rule = format!("`{}` includes itself", file.display());
            return Err(CaseError::at(&node.position, rule));
        }
        above.push(known);
        let mut layer = Self::default();
        for (number, include) in document.include.iter().enumerate() {
            let place = node.member("include").and_then(Node::items);
            let place = place.and_then(|items| items.get(number)).unwrap_or(node);
            let refused = |rule: String| {
                CaseError::at(&place.position, rule).about(format!("include[{number}]"))
            };
            let mut included = parse(&include.0).map_err(|error| {
                if include.0.is_file() { error } else { refused(error.to_string()) }
            })?;
            if included.member("cases").is_some() {
                return Err(refused("an included file has no `cases`".into()));
            }
            let known = fs::canonicalize(&include.0).unwrap_or_else(|_| include.0.clone());
            if above.contains(&known) {
                return Err(refused(format!("`{}` includes itself", include.0.display())));
            }
            layer.lay(Self::read(&mut included, above)?);
        }
        above.pop();
        layer.lay(Self::of(document, world));
        Ok(layer)
    }
}
