//! A bridge between Konnect's dynamic client registration and any server of RFC 7591 and RFC 7592.
//!
//! Konnect (or Gatekey, with a provider of kind `http`) calls it with the contract of Kong's DCR
//! handler; it registers, updates and removes clients at the server. How to run it is in the README
//! beside this.

mod api;
mod body;
mod book;
mod bridge;
mod failure;
mod keys;
mod server;

use core::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use gatekey_dcr::rfc7591::{Config, Reading, RotateBy, SecretBy};
use tokio::net::TcpListener;

use crate::bridge::Bridge;
use crate::keys::Keys;
use crate::server::Server;

/// The variable with the API keys that callers may send, separated by commas or white space.
const KEYS: &str = "DCR_BRIDGE_API_KEYS";
/// The variable with the token that the server wants for a registration.
const TOKEN: &str = "DCR_BRIDGE_INITIAL_ACCESS_TOKEN";

/// Puts a server of RFC 7591 and RFC 7592 behind Konnect's DCR bridge contract.
///
/// Secrets come from the environment: DCR_BRIDGE_API_KEYS (one or more keys of 12 to 256 letters,
/// digits and underscores, separated by commas) and, where the server wants one,
/// DCR_BRIDGE_INITIAL_ACCESS_TOKEN.
#[derive(Debug, Parser)]
#[command(name = "gatekey-dcr-bridge", version)]
struct Options {
    /// Where to listen. Put a proxy that speaks TLS before it.
    #[arg(long, default_value = "127.0.0.1:8099")]
    listen: SocketAddr,
    /// The issuer of the server.
    #[arg(long)]
    issuer: String,
    /// The registration endpoint, when the issuer's discovery document does not name it.
    #[arg(long)]
    registration_endpoint: Option<String>,
    /// Where the clients and their registration tokens are kept.
    #[arg(long, default_value = "dcr-bridge.json")]
    state: PathBuf,
    /// Whether the server issues another secret with every update. Only then can secrets be renewed;
    /// without it an update of an application is passed on instead.
    #[arg(long)]
    update_renews_secret: bool,
    /// How clients authenticate at the token endpoint: client_secret_basic or client_secret_post.
    #[arg(long, default_value = "client_secret_basic")]
    token_endpoint_auth_method: String,
    /// A redirect URI for applications that have none, when the server wants one of every client.
    #[arg(long)]
    default_redirect_uri: Option<String>,
}

impl Options {
    fn config(&self) -> Result<Config, String> {
        let token_endpoint_auth_method = match self.token_endpoint_auth_method.as_str() {
            "client_secret_basic" => SecretBy::ClientSecretBasic,
            "client_secret_post" => SecretBy::ClientSecretPost,
            other => return Err(format!("--token-endpoint-auth-method: {other} is not known")),
        };
        Ok(Config {
            registration_endpoint: self.registration_endpoint.clone(),
            rotate: if self.update_renews_secret { RotateBy::Update } else { RotateBy::None },
            read: Reading::None,
            token_endpoint_auth_method,
            default_redirect_uri: self.default_redirect_uri.clone(),
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("{error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), String> {
    let keys = std::env::var(KEYS).map_err(|_| format!("{KEYS} is not set"))?;
    let keys = Keys::read(&keys).map_err(|fault| format!("{KEYS}: {fault}"))?;
    let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
    let server = Server::new(&options.issuer, &options.config()?, token)?;
    let bridge = Arc::new(Bridge::open(server, &options.state)?);

    let listener = TcpListener::bind(options.listen).await;
    let listener =
        listener.map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    say(format_args!("listening on http://{address}"));
    let router = api::router(Arc::clone(&bridge), keys);
    let served = axum::serve(listener, router).with_graceful_shutdown(stopped()).await;
    // A caller may have gone while its work went on.
    bridge.finished().await;
    say(format_args!("stopped"));
    served.map_err(|error| error.to_string())
}

/// Ends when the process is asked to stop.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

/// Tells whoever runs the bridge. Never a secret.
pub(crate) fn say(what: core::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{what}");
}
