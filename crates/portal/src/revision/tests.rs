//! Whoever follows the change log knows what whoever reads the tables knows.

use std::collections::{BTreeMap, BTreeSet};

use gatekey_core::snapshot::{Change, Record, RecordKey};
use sea_orm::{EntityTrait, QueryOrder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::record;
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity;
use crate::usecase;

type Known = BTreeMap<RecordKey, Record>;

fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// What a gateway knows that applied every change since the beginning; the log has no gaps.
async fn followed(app: &App, gateway: Uuid) -> Known {
    let mut known = Known::new();
    let mut last = 0;
    let rows = entity::change::Entity::find()
        .order_by_asc(entity::change::Column::Revision)
        .order_by_asc(entity::change::Column::Sequence);
    for row in rows.all(app.store.db()).await.unwrap() {
        assert!(row.revision == last || row.revision == last + 1, "{last} then {}", row.revision);
        last = row.revision;
        if row.gateway_id.is_some_and(|id| id != gateway) {
            continue;
        }
        match Change::decode(&row.body).unwrap() {
            Change::Put(record) => known.insert(record.key(), record),
            Change::Delete(key) => known.remove(&key),
        };
    }
    assert_eq!(super::current(app.store.db()).await.unwrap().0, last as u64);
    known
}

/// What the tables hold for a gateway.
async fn held(app: &App, gateway: Uuid) -> Known {
    use entity::{
        application, credential, implementation, publication, registration, route, service,
        strategy,
    };
    let db = app.store.db();
    let mut records: Vec<Record> = Vec::new();
    for row in strategy::Entity::find().all(db).await.unwrap() {
        records.push(record::strategy(&row).into());
    }
    for row in service::Entity::find().all(db).await.unwrap() {
        if row.gateway_id == gateway {
            records.push(record::service(&row).into());
        }
    }
    for row in route::Entity::find().all(db).await.unwrap() {
        if row.gateway_id == gateway {
            records.extend(record::route(&row).map(Record::from));
        }
    }
    let implementations = implementation::Entity::find().all(db).await.unwrap();
    let published = publication::Entity::find().all(db).await.unwrap();
    for row in published.into_iter().filter(publication::Model::is_live) {
        let here =
            implementations.iter().find(|i| i.api_id == row.api_id && i.gateway_id == gateway);
        records.extend(here.map(|here| Record::from(record::publication(&row, here))));
    }
    let consumers = entity::consumer::Entity::find().all(db).await.unwrap();
    let consumer_of = |id: Option<Uuid>| consumers.iter().find(|row| Some(row.id) == id);
    for row in application::Entity::find().all(db).await.unwrap() {
        records.push(record::application(&row, consumer_of(row.consumer_id)).into());
    }
    for row in registration::Entity::find().all(db).await.unwrap() {
        records.push(record::registration(&row, consumer_of(row.consumer_id)).into());
    }
    for row in credential::Entity::find().all(db).await.unwrap() {
        records.extend(record::credential(&row).map(Record::from));
    }
    records.into_iter().map(|record| (record.key(), record)).collect()
}

/// A repeatable stream of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// One of those that exist; now and then one that does not.
    fn one(&mut self, of: &[Uuid]) -> Uuid {
        if of.is_empty() || self.below(20) == 0 { Uuid::nil() } else { of[self.below(of.len())] }
    }
}

/// What exists, as far as the test remembers.
#[derive(Default)]
struct World {
    portals: Vec<Uuid>,
    apis: Vec<Uuid>,
    strategies: Vec<Uuid>,
    issuers: Vec<Uuid>,
    gateways: Vec<Uuid>,
    services: Vec<(Uuid, Uuid)>,
    developers: Vec<entity::developer::Model>,
    applications: Vec<entity::application::Model>,
    keys: Vec<(Uuid, Uuid)>,
    registrations: Vec<entity::registration::Model>,
}

/// How many things can be made and changed.
const ACTS: usize = 32;

/// Does one thing; the answer says what and whether it was done.
async fn act(app: &App, world: &mut World, pick: &mut Choices) -> (usize, Result<(), Problem>) {
    // Few portals, APIs, strategies and gateways, or nothing would ever fit together.
    let act = match pick.below(ACTS) {
        rare @ 0..=3 if pick.below(6) > 0 => rare + 12,
        act => act,
    };
    (act, attempt(app, world, pick, act).await)
}

