//! OpenID Connect and OAuth 2.0 at a gateway: identity providers, their keys, tokens and sessions.

mod breaker;
mod cache;
mod call;
pub mod cookie;
mod document;
mod drbg;
pub(crate) mod grant;
pub(crate) mod introspection;
mod keys;
pub(crate) mod proof;
pub(crate) mod id_token;
pub(crate) mod login;
pub(crate) mod logout;
mod provider;
mod query;
pub(crate) mod sealed;
pub(crate) mod session;
pub mod settings;
pub mod url;

pub use self::call::{Answer, CallOut, Notice, Ticket};
pub(crate) use self::drbg::Drbg;
pub use self::drbg::{SessionKeys, ShortSecret};
pub use self::grant::ProviderClient;
pub(crate) use self::proof::Proof;
pub(crate) use self::provider::{Need, Providers, Purpose, call_to};
mod client;
mod provider;
pub mod settings;

pub use self::call::{CallOut, Ticket};
pub use self::client::{access_token_digest, client_digest};
pub(crate) use self::provider::Providers;
