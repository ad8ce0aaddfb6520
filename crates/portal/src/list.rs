//! Lists: pages, order and filters, read from the query and applied to a query of the store.
//!
//! What may be filtered and sorted is declared per list as a [`ListSpec`]; anything else in the
//! query is refused with the parameter that is to blame.

use std::collections::{BTreeMap, BTreeSet};

use aide::OperationInput;
use aide::transform::TransformOperation;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use schemars::JsonSchema;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, JoinType,
    Order, PaginatorTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    RelationDef, Select,
};
use serde::Serialize;

use crate::problem::{Invalid, Problem};

mod filter;
mod member;
mod related;

pub(crate) use self::filter::contains;
use self::filter::{Filter, alternatives, filter};
pub(crate) use self::member::{MemberFilter, labelled};
use self::related::{Both, name_of, table_of};

/// Items of a page when the query does not say.
const DEFAULT_SIZE: u64 = 10;
/// The most items of a page.
const MAX_SIZE: u64 = 1_000;
/// Pages that begin before this are read before anything is counted.
const NEAR: u64 = 1_000;
/// The most attributes that a list is sorted by.
const MAX_SORTS: usize = 8;
/// The most alternatives of an `oeq` or `ocontains`.
const MAX_ALTERNATIVES: usize = 100;

/// What a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text: eq, neq, oeq, contains, ocontains.
    Text,
    /// A UUID, or `null` where the column may be: eq, neq, oeq.
    Id,
    /// A point in time: eq, lt, lte, gt, gte.
    Time,
    /// True or false: eq.
    Flag,
}

impl Kind {
    const fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["eq", "neq", "oeq", "contains", "ocontains"],
            Self::Id => &["eq", "neq", "oeq"],
            Self::Time => &["eq", "lt", "lte", "gt", "gte"],
            Self::Flag => &["eq"],
        }
    }
}

/// One attribute of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    /// Its name in the query.
    pub(crate) name: &'static str,
    /// What a filter on it compares.
    pub(crate) kind: Kind,
    /// The expression that it stands for.
    pub(crate) column: fn() -> SimpleExpr,
}

/// An attribute of a list: kind, name in the query, column.
macro_rules! attribute {
    ($kind:ident $name:literal = $column:expr) => {
        $crate::list::Attribute {
            name: $name,
            kind: $crate::list::Kind::$kind,
            column: || sea_orm::ColumnTrait::into_expr($column),
        }
    };
}
pub(crate) use attribute;

/// Attributes of a list, each as [`attribute`] has them.
macro_rules! attributes {
    ($($kind:ident $name:literal = $column:expr;)*) => {
        &[$($crate::list::attribute!($kind $name = $column)),*]
    };
}
pub(crate) use attributes;

/// What a list can be filtered and sorted by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListSpec {
    /// For filters.
    pub(crate) filters: &'static [Attribute],
    /// For the order; the names that a refusal offers.
    pub(crate) sorts: &'static [Attribute],
    /// The order when the query does not say, and the last word between equals.
    pub(crate) order: fn() -> Vec<SimpleExpr>,
}

impl ListSpec {
    /// Documents the query parameters.
    pub(crate) fn document<'t>(&self, operation: TransformOperation<'t>) -> TransformOperation<'t> {
        let operation = operation
            .parameter_untyped("page[size]", |parameter| {
                parameter.description("Items of a page, 1 to 1000; 10 if absent.")
            })
            .parameter_untyped("page[number]", |parameter| {
                parameter.description("Which page, from 1.")
            });
        self.document_whole(operation)
    }

    /// Documents the query parameters of a list that is shown whole.
    pub(crate) fn document_whole<'t>(
        &self,
        mut operation: TransformOperation<'t>,
    ) -> TransformOperation<'t> {
        if !self.sorts.is_empty() {
            let names: Vec<_> = self.sorts.iter().map(|sort| sort.name).collect();
            let text = format!("One of {}, optionally followed by ` desc`.", names.join(", "));
            operation =
                operation.parameter_untyped("sort", |parameter| parameter.description(&text));
        }
        for filter in self.filters {
            let text =
                format!("Operators in a second bracket: {}.", filter.kind.operators().join(", "));
            let name = format!("filter[{}]", filter.name);
            operation =
                operation.parameter_untyped(&name, |parameter| parameter.description(&text));
        }
        operation
    }
}

/// The query parameters of a request, decoded, in the order given.
#[derive(Debug)]
pub(crate) struct ListQuery(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| {
            Problem::one_invalid(Invalid::query("query", "invalid", "must be form encoded"))
        })?;
        Ok(Self(pairs))
    }
}

impl OperationInput for ListQuery {}

