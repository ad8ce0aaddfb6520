//! What limits need of the host: where the client is, and a place that all workers count in.

use core::fmt;

use gatekey_core::check::Host;

use crate::fleet::Fleet;
use crate::host;

/// Who is at the other end of the connection: on Envoy after the trusted hops of
/// `X-Forwarded-For`, on nginx and Kong as their own setting of the real address says.
const CLIENT_ADDRESS: &str = "source\0address";
/// How often a change is tried that another worker comes before. Each time it fails some other
/// worker's has succeeded.
const ATTEMPTS: usize = 16;

/// The host of a request.
pub(crate) struct Surroundings<'f>(pub(crate) &'f Fleet);

impl fmt::Debug for Surroundings<'_> {
    /// By name alone: what prints a fleet would be linked for nothing else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surroundings")
    }
}

impl Host for Surroundings<'_> {
    fn client_address(&self) -> Option<Vec<u8>> {
        host::property(CLIENT_ADDRESS).ok()
    }

    fn alter(&self, number: u16, alter: &mut dyn FnMut(&mut Vec<u8>) -> bool) {
        if !self.0.counts_together() {
            return;
        }
        let name = format!("count.{number}");
        for _ in 0..ATTEMPTS {
            let Some((mut bytes, cas)) = self.0.counted(&name) else { return };
            if !alter(&mut bytes) || self.0.count(&name, &bytes, cas) {
                return;
            }
        }
    }
}
