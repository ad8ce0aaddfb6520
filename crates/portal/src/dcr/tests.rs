//! The portal is killed anywhere in the life of a client, and started again.
//!
//! A future that is dropped after some number of polls stands for a process that is killed there:
//! what the database and the provider have taken in by then stays, everything else is gone.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use gatekey_dcr_fakes::rfc7591::Quirks;
use gatekey_dcr_fakes::{Fake, Fault, auth0, bridge, curity, entra, okta, rfc7591};
use sea_orm::EntityTrait;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::ledger::{LIVE, ORPHAN};
use super::{reconcile, worker};
use crate::app::App;
use crate::store::entity::{application, dcr_client, dcr_job, dcr_provider, developer, portal};
use crate::usecase::client::secret;
use crate::usecase::label::LabelEdit;
use crate::usecase::{self, application as applications};

/// How often the portal is killed with each provider: 1,000 times in all, and more.
const KILLS: usize = 105;
/// So many of the providers are vendors and bridges, the rest registration endpoints.
const VENDORS: usize = 5;
/// About as many polls as the shorter of these futures take, and more than the longest takes.
const MOST_POLLS: [u32; 2] = [36, 120];

fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// Numbers that look random and come again.
struct Dice(u64);

impl Dice {
    fn polls(&mut self) -> u32 {
        let [short, long] = MOST_POLLS;
        let most = if self.below(2) == 0 { short } else { long };
        self.below(most)
    }

    fn below(&mut self, end: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % end
    }
}

/// A future that is given up after some polls.
struct Killed<F> {
    future: Pin<Box<F>>,
    polls: u32,
}

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(left) = self.polls.checked_sub(1) else { return Poll::Ready(None) };
        self.polls = left;
        self.future.as_mut().poll(context).map(Some)
    }
}

async fn killed<F: Future>(future: F, polls: u32) -> Option<F::Output> {
    Killed { future: Box::pin(future), polls }.await
}

/// What a provider holds: the clients, and the secrets of each that work.
type Held = BTreeMap<String, BTreeSet<String>>;

/// A provider that runs, whichever it is.
enum World {
    Auth0(Fake<auth0::Auth0>),
    Bridge(Fake<bridge::Bridge>),
    Curity(Fake<curity::Curity>),
    Entra(Fake<entra::Entra>),
    Okta(Fake<okta::Okta>),
    Rfc7591(Fake<rfc7591::Rfc7591>),
}

impl World {
    async fn all() -> Vec<(&'static str, Self, Value)> {
        let auth0 = auth0::start().await.unwrap();
        let okta = okta::start().await.unwrap();
        let bridge = bridge::start().await.unwrap();
        let curity = curity::start().await.unwrap();
        let entra = entra::start().await.unwrap();
        // Waiting for a tenant to see its own changes is tested elsewhere.
        entra.look(|world| world.lag = 0);
        let mut all = vec![
            (
                "auth0",
                json!({
                    "provider_type": "auth0",
                    "issuer": auth0.origin(),
                    "dcr_config": {
                        "initial_client_id": auth0::ADMIN_ID,
                        "initial_client_secret": auth0::ADMIN_SECRET,
                    },
                }),
                Self::Auth0(auth0),
            ),
            (
                "okta",
                json!({
                    "provider_type": "okta",
                    "issuer": format!("{}/oauth2/default", okta.origin()),
                    "dcr_config": {"dcr_token": okta::API_TOKEN},
                }),
                Self::Okta(okta),
            ),
            (
                "curity",
                json!({
                    "provider_type": "curity",
                    "issuer": format!(
                        "{}/oauth/v2/oauth-anonymous/.well-known/openid-configuration",
                        curity.origin()
                    ),
                    "dcr_config": {
                        "initial_client_id": curity::ADMIN_ID,
                        "initial_client_secret": curity::ADMIN_SECRET,
                    },
                }),
                Self::Curity(curity),
            ),
            (
                "entra",
                json!({
                    "provider_type": "azureAd",
                    "issuer": format!("{}/{}/v2.0", entra.origin(), entra::TENANT),
                    "dcr_config": {
                        "initial_client_id": entra::ADMIN_ID,
                        "initial_client_secret": entra::ADMIN_SECRET,
                    },
                }),
                Self::Entra(entra),
            ),
            (
                "bridge",
                json!({
                    "provider_type": "http",
                    "issuer": "https://idp.example.com",
                    "dcr_config": {"dcr_base_url": bridge.origin(), "api_key": bridge::API_KEY},
                }),
                Self::Bridge(bridge),
            ),
        ];
        for (name, quirks) in Quirks::all() {
            let fake = rfc7591::start(quirks.clone()).await.unwrap();
            let body = json!({
                "provider_type": "rfc7591",
                "issuer": fake.origin(),
                "dcr_config": {
                    "registration_endpoint": format!("{}/reg", fake.origin()),
                    "rotate": "reregister",
                    "default_redirect_uri": "https://portal.example.com/none",
                },
            });
            all.push((name, body, Self::Rfc7591(fake)));
        }
        all.into_iter().map(|(name, body, world)| (name, world, body)).collect()
    }

