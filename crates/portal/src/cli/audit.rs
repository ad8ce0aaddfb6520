//! `gatekey audit`.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use futures_util::StreamExt;
use gatekey_core::snapshot::VerifyingKey;
use serde_json::Value;

use super::input::{BadInput, Outcome, open, verifying_key};
use super::serve::Settings;
use crate::audit::checkpoint::Checkpoint;
use crate::audit::read::{ExportFormat, export};
use crate::audit::verify::{self, Broken, Whole};

/// Export and verify the audit log
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Write the audit log, with its checkpoints, as lines of text
    Export {
        #[command(flatten)]
        settings: Settings,
        /// How lines look
        #[arg(long, default_value = "jsonl")]
        format: ExportFormat,
        /// Where to write [default: standard output]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check that no entry was changed, moved or taken out
    Verify {
        #[command(flatten)]
        settings: Settings,
        /// An exported log, instead of the database
        file: Option<PathBuf>,
        /// Checkpoints that were kept elsewhere, as JSON, one on each line; what they state must be
        /// there
        #[arg(long = "checkpoint", value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
        /// An Ed25519 public key that checkpoints may be signed by, base64; several can be given
        /// [default: the data directory's]
        #[arg(long = "key", value_name = "BASE64", value_parser = verifying_key)]
        keys: Vec<VerifyingKey>,
    },
}

impl Audit {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::Export { settings, format, output } => {
                let (store, _) = open(&settings.read()?).await?;
                let mut out: Box<dyn Write> = match &output {
                    Some(path) => {
                        Box::new(File::create(path).map_err(|error| BadInput::at(path, error))?)
                    }
                    None => Box::new(std::io::stdout()),
                };
                let mut parts = core::pin::pin!(export(&store, None, format));
                while let Some(part) = parts.next().await {
                    out.write_all(part?.as_bytes())?;
                }
                out.flush()?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Verify { settings, file, checkpoints, keys } => {
                let mut kept = Vec::new();
                for path in &checkpoints {
                    kept.extend(read_checkpoints(path)?);
                }
                let verified = match file {
                    Some(path) if !keys.is_empty() => in_file(&path, keys, kept)?,
                    Some(path) => {
                        let secrets = crate::data_dir::read_signing_key(&settings.read()?.data_dir);
                        let key = secrets.map_err(|error| BadInput(error.to_string()))?;
                        in_file(&path, vec![key.verifying_key()], kept)?
                    }
                    None => {
                        let (store, secrets) = open(&settings.read()?).await?;
                        let own = secrets.signing_key.verifying_key();
                        let keys = keys.into_iter().chain([own]).collect();
                        verify::database(&store, keys, kept).await?
                    }
                };
                report(verified)
            }
        }
    }
}

fn in_file(
    path: &Path,
    keys: Vec<VerifyingKey>,
    kept: Vec<Checkpoint>,
) -> Result<Result<Whole, Broken>, BadInput> {
    let file = File::open(path).map_err(|error| BadInput::at(path, error))?;
    let lines: Result<Vec<String>, _> = BufReader::new(file).lines().collect();
    let lines = lines.map_err(|error| BadInput::at(path, error))?;
    Ok(verify::lines(lines.iter().map(String::as_str), keys, kept))
}

fn report(verified: Result<Whole, Broken>) -> Outcome {
    match verified {
        Ok(Whole { entries, first, last, checkpoints }) => {
            let range = if entries > 0 { format!(" ({first} to {last})") } else { String::new() };
            let text = format!("ok: {entries} entries{range}, {checkpoints} checkpoints");
            writeln!(std::io::stdout(), "{text}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(Broken { sequence, why }) => Err(format!("broken at entry {sequence}: {why}").into()),
    }
}

/// Checkpoints as the API shows them, as the export has them, or as a page of the list.
fn read_checkpoints(path: &Path) -> Result<Vec<Checkpoint>, BadInput> {
    let text = std::fs::read_to_string(path).map_err(|error| BadInput::at(path, error))?;
    let values: Result<Vec<Value>, _> =
        serde_json::Deserializer::from_str(&text).into_iter::<Value>().collect();
    let values = values.map_err(|error| BadInput::at(path, error))?;
    let mut found = Vec::new();
    for mut value in values {
        let listed = match value.get_mut("data").map(Value::take) {
            Some(Value::Array(listed)) => listed,
            _ => vec![value],
        };
        for mut one in listed {
            let inner = one.get_mut("checkpoint").map(Value::take);
            if inner.is_none() && one.get("signature").is_none() {
                // An entry of an exported log.
                continue;
            }
            let one = serde_json::from_value(inner.unwrap_or(one));
            found.push(one.map_err(|error| BadInput::at(path, error))?);
        }
    }
    if found.is_empty() { Err(BadInput::at(path, "holds no checkpoint")) } else { Ok(found) }
}
