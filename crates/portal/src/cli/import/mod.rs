//! `gatekey import`: from a Kong gateway, with its portal or without.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use self::carry_out::{Outcome, Place, carry_out};
use self::source::Source;
use self::wanted::{Left, Wanted};
use super::apply::At;
use super::input::{BadInput, Outcome as Ended, read_peppers};
use super::plan::{self, Detail};

mod access;
mod carry_out;
mod mapping;
mod source;
mod wanted;

/// How a dry run ends when there is something to do.
const DIFFERENT: u8 = 2;

/// Bring what a Kong gateway holds into a running portal
///
/// Services that ask callers who they are become APIs of the portal, with their routes; consumers and
/// applications become applications, with their keys and what they may call. Keys are sent as digests.
/// What is there already stays as it is, so the same file can be brought over again.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    at: At,
    /// A decK file, or a dump of the Admin API: a file with a list for each kind, or a directory with
    /// a file for each kind
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The name of the portal that gets the APIs; made if there is none
    #[arg(long, value_name = "NAME", default_value = "imported")]
    portal: String,
    /// The name of the control plane that gets the services; made if there is none
    #[arg(long, value_name = "NAME", default_value = "imported")]
    control_plane: String,
    /// The address of the developer who gets the applications of consumers that are no developer's
    #[arg(long, value_name = "EMAIL", default_value = "consumers@imported.example")]
    owner: String,
    /// The portal's file of peppers: keys are digested with the first of them. Without it they are
    /// digested plainly, and keys that can be guessed are left out
    #[arg(long, value_name = "FILE")]
    pepper_file: Option<PathBuf>,
    /// Tell the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Tell it as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) async fn run(self) -> Ended {
        let import =
            move || self.import().map_err(|error| (error.is::<BadInput>(), error.to_string()));
        tokio::task::spawn_blocking(import).await?.map_err(|(bad_input, reason)| {
            if bad_input { BadInput(reason).into() } else { reason.into() }
        })
    }

    fn import(self) -> Ended {
        let peppers = self.pepper_file.as_deref().map(read_peppers).transpose()?;
        let pepper = peppers.as_ref().and_then(|peppers| peppers.first());
        let source = Source::read(&self.file)?;
        let mut wanted = Wanted::default();
        let guards = mapping::map(&source, &self.control_plane, &mut wanted);
        access::map(&source, &guards, &self.owner, pepper.is_some(), &mut wanted);
        let place = Place {
            portal: &self.portal,
            gateway: &self.control_plane,
            pepper,
            dry_run: self.dry_run,
        };
        let outcome = carry_out(&self.at.open()?, place, &wanted)?;
        self.tell(&outcome, &wanted.left)?;
        Ok(match outcome {
            Outcome { refused, .. } if !refused.is_empty() => ExitCode::FAILURE,
            Outcome { steps, .. } if self.dry_run && !steps.is_empty() => ExitCode::from(DIFFERENT),
            Outcome { .. } => ExitCode::SUCCESS,
        })
    }

    fn tell(&self, outcome: &Outcome, left: &[Left]) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            let steps: Vec<_> = outcome.steps.iter().collect();
            let mut shown = plan::as_json(&steps, None);
            let list = |list: &[Left]| {
                let items = list.iter().map(
                    |left| json!({"kind": left.kind, "name": left.name, "reason": left.reason}),
                );
                items.collect::<Vec<_>>()
            };
            if let Some(members) = shown.as_object_mut() {
                members.insert("left_out".into(), list(left).into());
                members.insert("refused".into(), list(&outcome.refused).into());
            }
            return writeln!(out, "{shown:#}");
        }
        plan::print(&mut out, outcome.steps.iter(), Detail::Fields)?;
        for (title, list) in [("left out", left), ("refused", &outcome.refused)] {
            if !list.is_empty() {
                writeln!(out, "\n{title}:")?;
            }
            for Left { kind, name, reason } in list {
                writeln!(out, "  {kind} {name}: {reason}")?;
            }
        }
        Ok(())
    }
}
