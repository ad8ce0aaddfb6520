//! `gatekey snapshot`.

use core::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use gatekey_core::METHODS;
use gatekey_core::id::GatewayId;
use gatekey_core::secret::Secret;
use gatekey_core::snapshot::VerifyingKey;
use gatekey_core::snapshot::manifest::split_bundle;
use gatekey_core::sync::Replica;

use super::bundle::Bundle;
use super::input::{BadInput, Outcome, find_gateway, open, read_file, read_secret, verifying_key};
use super::remote::Remote;
use super::serve::Settings;
use crate::clock::{self, Clock};
use crate::gateway::image::Image;

/// Save, show and verify snapshots of a gateway's policy
#[derive(Debug, Subcommand)]
pub(super) enum Snapshot {
    /// Save what a gateway enforces, to boot it without a portal
    Save(Save),
    /// Show what a snapshot holds, whoever signed it
    Show {
        /// The snapshot
        file: PathBuf,
        /// As JSON, with every record
        #[arg(long)]
        json: bool,
    },
    /// Check that a gateway would believe a snapshot
    Verify {
        /// The snapshot
        file: PathBuf,
        /// The portal's Ed25519 public key, base64; several can be given
        #[arg(long, required = true, value_name = "BASE64", value_parser = verifying_key)]
        key: Vec<VerifyingKey>,
        /// The gateway that it has to be for [default: whichever it is for]
        #[arg(long, value_name = "ID")]
        gateway: Option<GatewayId>,
    },
}

/// Where a snapshot comes from and goes.
#[derive(Debug, Args)]
pub(super) struct Save {
    #[command(flatten)]
    settings: Settings,
    /// Ask the portal at this URL instead of the data directory
    #[arg(long, value_name = "URL", requires = "token")]
    portal: Option<String>,
    /// The gateway token, or `@` and the file that holds it
    #[arg(long, env = "GATEKEY_GATEWAY_TOKEN", hide_env_values = true, value_name = "@FILE")]
    token: Option<String>,
    /// The gateway
    #[arg(long, value_name = "NAME_OR_ID")]
    gateway: String,
    /// Where to write the snapshot
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

impl Snapshot {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::Save(save) => save.run().await,
            Self::Show { file, json } => {
                let bytes = read_file(&file)?;
                let bundle = Bundle::read(&bytes).map_err(|error| BadInput::at(&file, error))?;
                let mut out = std::io::BufWriter::new(std::io::stdout().lock());
                if json {
                    bundle.show_json(&mut out)?
                } else {
                    bundle.show(&mut out)?
                }
                out.flush()?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Verify { file, key, gateway } => verify(&file, key, gateway),
        }
    }
}

impl Save {
    async fn run(self) -> Outcome {
        let bytes = match (&self.portal, self.token) {
            (Some(url), Some(token)) => {
                let remote = Remote::new(url, &read_token(token)?)?;
                let gateway = self.gateway;
                tokio::task::spawn_blocking(move || remote.snapshot(&gateway)).await??
            }
            _ => {
                let (store, secrets) = open(&self.settings.read()?).await?;
                let gateway = find_gateway(&store, &self.gateway).await?;
                let now = Clock::default().unix_millis();
                let image = Image::read(&store).await?;
                image.bundle(gateway, now, &secrets.signing_key)?
            }
        };
        let fault = |error| format!("the portal sent no snapshot: {error}");
        split_bundle(&bytes).map_err(fault)?;
        write_whole(&self.output, &bytes)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn read_token(token: String) -> Result<Secret<String>, BadInput> {
    let Some(path) = token.strip_prefix('@') else { return Ok(Secret::new(token)) };
    let text = read_secret(Path::new(path))?;
    Ok(Secret::new(text.expose().trim().to_owned()))
}

/// Writes a file that is never there by half: a gateway may boot from it at any time.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let at = |error: std::io::Error| BadInput::at(path, error);
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".part{}", std::process::id()));
    let part = PathBuf::from(part);
    let mut file = fs::File::create(&part).map_err(at)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&part, path)) {
        let _ = fs::remove_file(&part);
        return Err(at(error).into());
    }
    Ok(())
}

fn verify(file: &Path, keys: Vec<VerifyingKey>, gateway: Option<GatewayId>) -> Outcome {
    let bytes = read_file(file)?;
    let bundle = Bundle::read(&bytes).map_err(|error| BadInput::at(file, error))?;
    let gateway = gateway.unwrap_or(bundle.manifest.gateway);
    let mut replica = Replica::new(gateway, keys, METHODS);
    if let Err(error) = replica.load_bundle(&bytes) {
        return Err(format!("`{}`: {error}", file.display()).into());
    }
    let issued_at = i64::try_from(bundle.manifest.issued_at.0).unwrap_or(i64::MAX);
    writeln!(
        std::io::stdout(),
        "ok: gateway {gateway}, revision {}, issued at {}",
        bundle.manifest.revision,
        clock::format(issued_at)
    )?;
    Ok(ExitCode::SUCCESS)
}
