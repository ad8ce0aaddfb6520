//! `gatekey serve`.

use core::error::Error;
use core::net::SocketAddr;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, Layer, LogFormat, LogLevel, Telemetry};
use crate::server::Server;
use crate::store::lock;
use crate::{api, logging};

/// Where the configuration comes from, and what overrides it.
#[derive(Clone, Debug, Args)]
pub(super) struct Settings {
    /// The configuration file [default: gatekey.toml, if there is one]
    #[arg(long, env = "GATEKEY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where files are kept [default: .gatekey]
    #[arg(long, env = "GATEKEY_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The database [default: SQLite in the data directory]
    #[arg(long, env = "GATEKEY_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// The base URL under which browsers and gateways reach the portal
    #[arg(long, env = "GATEKEY_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// The keys of what is encrypted at rest, one `id:base64` per line [default: in the data
    /// directory]
    #[arg(long, env = "GATEKEY_ENCRYPTION_KEYS", hide_env_values = true, value_name = "KEYS")]
    encryption_keys: Option<String>,
}

/// The flags of `gatekey serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// The address to listen on [default: 127.0.0.1:8180]
    #[arg(long, env = "GATEKEY_LISTEN", value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// How logs look [default: text]
    #[arg(long, env = "GATEKEY_LOG_FORMAT")]
    log_format: Option<LogFormat>,
    /// What is logged [default: info]
    #[arg(long, env = "GATEKEY_LOG_LEVEL")]
    log_level: Option<LogLevel>,
    /// The domain under which portals get their default domain [default: localhost]
    #[arg(long, env = "GATEKEY_PORTAL_DOMAIN", value_name = "DOMAIN")]
    portal_domain: Option<String>,
    /// The first word of issued keys [default: gk]
    #[arg(long, env = "GATEKEY_KEY_PREFIX", value_name = "WORD")]
    key_prefix: Option<String>,
    /// The second word of issued keys [default: live]
    #[arg(long, env = "GATEKEY_KEY_ENVIRONMENT", value_name = "WORD")]
    key_environment: Option<String>,
    /// How many changes gateways can catch up on without a new snapshot [default: 10000]
    #[arg(long, env = "GATEKEY_RETAINED_CHANGES", value_name = "NUMBER")]
    retained_changes: Option<u64>,
    /// A network or host, not of the public internet, that may be called; may be given several
    /// times [default: this machine, when the portal listens to nobody else]
    #[arg(
        long,
        env = "GATEKEY_OUTBOUND_ALLOW",
        value_delimiter = ',',
        value_name = "NETWORK|HOST"
    )]
    outbound_allow: Option<Vec<String>>,
    /// The password for the mail server of the configuration
    #[arg(long, env = "GATEKEY_SMTP_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    smtp_password: Option<String>,
    /// How many days entries of the audit log are kept [default: without end]
    #[arg(long, env = "GATEKEY_AUDIT_RETENTION_DAYS", value_name = "DAYS")]
    audit_retention_days: Option<u32>,
    /// The base URL of an OpenTelemetry collector that traces are sent to [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// How many proxies in front of the portal append to X-Forwarded-For [default: 0]
    #[arg(long, env = "GATEKEY_TRUSTED_PROXIES", value_name = "NUMBER")]
    trusted_proxies: Option<usize>,
    /// Take the data directory's keys, although this database was used with others
    #[arg(long)]
    accept_new_keys: bool,
}

impl Settings {
    /// The configuration for a command other than `serve`.
    pub(super) fn read(self) -> Result<Config, Box<dyn Error>> {
        self.complete(Layer::default())
    }

    fn complete(self, more: Layer) -> Result<Config, Box<dyn Error>> {
        let file = Layer::from_file(self.config.as_deref())?;
        let flags = Layer {
            data_dir: self.data_dir,
            database_url: self.database_url,
            public_url: self.public_url,
            encryption_keys: self.encryption_keys,
            ..more
        };
        Ok(flags.over(file).complete()?)
    }
}

/// Every connection is an open file: takes as many as the system allows.
fn allow_connections() -> Result<(), rustix::io::Errno> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
}

impl Serve {
    /// What all commands read, and the flags that are this one's alone.
    fn split(self) -> (Settings, Layer) {
        let flags = Layer {
            listen: self.listen,
            log_format: self.log_format,
            log_level: self.log_level,
            portal_domain: self.portal_domain,
            key_prefix: self.key_prefix,
            key_environment: self.key_environment,
            retained_changes: self.retained_changes,
            trusted_proxies: self.trusted_proxies,
            telemetry: self.otlp_endpoint.as_deref().map(Telemetry::new),
            outbound_allow: self.outbound_allow,
            smtp_password: self.smtp_password,
            audit_retention_days: self.audit_retention_days,
            accept_new_keys: self.accept_new_keys.then_some(true),
            ..Layer::default()
        };
        (self.settings, flags)
    }

    /// Serves until the process is told to stop.
    pub(super) async fn run(self) -> Result<(), Box<dyn Error>> {
        let (settings, flags) = self.split();
        let mut config = settings.complete(flags)?;
        logging::start(&config);
        // Kept until the end: nobody else may work on the same file.
        let _alone = lock::alone(config.database().expose())?;
        if let Err(error) = allow_connections() {
            tracing::warn!(%error, "cannot raise the number of open files");
        }
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
        // With port 0 the system chose one.
        config.listen = listener.local_addr()?;
        let base = config.base_url();
        let data_dir = config.data_dir.clone();
        let mail_server = config.smtp.as_ref().map(|smtp| format!("{}:{}", smtp.host, smtp.port));
        let server = Server::open(config).await?;
        let mut out = std::io::stdout();
        writeln!(out, "portal       {base}")?;
        writeln!(
            out,
            "management   {base}/v3, {base}/v2 (token: {}/admin-token)",
            data_dir.display()
        )?;
        writeln!(
            out,
            "gateways     {base}/gateway/v1 (token: {}/gateway-token)",
            data_dir.display()
        )?;
        match mail_server {
            Some(server) => writeln!(out, "mail server  {server}")?,
            None => {
                writeln!(out, "mailbox      {}", crate::data_dir::mailbox(&data_dir).display())?;
            }
        }
        writeln!(out, "description  {base}{}", api::OPENAPI_PATH)?;
        out.flush()?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
        };
        Ok(server.serve(listener, stop).await?)
    }
}

#[cfg(test)]
mod tests {
    use clap::{ArgAction, Args as _, Command, FromArgMatches as _};

    use super::*;

    fn serve(arguments: &[&str]) -> Serve {
        let command = Serve::augment_args(Command::new("serve"));
        let matches = command.get_matches_from([&["serve"], arguments].concat());
        Serve::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn every_flag_has_its_effect() {
        let shown = |serve: Serve| {
            let (settings, flags) = serve.split();
            format!("{settings:?} {flags:?}")
        };
        let silent = shown(serve(&[]));
        let command = Serve::augment_args(Command::new("serve"));
        for argument in command.get_arguments() {
            let flag = format!("--{}", argument.get_long().unwrap());
            let value = match &*flag {
                "--listen" => "127.0.0.1:1",
                "--log-format" => "json",
                "--log-level" => "debug",
                "--retained-changes" | "--audit-retention-days" | "--trusted-proxies" => "7",
                _ => "x",
            };
            let switch = matches!(argument.get_action(), ArgAction::SetTrue);
            let arguments = if switch { vec![&*flag] } else { vec![&*flag, value] };
            assert_ne!(shown(serve(&arguments)), silent, "{flag} has no effect");
        }
    }
}
