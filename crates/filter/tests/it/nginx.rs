//! The same filter on nginx and Kong, where much of what Envoy refuses is fatal or goes unnoticed.

use core::time::Duration;

use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::RecordKey;
use gatekey_host_harness::{Outcome, Profile, Request, Transcript, WorkerId, World};
use serde_json::{Value, json};

use crate::filter::{
    FILTER, NGINX, call, logs, nginx_builder, nginx_configuration, nginx_world, plugin, start,
    start_many, status, wait,
};
use crate::portal::{API, APPLICATION, Mood, Portal, key};

/// A worker that holds the portal's policy, and the key of number 1.
fn serving(profile: &str, change: impl FnOnce(&mut Value)) -> (World, WorkerId, String) {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut configuration = nginx_configuration(&portal, profile);
    change(&mut configuration);
    let mut world = nginx_builder(profile, &portal).build();
    let worker = start(&mut world, &configuration);
    wait(&mut world, 2_000);
    (world, worker, one)
}

fn refused(transcript: &Transcript) -> (u16, String) {
    let Outcome::Local { status, .. } = &transcript.outcome else {
        panic!("passed: {:?}", transcript.outcome)
    };
    let told = transcript.logs.iter().map(|log| log.message().into_owned());
    let reason = told.filter_map(|line| line.strip_prefix("refused: ").map(str::to_owned)).next();
    (*status, reason.unwrap_or_default())
}

#[test]
fn it_follows_the_portal_and_decides() {
    for profile in NGINX {
        let portal = Portal::new();
        let one = portal.issue(1);
        let mut world = nginx_builder(profile, &portal).build();
        let worker = start(&mut world, &nginx_configuration(&portal, profile));
        assert_eq!(status(&mut world, worker, &one), 503, "{profile}: closed before the first");
        wait(&mut world, 2_000);
        assert_eq!(status(&mut world, worker, &one), 200, "{profile}: {}", logs(&world, worker));
        assert_eq!(status(&mut world, worker, &key(2).0), 401, "{profile}");
        assert_eq!(status(&mut world, worker, ""), 401, "{profile}");
        portal.register(RegistrationStatus::Revoked);
        wait(&mut world, 2_500);
        assert_eq!(status(&mut world, worker, &one), 403, "{profile}");
        portal.mood(Mood::Away);
        wait(&mut world, 60_000);
        assert_eq!(status(&mut world, worker, &one), 403, "{profile}");
        portal.register(RegistrationStatus::Approved);
        portal.mood(Mood::Honest);
        wait(&mut world, 15_000);
        assert_eq!(status(&mut world, worker, &one), 200, "{profile}: back in step");
        assert!(world.failure(worker).is_none(), "{profile}: {:?}", world.failure(worker));
        assert_eq!(world.reloads(worker), 0, "{profile}: no trap");
    }
}

/// Whatever becomes of an answer, what is held goes on and no worker dies.
#[test]
fn half_an_answer_is_none() {
    for profile in NGINX {
        let portal = Portal::new();
        let one = portal.issue(1);
        let mut world = nginx_builder(profile, &portal).build();
        let worker = start(&mut world, &nginx_configuration(&portal, profile));
        for mood in [Mood::Verbose, Mood::Unsized, Mood::Breaking, Mood::Silent, Mood::Garbling] {
            portal.mood(mood);
            wait(&mut world, 30_000);
            // Before there is a policy, and with one that this does not change.
            let none = mood == Mood::Verbose && profile != "ngx-0.5";
            let held = if none { 503 } else { 200 };
            assert_eq!(status(&mut world, worker, &one), held, "{profile} {mood:?}");
            portal.mood(Mood::Honest);
            wait(&mut world, 20_000);
            let log = logs(&world, worker);
            assert_eq!(status(&mut world, worker, &one), 200, "{profile} {mood:?}: {log}");
            assert!(world.failure(worker).is_none(), "{profile}: {:?}", world.failure(worker));
            assert_eq!(world.reloads(worker), 0, "{profile} {mood:?}: no trap");
        }
    }
}

