//! The target `callout`: what the portal answers, one reply after the other.
//!
//! `{manifest}` and `{page}` stand for the genuine documents, `{delta:BYTES}` for a delta of these
//! changes that the portal signs.

use core::time::Duration;

use gatekey_core::id::Revision;
use gatekey_core::snapshot::delta;
use gatekey_host_harness::{Request, Upstream, UpstreamReply, World};

use crate::gate::{self, KEY_HEADER, PORTAL, Source};
use crate::{Judged, coverage, input, oracle};

const DELTA: &[u8] = b"{delta:";
const WATCHED: Duration = Duration::from_secs(6);

/// Judges what the filter makes of replies.
///
/// # Errors
///
/// When it fails, or believes what the portal did not sign.
pub fn run(data: &[u8]) -> Judged {
    let genuine = data.windows(10).any(|window| window == b"{manifest}")
        && data.windows(6).any(|window| window == b"{page}");
    let changed = data.windows(DELTA.len()).any(|window| window == DELTA);
    let replies: Vec<UpstreamReply> = parts(data)?.iter().map(|part| input::reply(part)).collect();
    let mut world = World::builder(gate::host())
        .clock(crate::request::host_time())
        .upstream(PORTAL, Upstream::script(replies.into_iter().map(soon)))
        .build();
    let configuration = gate::configuration(Source::Portal).to_string();
    let worker = world.start(gate::filter()?, gate::plugin(configuration));
    let worker = worker.map_err(|error| error.to_string())?;
    world.advance(WATCHED);
    if let Some(background) = world.background(worker) {
        coverage::ledger(background);
    }
    let ask = || Request::get("/a").authority("a.test");
    let keyless = world.request(worker, ask());
    let keyed = world.request(worker, ask().header(KEY_HEADER, &gate::key()?.text));
    for transcript in [&keyless, &keyed] {
        coverage::transcript(transcript);
        oracle::sound(&world, worker, transcript)?;
    }
    // What the portal signs may open the gate; nobody else may.
    if !changed {
        oracle::refused(&keyless)?;
    }
    if !genuine { oracle::refused(&keyed) } else { Ok(()) }
}

/// The replies with all placeholders filled.
///
/// # Errors
///
/// When there is no policy, which would be a mistake here.
pub fn parts(data: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let snapshot = gate::snapshot()?;
    let page = snapshot.pages.first().map(Vec::as_slice).unwrap_or_default();
    let filled = |part: &[u8]| {
        let part = input::replaced(&with_deltas(part), b"{manifest}", &snapshot.manifest);
        input::replaced(&part, b"{page}", page)
    };
    Ok(input::parts(data).take(16).map(filled).collect())
}

/// Replies take a moment, so that one callback is not all there is.
fn soon(reply: UpstreamReply) -> UpstreamReply {
    reply.after(Duration::from_millis(5))
}

/// The part with what stands between `{delta:` and `}` signed as a delta from the first revision.
fn with_deltas(part: &[u8]) -> Vec<u8> {
    let Some(at) = part.windows(DELTA.len()).position(|window| window == DELTA) else {
        return part.to_vec();
    };
    let (before, rest) = part.split_at(at);
    let rest = rest.get(DELTA.len()..).unwrap_or_default();
    let end = rest.iter().rposition(|byte| *byte == b'}').unwrap_or(rest.len());
    let changes = core::iter::once(rest.get(..end).unwrap_or_default());
    let issued_at = gate::START.plus(1000);
    let key = gate::signing_key();
    let document = delta::seal(gate::GATEWAY, Revision(1), Revision(2), issued_at, changes, &key);
    [before, &document, rest.get(end + 1..).unwrap_or_default()].concat()
}
