//! What must hold whatever came in.

use gatekey_core::check::is_identity_header;
use gatekey_host_harness::{Outcome, Transcript, WorkerId, World};

use crate::Judged;
use crate::gate::{self, KEY_HEADER};

/// The filter holds a few kilobytes here; a guest that reaches this leaks.
const MOST_MEMORY: usize = 32 << 20;

/// Why something must not be.
fn never(holds: bool, what: &str, transcript: &Transcript) -> Judged {
    if holds { Err(format!("{what}\n{transcript}")) } else { Ok(()) }
}

/// A request had one verdict, nobody failed, and nothing was left behind.
///
/// # Errors
///
/// When not.
pub fn sound(world: &World, worker: WorkerId, transcript: &Transcript) -> Judged {
    never(transcript.failure.is_some(), "the filter failed", transcript)?;
    never(world.failure(worker).is_some(), "the filter failed besides", transcript)?;
    never(matches!(transcript.outcome, Outcome::Paused), "no verdict", transcript)?;
    never(world.open_streams(worker) != 0, "a stream was left", transcript)?;
    never(world.memory_bytes(worker) > MOST_MEMORY, "the guest's memory grows", transcript)
}

/// A request that carries no valid key did not reach the upstream.
///
/// # Errors
///
/// When it did.
pub fn refused(transcript: &Transcript) -> Judged {
    never(transcript.reached_upstream(), "let through without a key", transcript)
}

/// Whether the good key is there, once.
pub fn carries_key<'f>(fields: impl Iterator<Item = (&'f [u8], &'f [u8])>) -> Result<bool, String> {
    let mut keys =
        fields.filter(|(name, _)| name.eq_ignore_ascii_case(KEY_HEADER.as_bytes())).map(|(_, k)| k);
    let good = keys.next() == Some(gate::key()?.text.as_bytes());
    Ok(good && keys.next().is_none())
}

/// The upstream learns the caller from the filter and from nobody else, and not the key.
///
/// # Errors
///
/// When not.
pub fn identified(transcript: &Transcript) -> Judged {
    let Some(forwarded) = &transcript.upstream else { return Ok(()) };
    let names: Vec<&[u8]> = forwarded.headers.iter().map(|(name, _)| name).collect();
    let mut identity: Vec<_> = names.iter().filter(|name| is_identity_header(name)).collect();
    let told = identity.len();
    identity.sort_unstable();
    identity.dedup();
    never(told != 8 || identity.len() != 8, "the identity is not the filter's", transcript)?;
    never(
        forwarded.headers.get("x-application-name") != Some(b"trips"),
        "another application",
        transcript,
    )?;
    never(forwarded.headers.get(KEY_HEADER).is_some(), "the upstream got the key", transcript)
}

/// Nobody but the client and the filter saw the key.
///
/// # Errors
///
/// When somebody did.
pub fn silent(transcript: &Transcript) -> Judged {
    let key = gate::key()?.text.as_bytes();
    let tells = |bytes: &[u8]| bytes.windows(key.len()).any(|window| window == key);
    let logged = transcript.logs.iter().any(|log| tells(&log.bytes));
    never(logged, "the log tells the key", transcript)?;
    let answered = match &transcript.outcome {
        Outcome::Local { body, headers, .. } => {
            tells(body) || headers.iter().any(|(_, value)| tells(value))
        }
        _ => false,
    };
    never(answered, "the answer tells the key", transcript)
}
