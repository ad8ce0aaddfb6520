//! The tables, one module each.
#![allow(
    unreachable_pub,
    missing_docs,
    reason = "the derives make public items, and the column names say what they are"
)]

pub(crate) mod admin_session;
pub(crate) mod admin_token;
pub(crate) mod api;
pub(crate) mod api_image;
pub(crate) mod api_operation;
pub(crate) mod api_product;
pub(crate) mod api_version;
pub(crate) mod application;
pub(crate) mod attribute;
pub(crate) mod attribute_value;
pub(crate) mod audit_checkpoint;
pub(crate) mod audit_destination;
pub(crate) mod audit_entry;
pub(crate) mod audit_head;
pub(crate) mod audit_webhook;
pub(crate) mod auth_claim;
pub(crate) mod auth_client;
pub(crate) mod auth_code;
pub(crate) mod auth_key;
pub(crate) mod auth_scope;
pub(crate) mod auth_secret;
pub(crate) mod auth_server;
pub(crate) mod auth_token;
pub(crate) mod change;
pub(crate) mod consumer;
pub(crate) mod credential;
pub(crate) mod dcr_client;
pub(crate) mod dcr_job;
pub(crate) mod dcr_provider;
pub(crate) mod delivery;
pub(crate) mod delivery_attempt;
pub(crate) mod developer;
pub(crate) mod developer_identity;
pub(crate) mod document;
pub(crate) mod gateway;
pub(crate) mod identity_provider;
pub(crate) mod implementation;
pub(crate) mod initial_access_token;
pub(crate) mod installation;
pub(crate) mod lease;
pub(crate) mod mail_config;
pub(crate) mod mail_template;
pub(crate) mod mail_token;
pub(crate) mod mark;
pub(crate) mod outbox;
pub(crate) mod page;
pub(crate) mod portal;
pub(crate) mod portal_domain;
pub(crate) mod portal_network;
pub(crate) mod portal_sign_in;
pub(crate) mod presentation;
pub(crate) mod product_portal;
pub(crate) mod publication;
pub(crate) mod receipt;
pub(crate) mod refusal;
pub(crate) mod registration;
pub(crate) mod revision;
pub(crate) mod route;
pub(crate) mod service;
pub(crate) mod session;
pub(crate) mod snippet;
pub(crate) mod specification_name;
pub(crate) mod strategy;
pub(crate) mod team;
pub(crate) mod team_group_mapping;
pub(crate) mod team_member;
pub(crate) mod team_role;
pub(crate) mod throttle;
pub(crate) mod usage_point;
pub(crate) mod usage_report;
pub(crate) mod webhook;
