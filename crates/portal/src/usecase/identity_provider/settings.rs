//! How developers of a portal sign in, and what gives them teams.

use schemars::JsonSchema;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use serde::Deserialize;
use uuid::Uuid;

use super::{ClaimMappings, ProviderConfig, changed, check, fresh, no_saml, of_portal};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{identity_provider, portal_sign_in};
use crate::usecase::portal;

/// What to change of it. The members that begin with `oidc_` stand for the portal's identity provider,
/// which has a resource of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsEdit {
    #[serde(default)]
    basic_auth_enabled: Given<bool>,
    #[serde(default)]
    oidc_auth_enabled: Given<bool>,
    /// SAML is left out.
    #[serde(default)]
    saml_auth_enabled: Given<bool>,
    /// Another name of `idp_mapping_enabled`.
    #[serde(default)]
    oidc_team_mapping_enabled: Given<bool>,
    #[serde(default)]
    konnect_mapping_enabled: Given<bool>,
    #[serde(default)]
    idp_mapping_enabled: Given<bool>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    oidc_issuer: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    oidc_client_id: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 1024))]
    oidc_client_secret: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 255)))]
    oidc_scopes: Given<Vec<String>>,
    #[serde(default)]
    oidc_claim_mappings: Given<ClaimMappings>,
}

/// The settings of a portal.
pub(crate) async fn of(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<portal_sign_in::Model, DbErr> {
    let row = portal_sign_in::Entity::find_by_id(portal).one(db).await?;
    Ok(row.unwrap_or_else(|| initial(portal)))
}

/// With a password, and teams from administrators.
const fn initial(portal: Uuid) -> portal_sign_in::Model {
    portal_sign_in::Model {
        portal_id: portal,
        basic_auth: true,
        admin_mapping: true,
        group_mapping: false,
        updated_at: 0,
    }
}

/// Changes the settings of a portal.
pub(crate) async fn update(app: &App, portal: Uuid, edit: SettingsEdit) -> Result<(), Problem> {
    if edit.saml_auth_enabled == Given::Yes(true) {
        return Err(no_saml());
    }
    let tx = app.store.begin().await?;
    portal::find(&tx, portal).await?;
    let before = portal_sign_in::Entity::find_by_id(portal).one(&tx).await?;
    let is_new = before.is_none();
    let mut after = before.unwrap_or_else(|| initial(portal));
    edit.basic_auth_enabled.clone().put(&mut after.basic_auth);
    edit.konnect_mapping_enabled.clone().put(&mut after.admin_mapping);
    edit.oidc_team_mapping_enabled.clone().put(&mut after.group_mapping);
    edit.idp_mapping_enabled.clone().put(&mut after.group_mapping);
    after.updated_at = app.clock.now();
    let row = after.into_active_model();
    if is_new {
        row.insert(&tx).await?;
    } else {
        row.reset_all().update(&tx).await?;
    }
    provide(app, &tx, portal, edit).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes or changes the provider as members of old say.
async fn provide(
    app: &App,
    db: &impl ConnectionTrait,
    portal: Uuid,
    edit: SettingsEdit,
) -> Result<(), Problem> {
    let known = shown(db, portal).await?;
    let enabled = edit.oidc_auth_enabled.value();
    let about = edit.oidc_issuer != Given::No
        || edit.oidc_client_id != Given::No
        || edit.oidc_client_secret != Given::No
        || edit.oidc_scopes != Given::No
        || edit.oidc_claim_mappings != Given::No;
    if !about && (known.is_some() || enabled != Some(true)) {
        let Some(known) = known.filter(|_| enabled.is_some()) else { return Ok(()) };
        changed(app, db, known, enabled, None).await?;
        return Ok(());
    }
    let required = |name: &str| {
        Problem::one_invalid(Invalid::body(name, "required", "is required for a first provider"))
    };
    let issuer = edit.oidc_issuer.value().or_else(|| known.as_ref().map(|row| row.issuer.clone()));
    let client =
        edit.oidc_client_id.value().or_else(|| known.as_ref().map(|row| row.client_id.clone()));
    let config = ProviderConfig {
        issuer_url: issuer.ok_or_else(|| required("oidc_issuer"))?,
        client_id: client.ok_or_else(|| required("oidc_client_id"))?,
        client_secret: edit.oidc_client_secret,
        scopes: edit.oidc_scopes,
        claim_mappings: edit.oidc_claim_mappings,
    };
    match known {
        Some(known) => changed(app, db, known, enabled, Some(config)).await.map(|_| ()),
        None => {
            let made = fresh(app, portal, enabled.unwrap_or(false), config)?;
            check(db, &made).await?;
            made.into_active_model().insert(db).await?;
            Ok(())
        }
    }
}

/// The provider that the settings show: the one that is enabled, or else the oldest.
pub(crate) async fn shown(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<Option<identity_provider::Model>, DbErr> {
    let providers = of_portal(db, portal).await?;
    let enabled = providers.iter().position(|provider| provider.enabled).unwrap_or_default();
    Ok(providers.into_iter().nth(enabled))
}
