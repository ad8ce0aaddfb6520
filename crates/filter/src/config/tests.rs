use serde_json::{Value, json};

use super::*;

type Change = fn(&mut Value);

fn document() -> Value {
    json!({
        "version": 1,
        "gateway_id": "0190a5c4-9d3e-7cc0-8a5e-0123456789ab",
        "peppers": [{"id": "p1", "secret": BASE64.encode([7; 32])}],
        "snapshot_keys": [BASE64.encode([1; 32])],
        "sync": {
            "upstream": {"envoy_cluster": "portal", "authority": "portal.test"},
            "token": "gateway-token",
        },
    })
}

fn refusal(change: impl FnOnce(&mut Value)) -> String {
    let mut document = document();
    change(&mut document);
    Config::parse(&serde_json::to_vec_pretty(&document).unwrap()).unwrap_err().to_string()
}

#[test]
fn the_least_that_is_needed_is_accepted_and_shows_no_secret() {
    let config = Config::parse(document().to_string().as_bytes()).unwrap();
    assert!(config.hide_credentials && config.metrics && config.service_from_host);
    assert_eq!(config.challenge, "Key");
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("gateway-token") && !shown.contains(&BASE64.encode([7; 32])),
        "{shown}"
    );
}

#[test]
fn broken_json_is_located() {
    assert_eq!(
        Config::parse(b"{\"version\": 1,\n  oops}").unwrap_err().to_string(),
        "line 2 column 3: key must be a string"
    );
    assert_eq!(
        Config::parse(b"").unwrap_err().to_string(),
        "line 1 column 0: the text ends too early"
    );
    assert!(Config::parse(b"\xff").unwrap_err().to_string().starts_with("line 1 column"));
}

#[test]
fn unknown_fields_and_versions_are_named() {
    let text = refusal(|document| document["hide_credential"] = json!(true));
    assert!(
        text.contains("unknown field `hide_credential`") && text.starts_with("line "),
        "{text}"
    );
    let text = refusal(|document| document["sync"]["upstream"]["tls"] = json!(true));
    assert!(text.contains("unknown field `tls`"), "{text}");
    assert_eq!(
        refusal(|document| document["version"] = json!(2)),
        "version: is 2, this build reads 1"
    );
    let text = refusal(|document| document["host"] = json!("apache"));
    assert!(text.contains("unknown variant `apache`"), "{text}");
    assert!(text.contains("`host` is one of `envoy`, `nginx`, `kong`"), "{text}");
    let text = refusal(|document| drop(document.as_object_mut().unwrap().remove("peppers")));
    assert_eq!(text, "line 1 column 1: missing field `peppers`");
}

#[test]
fn every_rule_names_its_field() {
    let cases: [(Change, &str); 24] = [
        (|d| d["gateway_id"] = json!("x"), "gateway_id: not a hyphenated UUID"),
        (|d| d["peppers"] = json!([]), "peppers: must have one or two items"),
        (|d| d["peppers"][0]["secret"] = json!("!"), "peppers[0].secret: must be base64"),
        (
            |d| d["peppers"][0]["secret"] = json!("AAAA"),
            "peppers[0]: the secret must have at least",
        ),
        (|d| d["peppers"][0]["id"] = json!(""), "peppers[0]: the id must have"),
        (|d| d["snapshot_keys"] = json!([]), "snapshot_keys: must have one to four items"),
        (|d| d["snapshot_keys"] = json!(["AAAA"]), "snapshot_keys[0]: must have 32 bytes"),
        (|d| d["sync"]["token"] = json!("a b"), "sync.token: must be printable"),
        (
            |d| d["sync"]["upstream"]["envoy_cluster"] = json!(""),
            "sync.upstream.envoy_cluster: must",
        ),
        (
            |d| d["sync"]["upstream"]["path_prefix"] = json!("x"),
            "sync.upstream.path_prefix: must begin",
        ),
        (|d| d["sync"]["wait_seconds"] = json!(61), "sync.wait_seconds: must be at most 60"),
        (|d| d["sync"]["timeout_ms"] = json!(5), "sync.timeout_ms: must be 100 to 60000"),
        (|d| d["realm"] = json!("a\"b"), "realm: must have at most"),
        (|d| drop(d.as_object_mut().unwrap().remove("sync")), "sync: one of `sync` and `snapshot`"),
        (
            |d| drop(d["sync"]["upstream"].as_object_mut().unwrap().remove("envoy_cluster")),
            "sync.upstream.envoy_cluster: is required",
        ),
        (|d| d["sync"]["upstream"]["address"] = json!("a:1"), "sync.upstream.address: is for"),
        (|d| d["sync"]["upstream"]["scheme"] = json!("http"), "sync.upstream.scheme: is for"),
        (
            |d| d["sync"]["upstream"]["tls_verified"] = json!(false),
            "sync.upstream.tls_verified: is for",
        ),
        (|d| d["identity"] = json!("variables"), "identity: is for the hosts `nginx` and `kong`"),
        (|d| d["gate"] = json!(true), "gate: is for the hosts `nginx` and `kong`"),
        (|d| d["shared_data_zone"] = json!("*"), "shared_data_zone: is for the hosts"),
        (|d| d["host"] = json!("nginx"), "sync.upstream.envoy_cluster: is for the host `envoy`"),
        (
            |d| *d = json!({"version": 1, "role": "gate", "host": "envoy"}),
            "role: a gate is for the hosts `nginx` and `kong`",
        ),
        (|d| *d = json!({"version": 1, "role": "gate", "host": "kong"}), "role: a gate decides"),
    ];
    for (change, expected) in cases {
        let text = refusal(change);
        assert!(text.starts_with(expected), "{text} / {expected}");
    }
}

