//! OpenID Connect and OAuth 2.0 at a gateway: identity providers, their keys, tokens and sessions.

mod breaker;
mod cache;
mod call;
mod client;
pub mod cookie;
mod document;
pub mod documents;
pub(crate) mod drbg;
mod fingerprint;
pub mod form;
pub(crate) mod grant;
pub(crate) mod id_token;
pub(crate) mod introspection;
mod keys;
pub(crate) mod login;
pub(crate) mod logout;
mod probe;
pub(crate) mod proof;
mod provider;
pub mod query;
pub(crate) mod sealed;
pub(crate) mod session;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod url;

pub use self::call::{Answer, CallOut, Notice, Ticket};
pub use self::client::{access_token_digest, client_digest};
pub(crate) use self::drbg::Drbg;
pub use self::drbg::{SessionKeys, ShortSecret};
pub use self::grant::ProviderClient;
pub use self::id_token::SignIn;
#[doc(hidden)]
pub use self::probe::{Probe, Probed};
pub(crate) use self::proof::Proof;
pub(crate) use self::provider::{Need, Providers, Purpose, call_to};