impl ListQuery {
    /// Takes out a parameter that is not about the list as such.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(index).1)
    }

    /// The same, in this order if it does not say another.
    pub(crate) fn or_sorted_by(mut self, order: &str) -> Self {
        if self.0.iter().all(|(name, _)| name != "sort") {
            self.0.push(("sort".to_owned(), order.to_owned()));
        }
        self
    }

    /// Refuses what nobody took out.
    pub(crate) fn nothing_else(self) -> Result<(), Problem> {
        let unknown = |name| Invalid::query(name, "unknown_property", "is not a known parameter");
        let faults: Vec<_> = self.0.into_iter().map(|(name, _)| unknown(name)).collect();
        if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
    }

    /// Takes out the filters on members of something that holds many: `filter[labels.env][neq]`.
    pub(crate) fn take_members(&mut self, of: &str) -> Vec<MemberFilter> {
        let start = format!("filter[{of}.");
        let (found, rest) = core::mem::take(&mut self.0)
            .into_iter()
            .partition(|(name, _)| name.starts_with(&start));
        self.0 = rest;
        let found: Vec<(String, String)> = found;
        let filters = found.into_iter().map(|(parameter, value)| {
            let inner = parameter.strip_prefix(&start).and_then(|rest| rest.strip_suffix(']'));
            let inner = inner.unwrap_or_default();
            let (member, operator) = match inner.split_once("][") {
                Some((member, operator)) => (member.to_owned(), operator.to_owned()),
                None if value.is_empty() => (inner.to_owned(), "exists".to_owned()),
                None => (inner.to_owned(), "eq".to_owned()),
            };
            MemberFilter { parameter, member, operator, value }
        });
        filters.collect()
    }

    /// Takes out `selected[NAME]=VALUE,VALUE`.
    pub(crate) fn take_selected(&mut self) -> Result<Vec<(String, Vec<String>)>, Problem> {
        let mut selected = Vec::new();
        let mut rest = Vec::new();
        for (parameter, value) in core::mem::take(&mut self.0) {
            let inner = parameter.strip_prefix("selected[").and_then(|rest| rest.strip_suffix(']'));
            let Some(name) = inner.map(str::to_owned) else {
                rest.push((parameter, value));
                continue;
            };
            if name.contains('\0') || value.contains('\0') {
                let reason = "must not contain the character U+0000";
                return Err(Problem::one_invalid(Invalid::query(parameter, "invalid", reason)));
            }
            let values = alternatives(&parameter, &value).map_err(Problem::one_invalid)?;
            selected.push((name, values.into_iter().map(str::to_owned).collect()));
        }
        self.0 = rest;
        Ok(selected)
    }

    /// Reads order and filters of a list that is shown whole, without pages.
    pub(crate) fn read_whole(self, spec: &ListSpec) -> Result<Listing, Problem> {
        if let Some((name, _)) = self.0.iter().find(|(name, _)| name.starts_with("page[")) {
            let fault = Invalid::query(name, "unknown_property", "is not a known parameter");
            return Err(Problem::one_invalid(fault));
        }
        self.read(spec)
    }

    /// Reads pages, order and filters.
    pub(crate) fn read(self, spec: &ListSpec) -> Result<Listing, Problem> {
        let mut listing = Listing {
            size: DEFAULT_SIZE,
            number: 1,
            filters: Vec::new(),
            order: Vec::new(),
            of: None,
        };
        let mut faults = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &self.0 {
            if seen.contains(&name.as_str()) {
                faults.push(Invalid::query(name, "invalid", "must be given once"));
                continue;
            }
            seen.push(name);
            let read = match name.as_str() {
                "page[size]" => whole(name, value, MAX_SIZE).map(|size| listing.size = size),
                "page[number]" => {
                    whole(name, value, u64::from(u32::MAX)).map(|number| listing.number = number)
                }
                "sort" if !spec.sorts.is_empty() => {
                    value.split(',').take(MAX_SORTS).try_for_each(|part| {
                        order(spec, part.trim()).map(|order| listing.order.push(order))
                    })
                }
                _ => filter(spec, name, value).map(|one| listing.filters.push(one)),
            };
            faults.extend(read.err());
        }
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        // In the direction of what it decides between, so that an index can be read either way.
        let last = listing.order.last().map_or(Order::Asc, |(_, direction)| direction.clone());
        // Once each: SQLite takes a column that it has sorted by already for another.
        let rest = (spec.order)().into_iter();
        let rest = rest.filter(|column| listing.order.iter().all(|(known, _)| known != column));
        let rest: Vec<_> = rest.map(|column| (column, last.clone())).collect();
        listing.order.extend(rest);
        Ok(listing)
    }
}

/// A request for a page.
#[derive(Debug)]
pub(crate) struct Listing {
    size: u64,
    number: u64,
    filters: Vec<Filter>,
    order: Vec<(SimpleExpr, Order)>,
    /// What the rows have in common, where tables that are joined say the same of theirs.
    of: Option<SimpleExpr>,
}

