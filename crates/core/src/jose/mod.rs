//! Signed tokens and public keys as bytes: JWS (RFC 7515), JWK (RFC 7517), JWT claims (RFC 7519).
//!
//! Everything here is strict: one spelling for each value, no duplicate members, sizes and depths
//! bounded before anything is decoded. Nothing here verifies: see [`crate::crypto`].

mod algorithm;
pub(crate) mod base64url;
mod claims;
mod date;
mod jwk;
mod jwk_set;
mod jws;

pub use self::algorithm::Algorithm;
pub use self::claims::Claims;
pub use self::date::NumericDate;
pub use self::jwk::{Jwk, PublicKey};
pub(crate) use self::jwk_set::of_node as set_of_node;
pub use self::jwk_set::{JwkFault, parse_set};
pub use self::jws::{Jws, MAX_TOKEN_BYTES, TokenFault};
