//! `gatekey-harness replay`: does a module still do what it did?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::output::{exit, read, tell};
use crate::artifact::Artifact;
use crate::profile::Profile;
use crate::replay::{Detail, Recording};

/// Replays recordings and shows the first difference.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The module: the recorded one or another build of it.
    module: PathBuf,
    /// Recordings, or folders of them.
    #[arg(required = true)]
    recordings: Vec<PathBuf>,
    /// Another module that the recorded chains run, repeatable.
    #[arg(long = "beside")]
    others: Vec<PathBuf>,
    /// Host to replay on; the recorded one by default.
    #[arg(long, value_parser = Profile::NAMES)]
    profile: Option<String>,
    /// Lines to show before a difference.
    #[arg(long, default_value_t = 3)]
    context: usize,
    /// Compares what it cost too, even on another build or profile.
    #[arg(long)]
    exact: bool,
}

pub(crate) fn execute(arguments: &Arguments) -> ExitCode {
    exit(replay(arguments))
}

fn replay(arguments: &Arguments) -> Result<bool, String> {
    let artifact = compile(&arguments.module)?;
    let others: Result<Vec<_>, _> = arguments.others.iter().map(|path| compile(path)).collect();
    let others = others?;
    let profile = arguments.profile.as_deref().and_then(Profile::named);
    let mut held = true;
    for path in files(&arguments.recordings)? {
        held &= one(arguments, &path, (&artifact, &others), profile.as_ref())?;
    }
    Ok(held)
}

fn compile(path: &Path) -> Result<Artifact, String> {
    let artifact = Artifact::compile(&read(path)?);
    artifact.map_err(|error| format!("{}: {error}", path.display()))
}

fn one(
    arguments: &Arguments,
    path: &Path,
    (artifact, others): (&Artifact, &[Artifact]),
    profile: Option<&Profile>,
) -> Result<bool, String> {
    let name = path.display();
    let recording = Recording::from_json(&read(path)?);
    let recording = recording.map_err(|error| format!("{name}: {error}"))?;
    let replay = recording.replay_beside(artifact, others, profile.cloned());
    let replay = replay.map_err(|error| format!("{name}: {error}"))?.recording;
    let alike =
        replay.module_sha256 == recording.module_sha256 && replay.profile == recording.profile;
    let detail = if arguments.exact || alike { Detail::Everything } else { Detail::Behaviour };
    let steps = recording.transcripts.len();
    match recording.difference(&replay, detail, arguments.context) {
        None => {
            tell(&format!("{name}: {steps} transcripts are the same\n"));
            Ok(true)
        }
        Some(difference) => {
            tell(&format!("{name}: {difference}\n"));
            if !recording.world.unrecorded.is_empty() {
                let missing = recording.world.unrecorded.join(", ");
                tell(&format!("  the recording does not hold: {missing}\n"));
            }
            Ok(false)
        }
    }
}

/// The recordings, those of a folder by their names.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file.extension().is_some_and(|extension| extension == "json") {
                found.push(file);
            }
        }
        if found.is_empty() {
            return Err(format!("{}: no recordings in this folder", path.display()));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
