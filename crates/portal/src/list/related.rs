//! Filters on rows of other tables that the rows of a list belong to.
//!
//! Such rows are looked up first. Where they are few, the list is then read by their ids: it is asked
//! for twice, for a page and for the total, and their table only once.

use sea_orm::sea_query::{
    Alias, ColumnName, ColumnRef, Expr, ExprTrait, IntoIden, Query as SqlQuery, SelectStatement,
    SimpleExpr, TableName, TableRef,
};
use sea_orm::{
    Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, Identity, QueryFilter,
    QuerySelect, RelationDef, Select,
};
use uuid::Uuid;

use crate::problem::Problem;

/// How many rows are few: so many ids are read and sent back.
const FEW: u64 = 1_000;
/// A list of no more rows is counted row by row.
const SHORT: u64 = 10_000;

/// A list that is asked for a page, and for its total.
pub(super) struct Both<E: EntityTrait> {
    pub(super) page: Select<E>,
    pub(super) total: Select<E>,
}

impl<E> Both<E>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync,
{
    /// Both with what is true of the list's own rows.
    pub(super) fn filter(self, condition: Condition) -> Self {
        Self { page: self.page.filter(condition.clone()), total: self.total.filter(condition) }
    }

    /// Only the rows that belong to such a row of another table.
    pub(super) async fn belonging(
        self,
        db: &impl ConnectionTrait,
        relation: &RelationDef,
        condition: Condition,
    ) -> Result<Self, Problem> {
        let link = Link::of(relation)?;
        let found = link.found(relation, condition);
        let few = found.clone().limit(FEW + 1).take();
        let few = db.query_all(&few).await?;
        if few.len() as u64 <= FEW {
            let ids: Result<Vec<Uuid>, _> =
                few.iter().map(|row| row.try_get_by_index::<Uuid>(0)).collect();
            let those = link.those(relation, ids?);
            return Ok(self.filter(Condition::all().add(link.from().in_subquery(those))));
        }
        // PostgreSQL chooses by itself which of the two it is.
        let listed = Condition::all().add(link.from().in_subquery(found.clone()));
        if db.get_database_backend() != DbBackend::Sqlite {
            return Ok(self.filter(listed));
        }
        // So many: the first rows of the list that have one are soon found.
        let each = Condition::all().add(Expr::exists(link.its(found)));
        let short = self.total.clone().offset(SHORT).limit(1).one(db).await?.is_none();
        let total = if short { each.clone() } else { listed };
        Ok(Self { page: self.page.filter(each), total: self.total.filter(total) })
    }
}

/// Which column refers to which.
struct Link {
    from: (Alias, Alias),
    to: (Alias, Alias),
}

impl Link {
    fn of(relation: &RelationDef) -> Result<Self, Problem> {
        let (Identity::Unary(from), Identity::Unary(to)) = (&relation.from_col, &relation.to_col)
        else {
            return Err(Problem::internal("a relation by more than one column"));
        };
        let (Some(here), Some(there)) = (name_of(&relation.from_tbl), name_of(&relation.to_tbl))
        else {
            return Err(Problem::internal("a relation to no table"));
        };
        Ok(Self {
            from: (Alias::new(here), Alias::new(from.to_string())),
            to: (Alias::new(there), Alias::new(to.to_string())),
        })
    }

    fn from(&self) -> SimpleExpr {
        Expr::col(self.from.clone())
    }

    /// The rows of the other table.
    fn found(&self, relation: &RelationDef, condition: Condition) -> SelectStatement {
        let mut found = SqlQuery::select();
        found.column(self.to.clone()).from(relation.to_tbl.clone()).cond_where(condition);
        if let Some(on) = &relation.on_condition {
            let (here, there) = (self.from.0.clone(), self.to.0.clone());
            found.cond_where(on(here.into_iden(), there.into_iden()));
        }
        found
    }

    /// The same by their ids. SQLite would rather read a whole portal than look up each of a plain list.
    fn those(&self, relation: &RelationDef, ids: Vec<Uuid>) -> SelectStatement {
        let mut those = SqlQuery::select();
        those.column(self.to.clone()).from(relation.to_tbl.clone());
        those.and_where(Expr::col(self.to.clone()).is_in(ids));
        those
    }

    /// That of them which a row belongs to.
    fn its(&self, mut found: SelectStatement) -> SelectStatement {
        found.and_where(Expr::col(self.to.clone()).eq(self.from()));
        found
    }
}

/// The table of a column; none of what is no plain column.
pub(super) fn table_of(column: &SimpleExpr) -> Option<String> {
    match column {
        SimpleExpr::Column(ColumnRef::Column(ColumnName(Some(TableName(_, table)), _))) => {
            Some(table.to_string())
        }
        _ => None,
    }
}

/// What a table is called.
pub(super) fn name_of(table: &TableRef) -> Option<String> {
    match table {
        TableRef::Table(TableName(_, table), _) => Some(table.to_string()),
        _ => None,
    }
}
