//! Filters: what a parameter of a query says of a column.

use sea_orm::sea_query::{Alias, BinOper, Expr, ExprTrait, Func, LikeExpr, SimpleExpr};
use sea_orm::{Condition, DbBackend};
use uuid::Uuid;

use super::related::table_of;
use super::{Kind, ListSpec, MAX_ALTERNATIVES};
use crate::clock;
use crate::input::is_uuid;
use crate::problem::Invalid;

/// A filter of a list.
#[derive(Debug)]
pub(super) struct Filter {
    /// The table whose column it compares.
    pub(super) table: Option<String>,
    how: How,
}

#[derive(Debug)]
enum How {
    /// In the same way with both databases.
    Plain(Condition),
    /// Whether a text contains one of these.
    Contains(SimpleExpr, Vec<String>),
}

impl Filter {
    pub(super) fn condition(self, backend: DbBackend) -> Condition {
        match self.how {
            How::Plain(condition) => condition,
            How::Contains(column, parts) => parts.iter().fold(Condition::any(), |any, part| {
                // SQLite's `LIKE` looks at the case of no letter of ASCII, as its `lower` does.
                any.add(match backend {
                    DbBackend::Sqlite => like(column.clone(), part),
                    _ => in_postgres(column.clone(), part),
                })
            }),
        }
    }
}

/// Reads one filter of a query.
pub(super) fn filter(spec: &ListSpec, parameter: &str, value: &str) -> Result<Filter, Invalid> {
    let unknown = || Invalid::query(parameter, "unknown_property", "is not a known parameter");
    let inner = parameter.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']'));
    let (name, operator) = match inner.ok_or_else(unknown)?.split_once("][") {
        Some((name, operator)) => (name, operator),
        None => (inner.unwrap_or_default(), "eq"),
    };
    let attribute = spec.filters.iter().find(|filter| filter.name == name).ok_or_else(unknown)?;
    let operators = attribute.kind.operators();
    if !operators.contains(&operator) {
        let reason = format!("must use one of {}", operators.join(", "));
        let choices = operators.iter().map(|&operator| operator.to_owned()).collect();
        return Err(Invalid::query(parameter, "enum", reason).one_of(choices));
    }
    if value.contains('\0') {
        let reason = "must not contain the character U+0000";
        return Err(Invalid::query(parameter, "invalid", reason));
    }
    let column = (attribute.column)();
    let table = table_of(&column);
    let condition = match attribute.kind {
        Kind::Text if operator.ends_with("contains") => {
            let parts = match operator {
                "ocontains" => alternatives(parameter, value)?,
                _ => vec![value],
            };
            let parts = parts.into_iter().map(str::to_owned).collect();
            return Ok(Filter { table, how: How::Contains(column, parts) });
        }
        Kind::Text => text(parameter, column, operator, value)?,
        Kind::Id => id(parameter, column, operator, value)?,
        Kind::Time => time(parameter, column, operator, value)?,
        Kind::Flag => match value {
            "true" | "false" => Condition::all().add(column.eq(value == "true")),
            _ => return Err(Invalid::query(parameter, "is_boolean", "must be true or false")),
        },
    };
    Ok(Filter { table, how: How::Plain(condition) })
}

/// What a filter says of a text.
pub(super) fn text(
    parameter: &str,
    column: SimpleExpr,
    operator: &str,
    value: &str,
) -> Result<Condition, Invalid> {
    Ok(match operator {
        "neq" => Condition::any().add(column.clone().ne(value)).add(column.is_null()),
        "oeq" => Condition::all().add(column.is_in(alternatives(parameter, value)?)),
        "contains" => Condition::all().add(contains(column, value)),
        "ocontains" => alternatives(parameter, value)?
            .into_iter()
            .fold(Condition::any(), |any, part| any.add(contains(column.clone(), part))),
        _ => Condition::all().add(column.eq(value)),
    })
}

/// The same for PostgreSQL. Letters of ASCII are lowered alone where nothing else is looked for, which
/// takes a quarter of the time, and what has three of them is looked up by the index of trigrams, which
/// is of that collation. Its other name keeps PostgreSQL from the index, which has nothing shorter.
fn in_postgres(column: SimpleExpr, part: &str) -> SimpleExpr {
    if !part.is_ascii() {
        return contains(column, part);
    }
    let collation = if part.len() < 3 { "POSIX" } else { "C" };
    let column = column.binary(BinOper::Custom("COLLATE"), Expr::col(Alias::new(collation)));
    contains(column, part)
}

/// Whether a column contains a text, whatever the case of letters: the databases disagree on what
/// `LIKE` does with case, so both sides are lowered.
pub(crate) fn contains(column: SimpleExpr, part: &str) -> SimpleExpr {
    like(Expr::expr(Func::lower(column)), &part.to_lowercase())
}

fn like(column: SimpleExpr, part: &str) -> SimpleExpr {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for character in part.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    column.like(LikeExpr::new(pattern).escape('\\'))
}

fn id(
    parameter: &str,
    column: SimpleExpr,
    operator: &str,
    value: &str,
) -> Result<Condition, Invalid> {
    if value == "null" {
        return Ok(match operator {
            "neq" => Condition::all().add(column.is_not_null()),
            _ => Condition::all().add(column.is_null()),
        });
    }
    let parts = if operator == "oeq" { alternatives(parameter, value)? } else { vec![value] };
    let mut ids = Vec::with_capacity(parts.len());
    for part in parts {
        let id = Some(part).filter(|part| is_uuid(part)).and_then(|id| Uuid::try_parse(id).ok());
        ids.push(id.ok_or_else(|| Invalid::query(parameter, "is_uuid", "must be a UUID"))?);
    }
    Ok(match operator {
        "neq" => {
            let differs = ids.into_iter().map(|id| column.clone().ne(id));
            let differs = differs.fold(Condition::all(), Condition::add);
            Condition::any().add(differs).add(column.is_null())
        }
        _ => Condition::all().add(column.is_in(ids)),
    })
}

fn time(
    parameter: &str,
    column: SimpleExpr,
    operator: &str,
    value: &str,
) -> Result<Condition, Invalid> {
    let millis = clock::parse(value).ok_or_else(|| {
        Invalid::query(parameter, "is_date_time", "must be a date and time of RFC 3339")
    })?;
    Ok(Condition::all().add(match operator {
        "lt" => column.lt(millis),
        "lte" => column.lte(millis),
        "gt" => column.gt(millis),
        "gte" => column.gte(millis),
        _ => column.eq(millis),
    }))
}

/// The parts of a list with commas.
pub(super) fn alternatives<'v>(parameter: &str, value: &'v str) -> Result<Vec<&'v str>, Invalid> {
    let parts: Vec<_> = value.split(',').map(str::trim).collect();
    if parts.len() > MAX_ALTERNATIVES {
        let reason = format!("must have at most {MAX_ALTERNATIVES} items");
        let most = MAX_ALTERNATIVES as u64;
        return Err(Invalid::query(parameter, "max_items", reason).at_most(most));
    }
    Ok(parts)
}