/// A trap takes the policy along, and from then on the timer fires once more in each period.
#[test]
fn a_vm_that_was_made_anew_polls_as_before() {
    for profile in NGINX {
        let portal = Portal::new();
        let one = portal.issue(1);
        let mut configuration = nginx_configuration(&portal, profile);
        configuration["identity"] = json!("variables");
        // A mistake of the operator's: to write this variable is fatal.
        let builder = nginx_builder(profile, &portal).fixed_variable("gatekey_consumer_id", "");
        let mut world = builder.build();
        let worker = start(&mut world, &configuration);
        for traps in 1..5 {
            wait(&mut world, 3_000);
            assert_eq!(status(&mut world, worker, &key(2).0), 401, "{profile}: there is a policy");
            let transcript = call(&mut world, worker, &one);
            assert!(matches!(transcript.outcome, Outcome::Failed { .. }), "{profile}");
            assert_eq!(transcript.status(), Some(500), "{profile}: shut");
            assert_eq!(status(&mut world, worker, &key(2).0), 503, "{profile}: made anew");
            assert_eq!(world.reloads(worker), traps, "{profile}");
        }
        wait(&mut world, 5_000);
        portal.take_requests();
        wait(&mut world, 20_000);
        let asked = portal.take_requests().len();
        assert!((10..=21).contains(&asked), "{profile}: {asked} polls in 20 s");
    }
}

/// Up to Kong 3.7 a counter is fatal, so none is kept there unless the operator asks for it.
#[test]
fn counters_are_off_unless_asked_for() {
    for (asked_for, traps) in [(None, false), (Some(false), false), (Some(true), true)] {
        let portal = Portal::new();
        let one = portal.issue(1);
        let mut profile = Profile::kong_3_9();
        profile.metrics.every_call_traps = true;
        let mut configuration = nginx_configuration(&portal, "kong-3.7");
        if let Some(asked_for) = asked_for {
            configuration["metrics"] = json!(asked_for);
        }
        let mut world = nginx_world(profile, &portal).build();
        let worker = start(&mut world, &configuration);
        wait(&mut world, 2_000);
        assert!(traps || status(&mut world, worker, &one) == 200);
        assert_eq!(world.reloads(worker) > 0, traps, "{asked_for:?}");
    }
}

#[test]
fn a_snapshot_of_many_pages_comes_page_by_page() {
    for profile in NGINX {
        let portal = Portal::new();
        portal.issue_many(0..40_000);
        let mut world = nginx_builder(profile, &portal).build();
        let worker = start(&mut world, &nginx_configuration(&portal, profile));
        wait(&mut world, 5_000);
        for number in [0, 17, 39_999] {
            let status = status(&mut world, worker, &key(number).0);
            assert_eq!(status, 200, "{profile}: {}", logs(&world, worker));
        }
        assert_eq!(status(&mut world, worker, &key(40_000).0), 401, "{profile}");
    }
}

#[test]
fn the_upstream_hears_who_calls_and_no_key() {
    for profile in NGINX {
        let (mut world, worker, one) = serving(profile, |_| ());
        let transcript = call(&mut world, worker, &one);
        let Outcome::Upstream { headers } = &transcript.outcome else { panic!("{profile}") };
        assert_eq!(headers.get_all("apikey"), [b""], "{profile}: emptied");
        assert_eq!(headers.get_all("x-application-id").len(), 1, "{profile}");
        assert_eq!(headers.get("x-api-id"), Some(API.to_string().as_bytes()));
        for function in ["proxy_remove_header_map_value", "proxy_increment_metric"] {
            assert!(!transcript.host_call_counts.contains_key(function), "{profile}: {function}");
        }
        let (mut world, worker, one) = serving(profile, |c| c["hide_credentials"] = json!(false));
        let Outcome::Upstream { headers } = call(&mut world, worker, &one).outcome else {
            panic!("{profile}")
        };
        assert_eq!(headers.get_all("apikey"), [one.as_bytes()], "{profile}: shown");
    }
}

#[test]
fn a_request_that_says_who_calls_is_refused() {
    for profile in NGINX {
        let (mut world, worker, one) = serving(profile, |_| ());
        for name in ["x-consumer-id", "X-API-ID", "x-developer-id", "x-credential-identifier"] {
            for copies in 1..3 {
                let mut request = Request::get("/flights").header("apikey", &one);
                for _ in 0..copies {
                    request = request.header(name, "forged");
                }
                let transcript = world.request(worker, request);
                let expected = (400, "reserved_header".to_owned());
                assert_eq!(refused(&transcript), expected, "{profile}: {name}");
            }
        }
    }
}

