//! The pages of `docs/` that are made from the code: every setting, command and metric.

use core::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory as _};
use serde_json::{Value, json};

use super::Cli;
use crate::config::{Config, Layer};
use crate::metrics::{
    COUNTERS, EVENTS_WAITING, MAILS_FAILED, MAILS_WAITING, REQUESTS, REVISION, SECONDS,
};

const FILTER: &str = include_str!("../../../../filters/application-auth/config.schema.json");

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// The page is what the code says; with `GATEKEY_REGENERATE` it is made so.
fn is_kept(name: &str, fresh: &str) {
    let path = page(name);
    if std::env::var_os("GATEKEY_REGENERATE").is_some() {
        fs::write(&path, fresh).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == fresh, "`docs/{name}` is out of date: run this with GATEKEY_REGENERATE=1");
}

/// One line of text, fit for a cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

fn follow<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let variants = schema["anyOf"].as_array();
    let schema = variants.map_or(schema, |all| all.iter().find(|v| v["type"] != "null").unwrap());
    match schema["$ref"].as_str() {
        Some(path) => root.pointer(path.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// What a value looks like, in words.
fn kind(root: &Value, schema: &Value) -> String {
    let at = follow(root, schema);
    if let Some(variants) = at["oneOf"].as_array() {
        let words = variants.iter().map(|variant| code(variant["const"].as_str().unwrap()));
        return words.collect::<Vec<_>>().join(", ");
    }
    if let Some(words) = at["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str).map(code);
        return words.collect::<Vec<_>>().join(", ");
    }
    let name = match &at["type"] {
        Value::Array(names) => names.iter().find(|name| *name != "null").unwrap(),
        name => name,
    };
    let bounds = match (at["minimum"].as_u64(), at["maximum"].as_u64()) {
        (Some(low), Some(high)) if low == high => format!(", {low}"),
        (Some(low), Some(high)) => format!(", {low} to {high}"),
        (Some(low), None) if low > 0 => format!(", at least {low}"),
        _ => String::new(),
    };
    match name.as_str().unwrap() {
        "boolean" => "`true` or `false`".into(),
        "integer" => format!("whole number{bounds}"),
        "array" => format!("list of: {}", kind(root, &at["items"])),
        "object" if at["properties"].is_object() => "see below".into(),
        "object" => format!("by name: {}", kind(root, &at["additionalProperties"])),
        "string" => "text".into(),
        other => other.into(),
    }
}

/// A JSON value as it is written in either format.
fn shown(value: &Value) -> String {
    if value.is_null() { String::new() } else { code(&value.to_string()) }
}

/// What the portal does when nothing is said.
fn defaults() -> Value {
    let config = Config::default();
    let seconds = |duration: core::time::Duration| duration.as_secs();
    let (throttle, identity) = (config.throttle, config.identity);
    let word = |debug: String| debug.to_lowercase();
    json!({
        "data_dir": config.data_dir,
        "listen": config.listen,
        "database_url": config.database_url.map(|_| ()),
        "public_url": config.public_url,
        "portal_domain": config.portal_domain,
        "key_prefix": "gk",
        "key_environment": "live",
        "retained_changes": config.retained_changes,
        "trusted_proxies": config.trusted_proxies,
        "log_format": word(format!("{:?}", config.log_format)),
        "log_level": word(format!("{:?}", config.log_level)),
        "encryption_keys": config.encryption_keys.map(|_| ()),
        "outbound_allow": config.outbound_allow,
        "outbound_timeout_seconds": seconds(config.outbound_timeout),
        "accept_new_keys": config.accept_new_keys,
        "smtp_password": null,
        "audit_retention_days": config.audit_retention.map(seconds),
        "throttle": {
            "sign_ups": throttle.sign_ups,
            "sign_ins": throttle.sign_ins,
            "failed_sign_ins": throttle.failed_sign_ins,
            "resets": throttle.resets,
            "keys": throttle.keys,
            "failed_clients": throttle.failed_clients,
            "client_tokens": throttle.client_tokens,
            "client_registrations": throttle.client_registrations,
        },
        "identity": {
            "key_lifetime_seconds": seconds(identity.key_lifetime),
            "publish_ahead_seconds": seconds(identity.publish_ahead),
            "keep_retired_seconds": seconds(identity.keep_retired),
        },
        "connections": {
            "most": config.connections.most,
            "header_timeout_seconds": seconds(config.connections.header_timeout),
        },
        "smtp": {
            "host": null, "port": null, "tls": "starttls", "username": null, "password": null,
            "from": null, "from_name": null, "reply_to": null, "timeout_seconds": 20,
            "ca_file": null,
        },
        "telemetry": {"otlp_endpoint": null, "service_name": "gatekey", "sample_ratio": 1.0},
        "usage": {
            "keep_minutes_seconds": seconds(config.usage.minutes),
            "keep_hours_seconds": seconds(config.usage.hours),
            "keep_refusals_seconds": seconds(config.usage.refusals),
            "most_refusals": config.usage.most_refusals,
        },
    })
}

fn defined<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    // The one flag that is called as the variable of all programs that send traces.
    let id = if name == "telemetry" { "otlp_endpoint" } else { name };
    command.get_arguments().find(|argument| argument.get_id() == id)
}

fn flag(argument: &Arg) -> String {
    match argument.get_long() {
        Some(long) => code(&format!("--{long}")),
        None => String::new(),
    }
}

fn variable(argument: &Arg) -> String {
    argument.get_env().map(|name| code(&name.to_string_lossy())).unwrap_or_default()
}

fn portal_settings() -> String {
    let schema = serde_json::to_value(schemars::schema_for!(Layer)).unwrap();
    let (cli, defaults) = (Cli::command(), defaults());
    let serve = cli.find_subcommand("serve").unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let names: Vec<_> = properties.keys().collect();
    let said: Vec<_> = defaults.as_object().unwrap().keys().collect();
    assert_eq!(names, said, "each setting has a default here, if only null");
    let mut text = String::from(
        "| Setting | Variable | Flag | Type | Default | Meaning |\n|---|---|---|---|---|---|\n",
    );
    let mut tables = String::new();
    for (name, property) in properties {
        let argument = defined(serve, name);
        let table = follow(&schema, property);
        let kind = kind(&schema, property);
        let _ = writeln!(
            text,
            "| `{name}` | {} | {} | {} | {} | {} |",
            argument.map(variable).unwrap_or_default(),
            argument.map(flag).unwrap_or_default(),
            if kind == "see below" { format!("[table](#{name})") } else { kind },
            if defaults[name].is_object() { String::new() } else { shown(&defaults[name]) },
            cell(description(property)),
        );
        if let Some(members) = table["properties"].as_object() {
            let _ = write!(tables, "\n### `[{name}]`\n\n{}\n\n", cell(description(property)));
            tables.push_str("| Setting | Type | Default | Meaning |\n|---|---|---|---|\n");
            let said = defaults[name].as_object().unwrap();
            let names = (members.keys().collect::<Vec<_>>(), said.keys().collect::<Vec<_>>());
            assert_eq!(names.0, names.1, "each setting of `{name}` has a default here");
            for (member, property) in members {
                let default = &said[member];
                let required =
                    table["required"].as_array().is_some_and(|r| r.iter().any(|r| r == member));
                let default = if required { "required".to_owned() } else { shown(default) };
                let (kind, meaning) = (self::kind(&schema, property), cell(description(property)));
                let _ = writeln!(tables, "| `{member}` | {kind} | {default} | {meaning} |");
            }
        }
    }
    text + &tables
}

fn filter_settings() -> String {
    let schema: Value = serde_json::from_str(FILTER).unwrap();
    let mut text = String::new();
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if let Some(members) = definition["properties"].as_object() {
            let _ = write!(text, "\n### `{name}`\n\n{}\n\n", cell(description(definition)));
            text.push_str("| Setting | Type | Default | Meaning |\n|---|---|---|---|\n");
            for (member, property) in members {
                let required = definition["required"].as_array();
                let required = required.is_some_and(|all| all.iter().any(|one| one == member));
                let default =
                    if required { "required".into() } else { shown(&property["default"]) };
                let at = follow(&schema, property);
                let items = follow(&schema, &at["items"]);
                let inner = [at, items, follow(&schema, &at["additionalProperties"])];
                let link = schema["$defs"].as_object().unwrap().iter().find(|(_, other)| {
                    other["properties"].is_object() && inner.iter().any(|inner| inner == other)
                });
                let mut kind = kind(&schema, property);
                if let Some((other, _)) = link {
                    let anchor = format!("[`{other}`](#{})", other.to_lowercase());
                    kind = kind.replace("see below", &anchor);
                }
                let meaning = cell(description(property));
                let _ = writeln!(text, "| `{member}` | {kind} | {default} | {meaning} |");
            }
        } else if let Some(variants) = definition["oneOf"].as_array() {
            let _ = write!(
                text,
                "\n### `{name}`\n\n{}\n\n| Value | Meaning |\n|---|---|\n",
                cell(description(definition))
            );
            for variant in variants {
                let word = variant["const"].as_str().unwrap();
                let _ = writeln!(text, "| `{word}` | {} |", cell(description(variant)));
            }
        }
    }
    text
}

