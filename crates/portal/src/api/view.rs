//! Views that the management API and the developer API share.

use std::collections::HashMap;

use gatekey_core::secret::Secret;
use gatekey_dcr::{Capabilities, RemoteSecret};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::shape::Instant;
use crate::app::App;
use crate::dcr;
use crate::dcr::metadata::setting;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::{application, credential, dcr_provider, strategy};
use crate::usecase::client::{CLIENT, secret};
use crate::usecase::credential::rotation::Rotated;
use crate::usecase::credential::{UNNAMED, rotation_status, status};
use crate::usecase::strategy::{KEY_AUTH, KeyAuth, TimeToLive};

/// A strategy, as part of something else.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StrategySummary {
    pub(crate) id: Uuid,
    /// What developers know it by.
    pub(crate) name: String,
    /// `key_auth`, `client_credentials` where clients are made at a provider, or
    /// `self_managed_client_credentials`.
    pub(crate) credential_type: &'static str,
    /// For `key_auth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_names: Option<Vec<String>>,
    /// For `key_auth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<TimeToLive>,
    /// For the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_methods: Option<Vec<String>>,
    /// The scopes that a developer may choose from, where the provider lets them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) available_scopes: Option<Vec<String>>,
    /// Told to developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    supports_multiple_credentials: Option<bool>,
    /// Told to developers, where the provider has a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_allowed_credentials: Option<u32>,
    #[serde(skip)]
    provider: Option<Uuid>,
}

impl StrategySummary {
    /// The summary of a strategy whose provider, if it has one, is among `providers`.
    fn of(
        app: &App,
        row: &strategy::Model,
        providers: &HashMap<Uuid, dcr_provider::Model>,
    ) -> Result<Self, Problem> {
        let mut summary = Self {
            id: row.id,
            name: row.display_name.clone(),
            credential_type: KEY_AUTH,
            key_names: None,
            ttl: None,
            auth_methods: None,
            available_scopes: None,
            supports_multiple_credentials: Some(true),
            max_allowed_credentials: None,
            provider: row.dcr_provider_id,
        };
        if row.kind == KEY_AUTH {
            let settings = KeyAuth::of(row)?;
            summary.key_names = Some(settings.key_names);
            summary.ttl = settings.ttl;
            return Ok(summary);
        }
        summary.auth_methods = Some(setting(row, "auth_methods"));
        let Some(provider) = row.dcr_provider_id else {
            summary.credential_type = "self_managed_client_credentials";
            summary.supports_multiple_credentials = Some(false);
            return Ok(summary);
        };
        let provider = providers.get(&provider);
        let provider = provider.ok_or_else(|| Problem::internal("a provider is gone"))?;
        // A configuration that became unusable must not take the list away.
        let capabilities = dcr::capabilities(app, provider).unwrap_or(Capabilities::PLAIN);
        summary.credential_type = "client_credentials";
        summary.supports_multiple_credentials = Some(capabilities.secrets > 1);
        summary.max_allowed_credentials =
            (capabilities.secrets > 1).then_some(capabilities.secrets).filter(|most| *most < 100);
        let chosen = provider.config.get("use_developer_managed_scopes").and_then(Value::as_bool);
        if chosen == Some(true) {
            summary.available_scopes = Some(setting(row, "scopes"));
        }
        Ok(summary)
    }

    /// As it is shown where nobody chooses a strategy.
    fn plain(self) -> Self {
        Self { supports_multiple_credentials: None, max_allowed_credentials: None, ..self }
    }

    /// Whether its applications have clients.
    pub(crate) fn has_clients(&self) -> bool {
        self.auth_methods.is_some()
    }

    /// The provider of its applications' clients.
    pub(crate) const fn provider(&self) -> Option<Uuid> {
        self.provider
    }
}

/// Strategies by id.
#[derive(Debug)]
pub(crate) struct Strategies(HashMap<Uuid, StrategySummary>);