impl Listing {
    /// The list is of such rows. A table that is joined for an order has to say the same of its own:
    /// the rows are then found by those, in their order, and not the other way round.
    pub(crate) fn of(mut self, rows: SimpleExpr) -> Self {
        self.of = Some(rows);
        self
    }

    /// What it lets through, if it lets not everything through.
    pub(crate) fn condition(self, db: &impl ConnectionTrait) -> Option<Condition> {
        let backend = db.get_database_backend();
        let all = self.filters.into_iter().map(|filter| filter.condition(backend));
        all.reduce(|all, one| Condition::all().add(all).add(one))
    }

    /// Fetches the page of what `select` finds.
    pub(crate) async fn fetch<E>(
        self,
        db: &impl ConnectionTrait,
        select: Select<E>,
    ) -> Result<Page<E::Model>, Problem>
    where
        E: EntityTrait,
        E::Model: FromQueryResult + Send + Sync,
    {
        self.fetch_related(db, select, &[]).await
    }

    /// Fetches the page of what `select` finds, of each row only what `M` has.
    pub(crate) async fn fetch_as<E, M>(
        self,
        db: &impl ConnectionTrait,
        select: Select<E>,
    ) -> Result<Page<M>, Problem>
    where
        E: EntityTrait,
        E::Model: FromQueryResult + Send + Sync,
        M: FromQueryResult + Send + Sync,
    {
        self.fetch_related_as(db, select, &[]).await
    }

    /// Fetches the page of what `select` finds, where filters and order may name columns of other
    /// tables, one row of which belongs to each row. They are joined only for an order: a filter is
    /// looked up there first, and the total counts no rows of others.
    pub(crate) async fn fetch_related<E>(
        self,
        db: &impl ConnectionTrait,
        select: Select<E>,
        related: &[RelationDef],
    ) -> Result<Page<E::Model>, Problem>
    where
        E: EntityTrait,
        E::Model: FromQueryResult + Send + Sync,
    {
        self.fetch_related_as(db, select, related).await
    }

    async fn fetch_related_as<E, M>(
        self,
        db: &impl ConnectionTrait,
        select: Select<E>,
        related: &[RelationDef],
    ) -> Result<Page<M>, Problem>
    where
        E: EntityTrait,
        E::Model: FromQueryResult + Send + Sync,
        M: FromQueryResult + Send + Sync,
    {
        let other = |table: &Option<String>| {
            let table = table.as_ref()?;
            related.iter().position(|relation| name_of(&relation.to_tbl).as_ref() == Some(table))
        };
        let backend = db.get_database_backend();
        let joined: BTreeSet<_> =
            self.order.iter().filter_map(|(column, _)| other(&table_of(column))).collect();
        let mut list = Both { page: select.clone(), total: select };
        if let Some(of) = self.of {
            list.total = list.total.filter(of.clone());
            if joined.is_empty() {
                list.page = list.page.filter(of);
            }
        }
        let mut elsewhere: BTreeMap<usize, Condition> = BTreeMap::new();
        for filter in self.filters {
            let place = other(&filter.table);
            let condition = filter.condition(backend);
            match place {
                Some(place) => {
                    let all = elsewhere.remove(&place).unwrap_or_else(Condition::all);
                    elsewhere.insert(place, all.add(condition));
                }
                None => list = list.filter(condition),
            }
        }
        for (place, condition) in elsewhere {
            if let Some(relation) = related.get(place) {
                list = list.belonging(db, relation, condition).await?;
            }
        }
        let (number, size) = (self.number, self.size);
        let offset = (number - 1).saturating_mul(size);
        let Both { page: mut select, total: all } = list;
        for relation in joined.into_iter().filter_map(|place| related.get(place)) {
            select = select.join(JoinType::InnerJoin, relation.clone());
        }
        if offset < NEAR {
            let page = ordered(select, self.order, false).offset(offset).limit(size);
            let data = page.into_model::<M>().all(db).await?;
            let count = data.len() as u64;
            // A page that is not full is the last one, and tells the total.
            let total = if count == size || count == 0 && offset > 0 {
                all.count(db).await?
            } else {
                offset + count
            };
            return Ok(Page { data, number, size, total });
        }
        let total = all.count(db).await?;
        let count = Ord::min(total.saturating_sub(offset), size);
        if count == 0 {
            return Ok(Page { data: Vec::new(), number, size, total });
        }
        // What lies behind the middle is nearer from the end.
        let after = total - offset - count;
        let backwards = after < offset;
        let start = if backwards { after } else { offset };
        let select = far(ordered(select, self.order, backwards), start, count);
        let mut data = select.into_model::<M>().all(db).await?;
        if backwards {
            data.reverse();
        }
        Ok(Page { data, number, size, total })
    }

