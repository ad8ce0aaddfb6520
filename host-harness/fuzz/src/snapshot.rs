//! The target `snapshot`: the policy itself.
//!
//! The first byte says what the others are: `p` the pages of a snapshot that the portal signs as
//! they are and hands out one by one, `i` the same as one document in the configuration, anything
//! else a document that somebody else made, in the configuration.

use std::collections::VecDeque;

use gatekey_core::digest::Digest;
use gatekey_core::id::Revision;
use gatekey_core::snapshot::manifest::{Manifest, PageEntry};
use gatekey_host_harness::{Request, Upstream, UpstreamReply, UpstreamRequest};

use crate::gate::{self, KEY_HEADER, Source};
use crate::{Judged, coverage, input, oracle};

/// Judges what the filter makes of a policy: it takes it or says no.
///
/// # Errors
///
/// When it fails, or believes what the portal did not sign.
pub fn run(data: &[u8]) -> Judged {
    let (configuration, parts) = world(data);
    let genuine =
        matches!(data.first(), Some(b'p' | b'i')) || parts.concat() == gate::snapshot()?.bundle();
    let mut left = VecDeque::from(parts);
    let portal = move |request: &UpstreamRequest| match left.pop_front() {
        Some(part) if request.path().contains("/snapshot") => UpstreamReply::ok(part),
        _ => UpstreamReply::status(503),
    };
    let portal = Upstream::respond(portal);
    let Some((mut world, worker)) = gate::started(portal, configuration)? else { return Ok(()) };
    let ask = || Request::get("/a").authority("a.test");
    for request in [ask(), ask().header(KEY_HEADER, &gate::key()?.text)] {
        let transcript = world.request(worker, request);
        coverage::transcript(&transcript);
        oracle::sound(&world, worker, &transcript)?;
        // What the portal signs may open the gate; nobody else may.
        if !genuine {
            oracle::refused(&transcript)?;
        }
    }
    Ok(())
}

/// The configuration that an input stands for, and what its portal hands out.
#[must_use]
pub fn world(data: &[u8]) -> (String, Vec<Vec<u8>>) {
    let (kind, rest) = data.split_first().unwrap_or((&0, &[]));
    let parts = match kind {
        b'p' | b'i' => signed_parts(rest),
        _ => vec![rest.to_vec()],
    };
    let document = parts.concat();
    let source = if *kind == b'p' { Source::Portal } else { Source::Inline(&document) };
    (gate::configuration(source).to_string(), parts)
}

/// The manifest of these pages, and the pages. Their first two bytes say how many applications and credentials the
/// manifest promises.
fn signed_parts(data: &[u8]) -> Vec<Vec<u8>> {
    let (applications, rest) = data.split_first().unwrap_or((&0, &[]));
    let (credentials, rest) = rest.split_first().unwrap_or((&0, &[]));
    let pages: Vec<&[u8]> = input::parts(rest).collect();
    let entry = |page: &&[u8]| PageEntry {
        length: u32::try_from(page.len()).unwrap_or(u32::MAX),
        digest: Digest::sha256(page),
    };
    let manifest = Manifest {
        gateway: gate::GATEWAY,
        revision: Revision(1),
        issued_at: gate::START,
        applications: u32::from(applications.wrapping_sub(b'0')),
        credentials: u32::from(credentials.wrapping_sub(b'0')),
        pages: pages.iter().map(entry).collect(),
    };
    let mut parts = vec![manifest.seal(&gate::signing_key())];
    parts.extend(pages.into_iter().map(<[u8]>::to_vec));
    parts
}
