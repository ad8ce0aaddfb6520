//! Whoever can run a scenario.

mod native;
mod oracle;

pub use self::native::Native;
pub use self::oracle::Oracle;

use crate::scenario::Scenario;
use crate::transcript::{Fields, Transcript};

/// The names of all subjects, as `skip` in a scenario file may call them.
pub const NAMES: [&str; 4] = ["oracle", "native", "harness", "envoy"];

/// The second at which scenarios begin for subjects whose clock is virtual.
pub const START: u64 = 1_900_000_000;

/// An implementation of the gateway's decision.
pub trait Subject {
    /// What `skip` calls it.
    fn name(&self) -> &'static str;

    /// Runs a scenario from a fresh start.
    fn run(&mut self, scenario: &Scenario) -> Transcript;
}

/// Puts a header that only the gateway may set in the place of what the client sent under its name.
/// A transcript knows no other headers than the client's.
fn tell(client: &mut Fields, name: &str, value: Option<Vec<u8>>) {
    let sent = client.iter().any(|(known, _)| known == name);
    client.retain(|(known, _)| known != name);
    client.extend(value.filter(|_| sent).map(|value| (name.to_owned(), value)));
}

/// The header fields of a request, names in lower case and in order.
///
/// # Errors
///
/// When a value makes no sense.
pub fn fields(scenario: &Scenario, request: &crate::document::Request) -> Result<Fields, String> {
    let given = request
        .headers
        .iter()
        .map(|(name, value)| Ok((name.to_ascii_lowercase(), scenario.cast.value(value)?)));
    let more = (0..request.more_headers).map(|number| Ok((format!("x-more-{number}"), vec![b'1'])));
    given.chain(more).collect()
}