impl Strategies {
    /// Fetches the strategies of those ids.
    pub(crate) async fn fetch(
        app: &App,
        db: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, Problem> {
        let rows = strategy::Entity::find().filter(strategy::Column::Id.is_in(ids)).all(db).await?;
        Ok(Self(
            summaries(app, db, &rows).await?.into_iter().map(|found| (found.id, found)).collect(),
        ))
    }

    /// One of them, for the developer who chose it.
    pub(crate) fn get(&self, id: Uuid) -> Result<StrategySummary, Problem> {
        let found = self.0.get(&id).cloned();
        found.ok_or_else(|| Problem::internal("an application has no strategy"))
    }

    /// One of them, as part of what is not a developer's own.
    pub(crate) fn plain(&self, id: Uuid) -> Result<StrategySummary, Problem> {
        self.get(id).map(StrategySummary::plain)
    }
}

/// The summaries of strategies, for developers, in their order.
pub(crate) async fn summaries(
    app: &App,
    db: &impl ConnectionTrait,
    rows: &[strategy::Model],
) -> Result<Vec<StrategySummary>, Problem> {
    let ids = rows.iter().filter_map(|row| row.dcr_provider_id);
    let providers =
        dcr_provider::Entity::find().filter(dcr_provider::Column::Id.is_in(ids)).all(db).await?;
    let providers = providers.into_iter().map(|provider| (provider.id, provider)).collect();
    rows.iter().map(|row| StrategySummary::of(app, row, &providers)).collect()
}

/// A key, without the key.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Credential")]
pub(crate) struct CredentialView {
    #[serde(rename = "type")]
    kind: &'static str,
    id: Uuid,
    display_name: String,
    status: &'static str,
    expires_at: Option<Instant>,
    created_at: Instant,
}

impl CredentialView {
    /// The view of a key, at a time.
    pub(crate) fn of(row: credential::Model, now: i64) -> Self {
        Self {
            kind: "api_key",
            id: row.id,
            status: status(&row, now).as_str(),
            display_name: row.display_name.unwrap_or_else(|| UNNAMED.into()),
            expires_at: row.expires_at.map(Instant),
            created_at: Instant(row.created_at),
        }
    }
}

/// A new key, or a new secret of a client: the only answer that shows it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NewKey {
    #[serde(flatten)]
    pub(super) view: CredentialItem,
    /// The key itself, if it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credential: Option<String>,
    /// The client's secret itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
}

impl NewKey {
    /// A key, and the key itself if it is to be shown.
    pub(crate) fn of(row: credential::Model, key: Option<&Secret<String>>, now: i64) -> Self {
        Self {
            view: CredentialItem::Key(CredentialView::of(row, now)),
            credential: key.map(|key| key.expose().clone()),
            client_secret: None,
        }
    }
}

/// A key with all that is known of it, without the key.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CredentialDetail {
    #[serde(flatten)]
    view: CredentialView,
    /// `issued` by the portal, `chosen` by an administrator, or `imported` by its digest.
    origin: String,
    /// How its digest was made: `hmac-sha256` or `sha256`.
    scheme: String,
    /// When a gateway last let it through, as far as gateways have told.
    last_used_at: Option<Instant>,
    rotation: RotationView,
    updated_at: Instant,
}

/// Where a key stands between the one before it and the one after it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CredentialRotationStatus")]
struct RotationView {
    /// `current`; `retiring`, if it has a successor and is still honoured; or `retired`.
    status: &'static str,
    /// When it got its successor.
    rotated_at: Option<Instant>,
    /// The key that takes its place.
    successor_id: Option<Uuid>,
    /// When it ends at the latest.
    retire_at: Option<Instant>,
    /// After how many hours without a call it ends earlier.
    retire_when_idle_hours: Option<i32>,
    /// When it ended because it was idle.
    retired_at: Option<Instant>,
}

