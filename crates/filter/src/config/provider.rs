//! Where identity providers are, who the gateway is there, and what it seals sessions under.

use gatekey_core::oidc::{ProviderClient, SessionKeys};
use gatekey_core::secret::Secret;

use super::fields::Named;
use super::raw::{self, HostKind};
use super::upstream::plain;
use super::{ConfigError, SessionSecrets, Upstream, decoded};

/// The most entries of a list here. Each is looked through for a request that needs one.
const MAX_ENTRIES: usize = 64;

pub(super) fn clients(raw: Vec<raw::Provider>) -> Result<Vec<ProviderClient>, ConfigError> {
    if raw.len() > MAX_ENTRIES {
        return Err(ConfigError::at("providers", "must have at most 64 items"));
    }
    let mut clients: Vec<ProviderClient> = Vec::new();
    for (at, provider) in raw.into_iter().enumerate() {
        let place = |field: &str| format!("providers[{at}].{field}");
        plain(&place("issuer"), &provider.issuer)?;
        plain(&place("client_id"), &provider.client_id)?;
        let auth = provider.client_auth;
        let has_secret =
            provider.client_secret.as_ref().is_some_and(|secret| !secret.expose().is_empty());
        if (auth == raw::ClientAuth::None) == has_secret {
            let rule = if has_secret {
                "is not used with `client_auth` `none`"
            } else {
                "is required, unless `client_auth` is `none`"
            };
            return Err(ConfigError::at(place("client_secret"), rule));
        }
        let same = |known: &ProviderClient| {
            *known.issuer == *provider.issuer && *known.id == *provider.client_id
        };
        if clients.iter().any(same) {
            return Err(ConfigError::at(place("client_id"), "is there twice for its issuer"));
        }
        clients.push(ProviderClient {
            issuer: provider.issuer.into(),
            id: provider.client_id.into(),
            secret: provider.client_secret.unwrap_or_else(|| Secret::new(String::new())),
            auth: auth.into(),
        });
    }
    Ok(clients)
}

pub(super) fn upstreams(
    raw: Named<raw::Upstream>,
    host: HostKind,
) -> Result<Vec<(Box<str>, Upstream)>, ConfigError> {
    if raw.0.len() > MAX_ENTRIES {
        return Err(ConfigError::at("upstreams", "must have at most 64 fields"));
    }
    let mut upstreams: Vec<(Box<str>, Upstream)> = Vec::new();
    for (name, upstream) in raw.0 {
        plain("upstreams", &name)?;
        let place = ["upstreams.", &name].concat();
        let name = name.to_ascii_lowercase().into_boxed_str();
        if upstreams.iter().any(|(known, _)| *known == name) {
            return Err(ConfigError::at(place, "is there twice, but for upper and lower case"));
        }
        upstreams.push((name, Upstream::new(upstream, &place, host)?));
    }
    Ok(upstreams)
}

pub(super) fn session(raw: Option<raw::Session>) -> Result<Option<SessionSecrets>, ConfigError> {
    let Some(raw) = raw else { return Ok(None) };
    let current = secret("session.secret", &raw.secret)?;
    let previous = match &raw.previous_secret {
        None => None,
        Some(previous) => Some(secret("session.previous_secret", previous)?),
    };
    Ok(Some(SessionSecrets { current, previous }))
}

fn secret(place: &str, text: &Secret<String>) -> Result<Secret<Vec<u8>>, ConfigError> {
    let secret = Secret::new(decoded(place, text.expose())?);
    if secret.expose().len() < SessionKeys::MIN_SECRET_BYTES {
        return Err(ConfigError::at(place, "must have at least 32 bytes"));
    }
    Ok(secret)
}
