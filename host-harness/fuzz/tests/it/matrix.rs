//! The fail-closed matrices of the filters, as they are committed. `GATEKEY_BLESS=1` writes it anew.

mod tokens;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gatekey_harness_fuzz::gate::{self, KEY_HEADER, PORTAL, Source};
use gatekey_host_harness::case::{self, Modules};
use gatekey_host_harness::matrix::{self, Breach, Table};
use gatekey_host_harness::{Artifact, Profile};
use serde_json::{Value, json};

use crate::filter;

/// The folder of a filter.
fn folder(filter: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../filters").join(filter)
}

fn is_blessed() -> bool {
    env::var_os("GATEKEY_BLESS").is_some()
}

fn request(headers: &[(&str, &str)], expect: &Value) -> Value {
    json!({"request": {
        "authority": "a.test",
        "path": "/a",
        "headers": headers,
        "expect": expect,
    }})
}

/// Hosts on which the filter is configured alike.
pub(crate) struct Host {
    name: &'static str,
    pub(crate) profiles: &'static [&'static str],
    /// Where the portal is found.
    pub(crate) portal: &'static str,
    /// A header that is removed does not reach the upstream.
    removes: bool,
}

pub(crate) const HOSTS: [Host; 3] = [
    Host { name: "envoy", profiles: &["spec", "envoy"], portal: PORTAL, removes: true },
    Host { name: "nginx", profiles: &["ngx-0.6", "ngx-0.5"], portal: ADDRESS, removes: false },
    Host { name: "kong", profiles: &["kong-3.9"], portal: ADDRESS, removes: false },
];
const ADDRESS: &str = "portal.test:8180";

impl Host {
    pub(crate) fn configuration(&self, source: Source<'_>) -> Value {
        let mut configuration = gate::configuration(source);
        configuration["host"] = self.name.into();
        if !self.removes
            && let Some(sync) = configuration.get_mut("sync")
        {
            sync["upstream"] = json!({"address": ADDRESS, "authority": "portal.test"});
        }
        configuration
    }

    /// Everybody who must be refused, and the forger, between two who may pass.
    fn requests(&self) -> Vec<Value> {
        let keys = gate::keys().unwrap();
        let refused =
            |status: u16| json!({"outcome": "local", "status": status, "upstream": false});
        let mut headers = json!({"x-application-name": "trips"});
        if self.removes {
            headers["apikey"] = json!({"absent": true});
        }
        let identity = json!({"outcome": "upstream", "upstream": {"headers": headers}});
        let good = [(KEY_HEADER, keys.good.text.as_str())];
        let mut forged = vec![("x-consumer-id", "admin"), ("X_Api_Id", "1")];
        forged.extend(good);
        forged.extend([("x-application-name", "rival"), ("x-consumer-username", "root")]);
        let corrected = if self.removes { &identity } else { &refused(400) };
        let unrouted = json!({"request": {
            "authority": "a.test", "path": "/b", "headers": good, "expect": refused(403),
        }});
        vec![
            request(&forged, corrected),
            request(&[], &refused(401)),
            request(&good, &identity),
            request(&[(KEY_HEADER, "")], &refused(401)),
            request(&[good[0], good[0]], &refused(401)),
            request(&[(KEY_HEADER, &keys.stranger.text)], &refused(401)),
            request(&[(KEY_HEADER, &format!("{}x", keys.good.text))], &refused(401)),
            request(&[(KEY_HEADER, &keys.expired.text)], &refused(401)),
            request(&[(KEY_HEADER, &keys.pending.text)], &refused(403)),
            unrouted,
            request(&good, &identity),
        ]
    }

    /// With the policy in the configuration, and with a portal that hands it out.
    fn cases(&self) -> [Value; 2] {
        let snapshot = gate::snapshot().unwrap();
        let bundle = snapshot.bundle();
        let base64 =
            |bytes: &[u8]| json!({"body": {"base64": BASE64.encode(bytes)}, "after_ms": 20});
        let path = |part: &str| json!({"contains": part});
        let portal = json!({self.portal: {
            "routes": [
                {"path": path("page=manifest"), "reply": base64(&snapshot.manifest)},
                {"path": path("/snapshot?"), "reply": base64(&snapshot.pages[0])},
            ],
            "otherwise": {"status": 503},
        }});
        let mut backwards = self.requests();
        backwards.reverse();
        let mut with_time = vec![json!({"advance_ms": 2000})];
        with_time.extend(self.requests());
        let chain = |source: Source<'_>| json!([{"name": "key-auth", "configuration": {"json": self.configuration(source)}}]);
        [
            json!({
                "name": format!("inline on {}", self.name),
                "profiles": self.profiles,
                "chain": chain(Source::Inline(&bundle)),
                "steps": backwards,
            }),
            json!({
                "name": format!("portal on {}", self.name),
                "profiles": self.profiles,
                "world": {"upstreams": portal},
                "chain": chain(Source::Portal),
                "steps": with_time,
            }),
        ]
    }
}

/// The cases, as they are committed.
fn cases() -> Value {
    json!({
        "version": 1,
        "name": "faults",
        "about": "What the fail-closed matrix of the filter is made from.",
        "world": {"clock": gate::START.0, "fuel_limit": 2_000_000_000_u64},
        "secrets": [gate::key().unwrap().text],
        "allow": {"logs": [{"level": "warn"}]},
        "cases": HOSTS.iter().flat_map(Host::cases).collect::<Vec<_>>(),
    })
}

#[test]
fn the_cases_are_the_committed_ones() {
    assert_committed(&folder("key-auth"), &cases());
}

fn assert_committed(folder: &Path, cases: &Value) {
    let path = folder.join("faults/cases.json");
    let text = format!("{cases:#}\n");
    if is_blessed() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    } else {
        assert!(fs::read_to_string(&path).unwrap() == text, "{} is out of date", path.display());
    }
}

/// Profiles that the filter is made for.
fn profiles() -> Vec<Profile> {
    let names = HOSTS.iter().flat_map(|host| host.profiles);
    names.map(|name| Profile::named(name).unwrap()).collect()
}

fn told(artifact: &Artifact, paths: &[PathBuf], profiles: &[Profile]) -> matrix::Outcome {
    let cases = case::load(paths).unwrap();
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let outcome = matrix::run(&cases, artifact, profiles, &Modules::default(), jobs, |_, _| {});
    outcome.unwrap_or_else(|reports| {
        let told: Vec<String> = reports.iter().map(ToString::to_string).collect();
        panic!("{}", told.join("\n"))
    })
}

#[test]
fn the_filter_is_closed_under_every_fault() {
    let Some(filter) = filter() else { return };
    assert_closed(&folder("key-auth"), filter);
}

fn assert_closed(folder: &Path, filter: &Artifact) {
    let cases = folder.join("faults/cases.json");
    let outcome = told(filter, &[cases], &profiles());
    let path = folder.join("faults.json");
    if is_blessed() {
        fs::write(&path, outcome.table.to_json()).unwrap();
    }
    for Breach { profile, case, fault, judgement, story } in &outcome.breaches {
        println!("{judgement} {profile} {case}: {fault}\n{story}");
    }
    assert!(outcome.breaches.is_empty(), "{} breaches", outcome.breaches.len());
    assert_same(&outcome.table, &path);
}

fn assert_same(table: &Table, path: &Path) {
    let committed = Table::parse(&fs::read_to_string(path).unwrap()).unwrap();
    let (wrong, new) = table.against(&committed);
    assert_eq!(wrong, Vec::<String>::new());
    // What is new must be committed too, or nobody would notice when it goes.
    assert_eq!(new, Vec::<String>::new());
}