fn on_nginx() -> Value {
    let mut document = document();
    document["host"] = json!("nginx");
    document["sync"]["upstream"] = json!({"address": "portal:8180", "authority": "portal.test"});
    document
}

#[test]
fn nginx_needs_an_address_and_a_word_about_tls() {
    let parse = |change: Change| {
        let mut document = on_nginx();
        change(&mut document);
        Config::parse(document.to_string().as_bytes()).map_err(|error| error.to_string())
    };
    let config = parse(|_| ()).unwrap();
    assert!(!config.metrics && !config.service_from_host && !config.gate);
    assert_eq!(config.sharing, Sharing::Nothing);
    assert_eq!(config.identity, Identity::Headers);
    let upstream = config.sync.unwrap().upstream;
    assert_eq!((upstream.upstream.as_str(), upstream.scheme), ("portal:8180", Some("http")));

    let config = parse(|d| d["host"] = json!("kong")).unwrap();
    assert!(config.service_from_host);
    let refusals: [(Change, &str); 8] = [
        (
            |d| drop(d["sync"]["upstream"].as_object_mut().unwrap().remove("address")),
            "sync.upstream.address: is required",
        ),
        (
            |d| d["sync"]["upstream"]["scheme"] = json!("https"),
            "sync.upstream.tls_verified: must be true with `https`",
        ),
        (
            |d| {
                d["sync"]["upstream"]["scheme"] = json!("https");
                d["sync"]["upstream"]["tls_verified"] = json!(false);
            },
            "sync.upstream.tls_verified: must be true with `https`",
        ),
        (|d| d["sync"]["upstream"]["scheme"] = json!("ftp"), "line 1"),
        (|d| d["shared_data_zone"] = json!(""), "shared_data_zone: must be the name"),
        (|d| d["shared_data_zone"] = json!("a/b"), "shared_data_zone: must be the name"),
        (|d| d["shared_data_max_bytes"] = json!(100), "shared_data_max_bytes: must be at least"),
        (
            |d| d["sync"]["upstream"]["envoy_cluster"] = json!("portal"),
            "sync.upstream.envoy_cluster",
        ),
    ];
    for (change, expected) in refusals {
        let text = parse(change).unwrap_err();
        assert!(text.starts_with(expected), "{text} / {expected}");
    }
    for address in [
        "portal",
        "http://portal:80",
        "portal:",
        "portal:0",
        "portal:65536",
        ":80",
        "portal:80/x",
        "por tal:80",
        "unix:run",
        "unix:",
        "[::1:80",
        "[portal]:80",
        "portal:+80",
    ] {
        let mut document = on_nginx();
        document["sync"]["upstream"]["address"] = json!(address);
        let text = Config::parse(document.to_string().as_bytes()).unwrap_err().to_string();
        assert!(
            text.starts_with("sync.upstream.address: must be `host:port`"),
            "{address}: {text}"
        );
    }
    for address in ["portal.test:443", "127.0.0.1:8180", "[::1]:8180", "unix:/run/portal.sock"] {
        let mut document = on_nginx();
        document["sync"]["upstream"] = json!({
            "address": address, "authority": "portal.test", "scheme": "https", "tls_verified": true,
        });
        let config = Config::parse(document.to_string().as_bytes()).unwrap();
        assert_eq!(config.sync.unwrap().upstream.scheme, Some("https"), "{address}");
    }
    let shared = |zone: &str| {
        let mut document = on_nginx();
        document["shared_data_zone"] = json!(zone);
        Config::parse(document.to_string().as_bytes()).unwrap().sharing
    };
    for (zone, expected) in [("*", ""), ("gatekey", "gatekey/")] {
        let Sharing::Documents { prefix, max_bytes, zero_means_absent } = shared(zone) else {
            panic!("nothing is shared in `{zone}`");
        };
        assert_eq!((prefix.as_str(), max_bytes, zero_means_absent), (expected, 1 << 20, true));
    }
}

