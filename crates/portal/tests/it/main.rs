//! Integration tests: the portal's router, asked as clients ask it, on SQLite, or on PostgreSQL
//! when `GATEKEY_TEST_POSTGRES_URL` is set; and the command itself.
#![allow(
    clippy::cloned_ref_to_slice_refs,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod accounts;
mod admin_sessions;
mod admin_tokens;
mod applications;
mod as_code;
mod audit_log;
mod authorization;
mod authorization_code;
mod authorization_registration;
mod authorization_tokens;
mod catalogue;
mod command;
mod command_backup;
mod command_kill;
mod command_tools;
mod connections;
mod consumers;
mod contract;
mod contract_v2;
mod credentials;
mod dcr_providers;
mod description;
mod documents;
mod edge;
mod explain_logged;
mod gateway_log;
mod gateway_receipts;
mod gateway_sync;
mod gateway_usage;
mod gateways;
mod identity_claims;
mod identity_clients;
mod identity_replicas;
mod identity_servers;
mod impacts;
mod import;
mod input;
mod isolation;
mod keys;
mod lists;
mod mails;
mod matrix;
mod pages;
mod portal_content;
mod portals;
mod products;
mod products_developer;
mod profiles;
mod reading;
mod receiver;
mod refusals;
mod registration_histories;
mod registrations;
mod replicas;
mod secrets;
mod sites;
mod smtp;
mod specifications;
mod sso;
mod strategies;
mod strategies_discovery;
mod strategies_openid;
mod support;
mod teams;
mod teams_applications;
mod telemetry;
mod usage_series;
mod webhooks;
