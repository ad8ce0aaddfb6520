//! Which cases a real proxy can play, and which of them it can play at the same time.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::template::Values;
use crate::case::Case;
use crate::case::document::{Link, Start, Step};
use crate::case::play::prepare;
use crate::plugin::FailurePolicy;
use crate::profile::Profile;

/// More time than this is not waited for in reality.
pub(super) const LONGEST: Duration = Duration::from_secs(5);

/// Why a case cannot be played by a real proxy, if it cannot.
pub(super) fn obstacle(case: &Case, profile: &Profile) -> Option<String> {
    if let Some(reason) = case.skipped(profile) {
        return Some(reason);
    }
    let world = &case.world;
    let told = |reason: &str| Some(reason.to_owned());
    if world.clock.is_some() {
        return told("the wall clock of the case is not that of reality");
    }
    if world.workers.is_some_and(|workers| workers > 1) || world.main_thread.is_some() {
        return told("which worker takes a request cannot be chosen");
    }
    if world.profile.is_some() {
        return told("the case flips switches of the profile");
    }
    if world.fuel_limit.is_some() {
        return told("real proxies have no fuel");
    }
    if !world.properties.is_empty()
        || !world.environment.is_empty()
        || !world.process_environment.is_empty()
    {
        return told("the case sets properties or the environment");
    }
    let declared = world.server.is_some()
        || world.capabilities.is_some()
        || !world.variables.is_empty()
        || !world.shared_zones.is_empty()
        || !world.shared_queues.is_empty();
    if declared {
        return told("the template does not declare what the case does");
    }
    if matches!(case.start, Start::Refused(_)) {
        return told("a proxy whose configuration is refused does not start");
    }
    let behaviours = world.upstreams.values().chain(&world.origin);
    if let Some(reason) = behaviours.filter_map(|known| known.only_virtual(LONGEST)).next() {
        return told(reason);
    }
    let texts = case.chain.iter().flat_map(|link| [&link.configuration, &link.vm_configuration]);
    if texts.into_iter().any(|text| core::str::from_utf8(&text.0).is_err()) {
        return told("the configuration is not text");
    }
    let mut sleeps = Duration::ZERO;
    let mut open = 0_usize;
    for step in &case.steps {
        match step {
            Step::Request(request) => {
                if request.bare || request.method.as_deref() == Some("CONNECT") {
                    return told("a request that HTTP/1.1 cannot carry");
                }
                if !request.properties.is_empty() {
                    return told("the case sets properties or the environment");
                }
                if open > 0 {
                    return told("requests at the same time cannot be told apart");
                }
            }
            Step::Open(stream) => {
                open += 1;
                if stream.request.bare || !stream.request.properties.is_empty() {
                    return told("a request that HTTP/1.1 cannot carry");
                }
                if open > 1 {
                    return told("requests at the same time cannot be told apart");
                }
            }
            Step::Finish(_) | Step::Abort(_) => open = open.saturating_sub(1),
            Step::AdvanceMs(time) => sleeps += Duration::from_millis(*time),
            Step::AdvanceToMs(_) => return told("virtual time is not that of reality"),
            Step::ClockSkewMs(_) => return told("the wall clock cannot be set"),
            Step::Stop(_) => return told("a worker cannot be stopped"),
            Step::Reconfigure(_) => return told("a chain cannot be replaced"),
            Step::Upstream(set) => {
                if !world.upstreams.contains_key(&set.name) {
                    return told("an upstream that appears later");
                }
                if let Some(reason) = set.behaviour.only_virtual(LONGEST) {
                    return told(reason);
                }
            }
            Step::Origin(behaviour) => {
                if let Some(reason) = behaviour.only_virtual(LONGEST) {
                    return told(reason);
                }
            }
            Step::Await(_) | Step::Expect(_) => {}
        }
        if sleeps > LONGEST {
            return told("more time passes than anybody would wait");
        }
    }
    None
}

/// Cases that one proxy can hold: they have the same upstreams, by name. Each gets a listener and
/// VMs of its own, so none sees what another left behind.
pub(super) fn batches<'c>(cases: &[&'c Case], most: usize) -> Vec<Vec<&'c Case>> {
    let mut same: BTreeMap<BTreeSet<&String>, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        same.entry(case.world.upstreams.keys().collect()).or_default().push(case);
    }
    let batches = same.into_values().flat_map(|cases| {
        let batches: Vec<Vec<&Case>> = cases.chunks(most.max(1)).map(<[_]>::to_vec).collect();
        batches
    });
    batches.collect()
}

/// The names of the upstreams of a batch.
pub(super) fn upstreams<'c>(batch: &[&'c Case]) -> Vec<&'c str> {
    let first = batch.first();
    first.iter().flat_map(|case| case.world.upstreams.keys()).map(String::as_str).collect()
}

/// The listener of one case.
pub(super) fn listener(case: &Case, number: usize, port: u16, filter: &Path) -> Values {
    let alone = [Link::default()];
    let links = if case.chain.is_empty() { alone.as_slice() } else { &case.chain };
    let filters = links.iter().enumerate().map(|(place, link)| {
        let plugin = prepare::plugin(place, link);
        let path = link.filter.as_ref().map_or(filter, |path| path.0.as_path());
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let policy = match plugin.failure_policy {
            FailurePolicy::Closed => "FAIL_CLOSED",
            FailurePolicy::Open => "FAIL_OPEN",
            FailurePolicy::Reload => "FAIL_RELOAD",
        };
        // What the case names itself is taken as it is; otherwise cases must not share.
        let vm_id = match &link.vm_id {
            Some(vm_id) => vm_id.clone(),
            None => format!("{}-{number}", plugin.vm_id),
        };
        Values::default()
            .with("filter_path", path.display().to_string())
            .with("filter_name", plugin.name.clone())
            .with("module_name", format!("module_{number}_{place}"))
            .with("root_id", plugin.root_id.clone())
            .with("vm_id", vm_id)
            .with("failure_policy", policy)
            .with("configuration", text(&plugin.configuration))
            .with("vm_configuration", text(&plugin.vm_configuration))
    });
    Values::default()
        .with("listen_port", port.to_string())
        .with("listener", format!("case_{number}"))
        .block("filters", filters.collect())
}
