//! OpenID Connect and OAuth 2.0 at a gateway: identity providers, their keys, tokens and sessions.

mod call;
mod provider;

pub use self::call::{CallOut, Ticket};
pub(crate) use self::provider::Providers;
