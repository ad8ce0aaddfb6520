//! Views that the management API and the developer API share.

use std::collections::HashMap;

use schemars::JsonSchema;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::shape::Instant;
use crate::list::{ListSpec, attributes};
use crate::problem::Problem;
use crate::store::entity::{credential, strategy};
use crate::usecase::credential::{UNNAMED, status};
use crate::usecase::strategy::{KeyAuth, TimeToLive};

/// A strategy, as part of something else.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StrategySummary {
    id: Uuid,
    /// What developers know it by.
    name: String,
    credential_type: String,
    key_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<TimeToLive>,
}

impl StrategySummary {
    /// The summary of a strategy.
    pub(crate) fn of(row: &strategy::Model) -> Result<Self, Problem> {
        let settings = KeyAuth::of(row)?;
        Ok(Self {
            id: row.id,
            name: row.display_name.clone(),
            credential_type: row.kind.clone(),
            key_names: settings.key_names,
            ttl: settings.ttl,
        })
    }
}

/// Strategies by id.
#[derive(Debug)]
pub(crate) struct Strategies(HashMap<Uuid, StrategySummary>);

impl Strategies {
    /// Fetches the strategies of those ids.
    pub(crate) async fn fetch(
        db: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, Problem> {
        let rows = strategy::Entity::find().filter(strategy::Column::Id.is_in(ids)).all(db).await?;
        let summaries = rows.iter().map(|row| Ok((row.id, StrategySummary::of(row)?)));
        Ok(Self(summaries.collect::<Result<_, Problem>>()?))
    }

    /// One of them.
    pub(crate) fn get(&self, id: Uuid) -> Result<StrategySummary, Problem> {
        let found = self.0.get(&id).cloned();
        found.ok_or_else(|| Problem::internal("an application has no strategy"))
    }
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

/// Lists of keys can only be paged.
pub(crate) const CREDENTIAL_LIST: ListSpec = ListSpec {
    filters: attributes! {},
    sorts: attributes! {},
    order: || vec![credential::Column::CreatedAt.into_expr(), credential::Column::Id.into_expr()],
};
