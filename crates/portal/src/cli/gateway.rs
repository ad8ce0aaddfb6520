//! `gatekey gateway`.

use core::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand, ValueEnum};
use gatekey_core::METHODS;
use gatekey_core::id::GatewayId;
use gatekey_core::sync::Replica;
use serde::Serialize;

use super::input::{BadInput, Outcome, find_gateway, open, read_file};
use super::serve::Settings;
use crate::data_dir::Secrets;
use crate::usecase::issuer;

/// The most peppers that a filter takes.
const MOST_PEPPERS: usize = 2;

/// Set gateways up
#[derive(Debug, Subcommand)]
pub(super) enum Gateway {
    /// Print the configuration of a gateway's filter; it holds secrets
    ///
    /// The keys of the portal's own authorization servers are fetched where the gateway reaches the
    /// portal. Other identity providers are to be added to `upstreams`.
    FilterConfig(FilterConfig),
}

/// What the configuration is to say.
#[derive(Debug, Args)]
pub(super) struct FilterConfig {
    #[command(flatten)]
    settings: Settings,
    /// The gateway
    #[arg(long, value_name = "NAME_OR_ID")]
    gateway: String,
    /// The Envoy cluster that leads to the portal
    #[arg(long, default_value = "gatekey_portal", value_name = "NAME", value_parser = plain)]
    portal_cluster: String,
    /// The host that the portal is asked for
    #[arg(long, default_value = "127.0.0.1:8180", value_name = "HOST", value_parser = plain)]
    portal_authority: String,
    /// The service of every request, by name or id
    #[arg(long, value_name = "NAME_OR_ID")]
    service: Option<String>,
    /// A snapshot to start from, as `gatekey snapshot save` wrote it
    #[arg(long, value_name = "FILE")]
    embed_snapshot: Option<PathBuf>,
    /// The realm that clients without a key are told
    #[arg(long, value_name = "TEXT", value_parser = realm)]
    realm: Option<String>,
    /// How long the portal may be silent [default: the filter's]
    #[arg(long, value_name = "SECONDS")]
    max_staleness: Option<u64>,
    /// What happens after that
    #[arg(long, value_name = "MODE", requires = "max_staleness", default_value = "deny-all")]
    when_stale: WhenStale,
}

/// What happens when the portal has been silent for too long.
#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum WhenStale {
    /// Every request is answered with 503
    #[value(alias = "deny_all")]
    DenyAll,
    /// Keys that were let through before go on; others are answered with 503
    #[value(alias = "deny_new")]
    DenyNew,
    /// The last policy goes on deciding
    #[value(alias = "serve_known")]
    ServeKnown,
}

/// The configuration, in the filter's own form.
#[derive(Serialize)]
struct Document<'d> {
    version: u32,
    host: &'static str,
    gateway_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'d str>,
    peppers: Vec<Pepper<'d>>,
    snapshot_keys: Vec<String>,
    sync: Sync<'d>,
    /// Where identity providers are that the portal itself is.
    upstreams: BTreeMap<String, Upstream<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Snapshot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    staleness: Option<Staleness>,
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<&'d str>,
}

#[derive(Serialize)]
struct Pepper<'d> {
    id: &'d str,
    secret: String,
}

#[derive(Serialize)]
struct Sync<'d> {
    upstream: Upstream<'d>,
    token: &'d str,
}

#[derive(Serialize)]
struct Upstream<'d> {
    envoy_cluster: &'d str,
    authority: &'d str,
}

#[derive(Serialize)]
struct Snapshot {
    inline: String,
}

#[derive(Serialize)]
struct Staleness {
    max_seconds: u64,
    then: WhenStale,
}

impl Gateway {
    pub(super) async fn run(self) -> Outcome {
        let Self::FilterConfig(asked) = self;
        let config = asked.settings.clone().read()?;
        let (store, secrets) = open(&config).await?;
        let gateway = find_gateway(&store, &asked.gateway).await?;
        let own = issuer::own_hosts(store.db(), &config.base_url()).await?;
        let document = asked.document(gateway.into(), &secrets, own)?;
        let mut out = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &document)?;
        writeln!(out)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl FilterConfig {
    fn document<'d>(
        &'d self,
        gateway: GatewayId,
        secrets: &'d Secrets,
        own_hosts: BTreeSet<String>,
    ) -> Result<Document<'d>, Box<dyn Error>> {
        if secrets.peppers.len() > MOST_PEPPERS {
            let fault = format!("the portal has more than {MOST_PEPPERS} peppers");
            return Err(BadInput(fault).into());
        }
        let key = secrets.signing_key.verifying_key();
        let snapshot = match &self.embed_snapshot {
            None => None,
            Some(path) => {
                let bytes = read_file(path)?;
                // A filter with a snapshot that it cannot believe does not start.
                let mut replica = Replica::new(gateway, vec![key], METHODS);
                replica.load_bundle(&bytes).map_err(|error| BadInput::at(path, error))?;
                Some(Snapshot { inline: STANDARD.encode(bytes) })
            }
        };
        let portal =
            || Upstream { envoy_cluster: &self.portal_cluster, authority: &self.portal_authority };
        Ok(Document {
            version: 1,
            host: "envoy",
            gateway_id: gateway.to_string(),
            service: self.service.as_deref(),
            peppers: secrets
                .peppers
                .iter()
                .map(|named| Pepper {
                    id: named.pepper.id(),
                    secret: STANDARD.encode(named.secret.expose()),
                })
                .collect(),
            snapshot_keys: vec![STANDARD.encode(key.as_bytes())],
            sync: Sync { upstream: portal(), token: secrets.gateway_token.expose() },
            upstreams: own_hosts.into_iter().map(|host| (host, portal())).collect(),
            snapshot,
            staleness: self
                .max_staleness
                .map(|max_seconds| Staleness { max_seconds, then: self.when_stale }),
            realm: self.realm.as_deref(),
        })
    }
}

fn plain(text: &str) -> Result<String, &'static str> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| text.to_owned()).ok_or("must be printable ASCII without spaces")
}

fn realm(text: &str) -> Result<String, &'static str> {
    let plain = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
    let fits = text.len() <= 128 && text.chars().all(plain);
    fits.then(|| text.to_owned())
        .ok_or("must have at most 128 printable ASCII characters without `\"` and `\\`")
}
