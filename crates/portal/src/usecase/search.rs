//! Search in what visitors see: the operations of APIs, and their published documents.

use sea_orm::sea_query::{SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::document;
use super::writing::Status;
use crate::list::contains;
use crate::problem::Problem;
use crate::store::entity::{api_operation, document as documents};

/// The characters around what was found that are shown with it.
const AROUND: usize = 60;

/// Where a page of results begins: after this one. Operations come before documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The beginning.
    Nothing,
    /// An operation.
    Operation(Uuid),
    /// A document.
    Document(Uuid),
}

impl After {
    /// As it stands in a URL.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Operation(id) => Some(format!("o{}", id.simple())),
            Self::Document(id) => Some(format!("d{}", id.simple())),
        }
    }

    /// Reads it from a URL.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let id = |id| Uuid::try_parse(id).ok();
        if let Some(text) = text.strip_prefix('o') {
            return id(text).map(Self::Operation);
        }
        id(text.strip_prefix('d')?).map(Self::Document)
    }
}

/// What was found.
#[derive(Debug)]
pub(crate) enum Hit {
    /// An operation.
    Operation(api_operation::Model),
    /// A document, with its path and what was found in it.
    Document(Box<FoundDocument>),
}

impl Hit {
    const fn place(&self) -> After {
        match self {
            Self::Operation(row) => After::Operation(row.id),
            Self::Document(found) => After::Document(found.entry.id),
        }
    }

    /// The API that it is of.
    pub(crate) const fn api(&self) -> Uuid {
        match self {
            Self::Operation(row) => row.api_id,
            Self::Document(found) => found.api_id,
        }
    }
}

/// A document that was found.
#[derive(Debug)]
pub(crate) struct FoundDocument {
    /// The API that it is of.
    pub(crate) api_id: Uuid,
    /// The document.
    pub(crate) entry: document::Entry,
    /// The slugs of those above it and its own.
    pub(crate) path: String,
    /// What was found in it.
    pub(crate) excerpt: String,
}

/// Finds up to `most` things of some APIs in which a text occurs, and where the next ones are.
pub(crate) async fn search(
    db: &impl ConnectionTrait,
    apis: SelectStatement,
    text: &str,
    after: After,
    most: usize,
) -> Result<(Vec<Hit>, Option<After>), Problem> {
    let mut hits: Vec<_> = match after {
        After::Document(_) => Vec::new(),
        _ => {
            let found = operations(db, apis.clone(), text, after, most + 1).await?;
            found.into_iter().map(Hit::Operation).collect()
        }
    };
    if hits.len() <= most {
        documents(db, apis, text, after, most + 1, &mut hits).await?;
    }
    let more = hits.len() > most;
    hits.truncate(most);
    let next = hits.last().filter(|_| more).map(Hit::place);
    Ok((hits, next))
}

fn occurs(text: &str, columns: impl IntoIterator<Item = SimpleExpr>) -> Condition {
    if text.is_empty() {
        return Condition::all();
    }
    columns.into_iter().fold(Condition::any(), |any, column| any.add(contains(column, text)))
}

async fn operations(
    db: &impl ConnectionTrait,
    apis: SelectStatement,
    text: &str,
    after: After,
    most: usize,
) -> Result<Vec<api_operation::Model>, Problem> {
    use api_operation::Column;
    let columns = [Column::Path, Column::OperationId, Column::Summary, Column::Description];
    let mut select = api_operation::Entity::find()
        .filter(Column::ApiId.in_subquery(apis))
        .filter(occurs(text, columns.map(|column| column.into_expr())));
    if let After::Operation(id) = after {
        select = select.filter(Column::Id.gt(id));
    }
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    Ok(select.order_by_asc(Column::Id).limit(limit).all(db).await?)
}

#[derive(Debug, FromQueryResult)]
struct Candidate {
    id: Uuid,
    api_id: Uuid,
}

/// Adds documents until there are enough: those below unpublished ones do not count.
async fn documents(
    db: &impl ConnectionTrait,
    apis: SelectStatement,
    text: &str,
    mut after: After,
    most: usize,
    hits: &mut Vec<Hit>,
) -> Result<(), Problem> {
    use documents::Column;
    const BATCH: u64 = 100;
    let mut known: Option<(Uuid, Vec<document::Entry>)> = None;
    while hits.len() < most {
        let mut select = documents::Entity::find()
            .select_only()
            .columns([Column::Id, Column::ApiId])
            .filter(Column::Status.eq(Status::Published.as_str()))
            .filter(Column::ApiId.in_subquery(apis.clone()))
            .filter(occurs(text, [Column::Title, Column::Content].map(|c| c.into_expr())));
        if let After::Document(id) = after {
            select = select.filter(Column::Id.gt(id));
        }
        let select = select.order_by_asc(Column::Id).limit(BATCH);
        let batch = select.into_model::<Candidate>().all(db).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = After::Document(last.id);
        for candidate in batch {
            if hits.len() >= most {
                break;
            }
            let entries = match known.take() {
                Some((api, entries)) if api == candidate.api_id => entries,
                _ => document::published(db, candidate.api_id).await?,
            };
            if let Some(entry) = entries.iter().find(|entry| entry.id == candidate.id) {
                let row = document::find(db, candidate.api_id, candidate.id).await?;
                hits.push(Hit::Document(Box::new(FoundDocument {
                    api_id: candidate.api_id,
                    path: path(&entries, entry),
                    excerpt: excerpt(text, [&row.title, &row.content]),
                    entry: entry.clone(),
                })));
            }
            known = Some((candidate.api_id, entries));
        }
    }
    Ok(())
}

fn path(entries: &[document::Entry], entry: &document::Entry) -> String {
    let above =
        |entry: &&document::Entry| entries.iter().find(|other| Some(other.id) == entry.parent_id);
    let mut slugs: Vec<_> =
        core::iter::successors(Some(entry), above).map(|entry| entry.slug.as_str()).collect();
    slugs.reverse();
    format!("/{}", slugs.join("/"))
}

/// The first place where a text occurs, with a little around it.
pub(crate) fn excerpt<'t>(text: &str, within: impl IntoIterator<Item = &'t String>) -> String {
    let wanted = text.to_lowercase();
    for whole in within {
        let Some(at) = whole.to_lowercase().find(&wanted) else { continue };
        // Lowering may change lengths; a place between two characters is near enough.
        let before = whole.char_indices().take_while(|(index, _)| *index < at).count();
        let from = before.saturating_sub(AROUND);
        let length = before - from + text.chars().count() + AROUND;
        return whole.chars().skip(from).take(length).collect();
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_a_url() {
        let id = Uuid::from_u128(7);
        for place in [After::Operation(id), After::Document(id)] {
            assert_eq!(After::parse(&place.text().unwrap()), Some(place));
        }
        for bad in ["", "x", "o", "d7", "e00000000000000000000000000000007"] {
            assert_eq!(After::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_excerpt_surrounds_what_was_found() {
        let long = format!("{} Needle {}", "a".repeat(100), "b".repeat(100));
        let found = excerpt("needle", [&String::new(), &long]);
        assert!(found.contains("Needle") && found.chars().count() <= 2 * AROUND + 6, "{found}");
        assert_eq!(excerpt("x", [&"y".to_owned()]), "");
        assert_eq!(excerpt("ß", [&"İİß".to_owned()]), "İİß");
    }
}
