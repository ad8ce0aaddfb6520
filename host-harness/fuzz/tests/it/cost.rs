//! What a token costs in the guest: no bytes are dearer than four normal tokens of the same size.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::id::{ApiId, PortalId, Revision, RouteId, ServiceId, StrategyId};
use gatekey_core::snapshot::SnapshotWriter;
use gatekey_core::snapshot::record::{
    Publication, Record, Route, Service, Strategy, StrategyMethod,
};
use gatekey_harness_fuzz::gate::{self, Source};
use gatekey_host_harness::{Artifact, Outcome, Request, UnixMillis, WorkerId, World};

/// How much dearer than a normal token of its size one may be.
const TIMES: u64 = 4;

fn filter() -> Option<Artifact> {
    let name = "gatekey_openid_connect.wasm";
    let path =
        std::env::var_os("GATEKEY_FILTERS_DIR").map(|folder| PathBuf::from(folder).join(name));
    let artifact = path.and_then(|path| Artifact::from_file(&path).ok());
    if artifact.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not there");
        println!("left out: {name} is not there");
    }
    artifact
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A gateway with one strategy, whose one key is in its settings.
fn world(filter: &Artifact) -> (World, WorkerId) {
    let (strategy, service) = (StrategyId::from_bytes([2; 16]), ServiceId::from_bytes([3; 16]));
    // The base point of P-256: a key that anyone may have.
    let settings = r#"{"issuer":"https://idp.test","auth_methods":["bearer"],"jwks":{"keys":[
        {"kty":"EC","crv":"P-256","kid":"k1",
         "x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
         "y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]}}"#;
    let method = StrategyMethod::OpenIdConnect { settings: settings.into() };
    let records: [Record; 4] = [
        Strategy { id: strategy, method }.into(),
        Service { id: service, name: "flights".into() }.into(),
        Route {
            id: RouteId::from_bytes([4; 16]),
            service,
            hosts: vec!["a.test".into()],
            paths: vec!["/a".into()],
            methods: Vec::new(),
            headers: Vec::new(),
        }
        .into(),
        Publication::new(
            ApiId::from_bytes([5; 16]),
            PortalId::from_bytes([6; 16]),
            service,
            Some(strategy),
        )
        .into(),
    ];
    let mut writer = SnapshotWriter::new(gate::GATEWAY, Revision(1), gate::START);
    for record in &records {
        writer.push(record).unwrap();
    }
    let bundle = writer.finish(&gate::signing_key()).bundle();
    let configuration = gate::configuration(Source::Inline(&bundle)).to_string();
    let mut world = World::builder(gate::host()).clock(UnixMillis(gate::START.0)).build();
    let worker = world.start(filter, gate::plugin(configuration)).unwrap();
    (world, worker)
}

/// What a request with this token costs, and why it was refused.
fn cost((world, worker): &mut (World, WorkerId), token: &[u8]) -> (u64, String) {
    let value = [b"Bearer ", token].concat();
    let request = Request::get("/a").authority("a.test").header("authorization", value);
    let transcript = world.request(*worker, request);
    assert!(transcript.failure.is_none() && !transcript.reached_upstream(), "{transcript}");
    let Outcome::Local { details, .. } = &transcript.outcome else { panic!("{transcript}") };
    let fuel = transcript.callbacks.iter().map(|callback| callback.fuel).sum();
    (fuel, details.clone())
}

/// A token with as much of a claim as fits into the size.
fn normal(kid: &str, size: usize) -> String {
    let header = encoded(format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{kid}"}}"#));
    let claims = |groups: &str| {
        let (issuer, exp) = ("https://idp.test", gate::START.0 / 1000 + 600);
        let text = format!(
            r#"{{"iss":"{issuer}","sub":"somebody","exp":{exp},"scope":"a b c","groups":[{groups}]}}"#
        );
        [header.as_str(), &encoded(text), &encoded([1; 64])].join(".")
    };
    let mut groups = String::from(r#""admin""#);
    while claims(&groups).len() + 24 < size {
        groups.push_str(r#","readers-of-many""#);
    }
    claims(&groups)
}

/// Tokens of about this size, of every kind that could be dear.
fn hostile(size: usize) -> Vec<(String, Vec<u8>)> {
    let room = size * 3 / 4 - 100;
    let list = |item: &str| vec![item; room / (item.len() + 1)].join(",");
    let members = |most: usize, prefix: &str, value: &str| {
        let mut text = String::new();
        for number in 0..most {
            let member = format!(r#""{prefix}{number:x}":{value},"#);
            if text.len() + member.len() > room {
                break;
            }
            text.push_str(&member);
        }
        text.pop();
        text
    };
    let claims = [
        ("numbers", format!(r#"{{"a":[{}]}}"#, list("0"))),
        ("empty lists", format!(r#"{{"a":[{}]}}"#, list("[]"))),
        ("lists of one", format!(r#"{{"a":[{}]}}"#, list("[0]"))),
        ("deep lists", format!(r#"{{"a":[{}]}}"#, list("[[[[[[[[0]]]]]]]]"))),
        ("deep objects", format!(r#"{{"a":[{}]}}"#, list(r#"{"":{"":{"":{"":0}}}}"#))),
        ("empty texts", format!(r#"{{"a":[{}]}}"#, list(r#""""#))),
        ("escaped texts", format!(r#"{{"a":[{}]}}"#, list(r#""\n""#))),
        ("escapes", format!(r#"{{"a":"{}"}}"#, "\\n".repeat(room / 2))),
        ("escaped pairs", format!(r#"{{"a":"{}"}}"#, "\\ud83d\\ude00".repeat(room / 12))),
        ("members", format!("{{{}}}", members(255, "", "0"))),
        ("members with lists", format!("{{{}}}", members(255, "", "[0]"))),
        ("too many members", format!("{{{}}}", members(10_000, "", "0"))),
        ("long names", format!("{{{}}}", members(255, &"n".repeat(room / 300), "0"))),
        ("a name twice at the end", format!(r#"{{{},"0":1}}"#, members(254, "", "0"))),
        ("one text", format!(r#"{{"a":"{}"}}"#, "x".repeat(room))),
        ("one number", format!(r#"{{"exp":{}}}"#, "1".repeat(room))),
        ("an exponent", format!(r#"{{"exp":1e{}}}"#, "9".repeat(room))),
        ("a fraction", format!(r#"{{"exp":0.{}}}"#, "9".repeat(room))),
        ("blanks", format!("{{{}}}", " ".repeat(room))),
        ("audiences", format!(r#"{{"iss":"https://idp.test","aud":[{}]}}"#, list(r#""a""#))),
        ("scopes", format!(r#"{{"iss":"https://idp.test","scope":"{}"}}"#, "a ".repeat(room / 2))),
        ("an issuer", format!(r#"{{"iss":"{}"}}"#, "x".repeat(room))),
        ("brackets", "[".repeat(room)),
        ("braces", r#"{"":"#.repeat(room / 4)),
        ("letters", "\u{e4}".repeat(room / 2)),
        ("bytes", "\0".repeat(room)),
    ];
    let es256 = encoded(r#"{"alg":"ES256","kid":"unknown"}"#);
    let signature = encoded([1; 64]);
    let mut all = Vec::new();
    for (what, text) in claims {
        let token = [es256.as_str(), &encoded(&text), &signature].join(".");
        all.push((format!("claims: {what}"), token.into_bytes()));
        let header = text.replacen('{', r#"{"alg":"ES256","kid":"unknown","#, 1);
        let token = [encoded(&header).as_str(), "e30", &signature].join(".");
        all.push((format!("header: {what}"), token.into_bytes()));
    }
    let signed = |length: usize| [es256.as_str(), "e30", &encoded(vec![7; length])].join(".");
    all.push(("a long signature".into(), signed(room).into_bytes()));
    for byte in [b'A', b'.', b'-', b'e', b'!'] {
        all.push((format!("nothing but {}", char::from(byte)), vec![byte; size]));
    }
    all
}

#[test]
fn no_token_is_dearer_than_four_normal_ones_of_its_size() {
    let Some(filter) = filter() else { return };
    let mut world = world(&filter);
    for size in [400, 1_000, 3_000, 8_000] {
        let mut normal = |kid: &str, expected: &str| {
            let token = normal(kid, size);
            let (fuel, why) = cost(&mut world, token.as_bytes());
            assert_eq!(why, expected);
            println!("{size}: normal {} bytes {fuel} fuel ({why})", token.len());
            fuel
        };
        // The first one pays for what is set up once. Later ones are refused before their
        // signature is looked at, or after.
        let _ = normal("other", "gatekey_unknown_key");
        let (short, long) =
            (normal("unknown", "gatekey_unknown_key"), normal("k1", "gatekey_bad_signature"));
        for (what, hostile) in hostile(size) {
            let (dear, why) = cost(&mut world, &hostile);
            println!("  {what}: {} bytes {dear} fuel ({why})", hostile.len());
            let fuel = if why == "gatekey_bad_signature" { long } else { short };
            assert!(hostile.len() < size + 200, "{what} is too long: {}", hostile.len());
            assert!(
                dear <= fuel * TIMES,
                "{size}: {what} ({why}) costs {dear}, a normal one {fuel}"
            );
        }
    }
}

#[test]
fn what_is_too_long_costs_next_to_nothing() {
    let Some(filter) = filter() else { return };
    let mut world = world(&filter);
    let (normal, _) = cost(&mut world, normal("unknown", 8_000).as_bytes());
    let (fuel, why) = cost(&mut world, &[b'A'; 32_000]);
    assert!(why.contains("oversized_token"), "{why}");
    assert!(fuel < normal, "{fuel} {normal}");
}