fn with_providers() -> Value {
    let mut document = document();
    document["providers"] = json!([
        {"issuer": "https://idp.test", "client_id": "gw", "client_secret": "hush-hush"},
        {"issuer": "https://idp.test", "client_id": "public", "client_auth": "none"},
    ]);
    document["upstreams"] = json!({
        "IdP.test:8443": {"envoy_cluster": "idp", "authority": "idp.test"},
    });
    document["session"] = json!({
        "secret": BASE64.encode([8; 32]), "previous_secret": BASE64.encode([9; 32]),
    });
    document
}

#[test]
fn providers_are_found_by_name_and_show_no_secret() {
    let config = Config::parse(with_providers().to_string().as_bytes()).unwrap();
    let upstream = config.upstream("idp.test:8443").unwrap();
    assert_eq!((upstream.upstream.as_str(), upstream.scheme), ("idp", None));
    assert!(config.upstream("idp.test").is_none());
    assert_eq!(config.settings.clients.len(), 2);
    assert!(config.settings.clients[1].secret.expose().is_empty());
    assert!(config.session.is_some());
    assert!(config.settings.call_outs == CallOuts::Shared && config.accelerator);
    assert_eq!((config.token_cache_entries, config.max_waiting), (4_096, 1_024));
    let raw = json::read(with_providers().to_string().as_bytes(), &LIMITS)
        .and_then(|node| Raw::read(node, "it"))
        .map(|raw| format!("{raw:?}"));
    for shown in [format!("{config:?}"), raw.unwrap()] {
        for secret in ["hush-hush".into(), BASE64.encode([8; 32]), BASE64.encode([9; 32])] {
            assert!(!shown.contains(&secret), "{shown}");
        }
    }
    let config = Config::parse(on_nginx().to_string().as_bytes()).unwrap();
    assert!(config.settings.call_outs == CallOuts::Never && !config.accelerator);
    assert!(
        config.settings.clients.is_empty()
            && config.upstreams.is_empty()
            && config.session.is_none()
    );
}

#[test]
fn requests_wait_on_nginx_only_before_a_gate() {
    let mut document = on_nginx();
    document["request_calls"] = json!(true);
    let refused = Config::parse(document.to_string().as_bytes()).unwrap_err();
    assert_eq!(refused.to_string(), "request_calls: needs `gate` on this host");
    document["gate"] = json!(true);
    let config = Config::parse(document.to_string().as_bytes()).unwrap();
    assert_eq!(config.settings.call_outs, CallOuts::Each);
}

