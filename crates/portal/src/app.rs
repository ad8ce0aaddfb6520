//! What every request can reach.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use gatekey_core::digest::Digest;
use tokio::sync::Notify;

use crate::audit;
use crate::authorization::Authorization;
use crate::clock::Clock;
use crate::config::Config;
use crate::data_dir::Secrets;
use crate::dcr::Dcr;
use crate::entropy::digest_of;
use crate::gateway::Gateways;
use crate::identity::Identity;
use crate::mail;
use crate::metrics::Metrics;
use crate::outbound::Outbound;
use crate::password::Passwords;
use crate::store::Store;
use crate::telemetry::Telemetry;
use crate::throttle::Throttles;

/// The state of the running portal; a cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Parts>);

/// The parts of the state.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The configuration.
    pub(crate) config: Config,
    /// The database.
    pub(crate) store: Store,
    /// Tokens and keys.
    pub(crate) secrets: Secrets,
    /// The digest of the administrator's token.
    pub(crate) admin_digest: Digest,
    /// The digest of the gateways' token.
    pub(crate) gateway_digest: Digest,
    /// The time.
    pub(crate) clock: Clock,
    /// Hashes passwords.
    pub(crate) passwords: Passwords,
    /// Counts what outsiders do.
    pub(crate) throttles: Throttles,
    /// Wakes whoever delivers e-mails.
    pub(crate) mail_waiting: Notify,
    /// The mail server, when there is one.
    pub(crate) mail_transport: OnceLock<mail::Transport>,
    /// What is remembered of refusals for the audit log.
    pub(crate) audit: audit::bound::Bound,
    /// Wakes whoever delivers to webhooks.
    pub(crate) webhooks_waiting: Notify,
    /// Wakes whoever discovers issuers.
    pub(crate) discovery_waiting: Notify,
    /// Where e-mails are delivered.
    pub(crate) mailbox: PathBuf,
    /// What is remembered of authorization servers while they are asked for tokens.
    pub(crate) authorization: Authorization,
    /// What is remembered about gateways.
    pub(crate) gateways: Gateways,
    /// What is remembered about authorization servers.
    pub(crate) identity: Identity,
    /// Where spans go, once the portal runs.
    pub(crate) telemetry: OnceLock<Telemetry>,
    /// What happened so far, in numbers.
    pub(crate) metrics: Metrics,
    /// What is remembered of providers of clients.
    pub(crate) dcr: Dcr,
    /// Calls what somebody else named.
    pub(crate) outbound: Outbound,
}

impl App {
    /// Puts the parts together.
    ///
    /// # Errors
    ///
    /// When the system gives no TLS certificates.
    pub(crate) fn new(
        config: Config,
        store: Store,
        secrets: Secrets,
    ) -> Result<Self, reqwest::Error> {
        let outbound = Outbound::new(config.outbound_allowed(), config.outbound_timeout)?;
        Ok(Self::calling(outbound, config, store, secrets))
    }

    fn calling(outbound: Outbound, config: Config, store: Store, secrets: Secrets) -> Self {
        Self(Arc::new(Parts {
            admin_digest: digest_of(secrets.admin_token.expose()),
            gateway_digest: digest_of(secrets.gateway_token.expose()),
            clock: Clock::default(),
            passwords: Passwords::default(),
            throttles: Throttles::new(config.throttle, &store),
            mail_waiting: Notify::new(),
            mail_transport: OnceLock::new(),
            audit: audit::bound::Bound::default(),
            webhooks_waiting: Notify::new(),
            discovery_waiting: Notify::new(),
            mailbox: crate::data_dir::mailbox(&config.data_dir),
            authorization: Authorization::new(&store),
            gateways: Gateways::default(),
            identity: Identity::default(),
            telemetry: OnceLock::new(),
            metrics: Metrics::default(),
            dcr: Dcr::default(),
            outbound,
            config,
            store,
            secrets,
        }))
    }
}

impl App {
    /// What proves that a form of a page is ours: the same in all processes with the same keys.
    pub(crate) fn form_key(&self) -> [u8; 32] {
        let pepper = self.secrets.peppers.first();
        pepper.map_or([0; 32], |key| *key.pepper.digest(b"forms of pages").as_bytes())
    }
}

impl core::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

#[cfg(test)]
impl App {
    /// A portal of a test's own.
    pub(crate) async fn of_test(data_dir: &tempfile::TempDir) -> Self {
        let generous = crate::config::Throttle { keys: 100_000, ..Default::default() };
        let data_dir = data_dir.path().to_owned();
        let config = Config { data_dir, throttle: generous, ..Config::default() };
        let secrets = crate::data_dir::open(&config.data_dir, None).unwrap();
        let store = Store::open(config.database().expose()).await.unwrap();
        Self::new(config, store, secrets).unwrap()
    }

    /// The same portal, stopped and started again. It need not read the system's TLS certificates
    /// again: they take longer than all the rest.
    pub(crate) async fn restarted(&self) -> Self {
        let config = self.config.clone();
        let secrets = crate::data_dir::open(&config.data_dir, None).unwrap();
        let store = Store::open(config.database().expose()).await.unwrap();
        Self::calling(self.outbound.clone(), config, store, secrets)
    }
}
