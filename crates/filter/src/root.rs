//! One configuration of the filter in one VM.

use core::mem;

use gatekey_core::check::{Memory, Methods};
use gatekey_core::crypto::{Crypto, Entropy};
use gatekey_core::id::Revision;
use gatekey_core::oidc::{SessionKeys, ShortSecret};
use gatekey_core::sync::{
    CallFailure, Chore, Document, Follower, Progress, Purpose, Replica, Reply, Settled, Timing,
};
use gatekey_core::time::UnixMillis;

use crate::callouts::{Answered, CallOuts, Calls};
use crate::config::{Config, Sync};
use crate::cookies::Cookies;
use crate::documents::Documents;
use crate::fleet::Fleet;
use crate::host::{self, LogLevel};
use crate::metrics::Metrics;
use crate::refusals::Refusals;
use crate::report;
use crate::send::Body;

/// How often the clock is read and shared data looked at.
pub(crate) const TICK_MS: u32 = 250;
/// How long a leader waits for the other workers before it reports a revision as applied.
const FLEET_PATIENCE_MS: u64 = 1_000;
/// How often a worker that does not lead reports its counters.
const REPORT_MS: u64 = 30_000;
/// An answer that is this late will not come.
const LOST_CALL_MS: u64 = 10_000;

/// What a configuration needs to serve.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) config: Config,
    pub(crate) follower: Follower,
    pub(crate) memory: Memory,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: Refusals,
    pub(crate) lent: Lent,
    /// This root's own number.
    pub(crate) context: u32,
    pub(crate) callouts: CallOuts,
    pub(crate) documents: Documents,
    pub(crate) cookies: Cookies,
    /// The time at the last tick: requests do not ask the host for it.
    pub(crate) now: UnixMillis,
    pub(crate) fleet: Fleet,
    call: Option<OpenCall>,
    applied_at: UnixMillis,
    reported_at: UnixMillis,
    /// How many reports there have been.
    reports: u32,
    /// The report that nobody answered: it is sent once more, under its id.
    unanswered: Vec<u8>,
    /// The last report was such a one.
    repeated: bool,
    last_trouble: Option<Settled>,
}

/// What the core is lent.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(crate) crypto: &'static dyn Crypto,
    pub(crate) entropy: &'static dyn Entropy,
    pub(crate) calls: &'static Calls,
}

/// From the current secret, and the one before it, to keys.
pub type MakeSessionKeys = fn(&[u8], Option<&[u8]>) -> Result<SessionKeys, ShortSecret>;

/// What a module brings beyond its methods.
#[derive(Clone, Copy, Debug)]
pub struct Abilities {
    /// Verifies and seals in the guest.
    pub crypto: &'static dyn Crypto,
    /// Has the host verify what it can.
    pub accelerated: &'static dyn Crypto,
    /// Where bytes come from that differ from any before.
    pub entropy: &'static dyn Entropy,
    /// Makes keys for sessions; `None` in a module that has none.
    pub session_keys: Option<MakeSessionKeys>,
    /// Makes calls to identity providers.
    pub calls: &'static Calls,
}

#[derive(Debug)]
struct OpenCall {
    id: u32,
    chore: Chore,
    report: Vec<u8>,
    given_up_at: UnixMillis,
}