#[test]
fn identity_by_variables_overwrites_what_the_client_says() {
    const NAMES: [&str; 8] = [
        "consumer-id",
        "consumer-custom-id",
        "consumer-username",
        "credential-identifier",
        "application-id",
        "application-name",
        "developer-id",
        "api-id",
    ];
    for profile in NGINX {
        let portal = Portal::new();
        let one = portal.issue(1);
        let mut configuration = nginx_configuration(&portal, profile);
        configuration["identity"] = json!("variables");
        let mut builder = nginx_builder(profile, &portal);
        for name in NAMES {
            let variable = format!("gatekey_{}", name.replace('-', "_"));
            builder =
                builder.variable(&variable, "").proxy_set_header(&format!("x-{name}"), &variable);
        }
        let mut world = builder.build();
        let worker = start(&mut world, &configuration);
        wait(&mut world, 2_000);
        let mut request = Request::get("/flights").header("apikey", &one);
        for name in NAMES {
            request = request.header(format!("x-{name}"), "forged");
            request = request.header(format!("x-{name}"), "again");
        }
        let Outcome::Upstream { headers } = world.request(worker, request).outcome else {
            panic!("{profile}: {}", logs(&world, worker))
        };
        for name in NAMES {
            let values = headers.get_all(format!("x-{name}"));
            assert_eq!(values.len(), 1, "{profile}: {name}");
            assert!(values[0] != b"forged" && values[0] != b"again", "{profile}: {name}");
        }
        assert_eq!(headers.get("x-consumer-id"), Some(APPLICATION.to_string().as_bytes()));
        // Without the variables nothing passes.
        let mut world = nginx_builder(profile, &portal).build();
        let worker = start(&mut world, &configuration);
        wait(&mut world, 2_000);
        let transcript = call(&mut world, worker, &one);
        assert!(!matches!(transcript.outcome, Outcome::Upstream { .. }), "{profile}");
    }
}

/// Everything that the filter calls and that calls it.
const SURFACE: [&str; 22] = [
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "proc_exit",
    "proxy_add_header_map_value",
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_http_call",
    "proxy_log",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_http_call_response",
    "proxy_on_request_headers",
    "proxy_on_tick",
    "proxy_replace_header_map_value",
    "proxy_send_local_response",
    "proxy_set_property",
    "random_get",
];

/// A host call that fails refuses, and when the refusal itself fails the request stays where it is.
#[test]
fn a_call_that_fails_lets_nothing_through() {
    for profile in NGINX {
        for failing in SURFACE.iter().filter(|name| !name.starts_with("proxy_on_")) {
            let portal = Portal::new();
            let one = portal.issue(1);
            let mut configuration = nginx_configuration(&portal, profile);
            configuration["gate"] = json!(true);
            let allowed: Vec<_> = SURFACE.into_iter().filter(|name| name != failing).collect();
            let allowed = [&allowed[..], &["proxy_set_tick_period_milliseconds"]].concat();
            let builder = nginx_builder(profile, &portal).capabilities(&allowed);
            let mut world = builder.build();
            let Ok(worker) = world.start(&FILTER, plugin(&configuration)) else {
                // Nothing is served without a configuration.
                assert_eq!(*failing, "proxy_get_buffer_bytes", "{profile}");
                continue;
            };
            wait(&mut world, 2_000);
            // What an allowed request needs of these.
            let needed = [
                "clock_time_get",
                "proxy_add_header_map_value",
                "proxy_get_header_map_pairs",
                "proxy_get_header_map_value",
                "proxy_get_property",
                "proxy_http_call",
                "proxy_replace_header_map_value",
                "proxy_set_property",
            ];
            let passed = matches!(call(&mut world, worker, &one).outcome, Outcome::Upstream { .. });
            assert_eq!(passed, !needed.contains(failing), "{profile}: {failing}");
            let transcript = call(&mut world, worker, "nonsense");
            let stuck = matches!(transcript.outcome, Outcome::Paused);
            let answered = matches!(transcript.outcome, Outcome::Local { .. });
            assert_eq!(stuck, *failing == "proxy_send_local_response", "{profile}: {failing}");
            assert!(stuck || answered, "{profile}: {failing}: {:?}", transcript.outcome);
        }
    }
}

#[test]
fn what_cannot_be_read_whole_or_in_one_way_is_refused() {
    for profile in NGINX {
        let (mut world, worker, one) = serving(profile, |_| ());
        let many = |count: usize| {
            let request = Request::get("/flights").header("apikey", &one);
            (0..count).fold(request, |request, n| request.header(format!("x-{n}"), "1"))
        };
        assert!(matches!(world.request(worker, many(80)).outcome, Outcome::Upstream { .. }));
        for count in [96, 99, 130, 500] {
            let transcript = world.request(worker, many(count));
            assert_eq!(refused(&transcript), (431, "oversized_request".to_owned()), "{profile}");
        }
        // A key that lies behind the end of what is handed over is one key more.
        let hidden = many(120).header("apikey", "second");
        assert_eq!(refused(&world.request(worker, hidden)).0, 431, "{profile}");
        let twice = Request::get("/flights").header("apikey", &one).header("APIKEY", &one);
        let transcript = world.request(worker, twice);
        let expected = format!("duplicate_credential api={API}");
        assert_eq!(refused(&transcript), (401, expected), "{profile}");
        let bytes = Request::get("/flights").header("apikey", b"\xff\xfe".as_slice());
        assert_eq!(refused(&world.request(worker, bytes)).0, 401, "{profile}");
        let other = Request::get("/flights")
            .header("apikey", &one)
            .property(&["request", "path"], "/elsewhere");
        let transcript = world.request(worker, other);
        assert_eq!(refused(&transcript), (403, "unknown_route".to_owned()), "{profile}");
    }
}

