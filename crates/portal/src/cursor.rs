//! Lists that are paged by a cursor: the id of an item, behind or before which the page lies.

use reqwest::Url;
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::Serialize;
use uuid::Uuid;

use crate::input::is_uuid;
use crate::list::ListQuery;
use crate::problem::{Invalid, Problem};

/// Items of a page when the query does not say.
const DEFAULT_SIZE: u64 = 10;
/// The most items of a page.
const MAX_SIZE: u64 = 1_000;

/// Where a page begins, or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Start,
    After(Uuid),
    Before(Uuid),
}

/// What the last page lies before.
const END: From = From::Before(Uuid::max());

/// A page that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    size: u64,
    from: From,
}

/// Where a page lies in its list: paths of others.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CursorMeta {
    /// The first page.
    first: String,
    /// The last page.
    last: String,
    /// The page behind this one.
    next: Option<String>,
    /// The page before this one.
    previous: Option<String>,
    /// The most items of a page.
    size: u64,
}

impl Cursor {
    /// Takes the parameters of a page out of a query.
    pub(crate) fn take(query: &mut ListQuery) -> Result<Self, Problem> {
        let size = match query.take("page[size]") {
            None => DEFAULT_SIZE,
            Some(text) => size(&text)?,
        };
        let at = |name: &str, value: Option<String>| match value {
            None => Ok(None),
            Some(text) => {
                let id = Some(&text).filter(|text| is_uuid(text));
                let id = id.and_then(|text| Uuid::try_parse(text).ok());
                let fault = || Invalid::query(name, "invalid", "must come from an earlier answer");
                id.map(Some).ok_or_else(|| Problem::one_invalid(fault()))
            }
        };
        let after = at("page[after]", query.take("page[after]"))?;
        let before = at("page[before]", query.take("page[before]"))?;
        let from = match (after, before) {
            (None, None) => From::Start,
            (Some(id), None) => From::After(id),
            (None, Some(id)) => From::Before(id),
            (Some(_), Some(_)) => {
                let reason = "must not be given together with page[after]";
                return Err(Problem::one_invalid(Invalid::query(
                    "page[before]",
                    "invalid",
                    reason,
                )));
            }
        };
        Ok(Self { size, from })
    }

    /// Fetches the page of what `select` finds. `path` and `filters` are those of the request.
    pub(crate) async fn fetch<E, C>(
        self,
        db: &impl ConnectionTrait,
        select: Select<E>,
        id: C,
        id_of: impl Fn(&E::Model) -> Uuid,
        (path, filters): (&str, &[(&str, String)]),
    ) -> Result<(Vec<E::Model>, CursorMeta), Problem>
    where
        E: EntityTrait,
        C: ColumnTrait,
    {
        let select = match self.from {
            From::Start => select.order_by_asc(id),
            From::After(at) => select.filter(id.gt(at)).order_by_asc(id),
            From::Before(at) => select.filter(id.lt(at)).order_by_desc(id),
        };
        let mut rows = select.limit(self.size + 1).all(db).await?;
        let more = rows.len() as u64 > self.size;
        rows.truncate(usize::try_from(self.size).unwrap_or(usize::MAX));
        let backwards = matches!(self.from, From::Before(_));
        if backwards {
            rows.reverse();
        }
        let link = |place: Option<(&str, Uuid)>| link(path, filters, self.size, place);
        let (first, last) = (rows.first().map(&id_of), rows.last().map(&id_of));
        // The item that the cursor names lies on the other side, or did; behind the end there is none.
        let behind = last.filter(|_| if backwards { self.from != END } else { more });
        let before = first.filter(|_| if backwards { more } else { self.from != From::Start });
        let meta = CursorMeta {
            first: link(None),
            last: link(Some(("page[before]", Uuid::max()))),
            next: behind.map(|id| link(Some(("page[after]", id)))),
            previous: before.map(|id| link(Some(("page[before]", id)))),
            size: self.size,
        };
        Ok((rows, meta))
    }
}

fn size(text: &str) -> Result<u64, Problem> {
    let name = "page[size]";
    let fault = match text.parse::<u64>() {
        Err(_) => Invalid::query(name, "is_integer", "must be a whole number from 1"),
        Ok(0) => Invalid::query(name, "min", "must be at least 1").at_least(1),
        Ok(size) if size > MAX_SIZE => {
            let reason = format!("must be at most {MAX_SIZE}");
            Invalid::query(name, "max", reason).at_most(MAX_SIZE)
        }
        Ok(size) => return Ok(size),
    };
    Err(Problem::one_invalid(fault))
}

fn link(path: &str, filters: &[(&str, String)], size: u64, place: Option<(&str, Uuid)>) -> String {
    let Ok(mut url) = Url::parse("http://localhost") else { return path.to_owned() };
    url.set_path(path);
    {
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("page[size]", &size.to_string());
        if let Some((name, id)) = place {
            pairs.append_pair(name, &id.to_string());
        }
        pairs.extend_pairs(filters);
    }
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}