async fn attempt(
    app: &App,
    world: &mut World,
    pick: &mut Choices,
    act: usize,
) -> Result<(), Problem> {
    let name = format!("n{}", pick.below(1_000_000));
    let portal = pick.one(&world.portals);
    let api = pick.one(&world.apis);
    let strategy = pick.one(&world.strategies);
    let gateway = pick.one(&world.gateways);
    let service =
        (!world.services.is_empty()).then(|| world.services[pick.below(world.services.len())]);
    let service = service.unwrap_or_default();
    let application = (!world.applications.is_empty())
        .then(|| world.applications[pick.below(world.applications.len())].clone());
    let owner = application.as_ref().and_then(|application| {
        world
            .developers
            .iter()
            .find(|developer| Some(developer.id) == application.developer_id)
            .cloned()
    });
    let settings = json!({
        "name": name,
        "display_name": "d",
        "strategy_type": "key_auth",
        "configs": {"key-auth": {"key_names": [name]}}
    });
    match act {
        0 => {
            let made = usecase::portal::create(app, from(json!({"name": name}))).await?;
            world.portals.push(made.id);
        }
        1 => {
            world.apis.push(usecase::api::create(app, from(json!({"name": name}))).await?.id);
        }
        2 => {
            let made = usecase::strategy::create(app, from(settings)).await?;
            world.strategies.push(made.id);
        }
        3 => {
            let made = usecase::gateway::create(app, from(json!({"name": name}))).await?;
            world.gateways.push(made.id);
        }
        4 => {
            let body = from(json!({"name": name, "host": "h.test"}));
            let made = usecase::service::create(app, gateway, body).await?;
            world.services.push((gateway, made.id));
        }
        5 => {
            let body = from(json!({"service": {"id": service.1}, "paths": [format!("/{name}")]}));
            usecase::route::create(app, service.0, body).await?;
        }
        6 => {
            let link = json!({"service": {"control_plane_id": service.0, "id": service.1}});
            usecase::implementation::create(app, api, from(link)).await?;
        }
        7 | 8 => {
            let ids = if pick.below(4) == 0 { Value::Null } else { json!([strategy]) };
            let terms = json!({"auth_strategy_ids": ids, "auto_approve_registrations": act == 8});
            usecase::publication::put(app, api, portal, from(terms)).await?;
        }
        9 => {
            let body = json!({"email": format!("{name}@x.test"), "full_name": name});
            world.developers.push(usecase::developer::create(app, portal, from(body)).await?);
        }
        10 | 11 => {
            if world.developers.is_empty() {
                return Ok(());
            }
            let developer = world.developers[pick.below(world.developers.len())].clone();
            let portal = usecase::portal::find(app.store.db(), developer.portal_id).await?;
            let new = usecase::application::NewApplication {
                name,
                description: None,
                auth_strategy_id: Some(strategy),
                client_id: None,
                dcr_client_id: None,
                redirect_uri: None,
                scopes: Vec::new(),
                labels: Default::default(),
            };
            let made =
                usecase::application::create_own(app, &portal, &developer, None, new).await?;
            world.applications.push(made.application);
        }
        12 | 13 => {
            let (Some(application), Some(owner)) = (application, owner) else { return Ok(()) };
            let address = [127, 0, 0, 1].into();
            let (made, _) =
                usecase::credential::create(app, &owner, application.id, address, from(json!({})))
                    .await?;
            world.keys.push((application.id, made.id));
        }
        14 | 15 => {
            let Some(application) = application else { return Ok(()) };
            // One that fits, where there is one.
            let fits = entity::publication::Entity::find().all(app.store.db()).await?;
            let fits = fits.into_iter().find(|publication| {
                publication.portal_id == application.portal_id
                    && publication.strategy_id == Some(application.strategy_id)
            });
            let api = fits.map_or(api, |publication| publication.api_id);
            let body = from(json!({"api_id": api}));
            let made =
                usecase::registration::create(app, application.portal_id, application.id, body)
                    .await?;
            world.registrations.push(made);
        }
        16 => {
            if world.registrations.is_empty() {
                return Ok(());
            }
            let one = world.registrations[pick.below(world.registrations.len())].clone();
            let status = ["approved", "pending", "revoked", "rejected"][pick.below(4)];
            let edit = from(json!({"status": status}));
            usecase::registration::update(app, one.portal_id, one.application_id, one.id, edit)
                .await?;
        }
        17 => {
            let (Some(application), Some(owner)) = (application, owner) else { return Ok(()) };
            usecase::application::update(
                app,
                &owner,
                application.id,
                from(json!({"name": name})),
                false,
            )
            .await?;
        }
        18 => {
            usecase::strategy::replace(app, strategy, from(settings)).await?;
        }
        19 => {
            let body = from(json!({"name": name, "host": "h.test"}));
            usecase::service::put(app, service.0, service.1, body).await?;
        }
        20 => {
            if world.keys.is_empty() {
                return Ok(());
            }
            let (application, key) = world.keys.swap_remove(pick.below(world.keys.len()));
            let holder = world.applications.iter().find(|held| held.id == application);
            let owner = holder
                .and_then(|held| world.developers.iter().find(|d| Some(d.id) == held.developer_id));
            let Some(owner) = owner else { return Ok(()) };
            usecase::credential::delete(
                app,
                usecase::credential::Actor::Owner(owner),
                application,
                key,
            )
            .await?;
        }
        21 => {
            if world.registrations.is_empty() {
                return Ok(());
            }
            let one = world.registrations.swap_remove(pick.below(world.registrations.len()));
            usecase::registration::delete(app, one.application_id, one.id).await?;
        }
        22 => usecase::publication::delete(app, api, portal).await?,
        23 => {
            let mut body = tokens(pick);
            body["name"] = name.into();
            body["display_name"] = "d".into();
            body["strategy_type"] = "openid_connect".into();
            world.issuers.push(usecase::strategy::create(app, from(body)).await?.id);
        }
        24 => {
            let strategy = pick.one(&world.issuers);
            usecase::strategy::update(app, strategy, from(tokens(pick))).await?;
        }
        // Nobody answers; what stays undiscovered is no news to gateways.
        25 => _ = usecase::issuer::check(app, pick.one(&world.issuers)).await?,
        26..32 => return attempt_of_admin(app, world, pick, act).await,
        _ => {}
    }
    Ok(())
}