    fn held(&self) -> Held {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match self {
            Self::Auth0(fake) => fake.look(|world| {
                let secret = |client: &Value| [text(&client["client_secret"])].into();
                world.clients.iter().map(|(id, client)| (id.clone(), secret(client))).collect()
            }),
            Self::Okta(fake) => fake.look(|world| {
                let secrets = |id: &String| world.secrets.get(id).into_iter().flatten();
                let working = |id: &String| {
                    secrets(id).filter(|secret| secret.active).map(|secret| secret.value.clone())
                };
                world.clients.keys().map(|id| (id.clone(), working(id).collect())).collect()
            }),
            Self::Bridge(fake) => fake.look(|world| {
                let secrets = world.clients.iter();
                secrets
                    .map(|(id, secrets)| (id.clone(), secrets.values().cloned().collect()))
                    .collect()
            }),
            Self::Curity(fake) => fake.look(|world| {
                let clients = world.clients.iter();
                clients.map(|(id, client)| (id.clone(), [client.secret.clone()].into())).collect()
            }),
            Self::Entra(fake) => fake.look(|world| {
                let secrets = |application: &entra::Application| {
                    application.passwords.iter().map(|password| password.value.clone()).collect()
                };
                let applications = world.applications.values();
                applications
                    .map(|application| (text(&application.members["appId"]), secrets(application)))
                    .collect()
            }),
            Self::Rfc7591(fake) => fake.look(|world| {
                let clients = world.clients.iter();
                clients.map(|(id, client)| (id.clone(), [client.secret.clone()].into())).collect()
            }),
        }
    }
}

/// A portal with one developer, and a strategy whose clients are made at a provider.
struct House {
    _dir: TempDir,
    app: App,
    portal: portal::Model,
    developer: developer::Model,
    provider: dcr_provider::Model,
    strategy: Uuid,
}

impl House {
    async fn new(name: &str, mut provider: Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let app = App::of_test(&dir).await;
        let issuer = provider["issuer"].clone();
        provider["name"] = json!(name);
        let provider = usecase::dcr_provider::create(&app, from(provider)).await.unwrap();
        let strategy = usecase::strategy::create(
            &app,
            from(json!({
                "name": name,
                "display_name": name,
                "strategy_type": "openid_connect",
                "dcr_provider_id": provider.id,
                "configs": {"openid-connect": {
                    "issuer": issuer,
                    "credential_claim": ["sub"],
                    "scopes": ["read:orders"],
                    "auth_methods": ["client_credentials", "bearer"],
                }},
            })),
        );
        let strategy = strategy.await.unwrap().id;
        let portal = usecase::portal::create(&app, from(json!({"name": "p"}))).await.unwrap();
        let ann = json!({
            "email": "ann@example.com", "full_name": "Ann", "status": "approved",
            "send_invitation_email": false,
        });
        let developer = usecase::developer::create(&app, portal.id, from(ann)).await.unwrap();
        Self { _dir: dir, app, portal, developer, provider, strategy }
    }

    /// The portal stops and starts again: what it kept in memory is gone.
    async fn restart(&mut self) {
        self.app = self.app.restarted().await;
    }