impl CredentialDetail {
    /// What is known of a key, at a time.
    pub(crate) fn of(row: credential::Model, now: i64) -> Self {
        let rotation = RotationView {
            status: rotation_status(&row, now).as_str(),
            rotated_at: row.rotated_at.map(Instant),
            successor_id: row.successor_id,
            retire_at: row.rotated_at.and(row.expires_at).map(Instant),
            retire_when_idle_hours: row.retire_idle_hours,
            retired_at: row.retired_at.map(Instant),
        };
        Self {
            rotation,
            origin: row.origin.clone(),
            scheme: row.scheme.clone(),
            last_used_at: row.last_used_at.map(Instant),
            updated_at: Instant(row.updated_at),
            view: CredentialView::of(row, now),
        }
    }
}

/// The successor of a key, the only answer that shows it, and the key that retires.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RotatedKey {
    #[serde(flatten)]
    new: NewKey,
    /// The key that retires.
    predecessor: CredentialDetail,
}

impl RotatedKey {
    /// The view of a rotation, at a time.
    pub(crate) fn of(done: Rotated, now: i64) -> Self {
        Self {
            new: NewKey::of(done.new, Some(&done.key), now),
            predecessor: CredentialDetail::of(done.old, now),
        }
    }
}

/// A secret of an application's client, without the secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ClientSecretCredential")]
pub(crate) struct ClientSecretView {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its id at the identity provider.
    id: String,
    client_id: String,
    display_name: Option<String>,
    expires_at: Option<Instant>,
    created_at: Option<Instant>,
}

impl ClientSecretView {
    /// The view of a secret of a client.
    pub(crate) fn of(client_id: &str, secret: RemoteSecret) -> Self {
        let millis = |seconds: u64| {
            Instant(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000))
        };
        Self {
            kind: "client_secret",
            id: secret.id,
            client_id: client_id.to_owned(),
            display_name: secret.display_name,
            expires_at: secret.expires_at.map(millis),
            created_at: secret.created_at.map(millis),
        }
    }
}

/// A key or a client's secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "CredentialItem")]
pub(crate) enum CredentialItem {
    /// A key.
    Key(CredentialView),
    /// A secret of a client.
    ClientSecret(ClientSecretView),
}

/// What an application holds: keys from the database, secrets as its provider lists them.
pub(crate) async fn credentials(
    app: &App,
    application: &application::Model,
    query: ListQuery,
) -> Result<Paged<CredentialItem>, Problem> {
    let query = query.read(&CREDENTIAL_LIST)?;
    if application.client_id.is_some() {
        let (client_id, secrets) = secret::list(app, application).await?;
        let views = secrets.into_iter().map(|secret| ClientSecretView::of(&client_id, secret));
        return Ok(query.page_of(views.map(CredentialItem::ClientSecret).collect()));
    }
    let keys = credential::Entity::find()
        .filter(credential::Column::ApplicationId.eq(application.id))
        .filter(credential::Column::Scheme.ne(CLIENT));
    let page = query.fetch(app.store.db(), keys).await?;
    let now = app.clock.now();
    Ok(page.show(|row| CredentialItem::Key(CredentialView::of(row, now))))
}

/// Keys of an application with all that is known of them. Secrets of a client are not keys.
pub(crate) async fn credential_details(
    app: &App,
    application: &application::Model,
    query: ListQuery,
) -> Result<Paged<CredentialDetail>, Problem> {
    let keys = credential::Entity::find()
        .filter(credential::Column::ApplicationId.eq(application.id))
        .filter(credential::Column::Scheme.ne(CLIENT));
    let page = query.read(&CREDENTIAL_LIST)?.fetch(app.store.db(), keys).await?;
    let now = app.clock.now();
    Ok(page.show(|row| CredentialDetail::of(row, now)))
}

/// Lists of keys can only be paged.
pub(crate) const CREDENTIAL_LIST: ListSpec = ListSpec {
    filters: attributes! {},
    sorts: attributes! {},
    order: || vec![credential::Column::CreatedAt.into_expr(), credential::Column::Id.into_expr()],
};
