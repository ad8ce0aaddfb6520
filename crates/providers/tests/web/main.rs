//! What people do on the pages, in a real browser.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test says what is wrong by failing"
)]

mod accounts;
mod clients;
mod console;
mod inspection;
mod keys;
mod provider;
mod scene;
mod session;
mod sign_in;