#[test]
fn every_setting_is_in_the_reference() {
    let mut text = String::from(
        "# Every setting\n\nMade from the code. Everything has a default; `gatekey serve` alone is \
         enough.\n\n## The portal\n\nFrom `gatekey.toml` in the current directory (or the file that \
         `--config` or `GATEKEY_CONFIG` names), overridden by variables, overridden by flags. A \
         setting that is unknown, or cannot be, keeps the portal from starting; the message names \
         it. Times are in seconds unless the name says otherwise.\n\n",
    );
    text.push_str(&portal_settings());
    text.push_str(
        "\n## The filter\n\nOne JSON object, in the configuration of Envoy, nginx or Kong. It begins \
         with [`Filter`](#filter). `gatekey gateway filter-config` writes one; a filter with a setting \
         that is unknown, or cannot be, does not start and says why in the host's log. The schema is \
         [`config.schema.json`](../filters/application-auth/config.schema.json), which is also beside \
         every built module.\n",
    );
    text.push_str(&filter_settings());
    is_kept("settings.md", &text);
}

/// A command and those below it.
fn commands(path: &str, command: &Command, text: &mut String) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let path = format!("{path} {}", sub.get_name());
        let about = sub.get_long_about().or(sub.get_about()).map(ToString::to_string);
        if sub.has_subcommands() {
            commands(&path, sub, text);
            continue;
        }
        let _ =
            write!(text, "\n## `{path}`\n\n{}\n", about.unwrap_or_default().trim_end_matches('.'));
        let arguments: Vec<_> =
            sub.get_arguments().filter(|argument| argument.get_id() != "help").collect();
        if !arguments.is_empty() {
            text.push_str("\n| | Variable | Meaning |\n|---|---|---|\n");
        }
        for argument in arguments {
            let value = argument.get_value_names().unwrap_or_default().join(" ");
            let takes = argument.get_action().takes_values();
            let name = match argument.get_long() {
                Some(long) if takes => code(&format!("--{long} {value}")),
                Some(long) => code(&format!("--{long}")),
                None => code(&value),
            };
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let default = argument.get_default_values().first().filter(|_| takes);
            let default =
                default.map(|d| format!(" [default: {}]", d.to_string_lossy())).unwrap_or_default();
            let _ =
                writeln!(text, "| {name} | {} | {}{default} |", variable(argument), cell(&help));
        }
    }
}

