//! What a gateway's services and plugins become: services, routes, strategies, APIs.

use serde_json::{Map, Value, json};

use super::source::{Entity, Source};
use super::wanted::{Api, Core, Method, Strategy, Wanted};

const SERVICE: [&str; 15] = [
    "id",
    "name",
    "host",
    "url",
    "protocol",
    "port",
    "path",
    "retries",
    "connect_timeout",
    "read_timeout",
    "write_timeout",
    "enabled",
    "tags",
    "tls_verify",
    "tls_verify_depth",
];
const ROUTE: [&str; 17] = [
    "id",
    "name",
    "hosts",
    "paths",
    "methods",
    "headers",
    "protocols",
    "strip_path",
    "preserve_host",
    "path_handling",
    "regex_priority",
    "https_redirect_status_code",
    "request_buffering",
    "response_buffering",
    "tags",
    "sources",
    "destinations",
];
/// Plugins that are about who may call what.
const AUTHENTICATION: [&str; 3] = ["key-auth", "oauth2", "openid-connect"];
/// What a strategy keeps of the settings of an `openid-connect` plugin, beside those it must have.
const OPENID_CONNECT: [&str; 5] =
    ["audience_required", "audience_claim", "scopes_required", "scopes_claim", "hide_credentials"];
/// What the portal's strategies know of the plugin's methods.
const METHODS: [&str; 3] = ["bearer", "client_credentials", "introspection"];

/// How a service asks its callers who they are.
pub(super) struct Guard<'s> {
    /// The plugin that finds out.
    pub(super) plugin: &'s Entity,
    /// The plugin that lets applications register.
    pub(super) registration: Option<&'s Entity>,
    /// The plugin that lets groups of consumers through.
    pub(super) groups: Option<&'s Entity>,
}

/// Maps services, routes and strategies, and says how each API is guarded, in the order of the APIs.
pub(super) fn map<'s>(source: &'s Source, prefix: &str, wanted: &mut Wanted) -> Vec<Guard<'s>> {
    for (kind, count) in &source.unknown {
        let reason = format!("{count} left out: not part of application registration");
        wanted.leave(kind.clone(), "all", reason);
    }
    for kind in &source.cut_off {
        let reason = "the list has a next page, which is not in the dump";
        wanted.leave(kind.clone(), "the rest", reason);
    }
    services(source, wanted);
    routes(source, wanted);
    let guards = guards(source, wanted);
    let guards = strategies(guards, prefix, wanted);
    plugins(source, wanted);
    guards
}

/// What a service is called.
pub(super) fn name_of(service: &Entity) -> Option<String> {
    service.text("name").or_else(|| service.text("id")).map(str::to_owned)
}

fn services(source: &Source, wanted: &mut Wanted) {
    for service in source.list("services") {
        let Some(name) = name_of(service) else {
            wanted.leave("services", service.title(), "has neither a name nor an id");
            continue;
        };
        for member in ["client_certificate", "ca_certificates"] {
            if service.get(member).is_some() {
                wanted.leave("services", format!("{name}: {member}"), "certificates are left out");
            }
        }
        let body = service.pick(&SERVICE);
        wanted.services.push(Core { name, service: None, body });
    }
}

fn routes(source: &Source, wanted: &mut Wanted) {
    let mut unnamed = 0;
    for route in source.list("routes") {
        let service = route.reference("service").and_then(|at| source.find("services", at));
        let Some(service) = service.and_then(name_of) else {
            wanted.leave("routes", route.title(), "leads to no service");
            continue;
        };
        if route.get("expression").is_some() {
            wanted.leave("routes", route.title(), "expressions are not supported");
            continue;
        }
        let mut body = route.pick(&ROUTE);
        let name = route.text("name").or_else(|| route.text("id")).map_or_else(
            || {
                unnamed += 1;
                format!("{service}-route-{unnamed}")
            },
            str::to_owned,
        );
        if route.text("id").is_none() {
            body.insert("name".into(), name.clone().into());
        }
        wanted.routes.push(Core { name, service: Some(service), body });
    }
}

fn is_on(plugin: &Entity) -> bool {
    plugin.flag("enabled").unwrap_or(true)
}

