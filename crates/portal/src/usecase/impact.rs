//! What deleting something would cut off, in numbers: what goes with it, or loses its access by it.
//! What is deleted is not counted itself.

use sea_orm::sea_query::{Expr, Func, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::problem::Problem;
use crate::store::entity::{
    application, credential, developer, publication, registration, strategy,
};

/// What is to be deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    /// An API.
    Api(Uuid),
    /// An API's publication in a portal.
    Publication(Uuid, Uuid),
    /// An auth strategy.
    Strategy(Uuid),
    /// A provider of clients.
    Provider(Uuid),
    /// A portal.
    Portal(Uuid),
    /// A developer.
    Developer(Uuid),
    /// An application.
    Application(Uuid),
}

/// How much it would cut off.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Impact {
    /// Applications that go, or lose access to something.
    pub(crate) applications: u64,
    /// Their registrations: those that count for nothing afterwards.
    pub(crate) registrations: u64,
    /// Their keys.
    pub(crate) credentials: u64,
    /// Publications that go, or take no requests any more.
    pub(crate) publications: u64,
    /// Developers whose applications they are; of a portal all that it has.
    pub(crate) developers: u64,
}

/// Counts.
pub(crate) async fn of(db: &impl ConnectionTrait, subject: Subject) -> Result<Impact, Problem> {
    let (registrations, applications) = hit(subject);
    let publications = match subject {
        Subject::Api(api) => publications(db, publication::Column::ApiId.eq(api)).await?,
        Subject::Portal(portal) => {
            publications(db, publication::Column::PortalId.eq(portal)).await?
        }
        Subject::Publication(..) | Subject::Developer(_) | Subject::Application(_) => 0,
        Subject::Strategy(strategy) => {
            publications(db, publication::Column::StrategyId.eq(strategy)).await?
        }
        Subject::Provider(provider) => {
            let of_provider = publication::Column::StrategyId.in_subquery(strategies(provider));
            publications(db, of_provider).await?
        }
    };
    let developers = match subject {
        Subject::Portal(portal) => {
            let all = developer::Entity::find().filter(developer::Column::PortalId.eq(portal));
            all.count(db).await?
        }
        Subject::Developer(_) | Subject::Application(_) => 0,
        _ => owners(db, applications.clone()).await?,
    };
    let ids = application::Entity::find()
        .select_only()
        .column(application::Column::Id)
        .filter(applications.clone())
        .into_query();
    let keys =
        credential::Entity::find().filter(credential::Column::ApplicationId.in_subquery(ids));
    let all = application::Entity::find().filter(applications).count(db).await?;
    Ok(Impact {
        applications: match subject {
            Subject::Application(_) => 0,
            _ => all,
        },
        registrations: registration::Entity::find().filter(registrations).count(db).await?,
        credentials: keys.count(db).await?,
        publications,
        developers,
    })
}

/// Which registrations, and which applications.
fn hit(subject: Subject) -> (Condition, Condition) {
    use application::Column as Application;
    use registration::Column as Registration;
    let registered = |which: Condition| {
        let ids = registration::Entity::find()
            .select_only()
            .column(Registration::ApplicationId)
            .filter(which.clone())
            .into_query();
        (which, Condition::all().add(Application::Id.in_subquery(ids)))
    };
    let owned = |which: Condition| {
        let ids = application::Entity::find()
            .select_only()
            .column(Application::Id)
            .filter(which.clone())
            .into_query();
        (Condition::all().add(Registration::ApplicationId.in_subquery(ids)), which)
    };
    match subject {
        Subject::Api(api) => registered(Condition::all().add(Registration::ApiId.eq(api))),
        Subject::Publication(api, portal) => registered(
            Condition::all()
                .add(Registration::PortalId.eq(portal))
                .add(Registration::ApiId.eq(api)),
        ),
        Subject::Strategy(strategy) => {
            owned(Condition::all().add(Application::StrategyId.eq(strategy)))
        }
        Subject::Provider(provider) => {
            owned(Condition::all().add(Application::StrategyId.in_subquery(strategies(provider))))
        }
        Subject::Portal(portal) => (
            Condition::all().add(Registration::PortalId.eq(portal)),
            Condition::all().add(Application::PortalId.eq(portal)),
        ),
        Subject::Developer(developer) => {
            owned(Condition::all().add(Application::DeveloperId.eq(developer)))
        }
        Subject::Application(application) => (
            Condition::all().add(Registration::ApplicationId.eq(application)),
            Condition::all().add(Application::Id.eq(application)),
        ),
    }
}

/// The strategies of a provider.
fn strategies(provider: Uuid) -> SelectStatement {
    strategy::Entity::find()
        .select_only()
        .column(strategy::Column::Id)
        .filter(strategy::Column::DcrProviderId.eq(provider))
        .into_query()
}

async fn publications(db: &impl ConnectionTrait, which: SimpleExpr) -> Result<u64, DbErr> {
    publication::Entity::find().filter(which).count(db).await
}

/// How many developers have such applications.
async fn owners(db: &impl ConnectionTrait, which: Condition) -> Result<u64, DbErr> {
    let developers = application::Entity::find()
        .select_only()
        .column(application::Column::DeveloperId)
        .distinct()
        .filter(which)
        .filter(application::Column::DeveloperId.is_not_null())
        .into_query();
    let count = Query::select()
        .expr_as(Func::count(Expr::col("developer_id")), "developers")
        .from_subquery(developers, "owners")
        .take();
    let row = db.query_one(&count).await?;
    let count: i64 = row.map(|row| row.try_get("", "developers")).transpose()?.unwrap_or_default();
    Ok(u64::try_from(count).unwrap_or_default())
}
