//! What gateways have to know of a row.
//!
//! Snapshots and the change log are both made of these, so a gateway that reads a snapshot and
//! one that follows the changes hold the same.

use gatekey_core::digest::Digest;
use gatekey_core::id::CredentialId;
use gatekey_core::lifecycle::application::ApplicationStatus;
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::RecordKey;
use gatekey_core::snapshot::record::{
    Application, Consumer, Credential, Owner, Publication, Registration, Route, Scheme, Service,
    Strategy, StrategyMethod, UNDISCOVERED_METHOD,
};
use gatekey_core::time::UnixTime;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use serde_json::Value;
use uuid::Uuid;

use super::limit;
use crate::store::entity;
use crate::store::entity::credential::Column;
use crate::usecase::client::CLIENT;
use crate::usecase::issuer;
use crate::usecase::strategy::{KEY_AUTH, OPENID_CONNECT, with_issuer};

/// The strategy as gateways know it: with the issuer that was discovered, and refusing as long as
/// none was. A kind that this portal does not know is carried by name,
/// and refuses.
pub(crate) fn strategy(row: &entity::strategy::Model) -> Strategy {
    let method = match row.kind.as_str() {
        KEY_AUTH => StrategyMethod::KeyAuth { key_names: strings(&row.config, "key_names") },
        OPENID_CONNECT => match issuer::effective(row) {
            Some(issuer) => StrategyMethod::OpenIdConnect {
                settings: with_issuer(&row.config, &issuer).to_string().into_bytes(),
            },
            None => StrategyMethod::Other {
                name: UNDISCOVERED_METHOD.to_owned(),
                settings: text(&row.config, "issuer").into_bytes(),
            },
        },
        other => StrategyMethod::Other { name: other.to_owned(), settings: Vec::new() },
    };
    Strategy { id: row.id.into(), method }
}

/// The service as its gateway knows it. One without a name is called by its id.
pub(crate) fn service(row: &entity::service::Model) -> Service {
    let name = row.name.clone().unwrap_or_else(|| row.id.to_string());
    Service { id: row.id.into(), name }
}

/// The route as its gateway knows it; none when it leads to no service.
pub(crate) fn route(row: &entity::route::Model) -> Option<Route> {
    let headers = row.document.get("headers").and_then(Value::as_object);
    Some(Route {
        id: row.id.into(),
        service: row.service_id?.into(),
        hosts: strings(&row.document, "hosts"),
        paths: strings(&row.document, "paths"),
        methods: strings(&row.document, "methods"),
        headers: headers
            .into_iter()
            .flatten()
            .map(|(name, values)| (name.clone(), list(values)))
            .collect(),
    })
}

/// The publication as the gateway of its API's service knows it.
pub(crate) fn publication(
    row: &entity::publication::Model,
    implementation: &entity::implementation::Model,
) -> Publication {
    Publication {
        consumers_too: row.consumer_credentials,
        ..Publication::new(
            row.api_id.into(),
            row.portal_id.into(),
            implementation.service_id.into(),
            row.strategy_id.map(Into::into),
        )
    }
}

/// What identifies a publication.
pub(crate) fn publication_key(row: &entity::publication::Model) -> RecordKey {
    RecordKey::Publication { api: row.api_id.into(), portal: row.portal_id.into() }
}

/// The application as gateways know it. `consumer` is the one that the row names, if it names one.
/// What restricts it and cannot be read makes it inactive: it is never left out.
pub(crate) fn application(
    row: &entity::application::Model,
    consumer: Option<&entity::consumer::Model>,
) -> Application {
    let owner = match (row.developer_id, row.team_id) {
        (None, Some(team)) => Owner::Team(team.into()),
        (developer, _) => Owner::Developer(developer.unwrap_or_default().into()),
    };
    let (id, portal, strategy) = (row.id.into(), row.portal_id.into(), row.strategy_id.into());
    let limits = row.limits.as_ref().map(limit::limits).transpose();
    let networks = row.networks.as_ref().map(limit::networks).transpose();
    let is_read = limits.is_ok() && networks.is_ok();
    Application {
        active: row.status == ApplicationStatus::Active.as_str() && !row.suspended && is_read,
        limits: limits.ok().flatten().unwrap_or_default(),
        networks: networks.ok().flatten().unwrap_or_default(),
        consumer: consumer_of(row.consumer_id, consumer),
        ..Application::new(id, portal, strategy, owner, row.name.as_str())
    }
}

