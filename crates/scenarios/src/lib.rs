//! Scenarios: stories about a gateway that several implementations must tell in the same way.
//!
//! A scenario file ([`document`]) holds a policy, the gateway's settings and cases; a case sends
//! requests and says what must come of them. [`scenario::load`] turns files into [`Scenario`]s,
//! a [`Subject`] turns a scenario into a [`Transcript`]. The [`subject::Oracle`] is a second,
//! naive implementation; [`subject::Native`] is the core as a library; the compiled filter in the
//! harness and in a real Envoy are subjects in this crate's tests. A test holds when every
//! transcript is what the file says, and so all of them agree. [`Host`] is what differs
//! between the proxies. [`export`] writes scenarios as case files of the harness, which run without
//! this crate.
//!
//! Tokens are described in a file and made by the [`forge`]; [`Module`] says which filter a
//! scenario needs. [`conformance`] holds attacks and published vectors as tables, whose batches
//! any subject can run.
//!
//! Nothing in a file is an opaque number: [`names`] derives every id and key from a readable
//! name, and texts refer to them as `{{key:alice}}` (see [`cast::Cast::text`]).

pub mod cast;
pub mod conformance;
pub mod document;
pub mod expect;
pub mod export;
pub mod forge;
pub mod generate;
pub mod host;
pub mod module;
pub mod names;
pub mod records;
pub mod scenario;
pub mod subject;
pub mod transcript;

pub use self::host::Host;
pub use self::module::Module;
pub use self::scenario::Scenario;
pub use self::subject::Subject;
pub use self::transcript::{Outcome, Transcript};
