//! Sessions, sign-ins and grants, as tables and as properties.

mod browsers;
mod cookies;
mod fixture;
mod grants;
mod id_tokens;
mod logins;
mod logouts;
/// Not in Node: the generator wants a random source there.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod properties;
mod sessions;
