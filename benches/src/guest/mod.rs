//! The built filter in the host harness: fuel, host calls, memory, and how long loading takes.

mod cost;
mod gateway;
mod volume;

pub use self::cost::{Cost, costs};
pub use self::gateway::{Gateway, Metering, Taken, filter};
pub use self::volume::{
    Loading, Volume, applications_memory, inline, page_by_page, revocation_fuel,
};
