//! Why a call was refused, for whoever made it and for administrators.
//!
//! Developers see the calls of their own applications. Of a call whose application is not known nobody
//! can say whose it was: whoever knows the id that its client was told learns when it was and why it
//! was refused, if they see the API, and nothing that its client sent.

use std::collections::{BTreeMap, BTreeSet};

use gatekey_core::check::{Denial, Words};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::{application, catalogue};
use crate::problem::Problem;
use crate::store::entity::refusal::{self, Column};
use crate::store::entity::{api, application as applications, developer, portal, publication};

/// The longest id of a request that a gateway tells of.
const MAX_REQUEST_ID: usize = 64;

/// A refused call, as somebody may see it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) request_id: String,
    pub(crate) at: i64,
    pub(crate) gateway: Uuid,
    pub(crate) application: Option<Named>,
    pub(crate) api: Option<Named>,
    pub(crate) reason: String,
    pub(crate) status: i32,
    /// What was called, where that may be seen.
    pub(crate) call: Option<Call>,
    pub(crate) explanation: String,
    pub(crate) remedy: String,
}

/// Something that a call was about, and its name while it is there.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) id: Uuid,
    pub(crate) name: Option<String>,
}

/// What was called.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
}

/// Refused calls of applications of a portal, and of callers without one for its APIs.
pub(crate) fn in_portal(portal: Uuid) -> Condition {
    let own = applications::Entity::find()
        .select_only()
        .column(applications::Column::Id)
        .filter(applications::Column::PortalId.eq(portal));
    let published = publication::Entity::find()
        .select_only()
        .column(publication::Column::ApiId)
        .filter(publication::Column::PortalId.eq(portal));
    let strangers = strangers().add(Column::ApiId.in_subquery(published.into_query()));
    Condition::any().add(Column::ApplicationId.in_subquery(own.into_query())).add(strangers)
}

/// Calls of which it is not known whose they were.
fn strangers() -> Condition {
    Condition::all().add(Column::ApplicationId.eq(Uuid::nil()))
}

/// The newest of such calls with this id: whoever calls may use one twice.
async fn newest(
    db: &impl ConnectionTrait,
    request_id: &str,
    which: Condition,
) -> Result<Option<refusal::Model>, DbErr> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if request_id.len() > MAX_REQUEST_ID || !request_id.chars().all(plain) {
        return Ok(None);
    }
    refusal::Entity::find()
        .filter(Column::RequestId.eq(request_id))
        .filter(which)
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .one(db)
        .await
}

/// The call with this id, as an administrator sees it.
pub(crate) async fn find(db: &impl ConnectionTrait, request_id: &str) -> Result<Refusal, Problem> {
    let found = newest(db, request_id, Condition::all()).await?.ok_or_else(Problem::not_found)?;
    let seen = for_admin(db, vec![found]).await?.into_iter().next();
    seen.ok_or_else(Problem::not_found)
}

/// The call of an application with this id, as its owner sees it.
pub(crate) async fn find_of(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: &developer::Model,
    application: &applications::Model,
    request_id: &str,
) -> Result<Refusal, Problem> {
    let which = Condition::all().add(Column::ApplicationId.eq(application.id));
    let found = newest(db, request_id, which).await?.ok_or_else(Problem::not_found)?;
    let seen = for_developer(db, portal, developer, vec![found]).await?.into_iter().next();
    seen.ok_or_else(Problem::not_found)
}

/// The call with this id, as a developer sees it: one of their own, or one of which it is not known
/// whose it was, for an API that they see.
pub(crate) async fn find_for(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: &developer::Model,
    request_id: &str,
) -> Result<Refusal, Problem> {
    let own = applications::Entity::find()
        .select_only()
        .column(applications::Column::Id)
        .filter(applications::Column::PortalId.eq(portal.id))
        .filter(application::own(developer.id));
    let own = Condition::all().add(Column::ApplicationId.in_subquery(own.into_query()));
    let found = match newest(db, request_id, own).await? {
        Some(found) => found,
        None => {
            let seen = catalogue::visible(portal, Some(developer));
            let seen = seen.select_only().column(api::Column::Id).into_query();
            let which = strangers().add(Column::ApiId.in_subquery(seen));
            newest(db, request_id, which).await?.ok_or_else(Problem::not_found)?
        }
    };
    let seen = for_developer(db, portal, developer, vec![found]).await?.into_iter().next();
    seen.ok_or_else(Problem::not_found)
}