impl Root {
    /// Makes a root from a configuration, and starts from whatever snapshot is at hand.
    pub(crate) fn start(
        config: Config,
        context: u32,
        methods: Methods,
        abilities: &Abilities,
    ) -> Result<Self, String> {
        let mut config = config;
        if let (Some(make), Some(secrets)) = (abilities.session_keys, config.session.take()) {
            let previous = secrets.previous.as_ref().map(|secret| secret.expose().as_slice());
            let keys = make(secrets.current.expose(), previous);
            config.settings.session = Some(keys.map_err(|error| format!("session: {error}"))?);
        }
        let crypto = if config.accelerator { abilities.accelerated } else { abilities.crypto };
        let lent = Lent { crypto, entropy: abilities.entropy, calls: abilities.calls };
        let now = host::now();
        let mut replica = Replica::new(config.gateway, config.snapshot_keys.clone(), methods);
        if let Some(bundle) = &config.snapshot {
            let progress = replica.load_bundle(bundle);
            progress.map_err(|error| format!("snapshot.inline: {error}"))?;
        }
        let mut fleet = Fleet::new(config.gateway, config.sharing.clone());
        fleet.catch_up(&mut replica, true);
        let timing = config.sync.as_ref().map_or_else(Timing::default, |sync| sync.timing);
        let instance = format!("{:016x}", fleet.nonce());
        let memory = Memory::new(config.token_cache_entries, config.max_waiting);
        let documents = Documents::new(config.gateway, config.sharing.clone());
        let mut root = Self {
            config,
            follower: Follower::new(replica, timing, &instance),
            memory,
            metrics: Metrics::default(),
            refusals: Refusals::default(),
            lent,
            context,
            callouts: CallOuts::default(),
            documents,
            cookies: Cookies::default(),
            now,
            fleet,
            call: None,
            applied_at: now,
            reported_at: now,
            reports: 0,
            unanswered: Vec::new(),
            repeated: false,
            last_trouble: None,
        };
        // The bytes were read; a policy takes their place.
        root.config.snapshot = None;
        Ok(root)
    }

    fn held(&self) -> Option<Revision> {
        self.follower.replica().policy().map(|policy| policy.revision())
    }

    pub(crate) fn tick(&mut self) {
        self.now = host::now();
        if self.config.metrics {
            self.metrics.flush();
        }
        if self.config.sync.is_none() {
            return;
        }
        if self.call.as_ref().is_some_and(|call| call.given_up_at <= self.now) {
            self.settle(&Reply::Failed(CallFailure::NoAnswer));
        }
        self.fleet.catch_up(self.follower.replica_mut(), false);
        if let Some(held) = self.held() {
            self.fleet.announce(held, self.now);
        }
        if self.fleet.lead(self.now) {
            self.follow();
        } else if self.now >= self.reported_at.plus(REPORT_MS) {
            self.ask(Purpose::Report);
        }
    }

    /// The leader's part: ask the portal for what comes next.
    fn follow(&mut self) {
        let held = self.held().unwrap_or_default();
        let applied = self.fleet.applied_by_all(held, self.now);
        if applied < held && self.now < self.applied_at.plus(FLEET_PATIENCE_MS) {
            return;
        }
        let complete =
            !self.fleet.shares() || self.fleet.head().is_some_and(|head| head.latest == held);
        if !complete && self.call.is_none() && self.follower.replica().wanted().is_none() {
            // The fleet has no snapshot to which a delta could be added.
            self.follower.refetch();
        }
        self.ask(Purpose::Follow { applied });
    }

    fn ask(&mut self, purpose: Purpose) {
        if self.call.is_some() {
            return;
        }
        let Some(sync) = &self.config.sync else { return };
        let Self { memory, refusals, reports, unanswered, repeated, fleet, last_trouble, .. } =
            self;
        let report = || {
            // A report never stands in the way of the policy: what failed is tried without one first.
            if last_trouble.is_some() {
                return Vec::new();
            }
            *repeated = !unanswered.is_empty();
            if *repeated {
                return mem::take(unanswered);
            }
            *reports = reports.wrapping_add(1);
            let id = format!("{:016x}.{reports}", fleet.nonce());
            report::take(memory, refusals, &id)
        };
        let Some((call, chore)) = self.follower.upkeep(self.now, purpose, report) else { return };
        self.reported_at = self.now;
        match send(sync, &call) {
            Ok(id) => {
                let given_up_at = self.now.plus(u64::from(call.timeout_ms) + LOST_CALL_MS);
                self.call = Some(OpenCall { id, chore, report: call.body, given_up_at });
            }
            Err(_) => {
                self.keep(call.body);
                let settled =
                    self.follower.settle(self.now, chore, &Reply::Failed(CallFailure::NotSent));
                self.tell(settled);
            }
        }
    }

