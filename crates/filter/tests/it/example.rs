//! The examples for Kong and nginx do what they say.

use gatekey_filter::config::{Config, Entry};
use gatekey_host_harness::{Outcome, Plugin, Profile, Request, WorldBuilder};
use serde_json::Value;

use crate::filter::{FILTER, nginx_world_at, wait};
use crate::portal::{APPLICATION, GATEWAY, Portal};

const KONG_CONF: &str = include_str!("../../../../examples/kong/kong.conf");
const KONG_YML: &str = include_str!("../../../../examples/kong/kong.yml");
const NGINX_CONF: &str = include_str!("../../../../examples/kong/nginx.conf");
const SCHEMA: &str = include_str!("../../../../filters/key-auth/config.schema.json");

/// Puts in what an operator would.
pub fn filled_in(text: &str, portal: &Portal) -> String {
    let pepper = portal.pepper_json();
    text.replace("GATEKEY_GATEWAY_ID", &GATEWAY.to_string())
        .replace("GATEKEY_PEPPER", pepper["secret"].as_str().unwrap())
        .replace("GATEKEY_SNAPSHOT_KEY", &portal.key_base64())
        .replace("GATEKEY_TOKEN", "gateway-token")
}

/// The settings of a file of lines `name = value`.
fn settings(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(" = ").unwrap()).collect()
}

pub fn megabytes(text: &str) -> usize {
    text.strip_suffix('m').unwrap().parse::<usize>().unwrap() << 20
}

/// The values of every directive of this name in a configuration of nginx.
pub fn directives(text: &str, name: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut quoted = false;
    let statements = text.split(|c| {
        quoted ^= c == '\'';
        !quoted && matches!(c, ';' | '{' | '}')
    });
    statements
        .filter_map(|statement| statement.trim().strip_prefix(name))
        .filter(|value| value.starts_with(char::is_whitespace))
        .map(|value| value.trim().to_owned())
        .collect()
}

/// Every field of the configuration is one that the schema describes.
pub fn is_described(schema: &Value, definition: &str, configuration: &Value) {
    let properties = schema["$defs"][definition]["properties"].as_object().unwrap();
    for name in configuration.as_object().unwrap().keys() {
        assert!(properties.contains_key(name), "`{name}` is not in `{definition}`");
    }
}

/// A request with a key passes, one without it does not.
fn holds(builder: WorldBuilder, chain: &[Value], portal: &Portal, properties: &[(&str, &str)]) {
    let one = portal.issue(1);
    let mut world = builder.build();
    let chain: Vec<_> = chain
        .iter()
        .map(|entry| (FILTER.clone(), Plugin::new("gatekey", entry.to_string())))
        .collect();
    for worker in world.start_chain(&chain, 2).unwrap() {
        wait(&mut world, 6_000);
        let request = |key: &str| {
            let request = Request::get("/flights/1").header("apikey", key);
            properties
                .iter()
                .fold(request, |request, (name, value)| request.property(&["kong", name], *value))
        };
        let Outcome::Upstream { headers } = world.request(worker, request(&one)).outcome else {
            panic!("refused: {:?}", world.logs(worker))
        };
        assert_eq!(headers.get("x-application-id"), Some(APPLICATION.to_string().as_bytes()));
        assert!(headers.get_all("apikey").iter().all(|value| value.is_empty()));
        let transcript = world.request(worker, request("nonsense"));
        assert_eq!(transcript.status(), Some(401));
        assert_eq!(world.reloads(worker), 0, "no trap");
    }
}

#[test]
fn the_example_for_kong_works() {
    let portal = Portal::new();
    let document: Value = serde_saphyr::from_str(&filled_in(KONG_YML, &portal)).unwrap();
    let service = &document["services"][0];
    let filter = &service["filter_chains"][0]["filters"][0];
    assert_eq!(filter["name"], "gatekey_key_auth");
    let configuration = &filter["config"];
    Config::parse(configuration.to_string().as_bytes()).unwrap();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    is_described(&schema, "Filter", configuration);
    is_described(&schema, "Sync", &configuration["sync"]);
    is_described(&schema, "Upstream", &configuration["sync"]["upstream"]);

    let settings = settings(KONG_CONF);
    let setting = |name: &str| settings.iter().find(|(known, _)| *known == name).unwrap().1;
    assert_eq!(setting("wasm"), "on");
    assert_eq!(configuration["sync"]["upstream"]["tls_verified"], true);
    assert!(setting("lua_ssl_verify_depth").parse::<u8>().unwrap() > 0);
    assert!(!setting("lua_ssl_trusted_certificate").is_empty());
    let zone = configuration["shared_data_zone"].as_str().unwrap();
    let bytes = megabytes(setting(&format!("nginx_wasm_shm_kv_{zone}")));
    assert!(bytes as u64 >= 4 * configuration["shared_data_max_bytes"].as_u64().unwrap());

    let address = configuration["sync"]["upstream"]["address"].as_str().unwrap();
    let world = nginx_world_at(address, Profile::kong_3_9(), &portal).shared_zone(zone, bytes);
    let name = service["name"].as_str().unwrap();
    holds(world, core::slice::from_ref(configuration), &portal, &[("service_name", name)]);
}

#[test]
fn the_example_for_nginx_works() {
    let portal = Portal::new();
    portal.route_everything();
    let text = filled_in(NGINX_CONF, &portal);
    let chain: Vec<Value> = directives(&text, "proxy_wasm")
        .iter()
        .map(|value| {
            let (module, json) = value.split_once(' ').unwrap();
            assert_eq!(module, "gatekey_key_auth");
            let json = json.strip_prefix('\'').and_then(|json| json.strip_suffix('\'')).unwrap();
            assert!(json.len() < 4_000, "nginx takes no longer word");
            serde_json::from_str(json).unwrap()
        })
        .collect();
    let [filter, gate] = chain.as_slice() else { panic!("{} entries", chain.len()) };
    Config::parse(filter.to_string().as_bytes()).unwrap();
    assert!(matches!(Entry::parse(gate.to_string().as_bytes()), Ok(Entry::Gate)));

    for name in ["tls_verify_cert", "tls_verify_host"] {
        assert_eq!(directives(&text, name), ["on"]);
    }
    assert_eq!(directives(&text, "tls_trusted_certificate").len(), 1);
    let zone = filter["shared_data_zone"].as_str().unwrap();
    let [declared] = &directives(&text, "shm_kv")[..] else { panic!("one zone") };
    let bytes = megabytes(declared.strip_prefix(zone).unwrap().trim());
    assert!(bytes as u64 >= 4 * filter["shared_data_max_bytes"].as_u64().unwrap());

    let address = filter["sync"]["upstream"]["address"].as_str().unwrap();
    let mut world = nginx_world_at(address, Profile::ngx_0_6(), &portal).shared_zone(zone, bytes);
    for set in directives(&text, "set") {
        let (variable, value) = set.strip_prefix('$').unwrap().split_once(' ').unwrap();
        assert_eq!(value, "\"\"");
        world = world.variable(variable, "");
    }
    let headers = directives(&text, "proxy_set_header");
    assert_eq!(headers.len(), 9);
    for (header, variable) in headers.iter().filter_map(|value| value.split_once(" $")) {
        world = world.proxy_set_header(header, variable);
    }
    holds(world, &chain, &portal, &[]);
}
