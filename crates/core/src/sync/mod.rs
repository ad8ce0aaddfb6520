//! Keeping a gateway's policy in step with the portal.
//!
//! [`Replica`] holds the policy and believes only what is signed, meant for this gateway and not
//! older than what it holds. [`Follower`] plans the calls: it says what to fetch next
//! ([`Follower::upkeep`]) and takes the answers ([`Follower::settle`]). Neither touches a
//! network: a [`Call`] is a value, the driver makes it.

mod call;
mod follower;
mod replica;

pub use self::call::{Call, CallFailure, Method, Reply};
pub use self::follower::{Chore, Document, Follower, Purpose, Settled, Timing};
pub use self::replica::{Progress, Replica, SyncError};