/// What an administrator does to applications and their keys.
async fn attempt_of_admin(
    app: &App,
    world: &mut World,
    pick: &mut Choices,
    act: usize,
) -> Result<(), Problem> {
    use usecase::credential::{Actor, origin, rotation};
    let db = app.store.db();
    let name = format!("n{}", pick.below(1_000_000));
    if world.applications.is_empty() {
        return Ok(());
    }
    let application = world.applications[pick.below(world.applications.len())].clone();
    let (portal, id) = (application.portal_id, application.id);
    let key = (!world.keys.is_empty()).then(|| world.keys[pick.below(world.keys.len())]);
    match act {
        26 => {
            let body = json!({"value": format!("a-key-that-was-brought-{name}")});
            let (made, _) = origin::create(app, portal, id, from(body)).await?;
            world.keys.push((id, made.id));
        }
        27 | 28 => {
            let Some((id, key)) = key else { return Ok(()) };
            let portal = world.applications.iter().find(|held| held.id == id);
            let portal = portal.map(|held| held.portal_id).unwrap_or_default();
            if act == 27 {
                let (admin, body) = (Actor::Admin(portal), from(json!({})));
                rotation::rotate(app, admin, None, id, key, body).await?;
            } else {
                let body = from(json!({"expires_at": "2999-01-01T00:00:00Z"}));
                usecase::credential::edit(app, Actor::Admin(portal), id, key, body).await?;
            }
        }
        29 => {
            let limit = json!({"kind": "rate", "requests": 1 + pick.below(9), "window_seconds": 1});
            let body = from(json!({"limits": [limit]}));
            usecase::limit::put_limits(app, portal, id, body).await?;
            let body = from(json!({"networks": ["10.0.0.0/8"]}));
            usecase::limit::put_networks(app, portal, id, body).await?;
        }
        30 => {
            let here = entity::implementation::Entity::find().all(db).await?;
            if here.is_empty() {
                return Ok(());
            }
            let gateway = here[pick.below(here.len())].gateway_id;
            usecase::consumer::create(app, gateway, from(json!({"username": name}))).await?;
        }
        _ => {
            // One that fits, where there is one; now and then it gets another name.
            let consumers = entity::consumer::Entity::find().all(db).await?;
            if consumers.is_empty() {
                return Ok(());
            }
            let consumer = &consumers[pick.below(consumers.len())];
            if pick.below(3) == 0 {
                let body = from(json!({"username": name}));
                usecase::consumer::put(app, consumer.gateway_id, consumer.id, body).await?;
                return Ok(());
            }
            let here = entity::implementation::Entity::find().all(db).await?;
            let registrations = entity::registration::Entity::find().all(db).await?;
            let fits = registrations.iter().find(|registration| {
                here.iter().any(|here| {
                    here.api_id == registration.api_id && here.gateway_id == consumer.gateway_id
                })
            });
            let Some(one) = fits else { return Ok(()) };
            let choice = from(json!({"id": consumer.id}));
            usecase::consumer::map(app, one.portal_id, one.application_id, one.id, choice).await?;
        }
    }
    Ok(())
}