#[test]
fn shared_data_is_never_touched_without_a_zone() {
    for profile in NGINX {
        let (mut world, worker, one) = serving(profile, |_| ());
        wait(&mut world, 10_000);
        assert_eq!(status(&mut world, worker, &one), 200, "{profile}");
        let ledger = world.background(worker).unwrap();
        assert!(!ledger.callouts.is_empty());
        assert!(
            ledger.host_calls.iter().all(|call| !call.name.contains("shared_data")),
            "{profile}"
        );
    }
}

#[test]
fn workers_share_a_zone_and_one_asks() {
    for profile in NGINX {
        for zone in ["*", "gatekey"] {
            let portal = Portal::new();
            let one = portal.issue(1);
            let mut configuration = nginx_configuration(&portal, profile);
            configuration["shared_data_zone"] = json!(zone);
            let mut world = nginx_builder(profile, &portal).shared_zone(zone, 8 << 20).build();
            let workers = start_many(&mut world, &configuration, 3);
            wait(&mut world, 6_000);
            for worker in &workers {
                let status = status(&mut world, *worker, &one);
                assert_eq!(status, 200, "{profile} {zone}: {}", logs(&world, *worker));
            }
            let manifests = portal.take_requests();
            let manifests = manifests.iter().filter(|path| path.contains("manifest")).count();
            assert_eq!(manifests, 1, "{profile} {zone}: one fetched for all");
            for number in 2..6 {
                portal.issue(number);
                wait(&mut world, 1_500);
            }
            portal.register(RegistrationStatus::Revoked);
            wait(&mut world, 4_000);
            for worker in &workers {
                assert_eq!(status(&mut world, *worker, &one), 403, "{profile} {zone}");
            }
            // A worker that comes later finds what the others share.
            portal.mood(Mood::Away);
            let late = start(&mut world, &configuration);
            assert_eq!(status(&mut world, late, &one), 403, "{profile} {zone}");
            assert_eq!(world.reloads(late), 0, "{profile}: no trap");
        }
    }
}

#[test]
fn a_snapshot_that_is_too_large_to_share_is_fetched_by_each() {
    for profile in NGINX {
        let portal = Portal::new();
        portal.issue_many(0..2_000);
        let mut configuration = nginx_configuration(&portal, profile);
        configuration["shared_data_zone"] = json!("small");
        configuration["shared_data_max_bytes"] = json!(16_384);
        let mut world = nginx_builder(profile, &portal).shared_zone("small", 64 << 10).build();
        let workers = start_many(&mut world, &configuration, 3);
        wait(&mut world, 10_000);
        for worker in &workers {
            let status = status(&mut world, *worker, &key(7).0);
            assert_eq!(status, 200, "{profile}: {}", logs(&world, *worker));
            assert_eq!(world.reloads(*worker), 0, "{profile}: the zone was never overrun");
        }
        portal.register(RegistrationStatus::Revoked);
        wait(&mut world, 3_000);
        for worker in &workers {
            assert_eq!(status(&mut world, *worker, &key(7).0), 403, "{profile}");
        }
    }
}

/// A zone that is smaller than the operator said: the host throws out what it has no room for.
#[test]
fn what_shared_data_lacks_is_fetched_by_each() {
    for profile in NGINX {
        let portal = Portal::new();
        portal.issue_many(0..1_000);
        let mut configuration = nginx_configuration(&portal, profile);
        configuration["shared_data_zone"] = json!("small");
        let mut world = nginx_builder(profile, &portal).shared_zone("small", 150 << 10).build();
        let early = start(&mut world, &configuration);
        wait(&mut world, 6_000);
        for round in 0..8 {
            for number in 0..300 {
                portal.issue(10_000 + 300 * round + number);
            }
            wait(&mut world, 2_000);
        }
        // The snapshot is not there any more; what followed it is.
        let late = start(&mut world, &configuration);
        wait(&mut world, 5_000);
        assert_eq!(
            status(&mut world, late, &key(7).0),
            503,
            "{profile}: it waits for the snapshot"
        );
        wait(&mut world, 10_000);
        for worker in [early, late] {
            let status = status(&mut world, worker, &key(7).0);
            assert_eq!(status, 200, "{profile}: {}", logs(&world, worker));
            assert_eq!(world.reloads(worker), 0, "{profile}: no trap");
        }
    }
}

