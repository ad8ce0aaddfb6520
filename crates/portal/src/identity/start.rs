//! What the first start makes: a server, and a provider that registers clients at it, so that
//! there is an identity provider when nobody has configured one.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, TryInsertResult,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::algorithm::Algorithm;
use super::server::TokenProfile;
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{auth_server, dcr_provider, mark};

/// The mark that says that both were made.
const MARK: &str = "builtin-identity";
/// The name of the server.
const SERVER: &str = "Default";
/// The name of the provider.
const PROVIDER: &str = "Gatekey";
/// The kind of the provider.
const KIND: &str = "kongIdentity";

/// Makes both, the first time that a portal starts with this database. Who deletes them gets no
/// others. The server's key is made when it is first needed.
pub(crate) async fn start(app: &App) -> Result<(), Problem> {
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    let mark = mark::Model { name: MARK.into(), made_at: now };
    let marked = mark::Entity::insert(mark.into_active_model())
        .on_conflict_do_nothing_on([mark::Column::Name])
        .exec_without_returning(&tx)
        .await?;
    if matches!(marked, TryInsertResult::Inserted(1)) {
        let none = || Value::Object(Map::new());
        let server = auth_server::Model {
            id: Uuid::now_v7(),
            name: SERVER.into(),
            audience: app.config.base_url(),
            description: None,
            algorithm: Algorithm::default().as_str().into(),
            labels: none(),
            trusted_origins: Value::Array(Vec::new()),
            token_profile: TokenProfile::default().as_str().into(),
            builtin: true,
            created_at: now,
            updated_at: now,
        };
        let provider = dcr_provider::Model {
            id: Uuid::now_v7(),
            name: PROVIDER.into(),
            display_name: None,
            kind: KIND.into(),
            issuer: server.issuer(app),
            config: none(),
            secret: None,
            labels: none(),
            builtin: true,
            created_at: now,
            updated_at: now,
        };
        server.into_active_model().insert(&tx).await?;
        provider.into_active_model().insert(&tx).await?;
    } else {
        follow(app, &tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The issuer of the provider follows the portal's URL, as that of the server does.
async fn follow(app: &App, tx: &sea_orm::DatabaseTransaction) -> Result<(), Problem> {
    let server = auth_server::Entity::find().filter(auth_server::Column::Builtin.eq(true));
    let provider = dcr_provider::Entity::find().filter(dcr_provider::Column::Builtin.eq(true));
    let (Some(server), Some(mut provider)) = (server.one(tx).await?, provider.one(tx).await?)
    else {
        return Ok(());
    };
    let issuer = server.issuer(app);
    if provider.issuer != issuer && provider.issuer.ends_with(&format!("/auth/{}", server.id)) {
        provider.issuer = issuer;
        provider.into_active_model().reset_all().update(tx).await?;
    }
    Ok(())
}
