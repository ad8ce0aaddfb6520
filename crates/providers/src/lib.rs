//! Real identity providers, a real Envoy with the compiled filter, and a real browser, all on
//! loopback.
//!
//! A [`World`] is one gateway: an Envoy, the upstream behind it and a policy that is made of
//! [`Service`]s. [`OidcProvider`] and [`Canaille`] are two identity providers that have little in
//! common. [`Browser`] is a Chromium, and a [`Person`] sits in front of one. A [`Portal`] is the command `gatekey` with its [`Admin`] and
//! its [`Developer`]s; a [`World`] can follow one instead. Whatever is started ends when it is
//! dropped.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it exists for tests, and what does not work ends the test"
)]

mod admin;
mod browser;
mod canaille;
mod description;
mod developer;
mod envoy;
mod http;
mod library;
mod oidc_provider;
mod person;
mod policy;
mod portal;
mod process;
mod tools;
mod upstream;
mod world;

pub use self::admin::{Admin, AuthServer, id_of};
pub use self::browser::{Browser, Setup};
pub use self::canaille::Canaille;
pub use self::description::check_description;
pub use self::developer::{Application, Developer, PASSWORD};
pub use self::http::{Answer, basic, carry, exchange, form, get, post};
pub use self::library::{pyjwt, relying_party, sign_in};
pub use self::oidc_provider::{OidcProvider, jwks, merged};
pub use self::person::{Person, Way};
pub use self::policy::{Registration, Service};
pub use self::portal::Portal;
pub use self::tools::Tools;
pub use self::world::{Plan, World};
