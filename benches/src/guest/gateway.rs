//! One worker of a gateway with the filter in it, and the portal it follows.

use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use gatekey_core::snapshot::Snapshot;
use gatekey_core::time::UnixMillis;
use gatekey_host_harness::{
    Artifact, Plugin, Profile, Request, Transcript, Upstream, UpstreamReply, UpstreamRequest,
    WorkerId, World, WorldBuilder,
};
use serde_json::json;

use crate::clients;
use crate::population::{KEY_HEADER, Population, REVISION};
use crate::request::{AUTHORITY, Case, HEADERS, PATH};
use crate::tokens::Provider;

const START: u64 = 1_800_000_000_000;
const CLUSTER: &str = "portal";
/// By now a gateway has fetched everything.
const LOADED_AT: Duration = Duration::from_secs(1);
/// How long the portal holds the first poll, and then has news.
const NEWS_AFTER: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(1);

/// Whether fuel is counted, or real time passes unhindered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metering {
    /// Fuel is counted; the clock means nothing.
    Fuel,
    /// No fuel is counted; the clock may be read.
    Clock,
}

/// The built filter for keys, compiled for the harness.
///
/// # Errors
///
/// When it was not built.
pub fn filter() -> Result<Artifact> {
    artifact("gatekey_key_auth.wasm")
}

/// The built filter with every method.
///
/// # Errors
///
/// When it was not built.
pub fn filter_with_tokens() -> Result<Artifact> {
    artifact("gatekey_application_auth.wasm")
}

fn artifact(file: &str) -> Result<Artifact> {
    let path = crate::folder("GATEKEY_FILTERS_DIR")?.join(file);
    Artifact::from_file(&path).with_context(|| format!("cannot load {}", path.display()))
}

/// Who verifies signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verifier {
    /// The host; this one believes everything.
    Host,
    /// The filter itself.
    Guest,
}

/// A worker that holds a population.
#[derive(Debug)]
pub struct Gateway {
    world: World,
    worker: WorkerId,
}

/// What a document cost the worker that took it.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// By the clock; means nothing while fuel is counted.
    pub time: Duration,
    /// In the callback that took it.
    pub fuel: u64,
}

impl Gateway {
    /// When the measurement takes place: what a [`Population`] should be issued at.
    pub const NOW: UnixMillis = UnixMillis(START);

    /// Starts with the snapshot inside the configuration; also says how long that took.
    ///
    /// # Errors
    ///
    /// When the filter refuses it.
    pub fn inline(
        filter: &Artifact,
        population: &Population,
        metering: Metering,
    ) -> Result<(Self, Duration)> {
        let mut world = world(metering).build();
        let configuration = population.inline_configuration(&population.snapshot()?).to_string();
        let started = Instant::now();
        let worker = world.start(filter, Plugin::new("gatekey", configuration))?;
        let took = started.elapsed();
        Ok((Self { world, worker }, took))
    }

    /// Starts empty and fetches the snapshot from a portal page by page; also says how long that
    /// took. Ten seconds later the portal says that the first credential is revoked.
    ///
    /// # Errors
    ///
    /// When the filter refuses its configuration.
    pub fn following(
        filter: &Artifact,
        population: &Population,
        metering: Metering,
    ) -> Result<(Self, Duration)> {
        let portal = portal(population.snapshot()?, population.revocation(0, REVISION));
        let mut world = world(metering).upstream(CLUSTER, portal).build();
        let configuration = population.sync_configuration(CLUSTER).to_string();
        let worker = world.start(filter, Plugin::new("gatekey", configuration))?;
        let started = Instant::now();
        world.advance(LOADED_AT);
        let took = started.elapsed();
        Ok((Self { world, worker }, took))
    }

