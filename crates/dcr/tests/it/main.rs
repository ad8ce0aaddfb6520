//! Every adapter against its fake, over loopback.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bed;
mod conformance;
mod crashes;
mod driver;
mod faults;
