//! The command `gatekey`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod serve;

/// Application registration for Envoy and Kong gateways.
#[derive(Debug, Parser)]
#[command(name = "gatekey", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the portal.
    Serve(serve::Serve),
}

/// Runs the command that the arguments name.
pub async fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(serve) => serve.run().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // Without standard error there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "gatekey: {error}");
            ExitCode::FAILURE
        }
    }
}