    /// Lets the worker go on until it has nothing left to do, however long that takes.
    async fn settle(&self) {
        for _ in 0..40 {
            self.app.clock.advance(Duration::from_secs(4_000));
            worker::work_off(&self.app).await.unwrap();
            let open = dcr_job::Entity::find().all(self.app.store.db()).await.unwrap();
            if open.iter().all(|job| job.state == super::ledger::UNCERTAIN) {
                return;
            }
        }
        let open = dcr_job::Entity::find().all(self.app.store.db()).await.unwrap();
        panic!("jobs are left: {open:?}");
    }

    async fn create(&self, name: &str) -> Option<(Uuid, String, String)> {
        let new = applications::NewApplication {
            name: name.into(),
            description: None,
            auth_strategy_id: Some(self.strategy),
            client_id: None,
            dcr_client_id: None,
            redirect_uri: None,
            scopes: Vec::new(),
            labels: LabelEdit::default(),
        };
        let made =
            applications::create_own(&self.app, &self.portal, &self.developer, None, new).await;
        let made = made.ok()?;
        let client = made.application.client_id.unwrap();
        Some((made.application.id, client, made.secret.unwrap().expose().clone()))
    }

    async fn has_orphan(&self, client: &str) -> bool {
        let rows = dcr_client::Entity::find().all(self.app.store.db()).await.unwrap();
        rows.iter().any(|row| row.state == ORPHAN && row.client_id.as_deref() == Some(client))
    }

    async fn applications(&self) -> Vec<application::Model> {
        application::Entity::find().all(self.app.store.db()).await.unwrap()
    }
}

