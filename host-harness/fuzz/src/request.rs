//! The target `request`: method, authority, path, header fields and body of a request.
//!
//! `{key}` stands for the good key. One gateway serves many inputs, as it does in life.

use core::cell::RefCell;

use gatekey_host_harness::{WorkerId, World};

use crate::gate::{self, Source};
use crate::{Judged, coverage, input, oracle};

/// The good key may only travel where the client puts it: in other fields it is an input's own
/// words, which a log may repeat.
const TELLTALE: &[u8] = b"x-request-id";

thread_local! {
    static SERVED: RefCell<Option<(World, WorkerId)>> = const { RefCell::new(None) };
}

/// Judges what the filter does with a request.
///
/// # Errors
///
/// When a request without the key is let through, or anything unsound happens.
pub fn run(data: &[u8]) -> Judged {
    let data = input::filled(data)?;
    SERVED.with_borrow_mut(|served| {
        let (world, worker) = match served {
            Some(served) => served,
            None => served.insert(start()?),
        };
        let transcript = world.request(*worker, input::request(&data));
        coverage::transcript(&transcript);
        oracle::sound(world, *worker, &transcript)?;
        if !oracle::carries_key(input::fields(&data))? {
            oracle::refused(&transcript)?;
        }
        if !input::fields(&data).any(|(name, _)| name.eq_ignore_ascii_case(TELLTALE)) {
            oracle::silent(&transcript)?;
        }
        oracle::identified(&transcript)
    })
}

fn start() -> Result<(World, WorkerId), String> {
    let mut world = World::builder(gate::host()).clock(host_time()).build();
    let configuration = gate::configuration(Source::Inline(&gate::snapshot()?.bundle()));
    let plugin = gate::plugin(configuration.to_string());
    let worker = world.start(gate::filter()?, plugin).map_err(|error| error.to_string())?;
    Ok((world, worker))
}

/// The gate's time, as the harness writes it.
pub(crate) fn host_time() -> gatekey_host_harness::UnixMillis {
    gatekey_host_harness::UnixMillis(gate::START.0)
}
