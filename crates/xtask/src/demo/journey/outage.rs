//! Step 7: the gateway without its portal.

use core::time::Duration;
use std::fs;
use std::time::Instant;

use anyhow::Result;

use super::calls::{self, NOT_REGISTERED, UNAUTHORIZED, refusal};
use super::{World, access, timed, until};

/// How soon a gateway follows again after the portal has returned.
const IN_STEP: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn survived(world: &mut World) -> Result<()> {
    access::decide(world, "approved", 200)?;
    let saved = world.stage.folder.join("snapshot.bin");
    let saved = saved.to_string_lossy();
    let gateway = world.catalogue.gateway.clone();
    world.stage.portal.command(&["snapshot", "save", "--gateway", &gateway, "--output", &saved])?;
    let size = fs::metadata(&*saved)?.len();
    crate::say::line(format_args!("  * the snapshot has {size} bytes"));
    let config = world.stage.portal.command(&[
        "gateway",
        "filter-config",
        "--gateway",
        &gateway,
        "--embed-snapshot",
        &saved,
    ])?;

    crate::say::line("  * the portal is killed");
    world.stage.portal.kill();
    still_right(world)?;

    crate::say::line("  * Envoy is stopped, and started from the saved snapshot");
    let stage = &mut world.stage;
    stage.envoy.start(&config, &stage.http)?;
    still_right(world)?;

    crate::say::line("  * the portal returns");
    let stage = &mut world.stage;
    stage.portal.restart(&stage.http)?;
    let start = Instant::now();
    access::decide(world, "revoked", 403)?;
    timed("from the portal's return to a new decision enforced", start.elapsed(), IN_STEP)?;
    refusal(&calls::with_key(&world.stage.http, &world.key.text)?, 403, NOT_REGISTERED)?;
    access::decide(world, "approved", 200)?;
    Ok(())
}

/// Whom the snapshot allows is allowed, and nobody else.
fn still_right(world: &World) -> Result<()> {
    let http = &world.stage.http;
    until(PATIENCE, "the gateway decides", || Ok(calls::status(http, &world.key.text)? != 503))?;
    let reply = calls::with_key(http, &world.key.text)?.expect(200)?;
    access::upstream_saw(world, &reply)?;
    for key in &world.retired {
        refusal(&calls::with_key(http, &key.text)?, 401, UNAUTHORIZED)?;
    }
    refusal(&calls::call(http, &[])?, 401, "No API key found in request")?;
    refusal(&calls::with_key(http, "not-a-key")?, 401, UNAUTHORIZED)
}