    /// Fetches everything that `select` finds, of each row only what `M` has: of lists that are
    /// shown whole, whose length is bounded when they are written.
    pub(crate) async fn all_as<E, M>(
        self,
        db: &impl ConnectionTrait,
        select: Select<E>,
    ) -> Result<Vec<M>, Problem>
    where
        E: EntityTrait,
        M: FromQueryResult + Send + Sync,
    {
        let backend = db.get_database_backend();
        let filters = self.filters.into_iter().map(|filter| filter.condition(backend));
        let select = ordered(filters.fold(select, Select::filter), self.order, false);
        Ok(select.into_model::<M>().all(db).await?)
    }

    /// The page of a list that is at hand whole.
    pub(crate) fn page_of<T>(self, items: Vec<T>) -> Paged<T> {
        let total = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let page = PageMeta { number: self.number, size: self.size, total };
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let offset = number((self.number - 1).saturating_mul(self.size));
        let data = items.into_iter().skip(offset).take(number(self.size)).collect();
        Paged { meta: Meta { page }, data }
    }
}

/// A page of something.
#[derive(Debug)]
pub(crate) struct Page<T> {
    data: Vec<T>,
    number: u64,
    size: u64,
    total: u64,
}

/// Where a page lies; its items are elsewhere.
#[derive(Debug)]
pub(crate) struct PagePlace(Meta);

impl PagePlace {
    /// The page with these items.
    pub(crate) fn with<U>(self, data: Vec<U>) -> Paged<U> {
        Paged { meta: self.0, data }
    }
}

impl<T> Page<T> {
    /// Takes the items out.
    pub(crate) fn split(self) -> (Vec<T>, PagePlace) {
        let page = PageMeta { number: self.number, size: self.size, total: self.total };
        (self.data, PagePlace(Meta { page }))
    }

    /// The same page, of what `shown` makes of each item.
    pub(crate) fn show<U>(self, shown: impl FnMut(T) -> U) -> Paged<U> {
        let (data, place) = self.split();
        place.with(data.into_iter().map(shown).collect())
    }
}

/// A page as callers see it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Paged<T> {
    /// Where the page lies in the list.
    meta: Meta,
    /// The items of the page.
    data: Vec<T>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Meta {
    page: PageMeta,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PageMeta {
    /// Which page, from 1.
    number: u64,
    /// The most items of a page.
    size: u64,
    /// The number of items on all pages.
    total: u64,
}

fn whole(name: &str, value: &str, most: u64) -> Result<u64, Invalid> {
    let Ok(number) = value.parse::<u64>() else {
        return Err(Invalid::query(name, "is_integer", "must be a whole number from 1"));
    };
    if number < 1 {
        return Err(Invalid::query(name, "min", "must be at least 1").at_least(1));
    }
    if number > most {
        let reason = format!("must be at most {most}");
        return Err(Invalid::query(name, "max", reason).at_most(most));
    }
    Ok(number)
}

fn order(spec: &ListSpec, value: &str) -> Result<(SimpleExpr, Order), Invalid> {
    let (name, direction) = value.split_once(' ').unwrap_or((value, "asc"));
    let direction = match direction.to_ascii_lowercase().as_str() {
        "asc" => Order::Asc,
        "desc" => Order::Desc,
        _ => {
            let choices = vec!["asc".to_owned(), "desc".to_owned()];
            return Err(Invalid::query("sort", "enum", "must end with asc or desc").one_of(choices));
        }
    };
    let Some(sort) = spec.sorts.iter().find(|sort| sort.name == name) else {
        let choices: Vec<_> = spec.sorts.iter().map(|sort| sort.name.to_owned()).collect();
        let reason = format!("must be one of {}", choices.join(", "));
        return Err(Invalid::query("sort", "enum", reason).one_of(choices));
    };
    Ok(((sort.column)(), direction))
}

/// A page that is far from the start. What lies before it is passed in an index, where that has all that
/// the order needs: the rows are fetched of the page alone.
fn far<E: EntityTrait>(select: Select<E>, offset: u64, limit: u64) -> Select<E> {
    let mut keys = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return select.offset(offset).limit(limit);
    };
    let ids = select.clone().select_only().column(key).offset(offset).limit(limit).into_query();
    select.filter(key.in_subquery(ids))
}

fn ordered<E: EntityTrait>(
    select: Select<E>,
    order: Vec<(SimpleExpr, Order)>,
    backwards: bool,
) -> Select<E> {
    order.into_iter().fold(select, |select, (column, direction)| {
        let direction = match (backwards, direction) {
            (true, Order::Asc) => Order::Desc,
            (true, Order::Desc) => Order::Asc,
            (_, direction) => direction,
        };
        select.order_by(column, direction)
    })
}
