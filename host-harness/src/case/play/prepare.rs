//! From a case to a world with its chain in it.

use super::{Difference, Options, Play};
use crate::artifact::Artifact;
use crate::case::document::{Content, Link, WorldPlan};
use crate::case::{Case, Modules};
use crate::error::ArtifactError;
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::world::clock::UnixMillis;
use crate::world::{World, WorldBuilder};

impl<'c> Play<'c> {
    pub(super) fn prepare(
        case: &'c Case,
        artifact: &'c Artifact,
        profile: &Profile,
        options: &'c Options,
    ) -> Result<Self, Difference> {
        let plan = &case.world;
        let mut profile = plan.profile_over(profile).map_err(|rule| Difference {
            step: "start".into(),
            member: "world.profile".into(),
            expected: "switches that the profile has".into(),
            found: rule,
        })?;
        if let Some(main_thread) = plan.main_thread {
            profile.start.main_thread_vm = main_thread;
        }
        let metric_prefix = profile.metrics.prefix.clone();
        let mut world = World::builder(profile).census();
        if options.record {
            world = world.keep_recording();
        }
        for fault in &options.faults {
            world = world.fault(fault.clone());
        }
        if let Some(seed) = options.seed.or(plan.seed) {
            world = world.seed(seed);
        }
        if let Some(clock) = plan.clock {
            world = world.clock(UnixMillis(clock));
        }
        if let Some(level) = plan.log_level {
            world = world.log_level(level.into());
        }
        if let Some(limit) = plan.fuel_limit {
            world = world.fuel_limit(limit);
        }
        for property in &plan.properties {
            let path: Vec<&str> = property.path.iter().map(String::as_str).collect();
            world = world.property(&path, property.value.0.clone());
        }
        for (name, value) in &plan.environment {
            world = world.environment(name, value);
        }
        world = declare(world, plan);
        for (name, behaviour) in &plan.upstreams {
            world = world.upstream(name, behaviour.upstream());
        }
        if let Some(origin) = &plan.origin {
            world = world.origin(origin.upstream());
        }
        Ok(Self {
            case,
            artifact,
            modules: &options.modules,
            metric_prefix,
            world: world.build(),
            workers: Vec::new(),
            started: false,
            open: Default::default(),
            exchanges: Vec::new(),
            differences: Vec::new(),
            refused_logs: Vec::new(),
        })
    }
}

/// What the configuration of the proxy declares for filters.
fn declare(mut world: WorldBuilder, plan: &WorldPlan) -> WorldBuilder {
    for (name, value) in &plan.process_environment {
        world = world.process_environment(name, value);
    }
    if let Some(server) = &plan.server {
        world = world.server_name(&server.name, server.port);
    }
    for (name, variable) in &plan.variables {
        world = if variable.fixed {
            world.fixed_variable(name, &variable.value)
        } else {
            world.variable(name, &variable.value)
        };
        if let Some(header) = &variable.header {
            world = world.proxy_set_header(header, name);
        }
    }
    for (name, bytes) in &plan.shared_zones {
        world = world.shared_zone(name, *bytes);
    }
    for (name, bytes) in &plan.shared_queues {
        world = world.shared_queue(name, *bytes);
    }
    if let Some(capabilities) = &plan.capabilities {
        let capabilities: Vec<&str> = capabilities.iter().map(String::as_str).collect();
        world = world.capabilities(&capabilities);
    }
    world
}

/// The filters of a chain; none at all stands for the module under test.
pub(super) fn chain(
    links: &[Link],
    artifact: &Artifact,
    modules: &Modules,
) -> Result<Vec<(Artifact, Plugin)>, ArtifactError> {
    let alone = [Link::default()];
    let links = if links.is_empty() { alone.as_slice() } else { links };
    let filters = links.iter().enumerate().map(|(number, link)| {
        let artifact = match &link.filter {
            Some(path) => modules.get(&path.0)?,
            None => artifact.clone(),
        };
        Ok((artifact, plugin(number, link)))
    });
    filters.collect()
}

pub(in crate::case) fn plugin(number: usize, link: &Link) -> Plugin {
    let name = link.name.clone().unwrap_or_else(|| name(number));
    let Content(configuration) = &link.configuration;
    let mut plugin = Plugin::new(&name, configuration.clone());
    if let Some(root_id) = &link.root_id {
        plugin.root_id.clone_from(root_id);
    }
    if let Some(vm_id) = &link.vm_id {
        plugin.vm_id.clone_from(vm_id);
    }
    plugin.vm_configuration.clone_from(&link.vm_configuration.0);
    plugin.failure_policy = link.failure_policy.into();
    plugin
}

/// What a filter is called that has no name.
pub(super) fn name(number: usize) -> String {
    if number == 0 { "filter".to_owned() } else { format!("filter-{}", number + 1) }
}
