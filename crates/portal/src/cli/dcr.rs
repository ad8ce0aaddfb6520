//! `gatekey dcr`.

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use super::input::{BadInput, Outcome, open};
use super::serve::Settings;
use crate::app::App;
use crate::dcr::reconcile::{self, AtProvider, Comparison};
use crate::problem::Problem;
use crate::store::entity::dcr_provider;

/// Compare the ledger of applications' clients with what identity providers hold
#[derive(Debug, Subcommand)]
pub(super) enum Dcr {
    /// Ask every provider that can be asked, and show what does not agree
    Status {
        #[command(flatten)]
        settings: Settings,
        /// Show every client, and not only those that somebody has to look at
        #[arg(long)]
        all: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Forget a client that no application has: the ledger does not speak of it any more
    Forget {
        #[command(flatten)]
        settings: Settings,
        /// The client's id in the ledger, as `gatekey dcr status` shows it
        client: Uuid,
    },
}

impl Dcr {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::Status { settings, all, json } => status(settings, all, json).await,
            Self::Forget { settings, client } => {
                let app = app(settings).await?;
                reconcile::forget(&app, client).await.map_err(said)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

async fn app(settings: Settings) -> Result<App, Box<dyn core::error::Error>> {
    let config = settings.read()?;
    let (store, secrets) = open(&config).await?;
    Ok(App::new(config, store, secrets)?)
}

/// Exits with 1 when anything does not agree.
async fn status(settings: Settings, all: bool, as_json: bool) -> Outcome {
    let app = app(settings).await?;
    let providers = dcr_provider::Entity::find()
        .order_by_asc(dcr_provider::Column::Name)
        .all(app.store.db())
        .await?;
    let mut out = std::io::stdout();
    let mut agree = true;
    let mut documents = Vec::new();
    for provider in providers {
        let found = reconcile::compare(&app, &provider).await.map_err(said)?;
        agree &= found.agrees();
        if as_json {
            documents.push(document(&provider, &found));
        } else {
            show(&mut out, &provider, &found, all)?;
        }
    }
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(&documents)?)?;
    }
    Ok(if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(
    out: &mut impl Write,
    provider: &dcr_provider::Model,
    found: &Comparison,
    all: bool,
) -> std::io::Result<()> {
    let live = found.known.iter().filter(|known| known.is_live()).count();
    let verdict = if found.agrees() { "ok" } else { "LOOK" };
    writeln!(
        out,
        "{verdict:<5} {} ({}): {live} of applications, {} being made or removed, {} that only the \
         provider knows",
        provider.name,
        provider.kind,
        found.known.len() - live,
        found.unknown.len()
    )?;
    if let Some(error) = &found.error {
        writeln!(out, "      cannot be asked: {error}")?;
    }
    for known in found.known.iter().filter(|known| all || !known.is_well()) {
        let client = &known.client;
        let owner = client.application_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        writeln!(
            out,
            "      {}  {:<11} {:<8} client {}  application {owner}{}",
            client.id,
            client.state,
            word(known.at_provider),
            client.client_id.as_deref().unwrap_or("-"),
            known
                .job
                .as_ref()
                .and_then(|job| job.error.as_ref())
                .map_or_else(String::new, |error| format!("  ({error})"))
        )?;
    }
    for (tag, client_id) in &found.unknown {
        let client_id = client_id.as_deref().unwrap_or("-");
        writeln!(out, "      {tag}  not in the ledger     client {client_id}")?;
    }
    Ok(())
}

fn document(provider: &dcr_provider::Model, found: &Comparison) -> serde_json::Value {
    let clients = found.known.iter().map(|known| {
        json!({
            "id": known.client.id,
            "state": known.client.state,
            "application_id": known.client.application_id,
            "client_id": known.client.client_id,
            "at_provider": word(known.at_provider),
            "job": known.job.as_ref().map(|job| json!({
                "id": job.id,
                "kind": job.kind,
                "state": job.state,
                "attempts": job.attempts,
                "error": job.error,
            })),
        })
    });
    let unknown = found.unknown.iter();
    let unknown = unknown.map(|(tag, client_id)| json!({ "tag": tag, "client_id": client_id }));
    json!({
        "id": provider.id,
        "name": provider.name,
        "provider_type": provider.kind,
        "agrees": found.agrees(),
        "error": found.error,
        "clients": clients.collect::<Vec<_>>(),
        "unknown": unknown.collect::<Vec<_>>(),
    })
}

const fn word(at: AtProvider) -> &'static str {
    match at {
        AtProvider::Present => "present",
        AtProvider::Missing => "missing",
        AtProvider::Unknown => "unknown",
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn said(problem: Problem) -> BadInput {
    BadInput(problem.detail().to_owned())
}