#[test]
fn every_command_is_in_the_reference() {
    let mut text = String::from(
        "# Every command\n\nMade from the code. `gatekey COMMAND --help` says the same. Exit codes: 0 \
         done, 1 failed, 2 unusable input (of `apply` and `import` with `--dry-run`: something is to \
         be done).\n",
    );
    commands("gatekey", &Cli::command(), &mut text);
    is_kept("commands.md", &text);
}

#[test]
fn every_metric_is_in_the_reference() {
    let mut text = String::from(
        "# Metrics of the portal\n\nMade from the code. `GET /metrics`, in Prometheus' text format. \
         Several portals on one database count requests and outcomes each for itself; the gauges \
         are about the database.\n\n| Name | Type | Labels | Meaning |\n|---|---|---|---|\n",
    );
    for (name, help) in [REVISION, MAILS_WAITING, MAILS_FAILED, EVENTS_WAITING] {
        let _ = writeln!(text, "| `{name}` | gauge | | {help} |");
    }
    for (name, help) in COUNTERS {
        let _ = writeln!(text, "| `{name}` | counter | `outcome` | {help} |");
    }
    for (name, help) in [REQUESTS, SECONDS] {
        let _ = writeln!(text, "| `{name}` | counter | `method`, `route`, `status` | {help} |");
    }
    is_kept("metrics.md", &text);
}

/// Every `toml` block of the pages is a configuration.
#[test]
fn the_pages_show_settings_that_are_read() {
    let mut seen = 0;
    for entry in fs::read_dir(page("")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
        for block in text.split("\n```toml\n").skip(1) {
            let block = block.split("\n```").next().unwrap();
            let layer: Layer = toml::from_str(block).unwrap_or_else(|e| panic!("{e}: {block}"));
            let password = Some("what the variable says".to_owned());
            layer.over(Layer { smtp_password: password, ..Layer::default() }).complete().unwrap();
            seen += 1;
        }
    }
    assert!(seen > 0);
}
