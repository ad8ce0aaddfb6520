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
    Application, Credential, Publication, Registration, Route, Scheme, Service, Strategy,
    StrategyMethod, UNDISCOVERED_METHOD,
};
use gatekey_core::time::UnixTime;
use serde_json::Value;
use uuid::Uuid;

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
        api: row.api_id.into(),
        portal: row.portal_id.into(),
        service: implementation.service_id.into(),
        strategy: row.strategy_id.map(Into::into),
    }
}

/// What identifies a publication.
pub(crate) fn publication_key(row: &entity::publication::Model) -> RecordKey {
    RecordKey::Publication { api: row.api_id.into(), portal: row.portal_id.into() }
}

/// The application as gateways know it.
pub(crate) fn application(row: &entity::application::Model) -> Application {
    Application {
        id: row.id.into(),
        portal: row.portal_id.into(),
        strategy: row.strategy_id.into(),
        developer: row.developer_id.unwrap_or_default().into(),
        name: row.name.clone(),
        active: row.status == ApplicationStatus::Active.as_str() && !row.suspended,
    }
}

/// The registration as gateways know it. A status that this portal does not know is a refusal.
pub(crate) fn registration(row: &entity::registration::Model) -> Registration {
    Registration {
        application: row.application_id.into(),
        api: row.api_id.into(),
        status: RegistrationStatus::parse(&row.status).unwrap_or(RegistrationStatus::Revoked),
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