fn consumer_of(id: Option<Uuid>, row: Option<&entity::consumer::Model>) -> Option<Consumer> {
    let id = id?;
    let row = row.filter(|row| row.id == id);
    Some(Consumer {
        id: id.into(),
        username: row.and_then(|row| row.username.clone()),
        custom_id: row.and_then(|row| row.custom_id.clone()),
    })
}

/// The consumer that an application or a registration names.
pub(crate) async fn consumer(
    db: &impl ConnectionTrait,
    id: Option<Uuid>,
) -> Result<Option<entity::consumer::Model>, DbErr> {
    let Some(id) = id else { return Ok(None) };
    entity::consumer::Entity::find_by_id(id).one(db).await
}

/// The registration as gateways know it. `consumer` is the one that the row names, if it names one.
/// A status that this portal does not know is a refusal.
pub(crate) fn registration(
    row: &entity::registration::Model,
    consumer: Option<&entity::consumer::Model>,
) -> Registration {
    let status = RegistrationStatus::parse(&row.status).unwrap_or(RegistrationStatus::Revoked);
    Registration {
        consumer: consumer_of(row.consumer_id, consumer),
        ..Registration::new(row.application_id.into(), row.api_id.into(), status)
    }
}

/// What identifies a registration.
pub(crate) fn registration_key(row: &entity::registration::Model) -> RecordKey {
    RecordKey::Registration { application: row.application_id.into(), api: row.api_id.into() }
}

/// What gateways know of a credential, column by column: a snapshot reads millions of rows.
pub(crate) const CREDENTIAL_COLUMNS: [Column; 5] =
    [Column::Id, Column::ApplicationId, Column::Scheme, Column::Digest, Column::ExpiresAt];
/// The values of [`CREDENTIAL_COLUMNS`].
pub(crate) type CredentialRow = (Uuid, Uuid, String, Vec<u8>, Option<i64>);

/// The credential as gateways know it; none when the row holds no digest.
pub(crate) fn credential(row: &entity::credential::Model) -> Option<Credential> {
    let (scheme, digest) = (row.scheme.clone(), row.digest.clone());
    credential_of(&(row.id, row.application_id, scheme, digest, row.expires_at))
}

/// The same from some columns of the row.
pub(crate) fn credential_of(row: &CredentialRow) -> Option<Credential> {
    let (id, application, scheme, digest, expires_at) = row;
    Some(Credential {
        id: CredentialId::from(*id),
        application: (*application).into(),
        digest: digest_of(digest)?,
        scheme: match scheme.as_str() {
            "sha256" => Scheme::Sha256,
            CLIENT => Scheme::Client,
            _ => Scheme::HmacSha256,
        },
        expires_at: expires_at
            .map(|millis| UnixTime(u64::try_from(millis / 1_000).unwrap_or_default())),
    })
}

/// What identifies a credential; none when the row holds no digest.
pub(crate) fn credential_key(row: &entity::credential::Model) -> Option<RecordKey> {
    Some(RecordKey::Credential { digest: digest_of(&row.digest)? })
}

fn digest_of(column: &[u8]) -> Option<Digest> {
    column.try_into().ok().map(Digest::from_bytes)
}

fn text(document: &Value, member: &str) -> String {
    document.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings(document: &Value, member: &str) -> Vec<String> {
    document.get(member).map(list).unwrap_or_default()
}

fn list(values: &Value) -> Vec<String> {
    let values = values.as_array().into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}