#[test]
fn deltas_make_room_for_a_new_snapshot() {
    for profile in NGINX {
        let portal = Portal::new();
        let mut configuration = nginx_configuration(&portal, profile);
        configuration["shared_data_zone"] = json!("small");
        configuration["shared_data_max_bytes"] = json!(16_384);
        let mut world = nginx_builder(profile, &portal).shared_zone("small", 64 << 10).build();
        let workers = start_many(&mut world, &configuration, 2);
        wait(&mut world, 4_000);
        portal.take_requests();
        for round in 0..12 {
            for number in 0..15 {
                portal.issue(100 * round + number);
            }
            for number in 0..15 {
                let digest = key(100 * round + number).1.digest;
                portal.delete(RecordKey::Credential { digest });
            }
            wait(&mut world, 3_000);
        }
        let one = portal.issue(1);
        wait(&mut world, 4_000);
        for worker in &workers {
            let status = status(&mut world, *worker, &one);
            assert_eq!(status, 200, "{profile}: {}", logs(&world, *worker));
        }
        let asked = portal.take_requests();
        let snapshots = asked.iter().filter(|path| path.contains("manifest")).count();
        assert_eq!(snapshots, 1, "{profile}: by one worker, when the deltas were too many");
    }
}

#[test]
fn kong_says_which_service_a_request_is_for() {
    let service = |properties: &[(&str, &str)]| {
        let (mut world, worker, one) = serving("kong-3.9", |configuration| {
            configuration.as_object_mut().unwrap().remove("service");
        });
        let mut request = Request::get("/flights").header("apikey", &one);
        for (name, value) in properties {
            request = request.property(&["kong", name], *value);
        }
        match world.request(worker, request).outcome {
            Outcome::Upstream { .. } => 200,
            Outcome::Local { status, .. } => status,
            other => panic!("{other:?}"),
        }
    };
    let id = "a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5";
    assert_eq!(service(&[("service_id", id)]), 200);
    assert_eq!(service(&[("service_name", "flights")]), 200);
    let kongs_own = "00000000-0000-0000-0000-000000000001";
    assert_eq!(service(&[("service_id", kongs_own), ("service_name", "flights")]), 200);
    assert_eq!(service(&[("service_id", kongs_own), ("service_name", "hotels")]), 403);
    assert_eq!(service(&[("service_id", kongs_own)]), 403);
    assert_eq!(service(&[]), 403, "the portal has no routes");
}

#[test]
fn a_gate_lets_through_what_was_let_through() {
    for profile in NGINX {
        let portal = Portal::new();
        let one = portal.issue(1);
        let mut configuration = nginx_configuration(&portal, profile);
        configuration["gate"] = json!(true);
        let gate = json!({"version": 1, "role": "gate", "host": configuration["host"]});
        let mut world = nginx_builder(profile, &portal).build();
        let chain = [(FILTER.clone(), plugin(&configuration)), (FILTER.clone(), plugin(&gate))];
        let worker = world.start_chain(&chain, 1).unwrap()[0];
        wait(&mut world, 2_000);
        for _ in 0..3 {
            assert_eq!(
                status(&mut world, worker, &one),
                200,
                "{profile}: {}",
                logs(&world, worker)
            );
            assert_eq!(status(&mut world, worker, "nonsense"), 401, "{profile}");
        }
        // Both are still there when one of them would long be gone.
        wait(&mut world, 200_000);
        assert_eq!(status(&mut world, worker, &one), 200, "{profile}");
        assert_eq!(world.reloads(worker), 0, "{profile}: no trap");

        // A filter that does not say the word, or none at all: shut.
        configuration["gate"] = json!(false);
        let silent =
            vec![(FILTER.clone(), plugin(&configuration)), (FILTER.clone(), plugin(&gate))];
        let alone = vec![(FILTER.clone(), plugin(&gate))];
        for chain in [silent, alone] {
            let mut world = nginx_builder(profile, &portal).build();
            let worker = world.start_chain(&chain, 1).unwrap()[0];
            world.advance(Duration::from_secs(2));
            assert_eq!(status(&mut world, worker, &one), 403, "{profile}");
        }
    }
}