#[test]
fn every_rule_about_providers_names_its_field() {
    let many = |value: Value| Value::Array(vec![value; 65]);
    let cases: [(&str, Value, &str); 26] = [
        ("/providers", json!({}), "line "),
        ("/providers/0/issuer", json!(""), "providers[0].issuer: must be printable"),
        ("/providers/0/client_id", json!("g w"), "providers[0].client_id: must be printable"),
        ("/providers/0/client_secret", json!(""), "providers[0].client_secret: is required"),
        ("/providers/0/client_secret", json!(null), "providers[0].client_secret: is required"),
        ("/providers/1/client_auth", json!("client_secret_post"), "providers[1].client_secret: is"),
        ("/providers/1/client_auth", json!("private_key_jwt"), "line "),
        ("/providers/0/client_auth", json!("none"), "providers[0].client_secret: is not used"),
        ("/providers/1/client_id", json!("gw"), "providers[1].client_id: is there twice"),
        ("/providers", many(json!({"issuer": "a", "client_id": "b"})), "providers: must have at"),
        ("/upstreams", json!([]), "line "),
        ("/upstreams", json!({"": {"authority": "a"}}), "upstreams: must be printable"),
        ("/upstreams", json!({"a": {"authority": "a"}}), "upstreams.a.envoy_cluster: is required"),
        (
            "/upstreams/IdP.test:8443/authority",
            json!("a b"),
            "upstreams.IdP.test:8443.authority: must be printable",
        ),
        (
            "/upstreams/IdP.test:8443/path_prefix",
            json!("/a b"),
            "upstreams.IdP.test:8443.path_prefix: must be printable",
        ),
        (
            "/upstreams",
            json!({"a": {"authority": "a", "address": "a:1"}}),
            "upstreams.a.address: is for the hosts",
        ),
        (
            "/upstreams",
            json!({
                "a": {"authority": "a", "envoy_cluster": "a"},
                "A": {"authority": "a", "envoy_cluster": "a"},
            }),
            "upstreams.",
        ),
        (
            "/upstreams",
            (0..65)
                .map(|at| (at.to_string(), json!({"authority": "a", "envoy_cluster": "a"})))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            "upstreams: must have at most 64",
        ),
        ("/session/secret", json!("!"), "session.secret: must be base64"),
        ("/session/secret", json!(BASE64.encode([8; 31])), "session.secret: must have at least 32"),
        (
            "/session/previous_secret",
            json!(BASE64.encode([8; 31])),
            "session.previous_secret: must have at least 32",
        ),
        ("/session/previous_secret", json!(1), "line "),
        ("/token_cache_entries", json!(65_537), "token_cache_entries: must be at most"),
        ("/max_waiting", json!(0), "max_waiting: must be 1 to 65536"),
        ("/max_waiting", json!(65_537), "max_waiting: must be 1 to 65536"),
        ("/host", json!("nginx"), "accelerator: is for the host `envoy`"),
    ];
    for (place, value, expected) in cases {
        let mut document = with_providers();
        for (field, value) in [
            ("token_cache_entries", json!(65_536)),
            ("max_waiting", json!(1)),
            ("accelerator", json!(true)),
            ("host", json!("envoy")),
        ] {
            document[field] = value;
        }
        document["upstreams"]["IdP.test:8443"]["path_prefix"] = json!("/a");
        document["providers"][0]["client_auth"] = json!("client_secret_basic");
        Config::parse(document.to_string().as_bytes()).unwrap();
        *document.pointer_mut(place).unwrap() = value;
        let text = Config::parse(document.to_string().as_bytes()).unwrap_err().to_string();
        assert!(text.starts_with(expected), "{text} / {expected}");
        assert!(!text.contains("hush-hush"), "{text}");
    }
}

#[test]
fn an_upstream_on_nginx_has_the_rules_of_the_portals() {
    let parse = |upstream: Value| {
        let mut document = on_nginx();
        document["upstreams"] = json!({"idp": upstream});
        let config = Config::parse(document.to_string().as_bytes());
        config.map(|config| config.upstream("idp").unwrap().scheme.map(str::to_owned))
    };
    let refused = |upstream| parse(upstream).unwrap_err().to_string();
    let tls = json!({
        "address": "a:1", "authority": "a", "scheme": "https", "tls_verified": true,
    });
    assert_eq!(parse(tls).unwrap().as_deref(), Some("https"));
    let unverified = json!({"address": "a:1", "authority": "a", "scheme": "https"});
    assert!(refused(unverified).starts_with("upstreams.idp.tls_verified: must be true"));
    let cluster = json!({"envoy_cluster": "a", "authority": "a"});
    assert!(refused(cluster).starts_with("upstreams.idp.envoy_cluster: is for the host `envoy`"));
}

#[test]
fn a_gate_needs_nothing_and_takes_nothing() {
    for host in ["nginx", "kong"] {
        let gate = json!({"version": 1, "role": "gate", "host": host}).to_string();
        assert!(matches!(Entry::parse(gate.as_bytes()), Ok(Entry::Gate)));
    }
    for (gate, expected) in [
        (json!({"version": 1, "role": "gate"}), "missing field `host`"),
        (json!({"version": 1, "role": "door", "host": "nginx"}), "unknown variant `door`"),
        (json!({"version": 1, "role": "gate", "host": "nginx", "x": 1}), "unknown field `x`"),
    ] {
        let text = Entry::parse(gate.to_string().as_bytes()).unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
    }
}

