//! `gatekey-harness profiles`: the host profiles and their switches.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;

use super::UNUSABLE;
use crate::profile::Profile;

/// Lists the host profiles, or the switches of one as JSON.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The profile whose switches are shown.
    name: Option<String>,
}

pub(crate) fn execute(arguments: &Arguments) -> ExitCode {
    let mut out = io::stdout().lock();
    let Some(name) = &arguments.name else {
        for name in Profile::NAMES {
            let _ = writeln!(out, "{name}");
        }
        return ExitCode::SUCCESS;
    };
    let Some(profile) = Profile::named(name) else {
        let known = Profile::NAMES.join(", ");
        let _ = writeln!(io::stderr(), "no profile `{name}`; the profiles are {known}");
        return ExitCode::from(UNUSABLE);
    };
    let text = serde_json::to_string_pretty(&profile).unwrap_or_default();
    let _ = writeln!(out, "{text}");
    ExitCode::SUCCESS
}
