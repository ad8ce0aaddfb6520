//! The scenario files, run by the compiled filter: in the harness and in a real Envoy.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test says what is wrong by failing"
)]

mod answer;
mod configuration;
mod conformance;
mod corpus;
mod envoy;
mod harness;
mod key_sets;
mod portal;
mod random;