/// The reader takes and refuses what the derived one does, and reads the same.
#[test]
fn the_reader_is_what_serde_would_derive() {
    let mut rich = document();
    for (field, value) in [
        ("host", json!("kong")),
        ("service", json!("flights")),
        ("service_from_route_metadata", json!(false)),
        ("unknown_route", json!("pass")),
        ("snapshot", json!({"inline": "AAAA"})),
        ("staleness", json!({"max_seconds": 5, "then": "serve_known"})),
        ("hide_credentials", json!(false)),
        ("realm", json!("a \u{fc} \" \\ \n")),
        ("metrics", json!(true)),
        ("log_refusals", json!(false)),
        ("decision_log", json!(true)),
        ("identity", json!("variables")),
        ("gate", json!(true)),
        ("shared_data_zone", json!("*")),
        ("shared_data_max_bytes", json!(8192)),
        ("request_calls", json!(true)),
        ("token_cache_entries", json!(5)),
        ("max_waiting", json!(6)),
        ("accelerator", json!(false)),
        ("session", json!({"secret": "AAAA", "previous_secret": "BBBB"})),
        (
            "providers",
            json!([
                {"issuer": "https://idp.test", "client_id": "gw", "client_secret": "hush"},
                {"issuer": "https://other.test", "client_id": "gw", "client_auth": "none"},
            ]),
        ),
        (
            "upstreams",
            json!({
                "idp.test": {"envoy_cluster": "idp", "authority": "idp.test"},
                "Other": {"address": "b:1", "authority": "c", "scheme": "http", "path_prefix": "/d"},
            }),
        ),
    ] {
        rich[field] = value;
    }
    rich["sync"]["wait_seconds"] = json!(7);
    rich["sync"]["timeout_ms"] = json!(700);
    rich["sync"]["upstream"] = json!({
        "envoy_cluster": "a", "address": "b:1", "authority": "c", "scheme": "https",
        "path_prefix": "/d", "tls_verified": true,
    });
    let gate = json!({"version": 1, "role": "gate", "host": "nginx"});
    let mut read = 0;
    let mut refused = 0;
    for base in [document(), on_nginx(), rich, gate] {
        let mut texts = vec![base.to_string()];
        for pointer in pointers(&base) {
            for value in [
                json!(null),
                json!(true),
                json!(0),
                json!(1),
                json!(-1),
                json!(1.5),
                json!(1e3),
                json!(u64::MAX),
                json!(""),
                json!("envoy"),
                json!("http"),
                json!("deny_all"),
                json!("client_secret_post"),
                json!([]),
                json!(["x"]),
                json!([1]),
                json!({}),
                json!({"inline": ""}),
            ] {
                let mut changed = base.clone();
                *changed.pointer_mut(&pointer).unwrap() = value;
                texts.push(changed.to_string());
            }
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let mut changed = base.clone();
            if let Some(Value::Object(parent)) = changed.pointer_mut(parent) {
                parent.remove(name);
                texts.push(changed.to_string());
                let mut changed = base.clone();
                changed.pointer_mut(&pointer).unwrap();
                texts.push(changed.to_string().replacen(&format!("\"{name}\""), "\"extra\"", 1));
            }
        }
        let whole = base.to_string();
        texts.extend((0..whole.len()).map(|end| whole.get(..end).unwrap_or_default().to_owned()));
        for text in texts {
            let ours = json::read(text.as_bytes(), &LIMITS).and_then(|node| Raw::read(node, "it"));
            // An untagged enum hides what is wrong, so each form is asked by itself.
            let theirs = match text.contains("\"role\"") {
                true => serde_json::from_str(&text).map(Raw::Gate),
                false => serde_json::from_str(&text).map(Raw::Filter),
            };
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => {
                    read += 1;
                    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{text}");
                }
                (Err(_), Err(_)) => refused += 1,
                // A list of fields without their names is taken by `serde` alone.
                (Err(Fault { rule, .. }), Ok(_)) if rule.ends_with("must be an object") => {
                    refused += 1;
                }
                (ours, theirs) => panic!("{text}\n{ours:?}\n{theirs:?}"),
            }
        }
    }
    assert!(read > 100 && refused > 1_000, "{read} read, {refused} refused");
}

#[test]
fn strings_say_what_they_say_elsewhere() {
    for text in [
        r#""""#,
        r#""plain""#,
        r#""\"\\\/\b\f\n\r\t\u0041\u00e4\ud83d\ude00 end""#,
        "\"Fl\u{fc}ge\"",
    ] {
        let node = json::read(text.as_bytes(), &LIMITS).unwrap();
        let read = node.value.as_str().unwrap();
        assert_eq!(read, serde_json::from_str::<String>(text).unwrap());
    }
}

/// Where every value of a document is.
fn pointers(document: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| {
        let mut found = vec![format!("/{name}")];
        found.extend(pointers(value).into_iter().map(|pointer| format!("/{name}{pointer}")));
        found
    };
    match document {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| below(name, value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at, item)| below(&at.to_string(), item)).collect()
        }
        _ => Vec::new(),
    }
}