/// The plugin of a name that works on a service: its own, that of all its routes, or one for all.
fn plugin<'s>(
    source: &'s Source,
    service: &Entity,
    name: &str,
) -> Result<Option<&'s Entity>, String> {
    let named = |plugin: &&Entity| {
        plugin.text("name") == Some(name) && is_on(plugin) && plugin.get("consumer").is_none()
    };
    let of = |plugin: &Entity, member: &str, entity: &Entity| {
        plugin.reference(member).is_some_and(|reference| entity.answers_to(reference))
    };
    let all = || source.list("plugins").iter().filter(named);
    if let Some(own) = all().find(|plugin| of(plugin, "service", service)) {
        return Ok(Some(own));
    }
    let routes: Vec<_> =
        source.list("routes").iter().filter(|route| of(route, "service", service)).collect();
    let on_routes: Vec<_> =
        routes.iter().map(|route| all().find(|plugin| of(plugin, "route", route))).collect();
    if on_routes.iter().any(Option::is_some) {
        let configs: Vec<_> =
            on_routes.iter().map(|plugin| plugin.and_then(|plugin| plugin.get("config"))).collect();
        let first = configs.first().copied().flatten();
        if on_routes.iter().all(Option::is_some) && configs.iter().all(|config| *config == first) {
            return Ok(on_routes.first().copied().flatten());
        }
        return Err(format!("`{name}` is not the same on all of its routes"));
    }
    let everywhere =
        all().find(|plugin| plugin.get("service").is_none() && plugin.get("route").is_none());
    Ok(everywhere)
}

/// The services that become APIs, and how each is guarded.
fn guards<'s>(source: &'s Source, wanted: &mut Wanted) -> Vec<(String, Guard<'s>)> {
    let mut guards = Vec::new();
    for service in source.list("services") {
        let Some(name) = name_of(service) else { continue };
        match guard(source, service) {
            Ok(Some(guard)) => guards.push((name, guard)),
            Ok(None) => {
                let reason = "no plugin asks callers who they are: it becomes no API, and gateways \
                              refuse what is not published";
                wanted.leave("services", name, reason);
            }
            Err(reason) => wanted.leave("services", name, reason),
        }
    }
    guards
}

fn guard<'s>(source: &'s Source, service: &Entity) -> Result<Option<Guard<'s>>, String> {
    let registration = plugin(source, service, "application-registration")?;
    let groups = plugin(source, service, "acl")?;
    for name in AUTHENTICATION {
        if let Some(plugin) = plugin(source, service, name)? {
            return Ok(Some(Guard { plugin, registration, groups }));
        }
    }
    if registration.is_some() {
        let reason = "has `application-registration` and none of `key-auth`, `oauth2` and \
                      `openid-connect`";
        return Err(reason.to_owned());
    }
    Ok(None)
}

