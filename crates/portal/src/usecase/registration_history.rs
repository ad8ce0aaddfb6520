//! How registrations came to where they stand: each status that one was given, when, and by whom.

use std::collections::HashMap;

use gatekey_core::lifecycle::registration::RegistrationStatus;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set,
};
use serde::Serialize;
use uuid::Uuid;

use crate::call::{self, Who};
use crate::store::entity::{developer, registration, registration_history};

/// Who gave a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum By {
    /// Somebody whose application it is.
    Developer,
    /// An administrator.
    Administrator,
    /// A publication or a portal that approves by itself.
    Automatic,
    /// It is not known any more, or nobody.
    System,
}

impl By {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Administrator => "administrator",
            Self::Automatic => "automatic",
            Self::System => "system",
        }
    }

    /// Reads what is stored.
    pub(crate) fn parse(text: &str) -> Self {
        [Self::Developer, Self::Administrator, Self::Automatic]
            .into_iter()
            .find(|by| by.as_str() == text)
            .unwrap_or(Self::System)
    }
}

/// A new registration: somebody asked for it, and if it did not have to wait that was decided at once,
/// by whoever asked or by the rules.
pub(crate) async fn begin(
    db: &impl ConnectionTrait,
    made: &registration::Model,
    decided_by_hand: bool,
) -> Result<(), DbErr> {
    let status = made.status.as_str();
    let waits = RegistrationStatus::Pending.as_str();
    if decided_by_hand || status == waits {
        return add(db, made, status, made.created_at, asker()).await;
    }
    add(db, made, waits, made.created_at, asker()).await?;
    add(db, made, status, made.created_at, (By::Automatic, None, None)).await
}

/// A registration was given the status that it has.
pub(crate) async fn go_on(
    db: &impl ConnectionTrait,
    after: &registration::Model,
) -> Result<(), DbErr> {
    add(db, after, &after.status, after.updated_at, asker()).await
}

/// The people who are named in some entries.
pub(crate) async fn people(
    db: &impl ConnectionTrait,
    entries: &[registration_history::Model],
) -> Result<HashMap<Uuid, String>, DbErr> {
    let ids: Vec<_> = entries.iter().filter_map(|entry| entry.developer_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = developer::Entity::find().filter(developer::Column::Id.is_in(ids)).all(db).await?;
    Ok(found.into_iter().map(|person| (person.id, person.full_name)).collect())
}

type Asker = (By, Option<Uuid>, Option<String>);

/// Whoever makes the request that is being answered.
fn asker() -> Asker {
    match call::current().map(|call| call.learned().who) {
        Some(Who::Developer { id, .. }) => (By::Developer, Some(id), None),
        Some(Who::Admin { name, .. }) => (By::Administrator, None, Some(name)),
        Some(Who::Unknown | Who::Gateway) | None => (By::System, None, None),
    }
}

async fn add(
    db: &impl ConnectionTrait,
    of: &registration::Model,
    status: &str,
    at: i64,
    (by, developer, administrator): Asker,
) -> Result<(), DbErr> {
    let entry = registration_history::ActiveModel {
        id: Set(Uuid::now_v7()),
        registration_id: Set(of.id),
        status: Set(status.to_owned()),
        by: Set(by.as_str().to_owned()),
        developer_id: Set(developer),
        administrator: Set(administrator),
        at: Set(at),
    };
    entry.insert(db).await.map(|_| ())
}
