//! Registers OAuth clients at identity providers: Auth0, Okta, Entra, Curity, any server of
//! RFC 7591 and 7592, and Konnect's HTTP bridge.
//!
//! Nothing here opens a socket. An [`Adapter`] says which call comes next and takes its reply;
//! whoever drives it makes the call, and keeps the [`Remote`] before it makes another:
//!
//! ```text
//! loop {
//!     match adapter.next(&job, &state) {
//!         Next::Call(call) => {
//!             let reply = send(call);
//!             let settled = adapter.settle(&job, &mut state, step, &reply);
//!             keep(&state.remote, &state.stage);   // sealed, before anything else
//!             ...
//!         }
//!         Next::Done | Next::Failed(_) => break,
//!     }
//! }
//! ```
//!
//! A driver may be killed between any two lines. What it kept is enough to go on: a job resumes
//! at its stage, and [`Job::Unregister`] removes a client that is only half made.

pub mod auth0;
pub mod bridge;
pub mod curity;
pub mod entra;
pub mod okta;
pub mod rfc7591;

mod adapter;
mod call;
mod capability;
mod failure;
mod header;
mod job;
mod member;
mod oauth_error;
mod pace;
mod provider;
mod remote;
mod timestamp;
mod vendor;

pub use self::adapter::{Adapter, Next, Settled, State, Step, step_named};
pub use self::call::{Body, Call, Method, Outcome, Reply};
pub use self::capability::{Capabilities, Read, Rotate};
pub use self::failure::{Failure, FailureKind};
pub use self::job::{Event, Job, Metadata, Origin};
pub use self::provider::{Fault, Kind, Provider};
pub use self::remote::{Found, IssuedSecret, Remote, RemoteSecret, Session};