/// One strategy for all keys, because a key is good for all services of its owner; one for all
/// clients of the gateway itself; and one for each identity provider as it is asked.
fn strategies<'s>(
    guards: Vec<(String, Guard<'s>)>,
    prefix: &str,
    wanted: &mut Wanted,
) -> Vec<Guard<'s>> {
    let keyed = || guards.iter().filter(|(_, guard)| guard.plugin.text("name") == Some("key-auth"));
    let mut headers: Vec<String> = Vec::new();
    let mut sets: Vec<Vec<String>> = Vec::new();
    for (service, guard) in keyed() {
        let mut names = guard.plugin.config_list("key_names");
        if names.is_empty() {
            names.push("apikey".into());
        }
        for member in ["key_in_query", "key_in_body"] {
            if guard.plugin.config_flag(member) {
                let reason = "keys are read from headers alone: callers have to send theirs there";
                wanted.leave("plugins", format!("key-auth of {service}: {member}"), reason);
            }
        }
        if guard
            .plugin
            .text("anonymous")
            .or(guard.plugin.config("anonymous").and_then(Value::as_str))
            .is_some()
        {
            let reason = "nobody is let through without a key";
            wanted.leave("plugins", format!("key-auth of {service}: anonymous"), reason);
        }
        for name in &names {
            if !headers.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                headers.push(name.clone());
            }
        }
        if !sets.contains(&names) {
            sets.push(names);
        }
    }
    if sets.len() > 1 {
        let reason = "services differ in their `key_names`: each takes the names of all";
        wanted.leave("plugins", "key-auth: key_names", reason);
    }
    let mut keys = None;
    if !headers.is_empty() {
        keys = Some(wanted.strategies.len());
        wanted.strategies.push(Strategy {
            name: format!("{prefix}-key-auth"),
            display_name: "Key Auth",
            method: Method::Keys(headers),
        });
    }
    let mut tokens: Vec<(Value, usize)> = Vec::new();
    let mut own = None;
    let mut kept = Vec::new();
    for (service, guard) in guards {
        let strategy = match guard.plugin.text("name") {
            Some("key-auth") => keys,
            Some("oauth2") => Some(*own.get_or_insert_with(|| {
                wanted.strategies.push(Strategy {
                    name: format!("{prefix}-oauth2"),
                    display_name: "OAuth 2.0",
                    method: Method::OwnTokens { scopes: Vec::new() },
                });
                wanted.strategies.len() - 1
            })),
            _ => openid_connect(&service, guard.plugin, prefix, &mut tokens, wanted),
        };
        let Some(strategy) = strategy else { continue };
        if let Some(Strategy { method: Method::OwnTokens { scopes }, .. }) =
            wanted.strategies.get_mut(strategy)
        {
            for scope in guard.plugin.config_list("scopes") {
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
        if guard.plugin.text("name") == Some("oauth2") {
            let reason = "tokens come from the portal's authorization server: callers ask for them \
                          there, not at the route";
            wanted.leave("plugins", format!("oauth2 of {service}"), reason);
        }
        wanted.apis.push(api(&service, strategy, &guard));
        kept.push(guard);
    }
    kept
}

fn openid_connect(
    service: &str,
    plugin: &Entity,
    prefix: &str,
    known: &mut Vec<(Value, usize)>,
    wanted: &mut Wanted,
) -> Option<usize> {
    let Some(issuer) = plugin.config("issuer").and_then(Value::as_str) else {
        wanted.leave("plugins", format!("openid-connect of {service}"), "has no issuer");
        return None;
    };
    let mut claim = plugin.config_list("consumer_claim");
    if claim.is_empty() {
        claim = plugin.config_list("credential_claim");
    }
    if claim.is_empty() {
        claim.push("sub".into());
    }
    let mut scopes = plugin.config_list("scopes");
    if scopes.is_empty() {
        scopes.push("openid".into());
    }
    let given = plugin.config_list("auth_methods");
    let mut methods: Vec<_> =
        given.iter().filter(|method| METHODS.contains(&method.as_str())).cloned().collect();
    for method in given.iter().filter(|method| !METHODS.contains(&method.as_str())) {
        let reason = "this method is not brought over: it needs settings of the portal's own";
        wanted.leave("plugins", format!("openid-connect of {service}: {method}"), reason);
    }
    if methods.is_empty() {
        methods = vec!["bearer".into(), "client_credentials".into()];
    }
    // The id of the client is the gateway's own; applications bring theirs.
    let mut config = Map::new();
    config.insert("issuer".into(), issuer.into());
    config.insert("credential_claim".into(), json!(claim));
    config.insert("scopes".into(), json!(scopes));
    config.insert("auth_methods".into(), json!(methods));
    for member in OPENID_CONNECT {
        if let Some(value) = plugin.config(member) {
            config.insert(member.into(), value.clone());
        }
    }
    let config = Value::Object(config);
    if let Some((_, strategy)) = known.iter().find(|(other, _)| *other == config) {
        return Some(*strategy);
    }
    let place = wanted.strategies.len();
    let suffix = if known.is_empty() { String::new() } else { format!("-{}", known.len() + 1) };
    wanted.strategies.push(Strategy {
        name: format!("{prefix}-openid-connect{suffix}"),
        display_name: "OpenID Connect",
        method: Method::Tokens(config.clone()),
    });
    known.push((config, place));
    Some(place)
}

fn api(service: &str, strategy: usize, guard: &Guard<'_>) -> Api {
    let mut settings = Map::new();
    let enabled = guard.registration.is_some();
    if let Some(plugin) = guard.registration {
        for member in ["display_name", "description"] {
            if let Some(text) = plugin.config(member).and_then(Value::as_str) {
                settings.insert(member.into(), text.into());
            }
        }
        if let Some(tags) = plugin.get("tags") {
            settings.insert("tags".into(), tags.clone());
        }
        settings.insert("show_issuer".into(), plugin.config_flag("show_issuer").into());
        // Where groups decide, consumers are let through by registrations.
        let consumers =
            plugin.config_flag("enable_proxy_with_consumer_credential") && guard.groups.is_none();
        settings.insert("enable_proxy_with_consumer_credential".into(), consumers.into());
    }
    settings.insert("application_registration_enabled".into(), enabled.into());
    Api {
        service: service.to_owned(),
        strategy,
        auto_approve: guard.registration.is_some_and(|plugin| plugin.config_flag("auto_approve")),
        settings,
    }
}

/// What becomes of no plugin is told.
fn plugins(source: &Source, wanted: &mut Wanted) {
    for plugin in source.list("plugins") {
        let name = plugin.text("name").unwrap_or("without a name");
        let at = ["service", "route", "consumer"]
            .iter()
            .find_map(|member| Some(format!("{name} of {member} {}", plugin.reference(member)?)));
        let title = at.unwrap_or_else(|| name.to_owned());
        if !is_on(plugin) {
            wanted.leave("plugins", title, "is switched off");
        } else if plugin.get("consumer").is_some() {
            wanted.leave("plugins", title, "plugins of consumers are left out");
        } else if !AUTHENTICATION.contains(&name)
            && !["application-registration", "acl"].contains(&name)
        {
            let managed =
                plugin.get("tags").is_some_and(|tags| tags.to_string().contains("konnect-"));
            let reason = if managed {
                "was made by Konnect's own app registration: the portal does its work"
            } else {
                "is not about application registration: it stays with the gateway"
            };
            wanted.leave("plugins", title, reason);
        }
    }
}
