//! The embedded authorization servers: what they are, what they sign with, who their clients are.
//!
//! `server`, `scope`, `claim`, `client`, `secret`, `token` and `initial_access_token` are their
//! resources. `key` holds what they sign with, `template` what values of claims may say, `cache`
//! what a process remembers of them. The endpoints that issue tokens are in `authorization`.

pub(crate) mod algorithm;
mod cache;
pub(crate) mod claim;
pub(crate) mod client;
pub(crate) mod initial_access_token;
pub(crate) mod key;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod server;
mod start;
mod template;
pub(crate) mod token;

pub(crate) use self::cache::Identity;
use self::cache::known;
pub(crate) use self::start::start;
