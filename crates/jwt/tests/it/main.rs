//! Signatures and keys, from outside.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is the test's"
)]

mod bad_input;
mod cookies;
mod differential;
mod known_answers;
mod ranges;
mod refused_keys;
mod sealing;
mod support;
mod third_party;
mod wycheproof;
