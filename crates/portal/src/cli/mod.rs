//! The command `gatekey`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::input::BadInput;

mod apply;
mod audit;
mod backup;
mod bundle;
mod dcr;
mod explain;
mod gateway;
mod import;
mod input;
mod key;
mod plan;
#[cfg(test)]
mod reference;
mod remote;
mod serve;
mod snapshot;
mod state;
mod token;

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
    /// Copy the SQLite database while the portal runs
    Backup(backup::Backup),
    /// Put a copy of the database back
    Restore(backup::Restore),
    #[command(subcommand)]
    Gateway(gateway::Gateway),
    #[command(subcommand)]
    Snapshot(snapshot::Snapshot),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Dcr(dcr::Dcr),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Audit(audit::Audit),
    Export(apply::Export),
    Apply(apply::Apply),
    Import(import::Import),
    /// Say which rule decides about a request, and what would allow it
    Explain(Box<explain::Explain>),
}

/// Runs the command that the arguments name.
pub async fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(serve) => serve.run().await.map(|()| ExitCode::SUCCESS),
        Command::Backup(backup) => backup.run().await,
        Command::Restore(restore) => restore.run().await,
        Command::Gateway(gateway) => gateway.run().await,
        Command::Snapshot(snapshot) => snapshot.run().await,
        Command::Key(key) => key.run(),
        Command::Dcr(dcr) => dcr.run().await,
        Command::Token(token) => token.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Export(export) => export.run().await,
        Command::Apply(apply) => apply.run().await,
        Command::Import(import) => import.run().await,
        Command::Explain(explain) => explain.run(),
    };
    outcome.unwrap_or_else(|error| {
        use std::io::Write;
        // Without standard error there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "gatekey: {error}");
        if error.is::<BadInput>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}
