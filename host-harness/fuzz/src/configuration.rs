//! The target `configuration`: the bytes that the filter is configured with.
//!
//! `{snapshot}` stands for the signed policy in base64, `{gateway}` for the gateway's id.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gatekey_host_harness::{Request, Upstream, UpstreamReply};

use crate::gate;
use crate::{Judged, coverage, input, oracle};

/// The bytes with all placeholders filled.
///
/// # Errors
///
/// When there is no policy, which would be a mistake here.
pub fn filled(data: &[u8]) -> Result<Vec<u8>, String> {
    let bundle = BASE64.encode(gate::snapshot()?.bundle());
    let data = input::replaced(data, b"{snapshot}", bundle.as_bytes());
    Ok(input::replaced(&data, b"{gateway}", gate::GATEWAY.to_string().as_bytes()))
}

/// Judges what the filter makes of a configuration: it takes it or says no.
///
/// # Errors
///
/// When it fails, or lets a request without a key through although it was not told to.
pub fn run(data: &[u8]) -> Judged {
    let data = filled(data)?;
    let silent = Upstream::always(UpstreamReply::never());
    let Some((mut world, worker)) = gate::started(silent, data.clone())? else { return Ok(()) };
    let transcript = world.request(worker, Request::get("/a").authority("a.test"));
    coverage::transcript(&transcript);
    oracle::sound(&world, worker, &transcript)?;
    // `pass` is how an operator opens the gate.
    let opened = data.windows(4).any(|window| window == b"pass") || data.contains(&b'\\');
    if opened { Ok(()) } else { oracle::refused(&transcript) }
}
