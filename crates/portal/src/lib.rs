//! The Gatekey portal: the HTTP API that administrators, developers and gateways speak, the
//! store behind it, and the command `gatekey`.
//!
//! A request goes through [`server`] to a handler in `api`. A handler reads (strictly, see
//! `input` and `list`), asks a use case, and shows what it answers; it holds no rule of its own.
//! A use case holds the rules that need the store, asks `gatekey_core::lifecycle` for those that
//! do not, and writes in one transaction; what gateways must know goes through `revision`, what
//! developers must know through `mail`. Web pages call the same use cases.
//!
//! The portal decides nothing about API traffic: gateways do, from what they were told.

mod actor;
mod api;
mod app;
mod audit;
mod authorization;
mod call;
mod cli;
mod clock;
pub mod config;
mod connection;
mod cursor;
mod data_dir;
mod dcr;
mod entropy;
mod event;
mod gateway;
mod identity;
mod input;
mod list;
mod logging;
mod mail;
mod metrics;
mod outbound;
mod password;
#[cfg(feature = "population")]
pub mod population;
mod problem;
mod revision;
mod scope;
pub mod server;
mod session;
mod site;
mod specification;
mod store;
mod telemetry;
mod throttle;
mod usecase;
mod vault;
mod webhook;

pub use self::api::openapi;
pub use self::cli::run;
