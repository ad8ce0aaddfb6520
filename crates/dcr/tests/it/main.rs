//! Every adapter against its fake, over loopback.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod auth0;
mod bed;
mod conformance;
mod crashes;
mod curity;
mod driver;
mod entra;
mod faults;
mod okta;
