//! The compiled filter in a host: how it follows the portal, alone and among other workers.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by failing"
)]

mod configuration;
mod decisions;
mod example;
mod filter;
mod fleet;
mod kubernetes;
mod nginx;
mod oidc;
mod openid_connect;
mod portal;
mod refusals;
mod staleness;
mod stream;
mod sync;
