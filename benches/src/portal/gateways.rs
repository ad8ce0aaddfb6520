//! Gateways that wait for changes, each over a connection of its own.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::thread::sleep;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use super::api::{Client, Who};
use super::process::Portal;
use super::{Plan, Populated, Waiting, contents, key, milliseconds};

/// How long a gateway waits, as the filters do.
const WAIT: u64 = 25;
/// A waiting thread does little.
const STACK: usize = 128 << 10;

/// Lets them wait, then changes something.
pub(super) fn measure(portal: &Portal, made: &Populated, plan: Plan) -> Result<Waiting> {
    let mut first = Client::new(portal, Who::Gateway(portal))?;
    let path = format!("/gateway/v1/snapshot?gateway={}&page=manifest", made.gateway);
    let (revision, _) = contents(&first.ask("GET", &path, "", 200)?)?;
    let (asking, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let gateways: Vec<_> = made.gateways.iter().take(plan.gateways).collect();
    std::thread::scope(|scope| -> Result<Waiting> {
        let mut threads = Vec::with_capacity(gateways.len());
        for (number, gateway) in gateways.iter().enumerate() {
            let (asking, over) = (&asking, &over);
            let client = Client::new(portal, Who::Gateway(portal))?;
            client.wait_for(Duration::from_secs(WAIT * 3))?;
            let follow = move || -> Result<Option<Instant>> {
                // They did not all start at the same moment.
                sleep(Duration::from_millis(WAIT * (number as u64 * 7_919 % 1_000)));
                asking.fetch_add(1, Ordering::Relaxed);
                follow(client, gateway, number, revision, over)
            };
            let thread = std::thread::Builder::new().stack_size(STACK);
            threads.push(thread.spawn_scoped(scope, follow)?);
        }
        while asking.load(Ordering::Relaxed) < gateways.len() {
            ensure!(!threads.iter().any(|thread| thread.is_finished()), "a gateway stopped");
            sleep(Duration::from_millis(100));
        }
        let (begun, used) = (Instant::now(), portal.cpu_seconds()?);
        sleep(Duration::from_secs(plan.idle));
        let idle_cores = (portal.cpu_seconds()? - used) / begun.elapsed().as_secs_f64();
        over.store(true, Ordering::Relaxed);
        let application = made.applications.get(1).context("an application")?;
        let mut developer = Client::new(portal, Who::Developer(&made.cookie))?;
        let changed = Instant::now();
        key(&mut developer, made, application)?;
        let mut times = Vec::with_capacity(threads.len());
        for thread in threads {
            let heard = thread.join().map_err(|_| anyhow!("a gateway's thread panicked"))??;
            let heard = heard.context("a gateway heard nothing")?;
            times.push(milliseconds(heard.saturating_duration_since(changed)));
        }
        times.sort_unstable_by(f64::total_cmp);
        let p50_ms = times.get(times.len() / 2).copied().unwrap_or_default();
        let last_ms = times.last().copied().unwrap_or_default();
        Ok(Waiting { gateways: times.len(), idle_cores, p50_ms, last_ms })
    })
}

/// Asks until there is another revision; when that came.
fn follow(
    mut client: Client,
    gateway: &str,
    number: usize,
    held: u64,
    over: &AtomicBool,
) -> Result<Option<Instant>> {
    let path = format!(
        "/gateway/v1/changes?gateway={gateway}&since={held}&wait={WAIT}&instance=bench-{number}"
    );
    loop {
        let last = over.load(Ordering::Relaxed);
        let delta = client.ask("POST", &path, "{}", 200)?;
        let heard = Instant::now();
        if leads_to(&delta)? > held {
            return Ok(Some(heard));
        }
        if last {
            bail!("nothing new after the change");
        }
    }
}

/// The revision that a delta leads to: behind magic, key id, signature, gateway and the first one.
fn leads_to(delta: &[u8]) -> Result<u64> {
    let start = 4 + 8 + 64 + 16 + 8;
    let bytes = delta.get(start..start + 8).and_then(|bytes| bytes.first_chunk());
    Ok(u64::from_le_bytes(*bytes.context("no delta")?))
}
