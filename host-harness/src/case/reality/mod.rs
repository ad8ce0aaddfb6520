//! Cases in the harness and on a real proxy, side by side: what can be seen from outside must be
//! the same.
//!
//! The proxy gets a listener with VMs of its own for each case, rendered from a template, and real
//! HTTP/1.1 servers on loopback for the upstreams. What is compared: whether a request reached its
//! upstream and how, what the client got, the calls that were made, metrics that the case expects,
//! and, where there is a log file, the lines that guests logged.

mod compare;
mod explain;
mod plan;
mod port;
mod proxy;
mod seen;
mod server;
mod stage;
mod template;
mod wire;

use core::time::Duration;
use std::path::{Path, PathBuf};

pub use compare::Divergence;
pub use explain::Explanations;

use super::{Case, Options, Report, Verdict, run};
use crate::artifact::Artifact;
use crate::profile::Profile;
use port::Port;
use proxy::{LogFile, Proxy};
use server::Server;
use stage::Stage;
use template::{Values, render};

/// The real proxy, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Reality {
    /// Text of the template of its configuration.
    pub template: String,
    /// Starts it; `{config}` stands for the rendered file. Without a command it must run already
    /// or be started by hand once the file is there.
    pub command: Option<String>,
    /// Where the rendered configuration is written.
    pub config: PathBuf,
    /// The first port to listen on; each further case gets the next one. Without it, any free ones.
    pub first_port: Option<u16>,
    /// File with the proxy's log. One that is started by a command writes it.
    pub log: Option<PathBuf>,
    /// A regular expression whose first group is what a guest logged.
    pub log_line: String,
    /// Address to which the name of a metric is appended; `{admin_port}` stands for the port.
    pub metrics: Option<String>,
    /// How many cases one start of the proxy holds at most.
    pub batch: usize,
    /// How long the proxy may take until it listens.
    pub patience: Duration,
    /// How long filters may work before the first request.
    pub warm_up: Duration,
}

/// How it went.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Names of the cases that were played on both sides.
    pub played: Vec<String>,
    /// Cases that cannot be played by a real proxy, and why.
    pub skipped: Vec<(String, String)>,
    /// What differs, explained or not.
    pub divergences: Vec<Divergence>,
    /// Cases that did not hold in the harness.
    pub failed: Vec<Report>,
    /// Explanations that explained nothing.
    pub stale: Vec<String>,
}

impl Comparison {
    /// Whether every case held in the harness and nothing differs that is not known.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.failed.is_empty() && self.unexplained().next().is_none()
    }

    /// What differs and is not known.
    pub fn unexplained(&self) -> impl Iterator<Item = &Divergence> {
        self.divergences.iter().filter(|divergence| divergence.explained.is_none())
    }
}

/// Plays cases on both sides.
///
/// # Errors
/// When the template cannot be filled, or the proxy does not start or ends.
pub fn against(
    cases: &[Case],
    filter: (&Path, &Artifact),
    profile: &Profile,
    options: &Options,
    reality: &Reality,
    explanations: &mut Explanations,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Comparison, String> {
    let mut comparison = Comparison::default();
    let mut playable = Vec::new();
    for case in cases {
        match plan::obstacle(case, profile) {
            Some(reason) => comparison.skipped.push((case.name.clone(), reason)),
            None => playable.push(case),
        }
    }
    let batches = plan::batches(&playable, reality.batch);
    if reality.command.is_none() && batches.len() > 1 {
        return Err(format!(
            "these cases need {} starts of the proxy: give `--command`, or fewer cases",
            batches.len()
        ));
    }
    for batch in batches {
        let mut running = Running::start(&batch, filter.0, profile, reality, explanations)?;
        for (case, port) in batch.iter().zip(running.ports.clone()) {
            let report = run(case, filter.1, profile, options);
            let steps = running.stage.play(case, port, &report);
            let steps = steps.map_err(|error| format!("{}: {error}", case.name))?;
            for (step, found) in steps {
                for (member, harness, reality) in found {
                    let mut divergence = Divergence {
                        case: case.name.clone(),
                        step: step.clone(),
                        member,
                        harness,
                        reality,
                        explained: None,
                    };
                    explanations.explain(&mut divergence);
                    comparison.divergences.push(divergence);
                }
            }
            if report.verdict == Verdict::Failed {
                comparison.failed.push(report);
            }
            comparison.played.push(case.name.clone());
            progress(comparison.played.len(), playable.len());
            if let Some(status) = running.proxy.ended() {
                return Err(format!("the proxy has ended in `{}`: {status}", case.name));
            }
        }
    }
    comparison.stale = explanations.stale(&comparison.played);
    Ok(comparison)
}

/// A proxy that holds a batch of cases.
struct Running {
    // Ends before its upstreams do.
    proxy: Proxy,
    stage: Stage,
    /// The port of each case.
    ports: Vec<u16>,
    _reserved: Vec<Port>,
}

impl Running {
    fn start(
        batch: &[&Case],
        filter: &Path,
        profile: &Profile,
        reality: &Reality,
        explanations: &Explanations,
    ) -> Result<Self, String> {
        let io = |error: std::io::Error| error.to_string();
        let origin = Server::new("origin").map_err(io)?;
        let upstreams = plan::upstreams(batch).into_iter().map(|name| {
            let server = Server::new(name).map_err(io)?;
            Ok((name.to_owned(), server))
        });
        let upstreams: std::collections::BTreeMap<_, _> =
            upstreams.collect::<Result<_, String>>()?;
        let reserved: Result<Vec<Port>, _> = (0..=batch.len()).map(|_| Port::new()).collect();
        let reserved = reserved.map_err(io)?;
        let mut ports: Vec<u16> = reserved.iter().map(Port::number).collect();
        let admin = ports.pop().unwrap_or_default();
        if let Some(first) = reality.first_port {
            ports = (first..=u16::MAX).take(batch.len()).collect();
        }
        let listeners = batch.iter().zip(&ports).enumerate();
        let listeners =
            listeners.map(|(number, (case, port))| plan::listener(case, number, *port, filter));
        let named = upstreams.iter().map(|(name, server)| {
            Values::default()
                .with("upstream_name", name.clone())
                .with("upstream_port", server.port().to_string())
        });
        let values = Values::default()
            .with("admin_port", admin.to_string())
            .with("origin_port", origin.port().to_string())
            .block("upstreams", named.collect())
            .block("listeners", listeners.collect());
        let text =
            render(&reality.template, &values).map_err(|error| format!("the template, {error}"))?;
        let located = |error: std::io::Error| format!("{}: {error}", reality.config.display());
        std::fs::write(&reality.config, text).map_err(located)?;
        let log = reality.log.as_deref();
        let mut proxy = match &reality.command {
            Some(command) => Proxy::start(command, &reality.config, log)?,
            None => Proxy::running(),
        };
        let log = log.map(|path| LogFile::new(path, &reality.log_line)).transpose()?;
        proxy.wait(ports.iter().copied(), reality.patience)?;
        std::thread::sleep(reality.warm_up);
        let metrics = reality.metrics.as_ref();
        let stage = Stage {
            origin,
            upstreams,
            log,
            metrics: metrics.map(|url| url.replace("{admin_port}", &admin.to_string())),
            metric_prefix: profile.metrics.prefix.clone(),
            added: explanations.added().clone(),
        };
        Ok(Self { proxy, stage, ports, _reserved: reserved })
    }
}
