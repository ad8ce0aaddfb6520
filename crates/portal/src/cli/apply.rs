//! `gatekey export` and `gatekey apply`: the state of a portal as text.

use core::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use gatekey_core::secret::Secret;

use super::input::{BadInput, Outcome, read_file, read_secret, read_stdin};
use super::plan::{self, Detail, Done, Step};
use super::remote::Remote;
use super::state::compare::{self, Options, Planned};
use super::state::secret::Resolved;
use super::state::wanted::Wanted;
use super::state::{carry_out, current, schema, text};

/// How a dry run ends when there is something to do.
const DIFFERENT: u8 = 2;

/// The portal that is read or changed.
#[derive(Debug, Args)]
pub(super) struct At {
    /// The portal's base URL
    #[arg(long, env = "GATEKEY_URL", value_name = "URL", default_value = "http://127.0.0.1:8180")]
    url: String,
    /// A file that holds an administrator's token [default: admin-token in the data directory]
    #[arg(long, env = "GATEKEY_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl At {
    /// The portal.
    pub(super) fn open(&self) -> Result<Remote, BadInput> {
        let path = self.token_file.clone().unwrap_or_else(|| {
            let data_dir = std::env::var_os("GATEKEY_DATA_DIR").map(PathBuf::from);
            data_dir.unwrap_or_else(|| ".gatekey".into()).join("admin-token")
        });
        let token = read_secret(&path)?;
        Remote::new(&self.url, &Secret::new(token.expose().trim().to_owned()))
    }
}

/// Write the whole state of a running portal as YAML
///
/// Everything refers to everything else by name, and nothing secret is in it: where the portal holds
/// a secret, the document holds a reference to where it would be.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    at: At,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(super) async fn run(self) -> Outcome {
        tokio::task::spawn_blocking(move || self.export().map_err(|error| error.to_string()))
            .await?
            .map_err(Into::into)
    }

    fn export(self) -> Outcome {
        let current = current::read(&self.at.open()?)?;
        warn(&current.twins);
        let document = text::document(current.nodes());
        match &self.output {
            None => std::io::stdout().write_all(document.as_bytes())?,
            Some(path) => {
                std::fs::write(path, document).map_err(|error| BadInput::at(path, error))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Make a running portal what YAML files say
///
/// What no file speaks of stays as it is. The plan is told first; `--dry-run` ends there, with status
/// 2 when there is something to do.
#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    at: At,
    /// A document, as `gatekey export` writes it; several can be given, `-` is standard input
    #[arg(long, short, value_name = "FILE", required_unless_present = "schema")]
    file: Vec<PathBuf>,
    /// Tell the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Tell what each field is and will be
    #[arg(long)]
    diff: bool,
    /// Tell it as JSON
    #[arg(long)]
    json: bool,
    /// Delete what no file has, from the lists that the files have
    #[arg(long)]
    prune: bool,
    /// Delete applications and developers without further ado
    #[arg(long, requires = "prune")]
    yes: bool,
    /// Write the secrets of what is there already again
    #[arg(long)]
    set_secrets: bool,
    /// Print the JSON Schema of documents, and do nothing else
    #[arg(long)]
    schema: bool,
}

/// What is to be done, beside the documents.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// Nothing is changed.
    pub(super) dry_run: bool,
    /// Values are told.
    pub(super) diff: bool,
    /// All is told as JSON.
    pub(super) json: bool,
    /// What no document has is deleted.
    pub(super) prune: bool,
    /// Applications and developers as well.
    pub(super) yes: bool,
    /// Secrets are written again.
    pub(super) set_secrets: bool,
}

impl Apply {
    pub(super) async fn run(self) -> Outcome {
        // Status 2 says that there are differences: what is wrong with the question is 1.
        tokio::task::spawn_blocking(move || self.apply().map_err(|error| error.to_string()))
            .await?
            .map_err(Into::into)
    }

    fn apply(self) -> Outcome {
        if self.schema {
            std::io::stdout().write_all(schema::text().as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut wanted = Wanted::default();
        for path in &self.file {
            wanted.read(path, &read(path)?);
        }
        let manner = Manner {
            dry_run: self.dry_run,
            diff: self.diff,
            json: self.json,
            prune: self.prune,
            yes: self.yes,
            set_secrets: self.set_secrets,
        };
        bring(&self.at.open()?, wanted, manner)
    }
}

/// Makes a portal what is wanted: tells the plan, and carries it out.
pub(super) fn bring(remote: &Remote, wanted: Wanted, manner: Manner) -> Outcome {
    let wanted = wanted.checked().map_err(lines)?;
    let secrets = Resolved::read(wanted.secrets()).map_err(lines)?;
    let current = current::read(remote)?;
    warn(&current.twins);
    let options = Options { prune: manner.prune, secrets: manner.set_secrets };
    let plan = compare::plan(&wanted, &current, options).map_err(lines)?;
    let steps: Vec<&Step> = plan.iter().map(|planned| &planned.step).collect();
    let mut out = std::io::stdout().lock();
    if !manner.json {
        let detail = if manner.diff { Detail::Values } else { Detail::Fields };
        plan::print(&mut out, steps.iter().copied(), detail)?;
    }
    if manner.dry_run || plan.is_empty() {
        if manner.json {
            writeln!(out, "{}", plan::as_json(&steps, None))?;
        }
        let different = manner.dry_run && !plan.is_empty();
        return Ok(if different { ExitCode::from(DIFFERENT) } else { ExitCode::SUCCESS });
    }
    let precious: usize = plan.iter().map(|planned: &Planned| planned.precious).sum();
    if precious > 0 && !manner.yes {
        let fault = format!(
            "{precious} applications and developers would be deleted: nothing was changed; `--yes` \
             says that they may go"
        );
        return Err(fault.into());
    }
    let done = carry_out::carry_out(remote, &current, &wanted, &secrets, manner.set_secrets, &plan);
    tell(&mut out, &steps, &done, manner.json)?;
    Ok(if done.failure.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn tell(
    out: &mut impl Write,
    steps: &[&Step],
    done: &Done,
    json: bool,
) -> Result<(), Box<dyn Error>> {
    if json {
        writeln!(out, "{}", plan::as_json(steps, Some(done)))?;
    } else {
        plan::print_done(out, steps, done)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, BadInput> {
    let bytes =
        if path.as_os_str() == "-" { read_stdin()?.expose().clone() } else { read_file(path)? };
    String::from_utf8(bytes).map_err(|_| BadInput::at(path, "is not UTF-8"))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn lines(faults: Vec<String>) -> String {
    faults.join("\n")
}

fn warn(twins: &[String]) {
    for twin in twins {
        let _ = writeln!(std::io::stderr(), "gatekey: {twin}");
    }
}