    /// The answer to a call of this root. The numbers of calls begin with 0 on some hosts; one that
    /// is not known belongs to a call that was given up, or to a VM that is gone: then it is false.
    pub(crate) fn answered(&mut self, answered: Answered) -> bool {
        let Answered { id, headers, body_size } = answered;
        if self.call.as_ref().is_none_or(|call| call.id != id) {
            return false;
        }
        self.now = host::now();
        let status = if headers == 0 { None } else { response_status() };
        // In one piece: some hosts begin with the first byte whatever they are asked for.
        let body =
            if body_size == 0 { Ok(Vec::new()) } else { host::call_response_body(body_size) };
        match (status, body) {
            (Some(status), Ok(body)) if body.len() == body_size as usize => {
                self.settle(&Reply::Response { status, body: &body });
            }
            _ => self.settle(&Reply::Failed(CallFailure::NoAnswer)),
        }
        // The next question follows at once: a delta may have more behind it. But on nginx a call
        // that a root makes in here kills the worker: there it follows with the next tick.
        if self.config.host.is_envoy() && self.fleet.lead(self.now) {
            self.follow();
        }
        true
    }

    fn settle(&mut self, reply: &Reply<'_>) {
        let Some(OpenCall { chore, report, .. }) = self.call.take() else { return };
        let settled = self.follower.settle(self.now, chore, reply);
        if matches!(settled, Settled::Failed | Settled::Status(500..)) {
            self.keep(report);
        }
        self.tell(settled);
        let (Settled::Accepted { document, progress }, Reply::Response { body, .. }) =
            (settled, reply)
        else {
            return;
        };
        if let Progress::Applied(revision) = progress {
            self.applied_at = self.now;
            self.fleet.announce(revision, self.now);
            self.metrics.count("revisions_applied");
        }
        let whole = self.fleet.publish(document, progress, body, self.now);
        if !whole && matches!(document, Document::Delta) {
            self.follower.refetch();
        }
    }

    /// Keeps a report that may not have arrived.
    fn keep(&mut self, report: Vec<u8>) {
        if !self.repeated && !report.is_empty() {
            self.unanswered = report;
        }
    }

    /// Logs what changed about the connection to the portal, once.
    fn tell(&mut self, settled: Settled) {
        let trouble = match settled {
            Settled::Accepted { progress: Progress::WantPage { .. }, .. } => return,
            Settled::Accepted { .. } => None,
            trouble => Some(trouble),
        };
        if trouble == self.last_trouble {
            return;
        }
        match trouble {
            None => host::log(LogLevel::Info, "in step with the portal again"),
            Some(Settled::Refused(error)) => {
                host::log(
                    LogLevel::Error,
                    &format!("a document from the portal is refused: {error}"),
                );
            }
            Some(Settled::Status(status)) => {
                host::log(LogLevel::Warn, &format!("the portal answers with status {status}"));
            }
            Some(Settled::Outdated) => {
                host::log(LogLevel::Info, "the portal wants a whole snapshot to be fetched");
            }
            Some(_) => host::log(LogLevel::Warn, "the portal does not answer"),
        }
        self.last_trouble = trouble;
    }
}

pub(crate) fn response_status() -> Option<u16> {
    // nginx may have a status and still not have a whole answer.
    match host::call_response_header(":dispatch_status") {
        Err(host::HostError::NOT_FOUND) => {}
        Ok(word) if word == b"ok" => {}
        Ok(_) | Err(_) => return None,
    }
    let status = host::call_response_header(":status").ok()?;
    core::str::from_utf8(&status).ok()?.parse().ok()
}

fn send(sync: &Sync, call: &gatekey_core::sync::Call) -> host::HostResult<u32> {
    let headers: [(&[u8], &[u8]); 2] = [
        (b"authorization", sync.authorization.expose().as_bytes()),
        (b"accept", b"application/vnd.gatekey.snapshot, application/vnd.gatekey.delta"),
    ];
    let body = Body { kind: b"application/json", bytes: &call.body };
    sync.upstream.send(call.method, &call.path, &headers, &body, call.timeout_ms)
}
