//! The adapters for the two written protocols, against servers of them: each job at each kind of
//! server, each fault, and the portal killed between any two lines.

#![allow(
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod bridge;
mod ledger;
mod rfc7591;
