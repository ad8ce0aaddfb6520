//! A portal with many developers, applications, registrations and keys, for those who measure.
//!
//! Not a part of the product: only the benchmarks switch the feature on. What is few is made as an
//! administrator would make it; what is many is inserted, many rows at a time.

use core::error::Error;

use gatekey_core::key::ENTROPY_BYTES;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::config::Config;
use crate::problem::Problem;
use crate::store::entity::{application, credential, developer, gateway, registration};
use crate::store::{Store, Write};
use crate::{data_dir, entropy, session, usecase};

/// Rows of one `INSERT`: SQLite takes 32,766 values, an application has some twenty.
const ROWS: usize = 1_000;
/// A minute between two of the same kind.
const APART: i64 = 60_000;
/// APIs that applications are registered for.
const APIS: usize = 50;

/// How many there are to be.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Applications, a fifth as many developers.
    pub applications: usize,
    /// Registrations of each application.
    pub registrations: usize,
    /// Keys of each application.
    pub keys: usize,
    /// Gateways beside the one that has a service.
    pub gateways: usize,
}

/// What a client needs to know of it.
#[derive(Debug, Serialize)]
pub struct Populated {
    portal: Uuid,
    api: Uuid,
    /// One of the developers in the middle.
    developer: Uuid,
    /// One of the applications in the middle.
    application: Uuid,
    gateway: Uuid,
    gateways: Vec<String>,
    /// A developer with 500 applications is signed in with it.
    cookie: String,
    applications: Vec<Uuid>,
}

/// Populates the portal of a configuration.
///
/// # Errors
///
/// When the database fails.
pub async fn populate(config: Config, size: Size) -> Result<Populated, Box<dyn Error>> {
    let secrets = data_dir::open(&config.data_dir, config.encryption_keys.as_ref())?;
    let store = Store::open(config.database().expose()).await?;
    let app = App::new(config, store, secrets)?;
    let told = |problem: Problem| problem.cause().to_string();
    let built = few(&app, size).await.map_err(told)?;
    many(&app, size, built).await.map_err(|problem| told(problem).into())
}

struct Few {
    portal: Uuid,
    strategy: Uuid,
    apis: Vec<Uuid>,
    gateway: Uuid,
}

fn body<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(Problem::internal)
}

/// Portal, strategy, APIs, and a gateway that serves them.
async fn few(app: &App, size: Size) -> Result<Few, Problem> {
    let portal = usecase::portal::create(app, body(json!({"name": "measured"}))?).await?.id;
    let strategy = json!({
        "name": "measured",
        "display_name": "Keys",
        "strategy_type": "key_auth",
        "configs": {"key-auth": {"key_names": ["apikey"]}},
    });
    let strategy = usecase::strategy::create(app, body(strategy)?).await?.id;
    let gateway = usecase::gateway::create(app, body(json!({"name": "measured"}))?).await?.id;
    let mut apis = Vec::with_capacity(APIS);
    for number in 0..APIS {
        let name = json!({"name": format!("API {number:02}"), "version": "1"});
        let api = usecase::api::create(app, body(name)?).await?.id;
        let service = json!({"name": format!("service-{number}"), "host": "up.example.com"});
        let service = usecase::service::create(app, gateway, body(service)?).await?.id;
        let by = json!({"service": {"control_plane_id": gateway, "id": service}});
        usecase::implementation::create(app, api, body(by)?).await?;
        let terms = json!({"auth_strategy_ids": [strategy], "visibility": "public"});
        usecase::publication::put(app, api, portal, body(terms)?).await?;
        apis.push(api);
    }
    let tx = app.store.begin().await?;
    let template = gateway::Entity::find_by_id(gateway).one(&tx).await?;
    let template = template.ok_or_else(Problem::not_found)?;
    let rows = (0..size.gateways).map(|number| {
        let (id, name) = (Uuid::now_v7(), format!("gateway-{number:04}"));
        gateway::Model { id, name, ..template.clone() }
    });
    insert(&tx, rows.map(IntoActiveModel::into_active_model)).await?;
    tx.commit().await?;
    Ok(Few { portal, strategy, apis, gateway })
}

async fn insert<A>(tx: &Write, rows: impl Iterator<Item = A>) -> Result<(), Problem>
where
    A: ActiveModelTrait + ActiveModelBehavior + Clone,
{
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(ROWS).collect();
        A::Entity::insert_many(some).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Numbers that are the same each time.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from((self.0 >> 33) % bound).unwrap_or_default()
    }

    /// Most are approved.
    fn status(&mut self) -> &'static str {
        match self.below(20) {
            0 => "rejected",
            1 => "revoked",
            2..=5 => "pending",
            _ => "approved",
        }
    }
}

const WORDS: [&str; 16] = [
    "Orders", "Billing", "Weather", "Mobile", "Partner", "Ledger", "Search", "Parcel", "Tariff",
    "Meter", "Harbour", "Signal", "Garden", "Copper", "Lantern", "Window",
];

