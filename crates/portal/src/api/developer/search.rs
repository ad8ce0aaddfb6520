//! Search in a portal: `search`.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::BASE;
use crate::actor::Visitor;
use crate::api::reply::Shown;
use crate::api::shape::Instant;
use crate::app::App;
use crate::list::ListQuery;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{api, publication};
use crate::usecase::api_version::{Summary, summaries};
use crate::usecase::search::{self as usecase, After, Hit, excerpt};

const DEFAULT_SIZE: usize = 10;
const MAX_SIZE: usize = 100;
/// The longest text to look for.
const LONGEST: usize = 200;

/// A page of what was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SearchResults")]
struct Results {
    meta: Meta,
    data: Vec<Record>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SearchMeta")]
struct Meta {
    page: PageMeta,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SearchPageMeta")]
struct PageMeta {
    /// Where the next page is.
    next: Option<String>,
    /// Pages only lead forward: null.
    previous: Option<String>,
    size: usize,
}

/// Something that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SearchRecord")]
struct Record {
    id: Uuid,
    /// `api_specs_operation` or `api_document`.
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    /// What was found, with a little around it.
    #[serde(rename = "match")]
    found: String,
    description: String,
    attributes: Attributes,
    relations: Relations,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Attributes {
    Operation(OperationAttributes),
    Document(DocumentAttributes),
}

#[derive(Debug, Serialize, JsonSchema)]
struct OperationAttributes {
    created_at: Instant,
    updated_at: Instant,
    operation_id: String,
    operation_key: String,
    path: String,
    method: String,
    scope: String,
    summary: String,
    api_description: String,
    api_name: String,
    api_slug: String,
    api_version: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DocumentAttributes {
    created_at: Instant,
    updated_at: Instant,
    path: String,
    scope: String,
    api_slug: String,
    parent_document_id: String,
    slug: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Relations {
    Operation(OperationRelations),
    Document(DocumentRelations),
}

#[derive(Debug, Serialize, JsonSchema)]
struct OperationRelations {
    api_id: Uuid,
    spec_id: String,
    portal_id: Uuid,
    org_id: Uuid,
    api_name: String,
    api_slug: String,
    api_version: String,
    api_description: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DocumentRelations {
    api_id: Uuid,
    spec_id: String,
    portal_id: Uuid,
    org_id: Uuid,
    api_slug: String,
    api_version: String,
    api_description: String,
    parent_document_id: String,
    path: String,
    slug: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        &format!("{BASE}/search"),
        get_with(search, |op| {
            op.id("search-portal")
                .tag("Portal content")
                .parameter_untyped("q", |parameter| {
                    parameter.description(
                        "What to look for in operations and documents; everything, if absent.",
                    )
                })
                .parameter_untyped("page[size]", |parameter| {
                    parameter.description("Items of a page, 1 to 100; 10 if absent.")
                })
                .parameter_untyped("page[after]", |parameter| {
                    parameter.description("Where an earlier answer said that the next page is.")
                })
        }),
    )
}

/// What is looked for, and which part of what is found is asked for.
#[derive(Debug)]
struct Wanted {
    text: String,
    after: After,
    size: usize,
}

impl Wanted {
    fn read(mut query: ListQuery) -> Result<Self, Problem> {
        let bad =
            |name, rule, reason: String| Problem::one_invalid(Invalid::query(name, rule, reason));
        let text = query.take("q").unwrap_or_default().trim().to_owned();
        if text.chars().count() > LONGEST {
            let reason = format!("must have at most {LONGEST} characters");
            let fault = Invalid::query("q", "max_length", reason).at_most(LONGEST as u64);
            return Err(Problem::one_invalid(fault));
        }
        if text.contains('\0') {
            let reason = "must not contain the character U+0000";
            return Err(bad("q", "invalid", reason.into()));
        }
        let size = match query.take("page[size]").filter(|size| !size.is_empty()) {
            None => DEFAULT_SIZE,
            Some(size) => {
                let size: usize = size.parse().map_err(|_| {
                    bad("page[size]", "is_integer", "must be a whole number from 1".into())
                })?;
                if size < 1 {
                    return Err(bad("page[size]", "min", "must be at least 1".into()));
                }
                if size > MAX_SIZE {
                    let reason = format!("must be at most {MAX_SIZE}");
                    let fault = Invalid::query("page[size]", "max", reason);
                    return Err(Problem::one_invalid(fault.at_most(MAX_SIZE as u64)));
                }
                size
            }
        };
        let after = match query.take("page[after]").filter(|after| !after.is_empty()) {
            None => After::Nothing,
            Some(after) => After::parse(&after).ok_or_else(|| {
                bad("page[after]", "invalid", "must come from an earlier answer".into())
            })?,
        };
        query.nothing_else()?;
        Ok(Self { text, after, size })
    }

    /// Where the next page is, relative to the portal.
    fn next(&self, after: After) -> Option<String> {
        let mut query = vec![("page[size]", self.size.to_string()), ("page[after]", after.text()?)];
        if !self.text.is_empty() {
            query.insert(0, ("q", self.text.clone()));
        }
        Some(format!("/api/v3/search?{}", encoded(&query)))
    }
}

/// A query string.
fn encoded(pairs: &[(&str, String)]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]".contains(&byte);
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") })
            .collect()
    };
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    pairs.join("&")
}

async fn search(
    State(app): State<App>,
    visitor: Visitor,
    query: ListQuery,
) -> Result<Shown<Results>, Problem> {
    let wanted = Wanted::read(query)?;
    let db = app.store.db();
    let seen = visitor.apis(&app).await?;
    let (hits, next) = usecase::search(db, seen, &wanted.text, wanted.after, wanted.size).await?;
    let ids: Vec<_> = hits.iter().map(Hit::api).collect();
    let versions = summaries(db, ids.clone()).await?;
    let apis = api::Entity::find().filter(api::Column::Id.is_in(ids.clone())).all(db).await?;
    let apis: HashMap<_, _> = apis.into_iter().map(|row| (row.id, row)).collect();
    let published = publication::Entity::find()
        .filter(publication::Column::PortalId.eq(visitor.portal.id))
        .filter(publication::Column::ApiId.is_in(ids))
        .all(db)
        .await?;
    let scopes: HashMap<_, _> =
        published.into_iter().map(|row| (row.api_id, row.visibility)).collect();
    let records = hits.into_iter().filter_map(|hit| {
        let id = hit.api();
        // Without them it was deleted or unpublished between two queries.
        let around = Around {
            api: apis.get(&id)?,
            scope: scopes.get(&id)?,
            version: versions.get(&id),
            portal: visitor.portal.id,
        };
        Some(around.record(hit, &wanted.text))
    });
    let data = records.collect();
    let next = next.and_then(|after| wanted.next(after));
    let page = PageMeta { next, previous: None, size: wanted.size };
    Ok(Shown(Results { meta: Meta { page }, data }))
}

/// What is around something that was found.
struct Around<'a> {
    api: &'a api::Model,
    scope: &'a str,
    version: Option<&'a Summary>,
    portal: Uuid,
}

impl Around<'_> {
    fn record(&self, hit: Hit, text: &str) -> Record {
        let api_description = self.api.description.clone().unwrap_or_default();
        let spec_id = self.version.map(|version| version.id.to_string()).unwrap_or_default();
        let (api_slug, api_version) = (self.api.slug.clone(), self.api.version.clone());
        let (api_name, scope) = (self.api.name.clone(), self.scope.to_owned());
        let (api_id, portal_id, org_id) = (self.api.id, self.portal, Uuid::nil());
        match hit {
            Hit::Operation(row) => {
                let at = |time: fn(&Summary) -> i64| self.version.map(time).unwrap_or_default();
                let operation_key = format!("{} {}", row.method, row.path);
                let summary = row.summary.clone().unwrap_or_default();
                let texts = [
                    Some(row.path.clone()),
                    row.operation_id.clone(),
                    row.summary.clone(),
                    row.description.clone(),
                ];
                Record {
                    id: row.id,
                    kind: "api_specs_operation",
                    name: row
                        .summary
                        .or_else(|| row.operation_id.clone())
                        .unwrap_or_else(|| operation_key.clone()),
                    found: excerpt(text, texts.iter().flatten()),
                    description: row.description.unwrap_or_else(|| summary.clone()),
                    attributes: Attributes::Operation(OperationAttributes {
                        created_at: Instant(at(|version| version.created_at)),
                        updated_at: Instant(at(|version| version.updated_at)),
                        operation_id: row.operation_id.unwrap_or_default(),
                        operation_key,
                        path: row.path,
                        method: row.method,
                        scope,
                        summary,
                        api_description: api_description.clone(),
                        api_name: api_name.clone(),
                        api_slug: api_slug.clone(),
                        api_version: api_version.clone(),
                    }),
                    relations: Relations::Operation(OperationRelations {
                        api_id,
                        spec_id,
                        portal_id,
                        org_id,
                        api_name,
                        api_slug,
                        api_version,
                        api_description,
                    }),
                }
            }
            Hit::Document(found) => {
                let entry = found.entry;
                let parent = entry.parent_id.map(|id| id.to_string()).unwrap_or_default();
                Record {
                    id: entry.id,
                    kind: "api_document",
                    name: entry.title.clone(),
                    found: found.excerpt,
                    description: entry.title,
                    attributes: Attributes::Document(DocumentAttributes {
                        created_at: Instant(entry.created_at),
                        updated_at: Instant(entry.updated_at),
                        path: found.path.clone(),
                        scope,
                        api_slug: api_slug.clone(),
                        parent_document_id: parent.clone(),
                        slug: entry.slug.clone(),
                    }),
                    relations: Relations::Document(DocumentRelations {
                        api_id,
                        spec_id,
                        portal_id,
                        org_id,
                        api_slug,
                        api_version,
                        api_description,
                        parent_document_id: parent,
                        path: found.path,
                        slug: entry.slug,
                    }),
                }
            }
        }
    }
}
