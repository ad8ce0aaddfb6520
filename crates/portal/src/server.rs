//! The running portal: opened from a configuration, asked through a router, or served.

use core::fmt;
use core::future::Future;
use core::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::config::Config;
use crate::store::{Store, installation, news};
use crate::telemetry::Telemetry;
use crate::usecase::{credential, issuer};
use crate::{api, audit, connection, data_dir, dcr, gateway, identity, mail, webhook};

/// How long open requests may go on after the portal was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Why the portal cannot start, or stopped.
#[derive(Debug)]
pub struct ServerError(String);

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for ServerError {}

impl ServerError {
    fn at(what: &str, error: impl fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }
}

/// A portal with its database open, and all that goes on without a request.
#[derive(Debug)]
pub struct Server {
    app: App,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Opens the data directory and the database, makes what is missing, migrates.
    ///
    /// # Errors
    ///
    /// When the directory or the database cannot be opened or used.
    pub async fn open(config: Config) -> Result<Self, ServerError> {
        let secrets = data_dir::open(&config.data_dir, config.encryption_keys.as_ref())
            .map_err(|error| ServerError::at("cannot use the data directory", error))?;
        let store = Store::open(config.database().expose())
            .await
            .map_err(|error| ServerError::at("cannot open the database", error))?;
        installation::check(&store, &secrets, config.accept_new_keys)
            .await
            .map_err(|error| ServerError::at("cannot work on the database", error))?;
        let app = App::new(config, store, secrets)
            .map_err(|error| ServerError::at("cannot make calls over TLS", error))?;
        identity::start(&app)
            .await
            .map_err(|problem| ServerError::at("cannot make what is built in", problem.cause()))?;
        mail::start(&app)
            .await
            .map_err(|problem| ServerError::at("cannot send e-mails", problem.cause()))?;
        let telemetry = Telemetry::start(app.config.telemetry.as_ref())
            .map_err(|error| ServerError::at("cannot send traces", error))?;
        // Nobody else sets it.
        let _ = app.telemetry.set(telemetry);
        let tasks = vec![
            tokio::spawn(news::hear_forever(app.store.clone(), app.config.database())),
            tokio::spawn(mail::deliver_forever(app.clone())),
            tokio::spawn(webhook::queue::deliver_forever(app.clone())),
            tokio::spawn(audit::webhook::deliver_forever(app.clone())),
            tokio::spawn(gateway::upkeep::tidy_forever(app.clone())),
            tokio::spawn(dcr::worker::work_forever(app.clone())),
            tokio::spawn(dcr::reconcile::reconcile_forever(app.clone())),
            tokio::spawn(identity::key::rotate_forever(app.clone())),
            tokio::spawn(issuer::watch::discover_forever(app.clone())),
            tokio::spawn(credential::upkeep::attend_forever(app.clone())),
        ];
        Ok(Self { app, tasks })
    }

    /// Answers requests without a socket.
    pub fn router(&self) -> Router {
        api::router(self.app.clone())
    }

    /// Forgets at once what is otherwise forgotten from time to time.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn tidy(&self) -> Result<(), ServerError> {
        let tidied = gateway::upkeep::tidy(&self.app).await;
        tidied.map_err(|error| ServerError::at("cannot tidy", error))
    }

    /// Changes signing keys at once whose time has come.
    ///
    /// # Errors
    ///
    /// When the database fails, or a key cannot be made.
    pub async fn rotate(&self) -> Result<(), ServerError> {
        let rotated = identity::key::rotate_due(&self.app).await;
        rotated.map_err(|problem| ServerError::at("cannot change keys", problem.cause()))
    }

    /// Does at once what is due with keys: idle ones that have a successor end, owners hear of
    /// ends.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn attend_to_keys(&self) -> Result<(), ServerError> {
        let attended = credential::upkeep::attend(&self.app).await;
        attended.map_err(|problem| ServerError::at("cannot attend to keys", problem.cause()))
    }

    /// Moves the portal's clock on: tests of what ends with time need not wait for it.
    pub fn advance_clock(&self, by: Duration) {
        self.app.clock.advance(by);
    }

    /// Serves until `stop` resolves, then lets open requests end.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let (stopping, mut stopped) = tokio::sync::watch::channel(false);
        let app = self.app.clone();
        let stop = async move {
            stop.await;
            app.gateways.stop();
            stopping.send_replace(true);
        };
        let limits = self.app.config.connections;
        tokio::select! {
            () = connection::serve(listener, self.router(), limits, stop) => {}
            () = async {
                // An error means that the server ended first, which the other branch tells.
                let _ = stopped.wait_for(|stopped| *stopped).await;
                tokio::time::sleep(GRACE).await;
            } => {}
        }
        // What was acknowledged leaves the outbox now or at the next start.
        let _ = mail::deliver_due(&self.app).await;
        if let Some(telemetry) = self.app.telemetry.get() {
            telemetry.stop().await;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