async fn many(app: &App, size: Size, few: Few) -> Result<Populated, Problem> {
    let mut choices = Choices(42);
    let count = (size.applications / 5).max(2);
    let at = |number: usize| i64::try_from(number).unwrap_or_default().saturating_mul(APART);
    let begin = app.clock.now() - at(size.applications + 1);
    let word = |choices: &mut Choices| WORDS.get(choices.below(16)).copied().unwrap_or_default();

    let tx = app.store.begin().await?;
    let developers: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
    let rows = developers.iter().enumerate().map(|(number, id)| {
        let email = format!("person{:05}@example.com", (number * 7_919) % count);
        developer::ActiveModel {
            id: Set(*id),
            portal_id: Set(few.portal),
            address_key: Set(email.clone()),
            email: Set(email),
            full_name: Set(format!("{} Person {number:05}", word(&mut choices))),
            // The first is the one that signs in.
            status: Set(if number == 0 { "approved" } else { choices.status() }.into()),
            created_at: Set(begin + at(number)),
            updated_at: Set(begin + at(number)),
            ..Default::default()
        }
    });
    insert(&tx, rows.collect::<Vec<_>>().into_iter()).await?;
    tx.commit().await?;

    let owner = |number: usize| {
        let number = if number < 500 { 0 } else { 1 + number % (count - 1) };
        developers.get(number).copied()
    };
    let applications: Vec<Uuid> = (0..size.applications).map(|_| Uuid::now_v7()).collect();
    let rows: Vec<_> = applications.iter().enumerate().collect();
    for rows in rows.chunks(20_000) {
        let tx = app.store.begin().await?;
        let some = rows.iter().map(|(number, id)| application::ActiveModel {
            id: Set(**id),
            portal_id: Set(few.portal),
            developer_id: Set(owner(*number)),
            strategy_id: Set(few.strategy),
            name: Set(format!("{} {} {number}", word(&mut choices), word(&mut choices))),
            description: Set(Some("An application that is there to be counted.".into())),
            status: Set("active".into()),
            suspended: Set(false),
            labels: Set(json!({"team": word(&mut choices)})),
            created_at: Set(begin + at(*number)),
            updated_at: Set(begin + at(*number)),
            ..Default::default()
        });
        insert(&tx, some.collect::<Vec<_>>().into_iter()).await?;
        let mut registrations = Vec::new();
        let mut keys = Vec::new();
        for (number, id) in rows {
            for which in 0..size.registrations {
                let api = few.apis.get((number * 7 + which) % APIS).copied().unwrap_or_default();
                registrations.push(registration::ActiveModel {
                    id: Set(Uuid::now_v7()),
                    application_id: Set(**id),
                    api_id: Set(api),
                    portal_id: Set(few.portal),
                    status: Set(choices.status().into()),
                    created_at: Set(begin + at(*number) + 1),
                    updated_at: Set(begin + at(choices.below(size.applications))),
                    ..Default::default()
                });
            }
            for _ in 0..size.keys {
                keys.push(key(app, **id, begin + at(*number))?);
            }
        }
        insert(&tx, registrations.into_iter()).await?;
        insert(&tx, keys.into_iter()).await?;
        tx.commit().await?;
    }
    finish(app, few, &developers, applications).await
}

fn key(app: &App, application: Uuid, at: i64) -> Result<credential::ActiveModel, Problem> {
    let issued = app.config.key_format.issue(&entropy::bytes::<ENTROPY_BYTES>()?);
    let pepper = app.secrets.peppers.first();
    let pepper = &pepper.ok_or_else(|| Problem::internal("there is no pepper"))?.pepper;
    Ok(credential::ActiveModel {
        id: Set(issued.credential.uuid()),
        application_id: Set(application),
        display_name: Set(Some("Key".into())),
        scheme: Set("hmac-sha256".into()),
        pepper_id: Set(pepper.id().into()),
        digest: Set(pepper.digest(issued.key.expose().as_bytes()).as_bytes().to_vec()),
        created_at: Set(at),
        updated_at: Set(at),
        ..Default::default()
    })
}

/// A revision that is not the one before, and somebody who is signed in.
async fn finish(
    app: &App,
    few: Few,
    developers: &[Uuid],
    applications: Vec<Uuid>,
) -> Result<Populated, Problem> {
    let middle = |ids: &[Uuid]| ids.get(ids.len() / 2).copied().unwrap_or_default();
    let (developer, application) = (middle(developers), middle(&applications));
    let mut tx = app.store.change().await?;
    let row = application::Entity::find_by_id(application).one(&*tx).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    tx.put_application(&row).await?;
    tx.commit().await?;
    let first = developers.first().copied().unwrap_or_default();
    let owner = developer::Entity::find_by_id(first).one(app.store.db()).await?;
    let owner = owner.ok_or_else(Problem::not_found)?;
    let tokens = session::start(app, app.store.db(), &owner).await?;
    if !app.store.is_ours_alone() {
        // What PostgreSQL does by itself, a minute later.
        app.store.db().execute_unprepared("VACUUM ANALYZE").await?;
    }
    let names = gateway::Entity::find()
        .filter(gateway::Column::Id.ne(few.gateway))
        .all(app.store.db())
        .await?;
    tracing::info!(
        applications = application::Entity::find().count(app.store.db()).await?,
        registrations = registration::Entity::find().count(app.store.db()).await?,
        keys = credential::Entity::find().count(app.store.db()).await?,
        "populated"
    );
    Ok(Populated {
        portal: few.portal,
        api: few.apis.first().copied().unwrap_or_default(),
        developer,
        application,
        gateway: few.gateway,
        gateways: names.into_iter().map(|gateway| gateway.id.to_string()).collect(),
        cookie: format!("{}={}", session::ACCESS_COOKIE, tokens.access().expose()),
        applications: applications.into_iter().take(500).collect(),
    })
}
