//! `gatekey-harness schema`: the JSON Schema of case files.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use crate::case;

/// Prints the JSON Schema of case files, for editors and validators.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(crate) fn execute(_arguments: &Arguments) -> ExitCode {
    match writeln!(std::io::stdout().lock(), "{:#}", case::schema()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
