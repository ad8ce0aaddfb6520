//! How the policy travels from the portal to a gateway: format version 1, byte by byte.
//!
//! All integers are little-endian. `id` is the 16 bytes of a UUID. `str` is a `u16` length and
//! that many bytes of UTF-8; `list` is a `u16` count and that many items.
//!
//! # Envelope
//!
//! A manifest and a delta are signed alone; pages are covered by the digests in the manifest.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | magic: `GKM1` manifest, `GKD1` delta |
//! | 8 | key id: the first 8 bytes of SHA-256 of the Ed25519 public key |
//! | 64 | Ed25519 signature (RFC 8032) over magic, key id and body |
//! | rest | body |
//!
//! # Manifest body
//!
//! | bytes | what |
//! |---|---|
//! | 16 | gateway id |
//! | 8 | revision |
//! | 8 | issued at, milliseconds since 1970 |
//! | 4 | number of applications |
//! | 4 | number of credentials |
//! | 4 | number of pages *n* |
//! | 36 × *n* | per page: `u32` length, 32 bytes SHA-256 of the page |
//!
//! # Page
//!
//! `GKP1`, then records up to the page's end, at most [`MAX_PAGE_BYTES`] in all. Records come in
//! the order of their kinds; credentials ascend by digest over all pages. A *bundle* is a
//! manifest followed by its pages: a file, or a snapshot inlined in a filter's configuration.
//!
//! # Delta body
//!
//! | bytes | what |
//! |---|---|
//! | 16 | gateway id |
//! | 8 | revision it starts from |
//! | 8 | revision it leads to |
//! | 8 | issued at, milliseconds since 1970 |
//! | 4 | number of changes |
//! | rest | changes: `u8` verb (1 put, 2 delete), then a record or the key of one |
//!
//! A delta from a revision to itself has no changes: it says that the gateway is up to date.
//!
//! # Records
//!
//! `u8` kind, then the fields. What a byte of *bits* says follows is there if its bit is set, in the
//! order of the bits; a bit that is not listed is an unknown code. The key is what a delete carries: kind and the fields marked *k*.
//!
//! | kind | record | fields |
//! |---|---|---|
//! | 1 | strategy | *k* `id`; `str` method name; `u32` length and the method's own bytes |
//! | 2 | service | *k* `id`; `str` name |
//! | 3 | route | *k* `id`; `id` service; `list` of `str` hosts, paths, methods; `list` of (`str` name, `list` of `str`) headers |
//! | 4 | publication | *k* `id` API; *k* `id` portal; `id` service; bits: 1 `id` strategy follows, 2 consumers pass without a registration |
//! | 5 | application | *k* `id`; `id` portal, strategy, owner; `str` name; bits: 1 active, 2 the owner is a team, else a developer, 4 `list` of limits follows, 8 `list` of networks follows, 16 consumer follows |
//! | 6 | registration | *k* `id` application; *k* `id` API; `u8` status: 1 pending, 2 approved, 3 rejected, 4 revoked; 128 more when a consumer follows |
//! | 7 | credential | *k* 32 bytes digest; `id` credential; `id` application; `u8` scheme: 1 key by HMAC-SHA-256, 2 key by SHA-256, 3 client, 4 access token; `u64` end of life in seconds since 1970, 0 for none |
//!
//! A limit is `u8` kind (1 rate, 2 quota), `u32` requests, `u32` seconds of its window, none of them 0,
//! and a `list` of `id` APIs, an empty one for every API. A network is 16 bytes of an IPv6 address, an
//! IPv4 one mapped, and `u8` bits that count. A consumer is its `id`, `str` user name and `str` custom
//! id, empty for none.
//!
//! A record without limits, networks, consumers and teams is written as it was before there were any:
//! gateways of that time read it, and refuse a document with one that they do not know.
//!
//! The own bytes of the method `key-auth`: `list` of `str` header names. Those of
//! `openid-connect`: a JSON object ([`crate::oidc::settings`]), without secrets. The digest of a
//! client is [`crate::oidc::client_digest`], that of an access token
//! [`crate::oidc::access_token_digest`].
//!
//! An unknown magic, kind, verb or code refuses the whole document: a gateway never guesses.

pub mod change;
pub mod delta;
pub mod manifest;
pub mod record;
mod sign;
mod wire;
mod writer;

pub use self::change::Change;
pub use self::manifest::Manifest;
pub use self::record::{Record, RecordKey};
pub(crate) use self::sign::SealError;
pub use self::sign::{SigningKey, VerifyingKey};
pub use self::wire::FormatError;
pub use self::writer::{Snapshot, SnapshotWriter};

/// The most a page or a delta may have.
pub const MAX_PAGE_BYTES: usize = 1 << 20;
/// The most pages a snapshot may have.
pub const MAX_PAGES: usize = 4096;
