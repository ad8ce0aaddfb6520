//! What the adapters of vendors' interfaces have in common: JSON over HTTP with an administrator's
//! token, errors in each vendor's words.

mod address;
mod answer;
mod managed;
mod refusal;
mod token;

use gatekey_core::secret::Secret;

use crate::provider::{Fault, Provider};

pub(crate) use self::address::{Base, encode};
pub(crate) use self::answer::{Judged, id, judge, substituted, text, texts};
pub(crate) use self::managed::{At, Managed, Wanted, next, settle};
pub(crate) use self::refusal::Words;
pub(crate) use self::token::{Token, TokenRequest, admin_token};

/// The client with which clients are made: `initial_client_id` and `initial_client_secret`.
pub(crate) fn initial_client(provider: &Provider) -> Result<(String, Secret<String>), Fault> {
    let fault =
        |member: &str| Fault { field: format!("dcr_config.{member}"), rule: "required".to_owned() };
    let id = provider.text("initial_client_id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| fault("initial_client_id"))?;
    let secret = provider.secret("initial_client_secret").filter(|secret| !secret.is_empty());
    let secret = secret.ok_or_else(|| fault("initial_client_secret"))?;
    Ok((id.to_owned(), Secret::new(secret.to_owned())))
}
