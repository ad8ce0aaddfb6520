//! The harness on hand-written modules and on one made by the Proxy-Wasm Rust SDK.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test says what is wrong by failing"
)]

mod artifact;
#[cfg(feature = "cli")]
mod bench;
mod callout;
#[cfg(feature = "cli")]
mod case;
mod chain;
#[cfg(feature = "cli")]
mod command;
mod failure;
mod fault;
mod flow;
mod foreign;
mod grpc;
mod guest;
#[cfg(feature = "cli")]
mod guide;
mod hostile;
mod interface;
mod life;
#[cfg(feature = "cli")]
mod lint;
mod map;
#[cfg(feature = "cli")]
mod matrix;
mod misuse;
mod plugin_end;
mod property;
mod quirk_bodies;
mod quirk_headers;
mod quirk_metrics;
mod quirk_old_envoy;
#[cfg(feature = "cli")]
mod quirk_pages;
mod quirk_properties;
mod quirk_runtime;
mod quirk_shared;
mod quirk_start;
#[cfg(feature = "cli")]
mod quirk_world;
#[cfg(feature = "cli")]
mod replay;
mod schedule;
mod script;
mod sdk;
mod sdk_calls;
mod sdk_guests;
mod sdk_http;
mod sdk_state;
mod shared;
mod stream;
mod tcp;
mod versions;
mod wasi;
mod world;
