//! Test support: the registration interfaces of identity providers that cannot be run here, on
//! loopback and in memory. Nothing of this is for production.
//!
//! Each fake follows its vendor's published interface; its module says which pages. Each has a real
//! token endpoint, so that a test can prove that a secret works or has ceased to, and publishes the
//! key its tokens are signed with. [`Fake::fault`] makes calls go wrong, before or after they had
//! their effect; [`Fake::look`] counts what is left behind.

mod clock;
mod fault;
mod message;
mod patch;
mod server;
mod signer;

pub mod auth0;
pub mod bridge;
pub mod curity;
pub mod entra;
pub mod okta;
pub mod rfc7591;

pub use self::fault::Fault;
pub use self::message::{Answer, Asked};
pub use self::server::{Fake, World};
