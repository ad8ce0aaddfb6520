//! The built filter in the host harness: fuel, host calls, memory, and how long loading takes.

mod cost;
mod gateway;
mod token;
mod volume;

pub use self::cost::{Cost, costs};
pub use self::gateway::{Gateway, Metering, Taken, Verifier, filter, filter_with_tokens};
pub use self::token::{TokenCase, token_costs};
pub use self::volume::{
    Loading, Volume, applications_memory, inline, page_by_page, revocation_fuel,
};
