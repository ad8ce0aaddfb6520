//! OpenID Connect and OAuth 2.0 at a gateway: identity providers, their keys, tokens and sessions.

mod call;
pub mod cookie;
mod drbg;
mod grant;
pub(crate) mod id_token;
pub(crate) mod login;
pub(crate) mod logout;
mod provider;
mod query;
pub(crate) mod sealed;
pub(crate) mod session;
pub mod settings;
pub mod url;

pub use self::call::{CallOut, Ticket};
pub use self::drbg::{SessionKeys, ShortSecret};
pub use self::grant::ProviderClient;
pub(crate) use self::provider::Providers;
