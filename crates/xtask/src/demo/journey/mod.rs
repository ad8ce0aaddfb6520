//! The nine steps, from an empty portal to pages with an account for each role.

mod access;
mod calls;
mod catalogue;
mod identity;
mod keys;
mod outage;
mod pages;
mod sign_up;

use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::developer::Developer;
use super::{Stage, ensure};
use crate::say;

/// What the steps found out and later steps need.
#[derive(Debug)]
pub(super) struct World {
    stage: Stage,
    catalogue: catalogue::Catalogue,
    developer: Developer,
    developer_id: String,
    application: Application,
    /// The key in use: how it is called in the portal, and itself.
    key: Key,
    /// Keys that were in use once.
    retired: Vec<Key>,
    registration: String,
}

#[derive(Debug)]
struct Application {
    id: String,
    name: String,
}

#[derive(Debug)]
struct Key {
    id: String,
    text: String,
}

type Step = (&'static str, fn(&mut World) -> Result<()>);

/// After the first steps, which make the world.
const STEPS: &[Step] = &[
    ("4. calls without access are refused, each in its own way", calls::refused),
    ("5. access is asked for, approved, and enforced at once", access::asked_and_approved),
    ("6. keys are rotated, access is revoked", access::rotated_and_revoked),
    ("7. the portal goes away, the gateway restarts, the portal returns", outage::survived),
    ("8. an application gets a client of the portal's own authorization server", identity::walked),
    ("9. the pages are there, and somebody waits for the administrator", pages::shown),
];

/// Walks the whole journey; what still runs at the end works.
pub(super) fn walk(mut stage: Stage) -> Result<World> {
    let catalogue = step("1. an administrator publishes an API, approval by hand", || {
        catalogue::publish(&mut stage)
    })?;
    let (developer, developer_id) =
        step("2. a developer signs up, proves the address, and is approved", || {
            sign_up::join(&stage, &catalogue)
        })?;
    let (application, key) =
        step("3. the developer creates an application and a key, shown once", || {
            keys::first(&stage, &catalogue, &developer)
        })?;
    let mut world = World {
        stage,
        catalogue,
        developer,
        developer_id,
        application,
        key,
        retired: Vec::new(),
        registration: String::new(),
    };
    for (name, walk) in STEPS {
        step(name, || walk(&mut world))?;
    }
    Ok(world)
}

fn step<T>(name: &str, walk: impl FnOnce() -> Result<T>) -> Result<T> {
    say::header(name);
    let result = walk().with_context(|| format!("step {name}"))?;
    say::line(format_args!("-- held: {name}"));
    Ok(result)
}

/// Asks again and again until the answer is yes; how long that took.
fn until(limit: Duration, what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<Duration> {
    let start = Instant::now();
    loop {
        if holds()? {
            return Ok(start.elapsed());
        }
        if start.elapsed() > limit {
            bail!("{what}: not within {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says how long something took and holds it to its limit.
fn timed(what: &str, took: Duration, limit: Duration) -> Result<()> {
    say::line(format_args!("  * {what}: {} ms", took.as_millis()));
    ensure(took < limit, || format!("{what} took {took:?}, the limit is {limit:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_a_yes_or_at_the_limit() {
        let mut asked = 0;
        let third = || {
            asked += 1;
            Ok(asked == 3)
        };
        assert!(until(Duration::from_secs(5), "third", third).is_ok());
        assert!(until(Duration::ZERO, "never", || Ok(false)).is_err());
        assert!(timed("slow", Duration::from_secs(2), Duration::from_secs(1)).is_err());
    }
}
