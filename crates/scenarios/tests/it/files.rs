//! What a scenario file may be.

use gatekey_scenarios::document::{Document, VERSION};
use gatekey_scenarios::scenario::{self, expand, parse};

fn refused(text: &str, why: &str) {
    let error = parse(text).unwrap_err();
    assert!(error.contains(why), "`{error}` does not say `{why}`");
}

fn file(rest: &str) -> String {
    format!(r#"{{"version": 1, "name": "x", "about": "x", "policy": {{}}, {rest}}}"#)
}

#[test]
fn the_schema_is_that_of_the_types() {
    let path = scenario::folder().with_file_name("scenario.schema.json");
    let mut schema = serde_json::to_string_pretty(&schemars::schema_for!(Document)).unwrap();
    schema.push('\n');
    if std::env::var_os("GATEKEY_BLESS").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == schema,
        "`{}` has drifted: run this test with GATEKEY_BLESS=1",
        path.display()
    );
}

#[test]
fn a_scenario_survives_being_written_and_read() {
    for scenario in scenario::load(&scenario::folder()).unwrap() {
        let text = serde_json::to_string(&scenario.to_document()).unwrap();
        let again = parse(&text).unwrap();
        let [again] = again.as_slice() else { panic!("{}", scenario.name) };
        assert_eq!(again.policy, scenario.policy);
        assert_eq!(again.steps, scenario.steps);
        assert_eq!((&again.gateway, again.snapshot), (&scenario.gateway, scenario.snapshot));
    }
}

#[test]
fn what_is_no_scenario_file_is_refused() {
    refused("{", "EOF");
    refused(r#"{"version": 2}"#, "missing field");
    refused(&file(r#""cases": [], "extra": 1"#), "unknown field `extra`");
    refused(&file(r#""gateway": {"peper": []}, "cases": []"#), "unknown field `peper`");
    refused(&file(r#""cases": [{"name": "a", "steps": [{"wait": 3}]}]"#), "unknown variant `wait`");
    let document =
        Document { version: VERSION + 1, ..serde_json::from_str(&file(r#""cases": []"#)).unwrap() };
    assert!(expand(&document).unwrap_err().contains("`version`"));
}

#[test]
fn a_publication_says_whether_it_is_open() {
    let publication = r#"{"api": "a", "portal": "p", "service": "s"}"#;
    let text = format!(
        r#"{{"version": 1, "name": "x", "about": "x", "policy": {{"publications": [{publication}]}}, "cases": []}}"#
    );
    refused(&text, "missing field `strategy`");
}

#[test]
fn typing_errors_are_not_taken_for_refusals() {
    let step = |headers: &str, expect: &str| {
        file(&format!(
            r#""cases": [{{"name": "a", "steps": [{{"request": {{"headers": {headers}, "expect": {expect}}}}}]}}]"#
        ))
    };
    let deny = r#"{"outcome": "deny", "code": "no_credential"}"#;
    refused(&step(r#"[["apikey", "{{key:nobody}}"]]"#, deny), "no key `nobody`");
    refused(&step(r#"[["apikey", "{{key"]]"#, deny), "lacks `}}`");
    refused(&step(r#"[["apikey", "{{keys:a}}"]]"#, deny), "no kind of name");
    refused(&step(r#"[["apikey", "{{stranger:a|turn}}"]]"#, deny), "`turn` is no filter");
    refused(&step(r#"[["apikey", "{{stranger:a|drop:x}}"]]"#, deny), "has no number");
    refused(&step(r#"[["apikey", {"hex": "f"}]]"#, deny), "not hexadecimal");
    refused(&step("[]", r#"{"outcome": "deny", "code": "no_credentials"}"#), "is no code");
    refused(
        &step("[]", r#"{"outcome": "allow", "caller": {"credential": "a", "api": "b"}}"#),
        "no credential `a`",
    );
    refused(&step("[]", r#"{"outcome": "allow", "code": "x"}"#), "unknown field `code`");
}

#[test]
fn tables_and_names_are_checked() {
    let case = |name: &str, table: &str| {
        format!(
            r#"{{"name": "{name}", "table": {table}, "steps": [{{"request": {{"path": "/{{{{p}}}}", "expect": {{"outcome": "allow"}}}}}}]}}"#
        )
    };
    let one = |table: &str| file(&format!(r#""cases": [{}]"#, case("a", table)));
    assert_eq!(
        parse(&one(r#"[{"row": "1", "p": "x"}, {"row": "2", "p": "y"}]"#)).unwrap().len(),
        2
    );
    refused(&one(r#"[{"p": "x"}]"#), "lacks `row`");
    refused(&one(r#"[{"row": "1", "p": "x", "q": "y"}]"#), "`q` is not used");
    refused(&one(r#"[{"row": "1", "p": "x"}, {"row": "1", "p": "y"}]"#), "two cases are called");
    let twice = r#"{"version": 1, "name": "x", "about": "x", "policy": {"services": [{"name": "s"}, {"name": "s"}]}, "cases": [{"name": "a", "steps": []}]}"#;
    refused(twice, "is there twice");
    let digests = r#"{"version": 1, "name": "x", "about": "x", "policy": {"credentials": [
        {"name": "a", "application": "p", "key": {"raw": "k"}},
        {"name": "b", "application": "p", "key": {"raw": "k"}}]}, "cases": [{"name": "a", "steps": []}]}"#;
    refused(digests, "has the digest of another");
}
