//! What can be done, one module per resource. API handlers, and later web pages, call these.

pub(crate) mod account;
pub(crate) mod admin_token;
pub(crate) mod api;
pub(crate) mod api_version;
pub(crate) mod application;
pub(crate) mod audit_log;
pub(crate) mod catalogue;
pub(crate) mod client;
pub(crate) mod credential;
pub(crate) mod dcr_provider;
pub(crate) mod developer;
pub(crate) mod email;
pub(crate) mod gateway;
pub(crate) mod implementation;
pub(crate) mod issuer;
pub(crate) mod label;
pub(crate) mod mail_token;
pub(crate) mod portal;
pub(crate) mod product;
pub(crate) mod product_version;
pub(crate) mod publication;
pub(crate) mod publication_settings;
pub(crate) mod registration;
pub(crate) mod route;
pub(crate) mod service;
pub(crate) mod strategy;
