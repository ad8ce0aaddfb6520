//! Filters by labels.

use aide::transform::TransformOperation;
use sea_orm::Condition;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use serde_json::Value;

use crate::list::ListQuery;
use crate::problem::{Invalid, Problem};

/// The most labels of one filter.
const MOST: usize = 50;

/// Documents the filter.
pub(super) fn document(op: TransformOperation<'_>) -> TransformOperation<'_> {
    op.parameter_untyped("filter[labels]", |parameter| {
        parameter.description(
            "Labels with commas between: `key:value`, or `key` for any value. The operator in a \
             second bracket is eq.",
        )
    })
}

/// Takes `filter[labels]` out of a query: `key:value` or `key`, with commas between. All of them
/// have to be there.
pub(super) fn take(query: &mut ListQuery, column: &SimpleExpr) -> Result<Condition, Problem> {
    let mut all = Condition::all();
    for parameter in ["filter[labels]", "filter[labels][eq]"] {
        let Some(value) = query.take(parameter) else { continue };
        let labels: Vec<_> = value.split(',').map(str::trim).collect();
        if labels.len() > MOST || labels.iter().any(|label| label.is_empty()) {
            let reason = format!("must be 1 to {MOST} labels, `key:value` or `key`");
            return Err(Problem::one_invalid(Invalid::query(parameter, "invalid", reason)));
        }
        for label in labels {
            all = all.add(has(column, label));
        }
    }
    Ok(all)
}

/// Whether a JSON object has a label. Its text is looked at, in which SQLite puts no space behind
/// the colon and PostgreSQL puts one; what is found when it goes by replacing was there.
fn has(column: &SimpleExpr, label: &str) -> Condition {
    let text = || column.clone().cast_as("text");
    let found = |part: String| {
        let without = Func::cust("replace").arg(text()).arg(part).arg("");
        Expr::expr(without).ne(text())
    };
    match label.split_once(':') {
        Some((key, value)) => {
            let (key, value) = (Value::from(key), Value::from(value));
            Condition::any()
                .add(found(format!("{key}:{value}")))
                .add(found(format!("{key}: {value}")))
        }
        None => Condition::all().add(found(format!("{}:", Value::from(label)))),
    }
}