/// Holds what the portal knows against what the provider holds.
async fn compare(house: &House, held: &Held, what: &str) {
    let db = house.app.store.db();
    let ledger = dcr_client::Entity::find().all(db).await.unwrap();
    let live: BTreeMap<_, _> = ledger
        .iter()
        .filter(|row| row.state == LIVE)
        .map(|row| (row.application_id.unwrap(), row.client_id.clone().unwrap()))
        .collect();
    let applications = house.applications().await;
    for application in &applications {
        let client = application.client_id.clone().unwrap();
        assert_eq!(
            live.get(&application.id),
            Some(&client),
            "{what}: an application without client"
        );
        assert!(held.contains_key(&client), "{what}: a client that its provider does not hold");
    }
    assert_eq!(live.len(), applications.len(), "{what}: a client without application");
    let strangers = held.keys().filter(|id| !live.values().any(|known| known == *id)).count();
    let orphans = ledger.iter().filter(|row| row.state == ORPHAN).count();
    assert!(strangers <= orphans, "{what}: {strangers} unknown clients, {orphans} orphans");
    assert!(
        ledger.iter().all(|row| row.state == LIVE || row.state == ORPHAN),
        "{what}: something is left half done"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_the_portal_and_vendors_agree_in_the_end() {
    let mut worlds = World::all().await;
    worlds.truncate(VENDORS);
    agree_in_the_end(worlds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_the_portal_and_registration_endpoints_agree_in_the_end() {
    let worlds = World::all().await.split_off(VENDORS);
    agree_in_the_end(worlds).await;
}

async fn agree_in_the_end(worlds: Vec<(&'static str, World, Value)>) {
    let mut told = Vec::new();
    let mut kills = 0;
    for (seed, (name, world, body)) in worlds.into_iter().enumerate() {
        let mut house = House::new(name, body).await;
        let mut dice = Dice(u64::try_from(seed).unwrap() + 1);
        let (mut acknowledged, mut interrupted) = (0, 0);
        let mut round = 0;
        while interrupted < KILLS {
            round += 1;
            let what = format!("{name}, round {round}");
            let polls = dice.polls();
            let applications = house.applications().await;
            let pick = applications.get(dice.below(8) as usize).cloned();
            // What was acknowledged, if it was: a client and a secret that has to work, or a client
            // that has to be gone.
            let mut works = None;
            let mut gone = None;
            let done = match (dice.below(4), pick) {
                (0, Some(application)) => {
                    let issued = killed(secret::regenerate(&house.app, &application), polls).await;
                    works = issued
                        .and_then(Result::ok)
                        .map(|issued| (issued.client_id, issued.secret.expose().clone()));
                    works.is_some()
                }
                (1, Some(application)) => {
                    let edit = from(json!({"name": format!("renamed {round}")}));
                    let id = application.id;
                    let update = applications::update(&house.app, &house.developer, id, edit, true);
                    killed(update, polls).await.is_some_and(|updated| updated.is_ok())
                }
                (2, Some(application)) => {
                    let client = application.client_id.clone();
                    let delete = applications::delete(&house.app, application);
                    let deleted = killed(delete, polls).await.is_some_and(|done| done.is_ok());
                    gone = client.filter(|_| deleted);
                    deleted
                }
                _ => {
                    let made = killed(house.create(&format!("app {round}")), polls).await.flatten();
                    works = made.map(|(_, client, secret)| (client, secret));
                    works.is_some()
                }
            };
            if done {
                acknowledged += 1;
            } else {
                interrupted += 1;
            }
            // A call that had left arrives.
            tokio::time::sleep(Duration::from_millis(2)).await;
            house.restart().await;
            // It is killed again while it mends what it finds.
            house.app.clock.advance(Duration::from_secs(4_000));
            let mended = killed(worker::work_off(&house.app), dice.polls()).await;
            interrupted += usize::from(mended.is_none());
            tokio::time::sleep(Duration::from_millis(2)).await;
            house.restart().await;
            house.settle().await;
            let held = world.held();
            compare(&house, &held, &what).await;
            if let Some((client, secret)) = works {
                let secrets = held.get(&client).cloned().unwrap_or_default();
                assert!(secrets.contains(&secret), "{what}: an acknowledged secret is lost");
            }
            if let Some(client) = gone.filter(|client| held.contains_key(client)) {
                // With an answer its management token was lost: only the ledger can tell of it.
                let lost = matches!(world, World::Rfc7591(_)) && house.has_orphan(&client).await;
                assert!(lost, "{what}: a deleted client is there");
            }
        }
        assert!(acknowledged > KILLS / 8, "{name}: {acknowledged} acknowledged");
        kills += interrupted;
        let comparison = reconcile::compare(&house.app, &house.provider).await.unwrap();
        assert!(comparison.unknown.is_empty(), "{name}: {:?}", comparison.unknown);
        told.push(format!("{name}: {acknowledged} acknowledged, {interrupted} interrupted"));
    }
    eprintln!("{}", told.join("\n"));
    assert!(kills >= 500, "killed {kills} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_behind_is_taken_up_at_the_start() {
    let (name, world, body) = World::all().await.swap_remove(0);
    let mut house = House::new(name, body).await;
    let mut left_behind = 0;
    for polls in 0..40 {
        let _ = killed(house.create("app"), polls).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        house.restart().await;
        let open = dcr_job::Entity::find().all(house.app.store.db()).await.unwrap();
        left_behind += open.len();
        worker::adopt(&house.app).await.unwrap();
        worker::work_off(&house.app).await.unwrap();
        let open = dcr_job::Entity::find().all(house.app.store.db()).await.unwrap();
        assert!(open.is_empty(), "after {polls} polls: {open:?}");
    }
    assert!(left_behind > 5, "{left_behind} jobs were left behind");
    compare(&house, &world.held(), name).await;
}

/// Between an answer that is lost and the conclusion from it the portal may be killed, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_not_forgotten() {
    let (name, world, body) = World::all().await.swap_remove(VENDORS);
    let World::Rfc7591(fake) = &world else { panic!("{name}") };
    let mut house = House::new(name, body).await;
    for polls in 0..60 {
        fake.fault("POST /reg", 0, 1, Fault::DropAfter);
        let _ = killed(house.create("app"), polls).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        fake.mend();
        house.restart().await;
        house.settle().await;
        compare(&house, &world.held(), &format!("{name}, {polls} polls")).await;
    }
    let rows = dcr_client::Entity::find().all(house.app.store.db()).await.unwrap();
    assert!(rows.iter().any(|row| row.state == ORPHAN), "no answer was lost");
}