    /// Starts with the clients of a provider inside the configuration.
    ///
    /// # Errors
    ///
    /// When the filter refuses it.
    pub fn with_tokens(
        filter: &Artifact,
        population: &Population,
        provider: &Provider,
        verifier: Verifier,
        metering: Metering,
    ) -> Result<Self> {
        let mut configuration =
            population.inline_configuration(&clients::snapshot(population, provider)?);
        if let Some(fields) = configuration.as_object_mut() {
            fields.insert("accelerator".to_owned(), json!(verifier == Verifier::Host));
        }
        let yes = |_: &[u8]| Ok(b"\x08\x01".to_vec());
        let mut world = world(metering).foreign_function("verify_signature", yes).build();
        let worker = world.start(filter, Plugin::new("gatekey", configuration.to_string()))?;
        Ok(Self { world, worker })
    }

    /// Sends the ordinary request with a token and makes sure how it is answered.
    ///
    /// # Errors
    ///
    /// When it is answered otherwise.
    pub fn expect_token(&mut self, token: &str, expected: u16) -> Result<Transcript> {
        let request = ordinary().header("authorization", ["Bearer ", token].concat());
        let transcript = self.world.request(self.worker, request);
        let status = transcript.status();
        ensure!(status == Some(expected), "a token was answered {status:?}");
        Ok(transcript)
    }

    /// Lets time pass until the portal has said which credential is revoked.
    pub fn hear_of_revocation(&mut self) -> Taken {
        while self.world.elapsed() + MOMENT < NEWS_AFTER {
            self.world.advance(MOMENT);
        }
        self.world.take_background(self.worker);
        let mut time = Duration::ZERO;
        // The poll began a tick after the start.
        while self.world.elapsed() < NEWS_AFTER + LOADED_AT {
            let started = Instant::now();
            self.world.advance(MOMENT);
            time = time.max(started.elapsed());
        }
        let fuel = self.world.take_background(self.worker).fuel_of("proxy_on_http_call_response");
        Taken { time, fuel }
    }

    /// Sends the ordinary request with these keys.
    pub fn send(&mut self, keys: &[String]) -> Transcript {
        let mut request = ordinary();
        for key in keys {
            request = request.header(KEY_HEADER, key);
        }
        self.world.request(self.worker, request)
    }

    /// Sends a request of this case and makes sure that it is answered as it should be.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn expect(&mut self, case: Case, key: &str) -> Result<Transcript> {
        let transcript = self.send(&case.presented(key));
        let status = transcript.status();
        ensure!(status == Some(case.status()), "`{}` was answered {status:?}", case.name());
        Ok(transcript)
    }

    /// Bytes of the guest's linear memory. It never shrinks, so this is the most there was.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.world.memory_bytes(self.worker)
    }
}

fn ordinary() -> Request {
    let request = Request::get(PATH).authority(AUTHORITY);
    HEADERS.into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

fn world(metering: Metering) -> WorldBuilder {
    let mut profile = Profile::envoy();
    // It would load everything a second time.
    profile.start.canary_run = false;
    let world = World::builder(profile).seed(1).clock(gatekey_host_harness::UnixMillis(START));
    let world = world.record(false);
    match metering {
        Metering::Fuel => world.fuel_limit(u64::MAX),
        Metering::Clock => world.time_limit_seconds(120),
    }
}

/// A portal that has one snapshot, and one piece of news for who holds it.
fn portal(snapshot: Snapshot, news: Vec<u8>) -> Upstream {
    Upstream::respond(move |request: &UpstreamRequest| {
        let path = request.path();
        let asked = |name: &str| {
            path.split(['?', '&']).find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let document = match (asked("page"), asked("since")) {
            (Some("manifest"), _) => Some(&snapshot.manifest),
            (Some(page), _) => page.parse().ok().and_then(|page: usize| snapshot.pages.get(page)),
            (None, Some("1")) => return UpstreamReply::ok(news.clone()).after(NEWS_AFTER),
            (None, Some(_)) => return UpstreamReply::never(),
            (None, None) => None,
        };
        document
            .map_or_else(|| UpstreamReply::status(404), |bytes| UpstreamReply::ok(bytes.clone()))
    })
}
