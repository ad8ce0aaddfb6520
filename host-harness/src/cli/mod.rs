//! The command `gatekey-harness`: every face of the harness from a shell.
//!
//! Exit codes: 0 everything held, 1 something did not, 2 the input could not be used.

#[cfg(feature = "against")]
mod against;
mod bench;
mod faults;
mod input;
mod lint;
mod output;
mod profiles;
mod replay;
mod run;
mod schema;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The input could not be used.
const UNUSABLE: u8 = 2;

/// Runs, tests, replays and measures Proxy-Wasm filters the way a chosen proxy would run them.
#[derive(Debug, Parser)]
#[command(name = "gatekey-harness", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "against")]
    Against(against::Arguments),
    Bench(bench::Arguments),
    Faults(faults::Arguments),
    Lint(lint::Arguments),
    Profiles(profiles::Arguments),
    Replay(replay::Arguments),
    Run(run::Arguments),
    Schema(schema::Arguments),
}

/// Runs the command with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    match Arguments::parse().command {
        #[cfg(feature = "against")]
        Command::Against(arguments) => against::execute(&arguments),
        Command::Bench(arguments) => bench::execute(&arguments),
        Command::Faults(arguments) => faults::execute(&arguments),
        Command::Lint(arguments) => lint::execute(&arguments),
        Command::Profiles(arguments) => profiles::execute(&arguments),
        Command::Replay(arguments) => replay::execute(&arguments),
        Command::Run(arguments) => run::execute(&arguments),
        Command::Schema(arguments) => schema::execute(&arguments),
    }
}
