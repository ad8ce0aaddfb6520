//! A gateway whose callers are clients of an identity provider, each of them an application.

use anyhow::Result;
use gatekey_core::id::CredentialId;
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::oidc::client_digest;
use gatekey_core::snapshot::record::{
    Credential, Publication, Record, Registration, Scheme, Service, Strategy, StrategyMethod,
};
use gatekey_core::snapshot::{Snapshot, SnapshotWriter};
use serde_json::{Value, json};

use crate::population::{
    API, PORTAL, Population, REVISION, SERVICE, SERVICE_ID, STRATEGY, application, application_id,
    entropy,
};
use crate::tokens::{AUDIENCE, CLIENTS, ISSUER, Provider, client_id};

/// The state of a portal in which every client of the provider is an application, signed by the
/// population's portal.
///
/// # Errors
///
/// When the records are not a snapshot, which would be a mistake here.
pub fn snapshot(population: &Population, provider: &Provider) -> Result<Snapshot> {
    let mut writer = SnapshotWriter::new(population.gateway(), REVISION, population.issued_at());
    let settings = settings(provider)?.to_string().into_bytes();
    let method = StrategyMethod::OpenIdConnect { settings };
    writer.push(&Strategy { id: STRATEGY, method }.into())?;
    writer.push(&Service { id: SERVICE_ID, name: SERVICE.to_owned() }.into())?;
    let strategy = Some(STRATEGY);
    let publication = Publication::new(API, PORTAL, SERVICE_ID, strategy);
    writer.push(&publication.into())?;
    for number in 0..CLIENTS {
        writer.push(&application(number))?;
    }
    for number in 0..CLIENTS {
        let (application, status) = (application_id(number), RegistrationStatus::Approved);
        writer.push(&Registration::new(application, API, status).into())?;
    }
    let mut clients: Vec<_> = (0..CLIENTS).map(client).collect();
    clients.sort_unstable_by_key(|client| client.digest);
    for client in clients {
        writer.push(&Record::from(client))?;
    }
    Ok(writer.finish(population.signing_key()))
}

fn client(number: usize) -> Credential {
    Credential {
        id: CredentialId::from_bytes(entropy("client", number)),
        application: application_id(number),
        digest: client_digest(STRATEGY, ISSUER, &client_id(number)),
        scheme: Scheme::Client,
        expires_at: None,
    }
}

/// What `jwt_authn` is told, and no more.
fn settings(provider: &Provider) -> Result<Value> {
    Ok(json!({
        "issuer": ISSUER,
        "auth_methods": ["bearer"],
        "audience_required": [AUDIENCE],
        "jwks": provider.key_set()?,
    }))
}
