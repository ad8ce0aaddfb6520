//! Any server of RFC 7591 and RFC 7592.

mod config;

pub use self::config::{Config, Reading, RotateBy, SecretBy};
