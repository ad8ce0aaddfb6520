//! The bridge as a process: behind it servers of RFC 7591, before it the portal's own client of
//! bridges.

#![allow(
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod contract;
mod portal;
mod running;
