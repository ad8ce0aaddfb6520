//! Signed tokens and public keys as bytes: JWS (RFC 7515), JWK (RFC 7517), JWT claims (RFC 7519).
//!
//! Everything here is strict: one spelling for each value, no duplicate members, sizes and depths
//! bounded before anything is decoded. Nothing here verifies: see [`crate::crypto`].

mod algorithm;
mod jwk;

pub use self::algorithm::Algorithm;
pub use self::jwk::PublicKey;