/// Calls as administrators see them.
pub(crate) async fn for_admin(
    db: &impl ConnectionTrait,
    rows: Vec<refusal::Model>,
) -> Result<Vec<Refusal>, Problem> {
    let ids: BTreeSet<_> = rows.iter().map(|row| row.api_id).collect();
    let apis = api::Entity::find().filter(api::Column::Id.is_in(ids)).all(db).await?;
    let apis: BTreeMap<_, _> = apis.into_iter().map(|api| (api.id, api.name)).collect();
    let applications = names(db, &rows).await?;
    let show = |row: refusal::Model| {
        let named = |id: Uuid, names: &BTreeMap<Uuid, String>| {
            (!id.is_nil()).then(|| Named { id, name: names.get(&id).cloned() })
        };
        let (api, application) =
            (named(row.api_id, &apis), named(row.application_id, &applications));
        Refusal::of(row, application, api, true)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Calls as a developer sees them, who may see them: an API that they do not see is not named, and of
/// callers who are not known nothing is told that they sent.
pub(crate) async fn for_developer(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: &developer::Model,
    rows: Vec<refusal::Model>,
) -> Result<Vec<Refusal>, Problem> {
    let ids: BTreeSet<_> = rows.iter().map(|row| row.api_id).collect();
    let apis = catalogue::visible(portal, Some(developer)).filter(api::Column::Id.is_in(ids));
    let apis: BTreeMap<_, _> =
        apis.all(db).await?.into_iter().map(|api| (api.id, api.name)).collect();
    let applications = names(db, &rows).await?;
    let show = |row: refusal::Model| {
        let named = |id: Uuid, names: &BTreeMap<Uuid, String>| {
            names.get(&id).map(|name| Named { id, name: Some(name.clone()) })
        };
        let (api, application) =
            (named(row.api_id, &apis), named(row.application_id, &applications));
        let own = application.is_some();
        Refusal::of(row, application, api, own)
    };
    Ok(rows.into_iter().map(show).collect())
}

async fn names(
    db: &impl ConnectionTrait,
    rows: &[refusal::Model],
) -> Result<BTreeMap<Uuid, String>, DbErr> {
    let ids: BTreeSet<_> = rows.iter().map(|row| row.application_id).collect();
    let known: Vec<(Uuid, String)> = applications::Entity::find()
        .select_only()
        .columns([applications::Column::Id, applications::Column::Name])
        .filter(applications::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(known.into_iter().collect())
}

impl Refusal {
    fn of(
        row: refusal::Model,
        application: Option<Named>,
        api: Option<Named>,
        shows_call: bool,
    ) -> Self {
        let name = |named: &Option<Named>| named.as_ref().and_then(|named| named.name.clone());
        let (explanation, remedy) = told(&row.reason, name(&api), name(&application));
        let call = shows_call.then_some(Call { method: row.method, path: row.path });
        Self {
            request_id: row.request_id,
            at: row.at,
            gateway: row.gateway_id,
            application,
            api,
            reason: row.reason,
            status: row.status,
            call,
            explanation,
            remedy,
        }
    }
}

/// What a developer is told about a reason: what happened, and what they can do.
fn told(reason: &str, api: Option<String>, application: Option<String>) -> (String, String) {
    // A gateway that is newer than the portal may have reasons that are not known here.
    let Some(Words { explanation, remedy }) = Denial::of_code(reason).map(Denial::words) else {
        let explanation = "The gateway gives a reason that this portal does not know.";
        let remedy = "Tell the people who run the portal, with the request id.";
        return (explanation.into(), remedy.into());
    };
    let api = api.unwrap_or_else(|| "this API".into());
    let application = application.unwrap_or_else(|| "your application".into());
    let fill = |text: &str| {
        // One after the other: a name may look like the place for another.
        let parts = text.split("{api}").map(|part| part.replace("{application}", &application));
        let filled = parts.collect::<Vec<_>>().join(&api);
        let mut letters = filled.chars();
        match letters.next() {
            Some(first) if text.starts_with('{') && filled.starts_with("your ") => {
                first.to_uppercase().chain(letters).collect()
            }
            _ => filled,
        }
    };
    (fill(explanation), fill(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_put_in_their_places_as_they_are() {
        let names = || (Some("{application}".to_owned()), Some("Shop {api}".to_owned()));
        let (api, application) = names();
        let (explanation, remedy) = told("not_registered", api, application);
        let expected = "The application Shop {api} has not been given access to {application}.";
        assert_eq!(explanation, expected);
        assert!(remedy.starts_with("Request access to {application} for Shop {api}."));
        let (explanation, _) = told("rate_limited", None, None);
        assert_eq!(explanation, "Your application calls more often than it may.");
        let (explanation, remedy) = told("from_the_future", None, None);
        assert!(explanation.contains("does not know") && remedy.contains("request id"));
    }
}