/// Settings whose issuer has to be discovered, or need not be.
fn tokens(pick: &mut Choices) -> Value {
    let issuer = format!("http://127.0.0.1:9/{}", pick.below(3));
    let mut settings = json!({
        "issuer": issuer, "credential_claim": ["sub"], "scopes": [], "auth_methods": ["bearer"]
    });
    if pick.below(2) == 0 {
        settings["jwks_endpoint"] = format!("{issuer}/jwks").into();
    }
    json!({"configs": {"openid-connect": settings}})
}

/// How many things can be taken down.
const DEMOLITIONS: usize = 9;

/// Deletes one thing of a kind, with all that hangs on it, if there is one.
async fn demolish(app: &App, pick: &mut Choices, kind: usize) -> Result<(), Problem> {
    use entity::{
        api, application, consumer, developer, implementation, portal, route, service, strategy,
    };
    macro_rules! one {
        ($entity:ident) => {{
            let mut rows = $entity::Entity::find().all(app.store.db()).await?;
            if rows.is_empty() {
                return Ok(());
            }
            rows.swap_remove(pick.below(rows.len()))
        }};
    }
    match kind {
        0 => usecase::api::delete(app, one!(api).id).await,
        1 => usecase::portal::delete(app, one!(portal).id, true).await,
        2 => usecase::application::delete(app, one!(application)).await,
        3 => {
            let row = one!(developer);
            usecase::developer::delete(app, row.portal_id, row.id).await
        }
        4 => {
            let row = one!(implementation);
            usecase::implementation::delete(app, row.api_id, row.id).await
        }
        5 => {
            let row = one!(route);
            usecase::route::delete(app, row.gateway_id, row.id).await
        }
        6 => {
            let row = one!(service);
            usecase::service::delete(app, row.gateway_id, row.id).await
        }
        7 => {
            let row = one!(consumer);
            usecase::consumer::delete(app, row.gateway_id, row.id).await
        }
        _ => usecase::strategy::delete(app, one!(strategy).id).await,
    }
}

async fn compare(app: &App, world: &World, what: &str) {
    for gateway in &world.gateways {
        assert_eq!(followed(app, *gateway).await, held(app, *gateway).await, "{what}");
    }
}

#[tokio::test]
async fn the_log_says_what_the_tables_hold() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::of_test(&dir).await;
    let mut pick = Choices(0x6761_7465_6b65_7901);
    let mut world = World::default();
    let (mut done, mut demolished) = (BTreeSet::new(), BTreeSet::new());
    let mut kinds = BTreeSet::new();
    for round in 0..3 {
        for act in [0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 4, 9, 9, 9] {
            // Some refer to what an earlier round took down.
            let _ = attempt(&app, &mut world, &mut pick, act).await;
        }
        for step in 0..220 {
            let before = super::current(app.store.db()).await.unwrap();
            let (act, outcome) = act(&app, &mut world, &mut pick).await;
            match outcome {
                Ok(()) => _ = done.insert(act),
                // A refusal changes nothing, so it takes no revision.
                Err(_) => assert_eq!(super::current(app.store.db()).await.unwrap(), before),
            }
            if step % 40 == 0 {
                compare(&app, &world, &format!("round {round}, step {step}, act {act}")).await;
            }
        }
        compare(&app, &world, &format!("round {round}")).await;
        for gateway in &world.gateways {
            kinds.extend(held(&app, *gateway).await.values().map(Record::kind));
        }
        for kind in (0..DEMOLITIONS).chain(0..DEMOLITIONS) {
            if demolish(&app, &mut pick, kind).await.is_ok() {
                demolished.insert(kind);
            }
            compare(&app, &world, &format!("round {round}, demolition {kind}")).await;
        }
    }
    assert_eq!(done.len(), ACTS, "{done:?}");
    assert_eq!(demolished.len(), DEMOLITIONS, "{demolished:?}");
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}

#[tokio::test]
async fn changes_at_once_take_one_revision_each() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::of_test(&dir).await;
    let before = super::current(app.store.db()).await.unwrap().0;
    let calls: Vec<_> = (0..40)
        .map(|n| {
            let app = app.clone();
            tokio::spawn(async move {
                let body = json!({
                    "name": format!("s{n}"),
                    "display_name": "d",
                    "strategy_type": "key_auth",
                    "configs": {"key-auth": {"key_names": ["k"]}}
                });
                usecase::strategy::create(&app, from(body)).await.unwrap();
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(super::current(app.store.db()).await.unwrap().0, before + 40);
    assert_eq!(app.store.revisions().borrow().0, before + 40);
    let changes = entity::change::Entity::find().all(app.store.db()).await.unwrap();
    let revisions: BTreeSet<_> = changes.iter().map(|change| change.revision).collect();
    assert_eq!(revisions.len(), 40);
}
