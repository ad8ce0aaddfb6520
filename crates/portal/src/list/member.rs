//! Filters on members of something that holds many: labels, attributes.

use sea_orm::Condition;
use sea_orm::sea_query::{BinOper, ExprTrait, SimpleExpr};

use super::Kind;
use super::filter::text;
use crate::problem::{Invalid, Problem};

/// A filter on a member of something that holds many.
#[derive(Debug)]
pub(crate) struct MemberFilter {
    pub(super) parameter: String,
    pub(super) member: String,
    pub(super) operator: String,
    pub(super) value: String,
}

impl MemberFilter {
    /// The member.
    pub(crate) fn member(&self) -> &str {
        &self.member
    }

    /// The same, turned around, if it is about what is not so.
    pub(crate) fn negated(&self) -> Option<Self> {
        (self.operator == "neq").then(|| Self {
            parameter: self.parameter.clone(),
            member: self.member.clone(),
            operator: "eq".into(),
            value: self.value.clone(),
        })
    }

    /// What it says of the column, or of whatever has the member's value.
    pub(crate) fn condition(&self, column: SimpleExpr) -> Result<Condition, Problem> {
        if self.operator == "exists" {
            return Ok(Condition::all().add(column.is_not_null()));
        }
        let operators = Kind::Text.operators();
        let fault = if !operators.contains(&self.operator.as_str()) {
            let reason = format!("must use one of {}", operators.join(", "));
            let choices = operators.iter().map(|&operator| operator.to_owned()).collect();
            Invalid::query(&self.parameter, "enum", reason).one_of(choices)
        } else if self.value.contains('\0') || self.member.contains('\0') {
            let reason = "must not contain the character U+0000";
            Invalid::query(&self.parameter, "invalid", reason)
        } else {
            return text(&self.parameter, column, &self.operator, &self.value)
                .map_err(Problem::one_invalid);
        };
        Err(Problem::one_invalid(fault))
    }
}

/// What filters on labels say of the column that holds them.
pub(crate) fn labelled(
    filters: &[MemberFilter],
    labels: &SimpleExpr,
) -> Result<Condition, Problem> {
    filters.iter().try_fold(Condition::all(), |all, filter| {
        let value = labels.clone().binary(BinOper::Custom("->>"), filter.member());
        Ok(all.add(filter.condition(value)?))
    })
}
