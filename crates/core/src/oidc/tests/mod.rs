//! Sessions, sign-ins and grants, as tables and as properties.

mod cookies;
mod fixture;
mod grants;
mod id_tokens;
mod logins;
mod logouts;
mod properties;
mod sessions;
