//! Host names of portals.
//!
//! Certificates are not the portal's: whatever stands in front of it ends TLS. So a domain counts as
//! verified once a request has arrived under it.

use std::collections::HashMap;

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::portal as portals;
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::site::base_host;
use crate::store::entity::{portal, portal_domain};

/// How a certificate is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Verification {
    /// By whatever stands in front of the portal.
    Http,
    /// Handed in: left out.
    CustomCertificate,
}

/// How TLS is ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct NewSsl {
    domain_verification_method: Verification,
    /// Only for `custom_certificate`, which is left out.
    #[serde(default)]
    custom_certificate: Given<String>,
    /// Only for `custom_certificate`, which is left out.
    #[serde(default)]
    custom_private_key: Given<String>,
    /// Only for `custom_certificate`, which is left out.
    #[serde(default)]
    skip_ca_check: Given<bool>,
}

/// A domain to give to a portal.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDomain {
    #[schemars(length(min = 1, max = 253))]
    hostname: String,
    enabled: bool,
    ssl: NewSsl,
}

/// What to change of a domain.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainEdit {
    #[serde(default)]
    enabled: Given<bool>,
    /// Certificates are left out.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    ssl: Given<Value>,
}

/// The domain of a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<portal_domain::Model, Problem> {
    portals::find(db, portal).await?;
    let found = portal_domain::Entity::find_by_id(portal).one(db).await?;
    found.ok_or_else(Problem::not_found)
}

/// Gives a portal a domain.
pub(crate) async fn create(
    app: &App,
    portal: Uuid,
    new: NewDomain,
) -> Result<portal_domain::Model, Problem> {
    let NewSsl { domain_verification_method: method, .. } = &new.ssl;
    let more = [&new.ssl.custom_certificate, &new.ssl.custom_private_key];
    let certificate =
        more.iter().any(|given| **given != Given::No) || new.ssl.skip_ca_check == Given::Yes(true);
    if *method == Verification::CustomCertificate || certificate {
        return Err(no_certificates());
    }
    let hostname = new.hostname.to_ascii_lowercase();
    check(app, &hostname)?;
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    portals::find(&tx, portal).await?;
    if portal_domain::Entity::find_by_id(portal).one(&tx).await?.is_some() {
        return Err(Problem::conflict("The portal has a custom domain already"));
    }
    let taken = portal_domain::Column::Hostname.eq(&hostname);
    if portal_domain::Entity::find().filter(taken).one(&tx).await?.is_some() {
        return Err(Problem::conflict("Another portal has the custom domain"));
    }
    let made = portal_domain::Model {
        portal_id: portal,
        hostname,
        enabled: new.enabled,
        seen_at: None,
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes the domain of a portal.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    edit: DomainEdit,
) -> Result<portal_domain::Model, Problem> {
    let certificate = match &edit.ssl {
        Given::Yes(Value::Object(ssl)) => !ssl.is_empty(),
        _ => false,
    };
    if certificate {
        return Err(no_certificates());
    }
    let tx = app.store.begin().await?;
    let mut after = find(&tx, portal).await?;
    edit.enabled.put(&mut after.enabled);
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes the domain of a portal away.
pub(crate) async fn delete(app: &App, portal: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, portal).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The host names that portals want to be known by: the enabled domains.
pub(crate) async fn canonical(
    db: &impl ConnectionTrait,
    portals: &[portal::Model],
) -> Result<HashMap<Uuid, String>, DbErr> {
    let ids = portals.iter().map(|portal| portal.id);
    let found = portal_domain::Entity::find()
        .filter(portal_domain::Column::PortalId.is_in(ids))
        .filter(portal_domain::Column::Enabled.eq(true))
        .all(db)
        .await?;
    Ok(found.into_iter().map(|domain| (domain.portal_id, domain.hostname)).collect())
}

fn check(app: &App, hostname: &str) -> Result<(), Problem> {
    let refused =
        |rule, reason: &str| Err(Problem::one_invalid(Invalid::body("hostname", rule, reason)));
    if !is_fqdn(hostname) {
        return refused("is_fqdn", "must be a host name with a dot");
    }
    let below = format!(".{}", app.config.portal_domain.to_ascii_lowercase());
    if base_host(app).as_deref() == Some(hostname) || hostname.ends_with(&below) {
        return refused("invalid", "must not be a name that is the portal's already");
    }
    Ok(())
}

fn is_fqdn(name: &str) -> bool {
    let labels: Vec<_> = name.split('.').collect();
    let plain = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = labels.last().is_some_and(|label| !label.bytes().all(|byte| byte.is_ascii_digit()));
    name.len() <= 253 && labels.len() > 1 && top && labels.iter().all(plain)
}

fn no_certificates() -> Problem {
    Problem::not_implemented(
        "Certificates are left out: TLS ends in front of the portal; use the method http",
    )
}

#[cfg(test)]
mod tests {
    use super::is_fqdn;

    #[test]
    fn only_host_names_with_a_dot_are_domains() {
        for good in ["a.b", "developer.example.com", "x-1.example.co"] {
            assert!(is_fqdn(good), "{good}");
        }
        let long = format!("{}.com", "x".repeat(64));
        for bad in ["", "localhost", "a..b", "-a.b", "a-.b", "a_b.c", "10.0.0.1", "a.b:80", &long] {
            assert!(!is_fqdn(bad), "{bad}");
        }
    }
}
