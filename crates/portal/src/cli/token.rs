//! `gatekey token`.

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use super::input::{BadInput, Outcome, open};
use super::serve::Settings;
use crate::app::App;
use crate::clock;
use crate::problem::Problem;
use crate::scope::Permission;
use crate::store::entity::admin_token;
use crate::usecase::admin_token as usecase;

/// Make, list and revoke tokens of the management API
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token and print it, for the only time
    Create {
        #[command(flatten)]
        settings: Settings,
        /// What it is for
        name: String,
        /// What it may do: read or write, for everything or for one area (portals, apis,
        /// strategies, identity, gateways, tokens, audit); may be given several times
        #[arg(long = "scope", value_name = "[AREA:]read|write", required = true)]
        scopes: Vec<String>,
        /// The only portals that it is for [default: all]
        #[arg(long = "portal", value_name = "ID")]
        portals: Vec<Uuid>,
        /// When it ends, as in 2030-01-31T00:00:00Z [default: never]
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// Show every token, without the token itself
    List {
        #[command(flatten)]
        settings: Settings,
    },
    /// Revoke a token
    Revoke {
        #[command(flatten)]
        settings: Settings,
        /// Its name
        name: String,
    },
}

impl Token {
    pub(super) async fn run(self) -> Outcome {
        let mut out = std::io::stdout();
        match self {
            Self::Create { settings, name, scopes, portals, expires_at } => {
                let portals = (!portals.is_empty()).then_some(portals);
                let new = json!({
                    "name": name, "scopes": scopes, "portal_ids": portals, "expires_at": expires_at,
                });
                let new = crate::input::parse(new.to_string().as_bytes()).map_err(said)?;
                let app = app(settings).await?;
                let made = usecase::create(&app, &Permission::everything(), new).await;
                let (_, token) = made.map_err(said)?;
                writeln!(out, "{}", token.expose())?;
            }
            Self::List { settings } => {
                let app = app(settings).await?;
                let rows = admin_token::Entity::find().order_by_asc(admin_token::Column::Name);
                for row in rows.all(app.store.db()).await? {
                    let time = |at: Option<i64>| at.map_or("never".into(), clock::format);
                    let (ends, used) = (time(row.expires_at), time(row.last_used_at));
                    writeln!(out, "{}  {}  ends {ends}, used {used}", row.name, row.scopes)?;
                }
            }
            Self::Revoke { settings, name } => {
                let app = app(settings).await?;
                let named = admin_token::Column::Name.eq(&name);
                let found = admin_token::Entity::find().filter(named).one(app.store.db()).await?;
                let found = found.ok_or_else(|| BadInput(format!("`{name}`: no such token")))?;
                usecase::revoke(&app, found.id).await.map_err(said)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn app(settings: Settings) -> Result<App, Box<dyn core::error::Error>> {
    let config = settings.read()?;
    let (store, secrets) = open(&config).await?;
    Ok(App::new(config, store, secrets)?)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn said(problem: Problem) -> BadInput {
    let faults = problem.faults().iter();
    let faults: Vec<_> = faults.map(|fault| format!("{} {}", fault.field, fault.reason)).collect();
    if faults.is_empty() {
        BadInput(problem.detail().to_owned())
    } else {
        BadInput(faults.join("; "))
    }
}
