//! Application registration and request authentication as a library that touches nothing.
//!
//! Gatekey decides who may call what: a *developer* owns an *application*, the application holds
//! *credentials* and asks for *registration* with an *API*; a gateway then refuses every request
//! that has no valid credential of an approved registration. This crate holds those rules. It
//! has no socket, clock, random source, file or thread: time, entropy and bytes are arguments,
//! calls to the network leave as values ([`sync::Call`]) and their answers enter as values.
//! It needs `alloc` and nothing else.
//!
//! # The verbs
//!
//! * [`policy::Policy::check`] decides about a request, from memory alone.
//! * [`sync::Follower::upkeep`] and [`sync::Follower::settle`] keep the policy in step with the
//!   portal: signed snapshots, signed deltas, never an older one.
//! * [`lifecycle`] holds what may happen to a developer, an application, a registration and a
//!   credential; the portal calls it before it stores anything.
//!
//! # Reading order
//!
//! [`id`], [`key`] and [`digest`] name things; [`lifecycle`] says what may happen to them;
//! [`snapshot`] is how they travel, byte by byte; [`policy`] is what a gateway holds; [`check`]
//! decides; [`sync`] keeps the copy fresh.
//!
//! # Example
//!
//! ```
//! use gatekey_core::check::{Decision, Env, Memory, Settings, Step};
//! use gatekey_core::http::Request;
//! use gatekey_core::id::{GatewayId, Revision};
//! use gatekey_core::policy::Policy;
//! use gatekey_core::time::UnixMillis;
//!
//! let now = UnixMillis(1_700_000_000_000);
//! let gateway = GatewayId::from_bytes([1; 16]);
//! let policy = Policy::empty(gateway, Revision(0), now, gatekey_core::METHODS);
//! let settings = Settings::default();
//! let request = Request { method: b"GET", authority: b"api.test", path: b"/", headers: &[] };
//! let env = Env::new(now.seconds(), &settings);
//! let Step::Done(Decision::Deny(refusal)) =
//!     policy.check(&mut Memory::default(), &env, &request)
//! else {
//!     panic!("an empty policy refuses everything")
//! };
//! assert_eq!((refusal.code(), refusal.denial.status()), ("unknown_route", 403));
//! ```
#![no_std]

extern crate alloc;

pub mod check;
pub mod crypto;
pub mod digest;
pub mod http;
pub mod id;
pub mod jose;
pub mod json;
pub mod key;
pub mod lifecycle;
pub mod oidc;
mod places;
pub mod policy;
pub mod secret;
pub mod snapshot;
pub mod sync;
pub mod time;

/// Every authentication method this crate has, in the order of precedence.
///
/// A program that wants a smaller set passes its own slice: what is not named is not linked, and
/// a strategy that needs an absent method refuses.
pub const METHODS: check::Methods = &[&check::KEY_AUTH, &check::OPENID_CONNECT];
