//! Kong's `<filter>.meta.json`, which stops Kong from starting when it is wrong.

use serde_json::Value;

use super::finding::{Finding, kinds};
use super::schema;

/// Checks a parsed metadata file.
pub(super) fn check(meta: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Value::Object(members) = meta else {
        findings.push(Finding::error(kinds::META_TYPE, "/", "the metadata is not an object"));
        return findings;
    };
    for (name, value) in members {
        match name.as_str() {
            "config_schema" => {
                findings.extend(schema::check(value, "/config_schema", schema::Dialect::Draft4));
            }
            "metrics" => metrics(value, &mut findings),
            _ => {
                let place = format!("/{name}");
                findings.push(Finding::warning(kinds::META_UNKNOWN, place, "unknown member"));
            }
        }
    }
    findings
}

fn metrics(metrics: &Value, findings: &mut Vec<Finding>) {
    let Value::Object(members) = metrics else {
        findings.push(Finding::error(kinds::META_TYPE, "/metrics", "not an object"));
        return;
    };
    for (name, value) in members {
        if name != "label_patterns" {
            let place = format!("/metrics/{name}");
            findings.push(Finding::warning(kinds::META_UNKNOWN, place, "unknown member"));
            continue;
        }
        let Value::Array(patterns) = value else {
            let place = "/metrics/label_patterns";
            findings.push(Finding::error(kinds::META_TYPE, place, "not an array"));
            continue;
        };
        for (index, item) in patterns.iter().enumerate() {
            label_pattern(&format!("/metrics/label_patterns/{index}"), item, findings);
        }
    }
}

fn label_pattern(place: &str, item: &Value, findings: &mut Vec<Finding>) {
    let Value::Object(members) = item else {
        findings.push(Finding::error(kinds::META_TYPE, place, "not an object"));
        return;
    };
    for required in ["label", "pattern"] {
        let place = format!("{place}/{required}");
        match members.get(required) {
            Some(Value::String(text)) if text.is_empty() => {
                findings.push(Finding::error(kinds::META_TYPE, place, "an empty string"));
            }
            Some(Value::String(text)) if required == "pattern" => {
                if let Err(error) = regex::Regex::new(text) {
                    let reason = error.to_string().replace('\n', " ");
                    findings.push(Finding::error(kinds::META_PATTERN, place, reason));
                }
            }
            Some(Value::String(_)) => {}
            Some(_) => findings.push(Finding::error(kinds::META_TYPE, place, "not a string")),
            None => findings.push(Finding::error(kinds::META_TYPE, place, "missing")),
        }
    }
    for unknown in members.keys().filter(|name| !matches!(name.as_str(), "label" | "pattern")) {
        let place = format!("{place}/{unknown}");
        findings.push(Finding::warning(kinds::META_UNKNOWN, place, "unknown member"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(meta: &Value) -> Vec<(String, &'static str)> {
        check(meta).into_iter().map(|finding| (finding.place, finding.code)).collect()
    }

    #[test]
    fn good_metadata_has_nothing_to_say() {
        let meta = json!({
            "config_schema": { "type": "object", "properties": { "a": { "type": "string" } } },
            "metrics": { "label_patterns": [{ "label": "route", "pattern": "_r=(\\w+)" }] },
        });
        assert_eq!(found(&meta), []);
        assert_eq!(found(&json!({})), []);
    }

    #[test]
    fn each_rule_can_fail() {
        let place = |text: &str| text.to_owned();
        assert_eq!(found(&json!([])), [(place("/"), "L080")]);
        assert_eq!(found(&json!({ "schema": {} })), [(place("/schema"), "L081")]);
        assert_eq!(found(&json!({ "metrics": 1 })), [(place("/metrics"), "L080")]);
        let patterns = |patterns: Value| json!({ "metrics": { "label_patterns": patterns } });
        let at = |rest: &str| format!("/metrics/label_patterns{rest}");
        assert_eq!(found(&patterns(json!({}))), [(at(""), "L080")]);
        assert_eq!(found(&patterns(json!([1]))), [(at("/0"), "L080")]);
        let item = json!([{ "label": "", "pattern": "(", "x": 1 }]);
        assert_eq!(
            found(&patterns(item)),
            [(at("/0/label"), "L080"), (at("/0/pattern"), "L082"), (at("/0/x"), "L081")]
        );
        let item = json!([{ "label": 1 }]);
        assert_eq!(found(&patterns(item)), [(at("/0/label"), "L080"), (at("/0/pattern"), "L080")]);
        let schema = json!({ "config_schema": { "type": "text" } });
        assert_eq!(found(&schema), [(place("/config_schema/type"), "L090")]);
    }
}
