//! A Proxy-Wasm host that tests, replays and measures compiled filters.
//!
//! It runs any module of ABI 0.1.0, 0.2.0 or 0.2.1 on wasmtime, the way a chosen proxy would run it
//! ([`Profile`]), in a [`World`] whose time, randomness and upstreams are the test's. There are no
//! globals: worlds are independent, and the same seed gives the same [`Transcript`] byte for byte.
//!
//! ```
//! use core::time::Duration;
//! use gatekey_host_harness::*;
//!
//! # fn filter() -> Vec<u8> {
//! #     wat::parse_str(r#"(module (memory (export "memory") 1)
//! #         (func (export "proxy_abi_version_0_2_1"))
//! #         (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024))"#)
//! #     .unwrap()
//! # }
//! let artifact = Artifact::compile(&filter())?; // or `Artifact::from_file(path)`
//! let keys = |request: &UpstreamRequest| match request.path().as_str() {
//!     "/keys" => UpstreamReply::ok("{}").after(Duration::from_millis(20)),
//!     _ => UpstreamReply::status(404),
//! };
//! let mut world = World::builder(Profile::envoy())
//!     .seed(7)
//!     .clock(UnixMillis(1_800_000_000_000))
//!     .upstream("portal", Upstream::respond(keys))
//!     .upstream("flaky", Upstream::script([UpstreamReply::reset(), UpstreamReply::never()]))
//!     .build();
//! let worker = world.start(&artifact, Plugin::new("key-auth", "{}"))?;
//! world.advance(Duration::from_millis(500)); // timers fire, calls end
//!
//! let request = Request::get("/flights").authority("api.example").header("apikey", b"secret");
//! let transcript = world.request(worker, request.property(&["xds", "route_name"], "flights"));
//! match &transcript.outcome {
//!     Outcome::Upstream { headers } => assert_eq!(headers.get(":path"), Some(&b"/flights"[..])),
//!     other => panic!("refused: {other:?}"),
//! }
//! assert_eq!(transcript.status(), Some(200));
//! assert!(transcript.host_calls.is_empty() && transcript.logs.is_empty());
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Costs
//!
//! [`Transcript::fuel`], [`Transcript::callbacks`] and [`Transcript::host_call_counts`] are
//! deterministic. For wall-clock time build the world with
//! [`fuel(false)`](WorldBuilder::fuel) and [`record(false)`](WorldBuilder::record).
//!
//! # What ends a guest
//!
//! A trap, `proc_exit` and a spent budget take the whole VM down, as on a real proxy; then the
//! plugin's [`FailurePolicy`] decides what becomes of requests. Memory beyond the profile's limit is
//! refused to the guest.
//!
//! # Chains, quirks, faults
//!
//! [`World::start_chain`] runs several filters, [`World::reconfigure`] replaces them with requests in
//! flight, [`World::connect`] opens TCP connections, [`WorldBuilder::fault`] lets host calls fail. The
//! switches of a [`Profile`] have a page each in `docs/quirks`. With the feature `cli` there are also
//! declarative cases (`case`), the fail-closed matrix (`matrix`), `lint`, `bench`, `replay`, and the
//! command `gatekey-harness`; `docs/guide.md` is where to begin.
//!
//! # What is not emulated
//!
//! TCP connections run through the first filter of a chain only. Of Envoy's foreign functions only
//! those that need no library are there (`clear_route_cache`, `set_envoy_filter_state`); a test
//! supplies others with [`foreign_function`](WorldBuilder::foreign_function). What a proxy does to a
//! request before its filter chain (normalising paths, adding `x-request-id`) is the test's to spell
//! out.

mod abi;
mod artifact;
#[cfg(feature = "cli")]
pub mod bench;
#[cfg(feature = "cli")]
pub mod case;
#[cfg(feature = "cli")]
pub mod cli;
mod connection;
mod error;
mod exchange;
mod fault;
mod headers;
mod host;
mod ledger;
#[cfg(feature = "cli")]
pub mod lint;
#[cfg(feature = "cli")]
pub mod matrix;
mod plugin;
mod profile;
pub mod replay;
mod request;
pub mod schedule;
mod stream;
mod transcript;
mod vm;
mod worker;
mod world;

pub use abi::{LogLevel, Status};
pub use artifact::{AbiVersion, Artifact};
pub use connection::{ConnectionTranscript, Peer};
pub use error::{ArtifactError, Failure, FailureKind, StartError};
pub use fault::{Census, Fault, FaultKind, Injected, UnknownFault, When};
pub use headers::Headers;
pub use ledger::{Callback, Callout, GrpcCallout, HostCall, Ledger, Log};
pub use plugin::{FailurePolicy, Plugin};
pub use profile::{
    Bodies, Calls, Failures, Forbidden, GrpcAnswer, GrpcCalls, GrpcNumbers, HeaderMaps, Interface,
    Isolation, LateEdit, MalformedMap, MetricRules, Profile, Properties, RepeatedHeader, Runtime,
    SharedState, StartUp, Streams, VmSharing,
};
pub use request::Request;
pub use transcript::{ClientResponse, Forwarded, Outcome, Transcript};
pub use world::clock::UnixMillis;
pub use world::grpc::{GrpcKind, GrpcReply, GrpcRequest, GrpcUpstream};
pub use world::metric::MetricKind;
pub use world::upstream::{CallResult, Upstream, UpstreamReply, UpstreamRequest};
pub use world::{ConnectionId, Metric, StreamId, WorkerId, World, WorldBuilder};
